from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.detect.paths import ORDINARY, Classification, Places, classify

PLACES = Places(home="/home/dev", project="/srv/work/app", config=("/srv/conf/checkrein",), state=("/srv/state/checkrein",))


def of(path: str, *, is_dir: bool = False) -> Classification:
    if path.startswith("~"):
        path = PLACES.home + path[1:]
    return classify(path if path.startswith("/") else f"{PLACES.project}/{path}", PLACES, is_dir=is_dir)


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        (".ENV", "read.dotenv"),
        ("api/.env.production copy", "read.dotenv"),
        ("node_modules/pkg/.env", "read.dotenv"),
        (".env.local.swp", "read.dotenv"),
        ("credentials copy 2.json", "read.secrets-file"),
        ("credentials~", "read.secrets-file"),
        (".credentials.json.swp", "read.secrets-file"),
        (".credentials.json.bak", "read.agent-credentials"),
        ("#id_rsa#", "read.private-key"),
        ("Copy of id_rsa", "read.private-key"),
        ("id_ed25519 (1)", "read.private-key"),
        ("id_rsa.2024-01-31", "read.private-key"),
        ("id_rsa.tar.gz", "read.private-key"),
        ("~/.ssh/anything", "read.private-key"),
        ("~/.ssh", "read.private-key"),
        ("/home/other/.AWS/CREDENTIALS", "read.cloud-credentials"),
        ("/Users/me/.kube/config.bak", "read.cloud-credentials"),
        ("c:/Users/me/.ssh/id_rsa", "read.private-key"),
        ("c:\\Users\\me\\.aws\\credentials", "read.cloud-credentials"),
        ("..\\.env", "read.dotenv"),
        ("src\\keys\\id_rsa", "read.private-key"),
        ("file:///home/dev/.netrc", "read.git-credentials"),
        ("/root/.npmrc", "read.package-credentials"),
        ("/proc/self/environ", "read.system-secrets"),
        ("/srv/state/checkrein/ledger/key", "read.checkrein-state"),
        ("~/.claude/projects/-a-b/c/subagents/agent-1.jsonl", "read.agent-history"),
    ],
)
def test_sensitive(path: str, rule: str) -> None:
    assert of(path).sensitive == rule


@pytest.mark.parametrize(
    "path",
    [
        ".env.example",
        ".env.sample.staging",
        ".env.vault",
        ".envrc",
        "src/env.ts",
        "config/credentials.yml.enc",
        "id_rsa.pub",
        "docs/.aws/credentials.md",
        "infra/.kube/config",
        "process\\.env",
        "https://example.com/keys/id_rsa",
        "git clone with id_rsa is fine",
        "id_rsa-based auth is fine for this repo",
        "node_modules/tls/server.key",
        "locales/en/secrets.json",
        "~/.ssh/known_hosts",
        "~/.claude/projects/-a-b/memory/MEMORY.md",
        "~/.claude/projects/-a-b/c/tool-results/1.txt",
        "key",
        "/",
    ],
)
def test_not_sensitive(path: str) -> None:
    assert of(path).sensitive == ""


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("pnpm-lock.yaml", "protect.lockfile"),
        ("sub/.git", "protect.git-internals"),
        (".git/config", "protect.git-internals"),
        ("~/.ssh/id_ecdsa.pub", "protect.ssh"),
        ("/etc/cron.daily/x", "protect.autostart"),
        ("/etc/hosts", "protect.system"),
        ("/dev/sda", "protect.system"),
        ("C:\\Windows\\system32\\drivers\\etc\\hosts", "protect.system"),
        ("AGENTS.md", "protect.agent-instructions"),
        (".cursor/rules/a.mdc", "protect.agent-instructions"),
        (".claude", "protect.agent-project-settings"),
        ("nested/.claude/settings.local.json", "protect.agent-project-settings"),
        ("~/.claude/hooks/a.sh", "protect.agent-settings"),
        ("~/.claude/skills/a/SKILL.md", "protect.agent-instructions"),
        ("/srv/conf/checkrein/checkrein.yaml", "protect.checkrein"),
        ("config/production.yml", "protect.production-config"),
        ("k8s/overlays/prod/app.yaml", "protect.production-config"),
        ("app/migrations/0001_initial.py", "protect.migration"),
    ],
)
def test_protected(path: str, rule: str) -> None:
    assert of(path).protected == rule


@pytest.mark.parametrize(
    "path",
    [
        "src/main.py",
        ".gitignore",
        ".github/README.md",
        ".git/COMMIT_EDITMSG",
        "not.claude/settings.json",
        ".mcp.json.bak",
        ".claude/worktrees/x/src/main.py",
        "vendor/lib/composer.lock",
        "node_modules/a/CLAUDE.md",
        "tests/fixtures/config.production.yml",
        "tsconfig.prod.json",
        "src/production/order.json",
        "dotfiles/.bashrc",
        "etc/hosts",
        "/dev/null",
        "/dev/shm/x",
        "/tmp/x",
        "~/notes.md",
    ],
)
def test_not_protected(path: str) -> None:
    assert of(path).protected == ""


def test_a_project_in_a_system_folder_is_its_own() -> None:
    places = Places(home="/root", project="/usr/src/app")
    assert classify("/usr/src/app/main.py", places) == ORDINARY
    assert classify("/usr/src/other/main.py", places).protected == "protect.system"
    assert classify("/usr/src/app/.git/config", places).protected == "protect.git-internals"
    assert classify("/opt/lab/app/main.py", Places(home="/root", project="/opt/lab/app")) == ORDINARY
    assert classify("/opt/other/main.py", Places(home="/root", project="/opt/lab/app")).protected == "protect.local-programs"
    assert classify("/etc/hosts", Places(home="/root", project="/etc")).protected == "protect.system"
    assert classify("/etc/hosts", Places(home="/root", project="/")).protected == "protect.system"


def test_a_folder_is_not_judged_by_a_file_name() -> None:
    assert of("src/credentials").sensitive == "read.secrets-file"
    assert of("src/credentials", is_dir=True).sensitive == ""
    assert of("~/.aws", is_dir=True).sensitive == "read.cloud-credentials"


@given(st.text(max_size=40))
def test_any_text_is_classified_and_copies_of_secrets_stay_secrets(text: str) -> None:
    of(text.replace("\0", ""))
    assert of(f"{'x' * (len(text) % 5)}/id_rsa").sensitive == "read.private-key"


@given(
    st.sampled_from([".env", "id_rsa", "credentials.json", "vault.kdbx"]),
    st.lists(st.sampled_from([".bak", ".old", "~", ".orig", " copy", "-backup", ".1", ".gz"]), max_size=3),
    st.booleans(),
)
def test_copies_of_secrets_are_secrets(name: str, suffixes: list[str], upper: bool) -> None:
    copy = name + "".join(suffixes)
    assert of(f"deep/er/{copy.upper() if upper else copy}").sensitive != ""


@pytest.mark.parametrize(
    "path",
    ["k8s/prod/" * 20_000 + "x.txt", "a/" * 100_000 + ".env", "private" * 30_000 + ".pem", " copy" * 40_000, "(1" * 50_000],
)
def test_texts_of_any_length_are_judged(path: str) -> None:
    # Expressions that look at the whole of these would not come to an end.
    found = of(path)
    assert (found.sensitive == "read.dotenv") is path.endswith("/.env")
