"""Commands that a rule names outright, where nothing is lost by them, and their twins that lose something."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from checkrein.core import Action, Decision, Verdict

BACK = ["git reset --hard", "git reset --hard HEAD", "git checkout .", "git checkout -- .", "git restore .", "git checkout -f"]
ELSEWHERE = ["git reset --hard HEAD~1", "git checkout -f main", "git restore --source=HEAD~1 .", "git checkout main -- ."]


def rules(decision: Decision) -> set[str]:
    return {finding.rule for finding in decision.findings}


@pytest.fixture
def kept(world: Any) -> Any:
    """A project with one commit that holds a file."""
    world.write("src/a.py")
    world.write(".gitignore", "node_modules/\n*.local\n")
    world.commit("src/a.py", ".gitignore")
    return world


@pytest.mark.parametrize("command", [*BACK, *ELSEWHERE, "git -C src/.. reset --hard", "git reset --hard && git clean -fd"])
def test_a_clean_work_tree_loses_nothing(kept: Any, command: str) -> None:
    assert kept.bash(command).findings == ()


@pytest.mark.parametrize("command", [*BACK, *ELSEWHERE])
def test_a_changed_one_does(kept: Any, command: str) -> None:
    kept.write("src/a.py", "changed\n")
    assert kept.bash(command).verdict is Verdict.DENY


@pytest.mark.parametrize("command", [*BACK, *ELSEWHERE])
def test_so_does_one_with_a_new_file_that_is_staged(kept: Any, command: str) -> None:
    kept.write("new.py")
    kept.repository.index.add("new.py")
    kept.repository.index.write()
    assert kept.bash(command).stops


@pytest.mark.parametrize("command", [*BACK, *ELSEWHERE])
def test_untracked_files_that_nothing_replaces_stay(kept: Any, command: str) -> None:
    kept.write("src/b.py")
    kept.commit("src/b.py")
    kept.write("notes.md")
    assert kept.bash(command).findings == ()


@pytest.mark.parametrize("name", ["notes.md", "notes.md/a", "src/x.local"])
@pytest.mark.parametrize("command", ["git reset --hard HEAD~1", "git restore --source=HEAD~1 ."])
def test_those_in_the_way_of_a_revisions_files_are_kept_first(kept: Any, name: str, command: str) -> None:
    old = "notes.md/a" if name == "notes.md" else name.removesuffix("/a")
    kept.write(old)
    kept.commit(old)
    (kept.project / old).unlink()
    if old != name and "/" in old:
        (kept.project / old).parent.rmdir()
    kept.repository.index.remove(old)
    kept.commit()
    path = kept.write(name, "work\n")
    (finding,) = kept.bash(command).findings
    assert finding.action is Action.SNAPSHOT
    assert any(str(path).startswith(kept) for kept in finding.paths)


@pytest.mark.parametrize("before", ["git fetch origin", "git checkout other", "git commit -am wip"])
def test_what_a_revision_brings_is_not_known_where_it_may_be_another_one_by_then(kept: Any, before: str) -> None:
    path = kept.write("notes.md")
    (finding,) = kept.bash(f"{before} && git reset --hard origin/main").findings
    assert (finding.action, finding.paths) == (Action.SNAPSHOT, (str(path),))


@pytest.mark.parametrize(
    "command",
    [
        "git stash -u && git reset --hard HEAD~1",
        "git stash push --include-untracked -m 'before the reset' && git checkout -f main",
        "git stash -u && git clean -fd",
        "git stash --all && git clean -fdx",
        "git commit -am wip && git reset --hard",
        "git add -A && git commit -m wip && git clean -fd",
    ],
)
def test_what_the_line_saves_first_is_not_lost(kept: Any, command: str) -> None:
    kept.write("src/a.py", "changed\n")
    kept.write("notes.md")
    kept.write("settings.local")
    assert not kept.bash(command).stops


@pytest.mark.parametrize(
    "command",
    [
        "git stash; git reset --hard",
        "git stash || git reset --hard",
        "bash -c 'git stash; git reset --hard'",
        "git stash && git clean -fd",
        "git stash -u && git clean -fdx",
        "git stash push -u src && git reset --hard",
        "git stash -p && git reset --hard",
        "git stash list && git reset --hard",
        "git stash -u && git stash pop && git reset --hard",
        "git -C ../other stash -u && git reset --hard",
        "cd ../other && git stash -u && cd ../project && git reset --hard",
        "git commit -m wip && git reset --hard",
        "git commit -am wip && git clean -fd",
        "git add src && git commit -m wip && git clean -fd",
    ],
)
def test_what_it_does_not_save_for_certain_is(kept: Any, command: str) -> None:
    kept.write("src/a.py", "changed\n")
    kept.write("notes.md")
    kept.write("settings.local")
    assert kept.bash(command).verdict is Verdict.DENY


def test_marks_that_hide_changes_are_seen(kept: Any) -> None:
    run = ("git", "-C", str(kept.project), "update-index")
    subprocess.run([*run, "--assume-unchanged", "src/a.py"], check=True)
    kept.write("src/a.py", "hidden\n")
    assert kept.bash("git checkout .").stops
    subprocess.run([*run, "--no-assume-unchanged", "src/a.py"], check=True)
    kept.write("src/a.py")
    assert kept.bash("git checkout .").findings == ()


@pytest.mark.parametrize("command", BACK)
def test_a_repository_without_files_tells_nothing(world: Any, command: str) -> None:
    assert world.bash(command).stops


@pytest.mark.parametrize(
    "before",
    ["git stash pop", "git pull", "python3 make.py", "echo x > src/a.py", "cp other src/a.py", "git merge --squash x", "make"],
)
def test_what_runs_earlier_may_change_the_work_tree(kept: Any, before: str) -> None:
    assert "git.reset-hard" in rules(kept.bash(f"{before}; git reset --hard"))
    assert "git.reset-hard" not in rules(kept.bash(f"git reset --hard; {before}"))


@pytest.mark.parametrize("before", ["git fetch origin", "git checkout main", "cd src", "git status", "echo resetting"])
def test_what_leaves_it_alone_may_run_earlier(kept: Any, before: str) -> None:
    assert kept.bash(f"{before} && git reset --hard").findings == ()


@pytest.mark.parametrize(
    "command",
    [
        "GIT_DIR=/srv/x git reset --hard",
        "export GIT_WORK_TREE=/srv/x; git reset --hard",
        "git --git-dir=/srv/x reset --hard",
        "ssh build 'git reset --hard'",
        "git -C $WHERE reset --hard",
        "git submodule update --force",
    ],
)
def test_another_repository_is_not_looked_at(kept: Any, command: str) -> None:
    assert kept.bash(command).stops


@pytest.mark.parametrize(
    ("command", "files", "stopped"),
    [
        ("git clean -fd", (), False),
        ("git clean -fd", ("src/__pycache__/a.pyc",), False),
        ("git clean -fd", ("notes.md",), True),
        ("git clean -fd", ("settings.local",), False),
        ("git clean -fdx", ("node_modules/x/index.js",), False),
        ("git clean -fdx", ("settings.local",), True),
        ("git clean -fdX", ("node_modules/x/index.js",), False),
        ("git clean -fdX", ("settings.local",), True),
        ("git clean -fdX", ("notes.md",), False),
        ("git checkout main && git clean -fd", (), True),
    ],
)
def test_cleaning(kept: Any, command: str, files: tuple[str, ...], stopped: bool) -> None:
    for name in files:
        kept.write(name)
    assert kept.bash(command).stops is stopped


def test_a_forced_removal_of_what_is_committed(kept: Any) -> None:
    assert kept.bash("git rm -rf src").findings == ()
    kept.write("src/a.py", "changed\n")
    assert "git.rm-force" in rules(kept.bash("git rm -rf src"))


def test_what_a_link_points_at_is_not_what_is_committed(kept: Any) -> None:
    kept.write("~/other/a")
    (kept.project / "link").symlink_to(kept.home / "other/a")
    kept.commit("link")
    assert kept.bash("shred -u link").stops
    assert kept.bash("shred -u src/a.py").findings == ()


def test_a_worktree(kept: Any) -> None:
    kept.repository.add_worktree("side", str(kept.home / "side"))
    assert kept.bash("git worktree remove --force ../side").findings == ()
    kept.write("~/side/notes.md")
    assert "git.worktree-remove" in rules(kept.bash("git worktree remove --force ../side"))


def test_a_branch_whose_commits_another_holds(kept: Any) -> None:
    tip = kept.repository[kept.repository.head.target]
    kept.repository.branches.local.create("merged", tip)
    assert kept.bash("git branch -D merged").findings == ()
    assert kept.bash("git checkout main && git branch -D merged").findings == ()
    assert "git.branch-delete" in rules(kept.bash("git branch -D merged main"))
    assert "git.branch-delete" in rules(kept.bash("git branch -D unknown"))


def test_the_tables_of_a_database_file_are_kept_first(world: Any) -> None:
    path = world.write("app.db")
    journal = world.write("app.db-wal")
    decision = world.bash("sqlite3 app.db 'DROP TABLE users'")
    assert decision.verdict is Verdict.NONE
    assert [(finding.action, finding.paths) for finding in decision.findings] == [(Action.SNAPSHOT, (str(path), str(journal)))]


@pytest.mark.parametrize("name", ["missing.db", "~/other/app.db", "../other/app.db"])
def test_a_database_file_elsewhere_is_not(world: Any, name: str) -> None:
    world.write("~/other/app.db")
    assert world.bash(f"sqlite3 {name} 'DROP TABLE users'").verdict is Verdict.DENY


def test_a_large_database_file_is_not(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checkrein.controls.stake.MAX_DATABASE", 1)
    path: Path = world.write("app.db")
    assert path.stat().st_size > 1
    assert world.bash("sqlite3 app.db 'DROP TABLE users'").verdict is Verdict.DENY


def test_the_policys_own_word_stands(world: Any) -> None:
    world.write("app.db")
    world.policy("rules: {sql.drop-table: deny}", layer="user")
    assert world.bash("sqlite3 app.db 'DROP TABLE users'").verdict is Verdict.DENY


@pytest.mark.parametrize(
    "command",
    [
        "dropdb app_test",
        "psql -h localhost -d app_test -c 'DROP TABLE users'",
        "psql postgres://localhost/app_dev -c 'DROP SCHEMA public CASCADE'",
        "mysql -u root -e 'DROP DATABASE IF EXISTS app_test; CREATE DATABASE app_test'",
    ],
)
def test_a_database_for_tests_on_this_machine(world: Any, command: str) -> None:
    assert world.bash(command).findings == ()
    assert world.bash(f"docker compose exec -T db {command}").findings == ()
    for elsewhere in (f'ssh db "{command}"', f"docker -H db exec pg {command}", f"kubectl exec pg -- {command}"):
        assert world.bash(elsewhere).stops


def test_a_scratch_database_outside_the_project(world: Any) -> None:
    assert world.bash("sqlite3 /tmp/x_test.db 'DROP TABLE a'").findings == ()
    assert world.bash("sqlite3 /tmp/app.db 'DROP TABLE a'").stops
    assert world.bash("sqlite3 ~/x_test.db 'DROP TABLE a'").stops


def test_sql_from_a_committed_file_is_read(kept: Any) -> None:
    kept.write("schema.sql", "CREATE TABLE a (b int);\n")
    kept.write("drop.sql", "DROP TABLE a;\n")
    kept.commit("schema.sql", "drop.sql")
    assert kept.bash("sqlite3 new.db < schema.sql").findings == ()
    assert "sql.drop-table" in rules(kept.bash("sqlite3 new.db < drop.sql"))


@pytest.mark.parametrize(
    ("command", "quiet"),
    [
        ("git reset --hard", True),
        ("git -c advice.detachedHead=false reset --hard", True),
        ("git -c core.excludesFile=/dev/null reset --hard", False),
        ("git -C . -c core.excludesFile=/dev/null reset --hard", False),
        ("HOME=/tmp git reset --hard", False),
        ("export XDG_CONFIG_HOME=/tmp; git reset --hard", False),
    ],
)
def test_settings_of_the_command_itself_may_change_what_git_knows(kept: Any, command: str, quiet: bool) -> None:
    assert (kept.bash(command).findings == ()) is quiet


@pytest.mark.parametrize("dirty", [False, True])
def test_submodules(kept: Any, dirty: bool) -> None:
    def git(*words: str, folder: Path = kept.project) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "protocol.file.allow=always")
        subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)

    source = kept.project.parent / "library"
    source.mkdir()
    git("init", folder=source)
    (source / "f").write_text("one")
    git("add", "f", folder=source)
    git("commit", "-m", "one", folder=source)
    git("submodule", "add", str(source), "sub")
    git("commit", "-m", "two")
    if dirty:
        kept.write("sub/f", "two")
    for command in ("git reset --hard --recurse-submodules", "git checkout -f --recurse-submodules"):
        assert kept.bash(command).stops is dirty
    assert not kept.bash("git reset --hard").stops
    git("config", "submodule.recurse", "true")
    assert kept.bash("git reset --hard").stops is dirty
    assert not kept.bash("git reset --hard --no-recurse-submodules").stops
