"""What is lost by a command, compared with a real disk and a real repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pygit2
import pytest

from checkrein.core import Action, Decision, Verdict


def rules(decision: Decision) -> set[str]:
    return {finding.rule for finding in decision.findings}


def kept(decision: Decision) -> set[str]:
    return {path for finding in decision.findings if finding.action is Action.SNAPSHOT for path in finding.paths}


@pytest.mark.parametrize(
    ("command", "rule"),
    [
        ("rm -rf /", "files.delete-system"),
        ("rm -rf /usr", "files.delete-system"),
        ("rm -rf /etc/*", "files.delete-system"),
        ("rm -rf ~", "files.delete-home"),
        ("rm -rf ~/", "files.delete-home"),
        ("rm -rf ~/*", "files.delete-home"),
        ("rm -rf ~/.[!.]*", "files.delete-home"),
        ("rm -rf ..", "files.delete-home"),
        ("rm -rf .", "files.delete-project"),
        ("rm -rf *", "files.delete-project"),
        ("rm -rf ~/project", "files.delete-project"),
        ("rm -rf .git", "files.delete-git"),
        ("rm -f .git/index", "files.delete-git"),
        ("rm -rf ../other", "files.delete-outside-tree"),
        ("rm ../other/a", "files.delete-outside"),
        ("rm -rf /tmp/*", "files.delete-temporary"),
    ],
)
def test_where_it_stands_decides(world: Any, command: str, rule: str) -> None:
    world.write("~/other/a")
    assert rule in rules(world.bash(command))


@pytest.mark.parametrize(
    "command",
    ["rm -rf build", "rm -rf node_modules/.cache", "rm -f a.pyc", "rm -rf dist/*", "rm x.log", "find . -name '*.pyc' -delete"],
)
def test_what_is_rebuilt_may_go(world: Any, command: str) -> None:
    for name in ("build/a.js", "node_modules/.cache/a", "a.pyc", "dist/a", "x.log"):
        world.write(name)
    assert world.bash(command).findings == ()


@pytest.mark.parametrize("name", ["build/a.py", "dist/b.py", "tmp/c.py", "x.bak"])
def test_a_name_that_is_rebuilt_elsewhere_is_kept_where_git_tracks_it(world: Any, name: str) -> None:
    world.write(name)
    world.commit(name)
    world.write(name, "changed\n")
    assert kept(world.bash(f"rm {name}")) == {str(world.project / name)}


def test_what_git_brings_back_may_go(world: Any) -> None:
    world.write("a.py")
    world.commit("a.py")
    assert world.bash("rm a.py").findings == ()


@pytest.mark.parametrize("state", ["untracked", "modified", "staged", "ignored"])
def test_what_git_cannot_bring_back_is_kept(world: Any, state: str) -> None:
    path = world.write("notes.md", "one\n")
    if state in ("modified", "staged"):
        world.commit("notes.md")
        world.write("notes.md", "two\n")
    if state == "staged":
        world.repository.index.add("notes.md")
        world.repository.index.write()
    if state == "ignored":
        world.write(".gitignore", "notes.md\n")
    decision = world.bash("rm notes.md")
    assert rules(decision) == {"files.delete-unsaved"}
    assert kept(decision) == {str(path)}
    assert decision.verdict is Verdict.NONE


def test_a_folder_with_one_file_that_would_be_lost_is_kept(world: Any) -> None:
    world.write("src/a.py")
    world.commit("src/a.py")
    assert world.bash("rm -rf src").findings == ()
    world.write("src/deep/b.py")
    assert kept(world.bash("rm -rf src")) == {str(world.project / "src")}


def test_only_what_a_pattern_matches_is_kept(world: Any) -> None:
    for name in ("a.md", "b.md", "c.txt"):
        world.write(name)
    assert kept(world.bash("rm *.md")) == {str(world.project / name) for name in ("a.md", "b.md")}


def test_a_link_is_removed_and_not_what_it_points_at(world: Any) -> None:
    (world.project / "link").symlink_to(world.home)
    assert "files.delete-home" not in rules(world.bash("rm link"))


def test_a_link_to_outside_is_followed_where_it_is_on_the_way(world: Any) -> None:
    world.write("~/other/a")
    (world.project / "link").symlink_to(world.home / "other")
    assert rules(world.bash("rm link/a")) == {"files.delete-outside"}
    assert rules(world.bash("rm -rf link/*")) == {"files.delete-outside-tree"}


def test_a_link_to_the_home_folder_with_a_slash_behind_it(world: Any) -> None:
    (world.project / "link").symlink_to(world.home)
    assert "files.delete-home" in rules(world.bash("rm -rf link/*"))


def test_a_home_below_the_temporary_folder_is_no_scratch(world: Any) -> None:
    assert str(world.home).startswith("/tmp/")
    world.write("~/thesis.tex")
    assert rules(world.bash("rm ~/thesis.tex")) == {"files.delete-outside"}


def test_a_project_at_the_root(world: Any) -> None:
    place = {"cwd": "/", "project": "/"}
    assert "files.delete-system" in rules(world.bash("rm -rf /", **place))
    assert "files.delete-system" in rules(world.bash("rm -rf *", **place))
    assert "files.delete-outside-tree" not in rules(world.bash("rm -rf /surely-not-there", **place))


def test_a_repository_inside_the_project_has_its_own_history(world: Any) -> None:
    nested = pygit2.init_repository(world.project / "vendor" / "lib")
    world.write("vendor/lib/a.c")
    who = pygit2.Signature("Test", "test@example.com", 1_700_000_000, 0)
    nested.index.add("a.c")
    nested.index.write()
    nested.create_commit("HEAD", who, who, "c", nested.index.write_tree(), [])
    assert world.bash("rm vendor/lib/a.c").findings == ()
    assert "files.delete-git" in rules(world.bash("rm -rf vendor/lib/.git"))
    assert kept(world.bash("rm -rf vendor")) == {str(world.project / "vendor")}


@pytest.mark.parametrize("command", ['rm -rf "$SOMEWHERE"', 'rm "$SOMEWHERE"', "rm $(cat list)", "cat list | xargs rm"])
def test_an_unknown_path_asks(world: Any, command: str) -> None:
    assert rules(world.bash(command)) == {"files.delete-unknown"}


@pytest.mark.parametrize("command", ["rm $(git ls-files -o)", "git ls-files --others | xargs rm", "ls data/* | xargs rm"])
def test_what_a_list_names_is_kept(world: Any, command: str) -> None:
    world.write("data/a.csv")
    assert kept(world.bash(command)) == {str(world.project / "data/a.csv")}


def test_a_name_that_is_unknown_in_part(world: Any) -> None:
    assert "files.delete-unknown" not in rules(world.bash('rm "build/$NAME.o"'))


def test_what_this_session_made_in_the_temporary_folder_may_go(world: Any, tmp_path: Path) -> None:
    world.point.stores.sessions.get("s").started -= 1  # file systems keep time more coarsely than clocks
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert world.bash(f"rm -rf {scratch}").findings == ()


def test_what_was_there_before_is_somebody_elses(world: Any, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    world.point.stores.sessions.get("s").started = scratch.stat().st_ctime + 10
    assert rules(world.bash(f"rm -rf {scratch}")) == {"files.delete-temporary"}


@pytest.mark.parametrize("command", ["mv ~/a.txt .", "mv ~/a.txt /tmp/"])
def test_moving_away_from_outside_asks(world: Any, command: str) -> None:
    world.write("~/a.txt")
    assert rules(world.bash(command)) == {"files.move-outside"}


def test_moving_the_project_away(world: Any) -> None:
    assert "files.delete-project" in rules(world.bash("mv ~/project /tmp/x"))


@pytest.mark.parametrize("command", ["echo x > a.md", "cp b.md a.md", "tee a.md < b.md", "truncate -s 0 a.md"])
def test_overwriting_the_only_copy_keeps_it(world: Any, command: str) -> None:
    world.write("a.md")
    world.write("b.md")
    assert str(world.project / "a.md") in kept(world.bash(command))


@pytest.mark.parametrize(
    "command", ["echo x >> a.md", "touch a.md", "echo x > new.md", "echo x > empty.md", "sed -i s/x/y/ empty.md"]
)
def test_what_replaces_nothing_is_no_overwriting(world: Any, command: str) -> None:
    world.write("a.md")
    world.write("empty.md", "")
    assert "files.overwrite-unsaved" not in rules(world.bash(command))


def test_overwriting_outside_asks(world: Any) -> None:
    world.write("~/a.md")
    decision = world.bash("echo x > ~/a.md")
    assert (rules(decision), decision.verdict) == ({"files.overwrite-outside"}, Verdict.ASK)


@pytest.mark.parametrize(
    ("name", "quiet"),
    [
        ("build/x", True),
        ("a/node_modules/b/c.js", True),
        ("x.pyc", True),
        ("target/debug/x", True),
        ("src/x.py", False),
        ("builder/x", False),
        ("bin/run.sh", False),
        ("site/index.md", False),
        ("tmp/notes.md", False),
        ("env/settings.py", False),
        ("public/target/x", False),
        ("old.bak", False),
        ("core/x.py", False),
    ],
)
def test_what_a_build_brings_back(world: Any, name: str, quiet: bool) -> None:
    world.write("Cargo.toml")
    path = world.write(name)
    top = name.split("/", 1)[0]
    assert (world.bash(f"rm {name}").findings == ()) is quiet
    decision = world.bash(f"rm -rf {top}")
    assert (decision.findings == ()) is (quiet and top != "a"), decision
    assert path.exists()


@pytest.mark.parametrize("name", ["bin", "site", "tmp", "env", "out", "coverage"])
def test_a_name_that_people_use_as_well_is_rebuilt_where_git_ignores_it(world: Any, name: str) -> None:
    world.write(f"{name}/x")
    assert kept(world.bash(f"rm -rf {name}")) == {str(world.project / name)}
    world.write(".gitignore", f"{name}/\n")
    assert world.bash(f"rm -rf {name}").findings == ()
    assert world.bash(f"rm -rf {name}-not-there {name}").verdict is Verdict.NONE


@pytest.mark.parametrize("name", ["dist", "build", "bin", "node_modules"])
def test_a_folder_with_tracked_work_is_kept(world: Any, name: str) -> None:
    world.write(f"{name}/x")
    world.commit(f"{name}/x")
    world.write(f"{name}/x", "work of a day\n")
    world.write(".gitignore", f"{name}/\n")
    assert kept(world.bash(f"rm -rf {name}")) == {str(world.project / name)}


@pytest.mark.parametrize("name", ["build", "bin", "node_modules", "x.log"])
def test_what_is_not_there_is_no_loss(world: Any, name: str) -> None:
    assert world.bash(f"rm -rf {name}").findings == ()


def test_more_than_can_be_kept_one_by_one(world: Any) -> None:
    for number in range(400):
        world.write(f"many/{number}")
    assert len(kept(world.bash("rm many/*"))) == 400
    for number in range(400, 2_005):
        world.write(f"many/{number}")
    decision = world.bash("rm many/*")
    assert (rules(decision), decision.verdict) == ({"files.delete-unknown"}, Verdict.ASK)


def test_a_pattern_that_is_not_translated_is_not_nothing(world: Any) -> None:
    world.write("abcdefghijklmnopq")
    pattern = "".join(f"[{char}]" for char in "abcdefghijklmnopq")
    assert world.bash(f"rm {pattern}").verdict is Verdict.ASK


def test_folders_that_are_found_by_name_are_kept(world: Any) -> None:
    world.write("a/drafts/x.md")
    assert str(world.project / "a/drafts") in kept(world.bash("find . -type d -name drafts -exec rm -rf {} +"))


def test_a_link_to_outside_is_written_through(world: Any) -> None:
    world.write("~/other/a.md")
    (world.project / "lnk").symlink_to(world.home / "other/a.md")
    world.commit("lnk")
    assert rules(world.bash("echo x > lnk")) == {"files.overwrite-outside"}


def test_a_link_to_an_unsaved_file_is_written_through(world: Any) -> None:
    path = world.write("a.md")
    (world.project / "lnk").symlink_to("a.md")
    world.commit("lnk")
    assert kept(world.bash("echo x > lnk")) == {str(path)}


@pytest.mark.parametrize(
    "command",
    [
        "sed -i s/x/y/ a.md",
        "sed -i s/x/y/ *.md",
        "perl -i -pe s/x/y/ a.md",
        "patch a.md x.diff",
        "ln -sf other a.md",
        "ln -f other a.md",
        "cp -lf other a.md",
        "find . -name '*.md' -exec sed -i s/x/y/ {} +",
    ],
)
def test_what_is_edited_or_replaced_by_a_link_is_kept(world: Any, command: str) -> None:
    world.write("other")
    path = world.write("a.md")
    decision = world.bash(command)
    assert (kept(decision), decision.verdict) == ({str(path)}, Verdict.NONE)
    world.commit("a.md")
    assert kept(world.bash(command)) == set()


def test_an_edit_of_a_large_file_stays_cheap(world: Any) -> None:
    world.write("a.csv", "x" * 1_000_001)
    assert kept(world.bash("sed -i s/x/y/ a.csv")) == set()


def test_the_clients_own_edits_are_kept_by_the_client(world: Any) -> None:
    path = world.write("a.md")
    assert world.judge("Edit", {"file_path": str(path), "old_string": "x", "new_string": "y"}).findings == ()


def test_discarding_changes_keeps_them(world: Any) -> None:
    world.write("a.py")
    world.commit("a.py")
    world.write("a.py", "work of a day\n")
    decision = world.bash("git checkout -- a.py")
    assert rules(decision) == {"git.discard-changes"}
    assert kept(decision) == {str(world.project / "a.py")}


def test_dry_runs_lose_nothing(world: Any) -> None:
    world.write("drafts/a.md")
    assert world.bash("git clean -ndx").findings == ()
    assert world.bash("rsync -an --delete empty/ drafts/").findings == ()


def populated(world: Any) -> None:
    for name in ("node_modules/a/b.js", "src/a.py", "draft.md", "dist/x.js", "old/draft.orig"):
        world.write(name)
    (world.project / "hollow").mkdir()
    world.commit("src/a.py")


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("find . -name node_modules -type d -prune -exec rm -rf '{}' +", []),
        ("find . -name '*.js' -not -path './node_modules/*' -delete", []),
        ("find . \\( -name dist -o -name .next \\) -type d -exec rm -rf {} +", []),
        ("fd -t d node_modules -x rm -rf", []),
        ("find . \\( -name '*.orig' -o -name '*.pyc' \\) -delete", ["old/draft.orig"]),
        ("find . -path ./.git -prune -o -name '*.md' -exec rm {} +", ["draft.md"]),
        ("find . -not -path './.git/*' -type f -delete", ["draft.md", "old/draft.orig"]),
        ("find . -maxdepth 1 -type f -delete", ["draft.md"]),
        ("find . -mindepth 2 -type f -size -1k -name 'draft*' -delete", []),
        ("find . -type f -name 'draft*' -size -2k -delete", ["draft.md", "old/draft.orig"]),
        ("find . -empty -type d -delete", []),
        ("find . -mindepth 1 -maxdepth 1 -not -name .git -exec rm -rf {} +", ["draft.md", "old"]),
    ],
)
def test_a_search_is_read_for_what_it_finds(world: Any, command: str, names: list[str]) -> None:
    populated(world)
    decision = world.bash(command)
    assert not decision.stops
    assert kept(decision) == {str(world.project / name) for name in names}


@pytest.mark.parametrize(
    "command",
    [
        "find . -not -name '*.md' -delete",
        "find . -name main -delete",
        "find . -name '*HEAD*' -exec rm {} +",
        "find . -name '.git*' -prune -exec rm -rf {} +",
        "find . -not -name src -not -name . -exec rm -rf {} +",
        "find . -name node_modules -prune -o -not -name x -delete",
        "fd -H -x rm -rf",
    ],
)
def test_a_search_that_finds_the_repository_itself_is_stopped(world: Any, command: str) -> None:
    populated(world)
    assert rules(world.bash(command)) >= {"files.delete-git"}


@pytest.mark.parametrize("command", ["find . -mtime +3 -delete", "find . -type f -perm 644 -exec rm -f {} +"])
def test_a_search_that_may_find_the_repository_itself_is_asked_about(world: Any, command: str) -> None:
    populated(world)
    decision = world.bash(command)
    assert (rules(decision), decision.verdict) == ({"files.delete-unknown"}, Verdict.ASK)


def test_a_folder_that_mktemp_made_may_be_emptied(world: Any) -> None:
    assert world.bash("tmp=$(mktemp -d) && cd $tmp && rm -rf *").findings == ()
    assert rules(world.bash("cd /tmp && rm -rf *")) == {"files.delete-temporary"}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("docker run --rm -v $PWD:/w -w /w alpine rm -rf build", set()),
        ("docker run --rm -v $PWD:/w alpine rm -rf /w/build /tmp/x", set()),
        ("docker run --rm alpine rm -rf /data", set()),
        ("docker compose exec api rm -rf /app/.pytest_cache", set()),
        ("docker run --rm -v $PWD:/w -w /w alpine rm -rf draft.md", {"files.delete-unsaved"}),
        ("docker run --rm -v $PWD:/w -w /w alpine rm -rf .", {"files.delete-project"}),
        ("docker run --rm -v $PWD:/w alpine rm -rf /", {"files.delete-project"}),
        ("docker run --rm -v $PWD:/w alpine sh -c 'cd / && rm -rf *'", {"files.delete-project"}),
        ("docker run --rm -v $PWD:/w alpine sh -c 'cd w && rm -rf *'", {"files.delete-remote-tree"}),
        ("docker run --rm -v $PWD:/w -w / alpine rm -rf w", {"files.delete-remote-tree"}),
        ("docker run --rm -v pgdata:/data alpine rm -rf /data", {"files.delete-remote-tree"}),
        ("docker run --rm --volumes-from db alpine rm -rf /data", {"files.delete-remote-tree"}),
        ("docker compose exec api rm -rf /app/data", {"files.delete-remote-tree"}),
        ("docker compose run api rm -rf /app/data", {"files.delete-remote-tree"}),
        ("docker -H ssh://prod run -v /tmp/x:/data alpine rm -rf /data", {"files.delete-remote-tree"}),
        ("docker exec api rm -rf /app/data", {"files.delete-remote-tree"}),
        ("docker exec api rm -rf /tmp/cache", set()),
        ("ssh dev 'rm -rf /tmp/deploy-1'", set()),
        ("ssh dev 'rm -rf /tmp/*'", {"files.delete-remote-tree"}),
        ("ssh dev 'rm -rf ~'", {"files.delete-remote-tree"}),
        ("docker exec api rm -rf /tmp", {"files.delete-remote-tree"}),
        ("docker exec api rm -rf /tmp/../etc", {"files.delete-remote-tree"}),
        ("docker exec api sh -c 'apt-get update && rm -rf /var/lib/apt/lists/*'", set()),
        ("rm -rf /var/lib/apt/lists/*", set()),
        ("rm -rf /var/lib/apt/$X", {"files.delete-outside-tree"}),
    ],
)
def test_what_a_container_deletes(world: Any, command: str, expected: set[str]) -> None:
    populated(world)
    world.write("build/x")
    found = rules(world.bash(command))
    assert found >= expected
    assert bool(found) == bool(expected)


@pytest.mark.parametrize("pushed", [False, True])
def test_a_repository_in_the_project_is_kept_unless_a_remote_has_it(world: Any, pushed: bool) -> None:
    world.write(".gitignore", "nested/\n")
    nested = pygit2.init_repository(str(world.project / "nested"))
    author = pygit2.Signature("a", "a@b.example")
    commit = nested.create_commit("refs/heads/main", author, author, "one", nested.TreeBuilder().write(), [])
    nested.set_head("refs/heads/main")
    if pushed:
        nested.references.create("refs/remotes/origin/main", commit)
    expected = set() if pushed else {str(world.project / "nested")}
    assert kept(world.bash("rm -rf nested")) == expected
