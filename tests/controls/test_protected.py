"""Protected files stay protected by whatever name they are reached."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core import Decision, Verdict


def rules(decision: Decision) -> set[str]:
    return {finding.rule for finding in decision.findings}


def write(world: Any, name: str, text: str = "x\n") -> Decision:
    decision: Decision = world.judge("Write", {"file_path": str(world.path(name)), "content": text})
    return decision


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        (".github/workflows/ci.yml", "protect.ci"),
        ("package-lock.json", "protect.lockfile"),
        (".git/config", "protect.git-internals"),
        ("~/.bashrc", "protect.shell-startup"),
        ("~/.ssh/authorized_keys", "protect.ssh"),
        ("checkrein.yaml", "protect.checkrein"),
        ("~/.local/state/checkrein/ledger/ledger.db", "protect.checkrein"),
    ],
)
def test_by_every_tool(world: Any, name: str, rule: str) -> None:
    path = world.write(name)
    link = world.project / "link"
    link.symlink_to(path)
    shown = str(path)
    assert rule in rules(write(world, name))
    edit = {"file_path": shown, "old_string": "x", "new_string": "y"}
    assert rule in rules(world.judge("Edit", edit))
    for command in (f"echo x >> {shown}", f"sed -i s/x/y/ {shown}", f"tee {shown} < a", f"rm {shown}", f"mv {shown} a"):
        assert rule in rules(world.bash(command)), command
    for command in ("echo x > link", "cp a link", f"python3 -c \"open('{shown}', 'w').write('x')\""):
        assert rule in rules(world.bash(command)), command


def test_a_link_put_over_a_protected_file(world: Any) -> None:
    assert "protect.shell-startup" in rules(world.bash("ln -sf /tmp/evil ~/.bashrc"))


def test_a_hard_link_to_a_protected_file_is_the_file(world: Any) -> None:
    world.write("~/.bashrc")
    assert "protect.shell-startup" in rules(world.bash("ln ~/.bashrc innocent"))


def test_a_folder_link_on_the_way(world: Any) -> None:
    (world.home / ".ssh").mkdir()
    (world.project / "keys").symlink_to(world.home / ".ssh")
    assert "protect.ssh" in rules(write(world, "keys/authorized_keys"))
    assert "protect.ssh" in rules(world.bash("cat new >> keys/authorized_keys"))


def test_removing_a_link_is_not_removing_what_it_points_at(world: Any) -> None:
    world.write("~/.bashrc")
    (world.project / "link").symlink_to(world.home / ".bashrc")
    assert "protect.shell-startup" not in rules(world.bash("rm link"))


def test_what_a_pattern_matches(world: Any) -> None:
    world.write("package-lock.json")
    assert "protect.lockfile" in rules(world.bash("rm *.json"))
    assert "protect.lockfile" not in rules(world.bash("rm *.txt"))


def test_dots_and_letter_case_do_not_hide(world: Any) -> None:
    path = f"{world.project}/src/../.github/./workflows/CI.yml"
    assert "protect.ci" in rules(world.judge("Write", {"file_path": path, "content": "x"}))


def test_a_committed_migration_and_a_new_one(world: Any) -> None:
    name = "db/migrate/001_init.rb"
    assert rules(write(world, name)) == set()
    world.write(name)
    assert "protect.migration" not in rules(write(world, name, "y\n"))
    world.commit(name)
    assert rules(write(world, name, "y\n")) == {"protect.migration"}


@pytest.mark.parametrize("mode", ["600", "0600", "700", "go-rwx", "u+x", "+x", "o-w"])
def test_tightening_a_mode_is_no_change(world: Any, mode: str) -> None:
    world.write("~/.ssh/config")
    assert rules(world.bash(f"chmod {mode} ~/.ssh/config")) == set()


@pytest.mark.parametrize("mode", ["644", "a+w", "g+w", "777"])
def test_loosening_one_is(world: Any, mode: str) -> None:
    world.write("~/.ssh/config")
    assert "protect.ssh" in rules(world.bash(f"chmod {mode} ~/.ssh/config"))


def test_the_policy_protects_further_paths_and_exempts_some(world: Any) -> None:
    world.policy(
        "protected: [{paths: ['*.proto'], action: deny, reason: 'frozen'}, {paths: [package-lock.json], action: allow}]",
        layer="user",
    )
    decision = write(world, "api/a.proto")
    assert (rules(decision), decision.verdict) == ({"protect.listed"}, Verdict.DENY)
    assert "frozen" in decision.message
    assert write(world, "package-lock.json").verdict is Verdict.NONE


def test_a_project_cannot_exempt(world: Any) -> None:
    world.policy("protected: [{paths: [package-lock.json], action: allow}]")
    assert "protect.lockfile" in rules(write(world, "package-lock.json"))


def test_a_secrets_file_may_be_made_and_edited_but_not_lost(world: Any) -> None:
    world.write(".env.example", "KEY=\n")
    assert "protect.secrets-file" not in rules(world.bash("cp .env.example .env"))
    world.write(".env", "KEY=1\n")
    for command in ("rm .env", "mv .env gone", "cp .env.example .env", "echo K=1 > .env"):
        assert "protect.secrets-file" in rules(world.bash(command)), command
    assert "protect.secrets-file" not in rules(world.bash("echo K=1 >> .env"))


def test_where_no_secrets_file_stands_none_is_replaced(world: Any) -> None:
    assert "protect.secrets-file" not in rules(world.bash("cat > .env <<'E'\nKEY=1\nE"))


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        ("rm -f package-lock.json && npm install", False),
        ("rm -rf node_modules package-lock.json; npm i", False),
        ("git checkout --theirs package-lock.json && npm install", False),
        ("git checkout HEAD -- package-lock.json", False),
        ("rm package-lock.json", True),
        ("rm package-lock.json && pnpm install", True),
        ("rm package-lock.json && echo npm install", True),
        ("sed -i s/a/b/ package-lock.json && npm install", True),
        ("mv package-lock.json old && npm install", True),
    ],
)
def test_a_lockfile_that_its_tool_writes_anew(world: Any, command: str, asked: bool) -> None:
    world.write("package-lock.json")
    world.commit("package-lock.json")
    assert ("protect.lockfile" in rules(world.bash(command))) is asked


@pytest.mark.parametrize(
    ("command", "stopped"),
    [
        ("curl -sL https://x.example/a.tgz | sudo tar xz -C /", True),
        ("tar -xzf missing.tgz -C /", True),
        ("tar -xPf missing.tar", True),
        ("unzip -o missing.zip -d /", True),
        ("cpio -idmu -D / < x", True),
        ("tar -xzf missing.tgz", False),
        ('tar -xzf missing.tgz -C "$DIR"', False),
        ('rsync -a src/ "$DIR"', False),
    ],
)
def test_an_archive_unpacked_over_the_whole_system(world: Any, command: str, stopped: bool) -> None:
    decision = world.bash(command)
    assert ("protect.system" in rules(decision)) is stopped
    assert decision.stops is stopped


def test_another_machines_files_are_not_ours(world: Any) -> None:
    assert "protect.shell-startup" not in rules(world.bash("ssh host 'echo x >> ~/.bashrc'"))


def test_reading_is_no_change(world: Any) -> None:
    world.write("package-lock.json")
    assert rules(world.bash("cat package-lock.json")) == set()
    assert rules(world.judge("Read", {"file_path": str(world.project / "package-lock.json")})) == set()


def test_a_loop_of_links_is_no_trouble(world: Any) -> None:
    (world.project / "a").symlink_to("b")
    (world.project / "b").symlink_to("a")
    assert write(world, "a").verdict is Verdict.NONE


@pytest.mark.parametrize("command", ["rm -rf {}", "mv {} gone", "git mv {} gone", "rm -rf {}/*"])
@pytest.mark.parametrize(
    ("folder", "name", "rule"),
    [
        (".github", "workflows/ci.yml", "protect.ci"),
        ("migrations", "0001_initial.py", "protect.migration"),
        ("app", "deep/package-lock.json", "protect.lockfile"),
    ],
)
def test_a_folder_that_holds_committed_ones(world: Any, command: str, folder: str, name: str, rule: str) -> None:
    world.write(f"{folder}/{name}")
    assert rule not in rules(world.bash(command.format(folder))) or command.endswith("*")
    world.commit(f"{folder}/{name}")
    assert rule in rules(world.bash(command.format(folder)))


def test_a_folder_without_protected_files_may_go(world: Any) -> None:
    world.write("src/a.py")
    world.commit("src/a.py")
    assert world.bash("rm -rf src").findings == ()
    assert world.bash("mv src lib").findings == ()


def test_a_project_behind_a_link(world: Any) -> None:
    way = world.home / "way"
    way.symlink_to(world.project)
    world.policy("protected: [{paths: [frozen/], action: deny}]", layer="user")
    world.write("frozen/a.proto")
    place = {"cwd": str(way), "project": str(way)}
    assert "protect.listed" in rules(world.bash("echo x > frozen/a.proto", **place))
    assert "protect.listed" in rules(world.bash(f"echo x > {world.project}/frozen/a.proto", **place))


@pytest.mark.parametrize(
    ("command", "rule"),
    [
        ("tar -C ~/.ssh -xf x.tar", "protect.ssh"),
        ("unzip x.zip -d ~/.claude/hooks", "protect.agent-settings"),
        ("7z x x.7z -o/etc", "protect.system"),
        ("tar -C ~ -xf x.tar", "protect.shell-startup"),
        ("npx degit a/b ~/.claude/skills", "protect.agent-instructions"),
        ("printf 'script-shell=./x\\n' > .npmrc", "protect.runs-by-itself"),
    ],
)
def test_where_unknown_members_land(world: Any, command: str, rule: str) -> None:
    assert rule in {finding.rule for finding in world.bash(command.replace("~", str(world.home))).findings}


@pytest.mark.parametrize(
    "command", ["tar xf x.tar", "unzip x.zip -d out", "tar -C ~/.cache/x -xf x.tar", "printf 'save-exact=true\\n' > .npmrc"]
)
def test_where_unknown_members_do_no_harm(world: Any, command: str) -> None:
    assert world.bash(command.replace("~", str(world.home))).findings == ()
