"""What ``checkrein policy`` prints, exactly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from checkrein.cli._kinds import SEARCHES
from checkrein.cli.policy import policy
from checkrein.core import PolicyError, UsageError
from checkrein.policy import PolicyFiles, schema_text


@dataclass(frozen=True)
class Cli:
    root: Path
    files: PolicyFiles

    @property
    def project(self) -> Path:
        return self.root / "project"

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(policy, words, obj=self.files)

    def shown(self, text: str) -> str:
        return text.replace(f"{self.root}/", "")


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    for name in ("org", "home", "project"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    files = PolicyFiles(tmp_path / "home", tmp_path / "home" / "checkrein.yaml", tmp_path / "org" / "checkrein.yaml")
    return Cli(tmp_path, files)


def test_check_every_layer(cli: Cli) -> None:
    cli.files.user.write_text("version: 1\nunknown: deny\n")
    (cli.project / "checkrein.yaml").write_text("version: 1\nunknown: allow\n")
    done = cli.run("check")
    assert cli.shown(done.output) == (
        "organisation: org/checkrein.yaml: no such file\n"
        "user: home/checkrein.yaml: ok\n"
        "project: project/checkrein.yaml: ok\n"
        "  note: project/checkrein.yaml:2: a project cannot loosen unknown (set in home/checkrein.yaml:2): ignored\n"
    )
    assert done.exit_code == 0


def test_check_without_any_file_says_what_is_in_force(cli: Cli) -> None:
    done = cli.run("check")
    assert done.output.splitlines()[-1] == (
        "There is no policy file, so the built-in policy is in force: `checkrein policy show` prints it."
    )
    assert done.exit_code == 0


def test_check_names_every_broken_file(cli: Cli) -> None:
    cli.files.user.write_text("version: 1\nunknwon: deny\n")
    (cli.project / "checkrein.yaml").write_text("version: 1\n\x1b[2Junknown: allow\n")
    done = cli.run("check")
    assert done.exit_code == 2
    assert cli.shown(done.stderr) == (
        "user: broken\n"
        '  home/checkrein.yaml:2: unknown key "unknwon"\n'
        "  fix: Did you mean 'unknown'? Known keys here: approve, gateway, ignore_files, locked, on_error, privacy, "
        "protected, redaction, rules, scope, sensitive, transport, undo, unknown, version.\n"
        "project: broken\n"
        "  project/checkrein.yaml: is not YAML: it holds a character that YAML forbids\n"
        "  fix: Remove it.\n"
    )


def test_check_one_file(cli: Cli) -> None:
    draft = cli.root / "draft.yaml"
    draft.write_text("version: 1\nunknown: allow\n")
    assert cli.shown(cli.run("check", str(draft)).output) == (
        "project: draft.yaml: ok\n  note: draft.yaml:2: a project cannot loosen unknown (a default): ignored\n"
    )
    assert cli.shown(cli.run("check", str(draft), "--layer", "user").output) == "user: draft.yaml: ok\n"
    cli.files.user.write_text("version: 1\nunknown: allow\n")
    assert cli.shown(cli.run("check", str(cli.files.user)).output) == "user: home/checkrein.yaml: ok\n"


def test_check_a_file_that_is_not_there(cli: Cli) -> None:
    done = cli.run("check", "nowhere.yaml")
    assert isinstance(done.exception, UsageError)
    assert cli.shown(str(done.exception)) == (
        "there is no file project/nowhere.yaml\nfix: name a policy file, or none to check every layer"
    )


def test_show(cli: Cli) -> None:
    cli.files.user.write_text(
        "version: 1\nrules: {read.dotenv: ask}\nscope: {folders: [/srv]}\nprotected: [{paths: ['*.x'], action: ask}]\n"
    )
    done = cli.run("show")
    shown = [" ".join(line.split()) for line in cli.shown(done.output).splitlines()]
    kinds = next(line for line in shown if line.startswith("redaction.pii: "))
    assert '"email-private"' in kinds
    assert [line for line in shown if line != kinds] == [
        "approve: [] # default",
        "unknown: ask # default",
        'ignore_files: [".claudeignore"] # default',
        "scope.outside_read: client # default",
        "scope.outside_write: client # default",
        'scope.folders: ["/srv"] # home/checkrein.yaml:3',
        "undo.enabled: true # default",
        "undo.max_bytes: 200000000 # default",
        "undo.keep_days: 30 # default",
        "privacy.class: internal # default",
        "redaction.enabled: true # default",
        "redaction.generic: true # default",
        "redaction.restore.files: [] # default",
        "redaction.restore.hosts: [] # default",
        "redaction.restore.servers: [] # default",
        "redaction.expire_days: 90 # default",
        "redaction.wrap: true # default",
        "gateway.enabled: false # default",
        "gateway.upstream: # default",
        "gateway.attachments: count # default",
        "gateway.store: # default",
        "gateway.workers: 1 # default",
        "gateway.account: unknown # default",
        "transport: auto # default",
        "on_error: deny # default",
        "rules.read.dotenv: ask # home/checkrein.yaml:2",
        'protected: {"paths": ["*.x"], "access": "write", "action": "ask"} # home/checkrein.yaml:4',
    ]


def test_show_data_without_passwords(cli: Cli) -> None:
    cli.files.user.write_text(
        "version: 1\n"
        "redaction: {dictionary: [{term: Acme, label: CUSTOMER}]}\n"
        "privacy: {classes: [{paths: [data/], class: restricted}]}\n"
        "gateway: {store: 'postgresql://me:hidden@db.example/checkrein'}\n"
    )
    output = cli.shown(cli.run("show").output)
    shown = [" ".join(line.split()) for line in output.splitlines()]
    assert (
        'redaction.dictionary: {"term": "Acme", "label": "CUSTOMER", "class": "confidential"} # home/checkrein.yaml:2' in shown
    )
    assert 'privacy.classes: {"paths": ["data/"], "class": "restricted"} # home/checkrein.yaml:3' in shown
    assert "gateway.store: postgresql+psycopg://me:***@db.example/checkrein # home/checkrein.yaml:4" in shown
    assert "hidden" not in output


def test_explain_the_class_of_a_path(cli: Cli) -> None:
    cli.files.user.write_text("version: 1\nprivacy: {class: public, classes: [{paths: [data/], class: restricted}]}\n")
    assert cli.shown(cli.run("explain", "./data/a").output).endswith("class  restricted (set by home/checkrein.yaml:2)\n")
    assert cli.shown(cli.run("explain", "./b").output).endswith("class  public (set by home/checkrein.yaml:2)\n")


def test_show_json(cli: Cli) -> None:
    (cli.project / "checkrein.yaml").write_text("version: 1\nunknown: allow\n")
    shown = json.loads(cli.run("show", "--json").output)
    assert {"key": "unknown", "value": "ask", "source": "default"} in shown["policy"]
    assert shown["notes"] == [
        {"source": f"{cli.project}/checkrein.yaml:2", "text": "a project cannot loosen unknown (a default): ignored"}
    ]


def test_show_a_broken_policy(cli: Cli) -> None:
    cli.files.user.write_text("version: 2\n")
    done = cli.run("show")
    assert isinstance(done.exception, PolicyError)
    assert cli.shown(str(done.exception)) == "home/checkrein.yaml:1: version cannot be 2\nfix: Write version: 1."


def test_explain_a_rule(cli: Cli) -> None:
    cli.files.user.write_text("version: 1\nrules: {read.dotenv-test: {action: allow, reason: only dummies}}\n")
    assert cli.shown(cli.run("explain", "read.dotenv-test").output) == (
        "read.dotenv-test: Reads the environment file of the tests\n"
        "action    allow, set by home/checkrein.yaml:2; default ask\n"
        "reason    only dummies\n"
        "threat    T4 data leakage, severity low\n"
        "why       Such a file is often committed and harmless, but it may hold the keys of a test account.\n"
        "instead   Read the template (.env.example), or let the person confirm that the file holds no real key.\n"
        "see       https://12factor.net/config\n"
        "fires on  Read {'file_path': '.env.test'}\n"
        "fires on  cat .env.ci\n"
        "passes    Read {'file_path': '.env.test.example'}\n"
        "passes    Read {'file_path': 'tests/test_env.py'}\n"
    )


def test_explain_a_notice(cli: Cli) -> None:
    lines = cli.run("explain", "privacy.shortened").output.splitlines()
    assert lines[:2] == [
        "privacy.shortened: A part of a file was shortened",
        "action    allow, fixed: what the guard says of its own work",
    ]
    assert next(line for line in lines if line.startswith("not when")) == "not when  the part is short"


def test_explain_kinds_of_sensitive_data(cli: Cli) -> None:
    cli.files.user.write_text("version: 1\nredaction: {pii: [card], generic: false}\n")
    assert cli.shown(cli.run("explain", "pii.card").output) == (
        "pii.card: payment card\nsearch    on, redaction.pii set by home/checkrein.yaml:2\nlabel     CARD\n"
    )
    assert "search    off, " in cli.run("explain", "pii.email").output
    lines = cli.run("explain", "secret.github-token").output.splitlines()
    assert lines[1] == "search    on, redaction.enabled set by the built-in policy"
    assert lines[3].startswith("take back https://")
    for rule, key in SEARCHES.items():
        assert f"decided   {key[1]}, set by " in cli.run("explain", rule).output


def test_explain_paths(cli: Cli) -> None:
    (cli.project / ".claudeignore").write_text("*.csv\n")
    cli.files.user.write_text("version: 1\nprotected: [{paths: [poetry.lock], action: allow, reason: a bot writes it}]\n")
    assert cli.shown(cli.run("explain", "./a.csv").output) == (
        "project/a.csv\n"
        "read   no rule speaks about it\n"
        "write  no rule speaks about it\n"
        "read   deny   read.ignored: excluded by project/.claudeignore:1\n"
    )
    assert cli.shown(cli.run("explain", "./poetry.lock").output) == (
        "project/poetry.lock\n"
        "read   no rule speaks about it\n"
        "write  allow  listed in the policy (home/checkrein.yaml:2): a bot writes it\n"
    )
    assert cli.shown(cli.run("explain", "~/.aws/credentials").output) == (
        "home/.aws/credentials\n"
        "read   deny   read.cloud-credentials: Reads the credentials of a cloud account (set by the built-in policy)\n"
        "write  ask    protect.credentials: Changes stored credentials (set by the built-in policy)\n"
    )


def test_explain_lists_every_rule(cli: Cli) -> None:
    lines = cli.run("explain").output.splitlines()
    assert "read.dotenv                      deny     the built-in policy" in lines


def test_explain_what_is_neither(cli: Cli) -> None:
    done = cli.run("explain", "read.dotnev")
    assert isinstance(done.exception, UsageError)
    assert str(done.exception) == (
        "no rule is called 'read.dotnev', and it is no path\n"
        "fix: Did you mean 'read.dotenv'? `checkrein policy explain` lists every rule; begin a path with ./, ~/ or /."
    )


def test_schema(cli: Cli) -> None:
    assert cli.run("schema").output == schema_text()
