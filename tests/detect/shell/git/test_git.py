"""What git command lines are read as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.git import HANDLERS, git_handler
from checkrein.detect.shell.git.options import parse, spec
from checkrein.detect.shell.git.settings import stored_settings
from checkrein.detect.shell.model import Argv, Invocation, Outcome, ShellText
from checkrein.rules import load_rules
from empty_world import EmptyWorld


@dataclass(frozen=True)
class FakeWorld(EmptyWorld):
    """A machine with one repository at /home/dev/project."""

    files: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, str] = field(default_factory=dict)

    def read_text(self, path: str) -> str | None:
        return self.files.get(path)

    def is_dir(self, path: str) -> bool:
        return path in ("/home/dev/project", "/home/dev/project/.git") or any(
            name.startswith(path + "/") for name in self.files
        )

    def glob(self, pattern: str) -> tuple[str, ...]:
        return (pattern,) if pattern in self.files else ()

    def git_config(self, cwd: str, key: str) -> str | None:
        return self.config.get(key)


WORLD = FakeWorld()


def run(
    command: str,
    *,
    world: FakeWorld = WORLD,
    cwd: str = "/home/dev/project",
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
) -> list[Outcome]:
    words = command.split(" ")
    return list(git_handler(Invocation(tuple(words), cwd, world, env=env or {}, stdin=stdin)))


def words(*argv: str, env: Mapping[str, str] | None = None) -> list[Outcome]:
    return list(git_handler(Invocation(argv, "/home/dev/project", WORLD, env=env or {})))


def rules(outcomes: list[Outcome]) -> set[str]:
    return {outcome.rule for outcome in outcomes if isinstance(outcome, Effect) and outcome.rule}


def targets(outcomes: list[Outcome], kind: EffectKind) -> list[str]:
    return [outcome.target for outcome in outcomes if isinstance(outcome, Effect) and outcome.kind is kind]


@pytest.mark.parametrize(
    ("command", "rule"),
    [
        ("git reset --hard", "git.reset-hard"),
        ("git reset --har HEAD~3", "git.reset-hard"),
        ("git reset -q --merge", "git.reset-hard"),
        ("git -C sub --no-pager -c a.b=c reset --hard", "git.reset-hard"),
        ("git --git-dir x/.git --work-tree=x reset --hard", "git.reset-hard"),
        ("git read-tree -u --reset HEAD", "git.reset-hard"),
        ("git checkout -- .", "git.discard-all"),
        ("git checkout .", "git.discard-all"),
        ("git checkout HEAD -- :/", "git.discard-all"),
        ("git restore .", "git.discard-all"),
        ("git restore -p", "git.discard-all"),
        ("git checkout -- a.py", "git.discard-changes"),
        ("git checkout HEAD~2 a.py", "git.discard-changes"),
        ("git checkout -- -f", "git.discard-changes"),
        ("git checkout HEAD --pathspec-from-f=x", "git.discard-changes"),
        ("git restore -SW a.py", "git.discard-changes"),
        ("git restore --conflict --staged a.py", "git.discard-changes"),
        ("git restore -- --staged", "git.discard-changes"),
        ("git restore --no-staged -W a.py", "git.discard-changes"),
        ("git checkout -qf main", "git.checkout-force"),
        ("git checkout -f -b topic", "git.checkout-force"),
        ("git switch --discard-ch main", "git.checkout-force"),
        ("git submodule update --force", "git.checkout-force"),
        ("git clean -fd", "git.clean"),
        ("git clean --forc", "git.clean"),
        ("git -c clean.requireForce=false clean -d", "git.clean"),
        ("git clean -fdX", "git.clean-ignored"),
        ("git stash clear", "git.stash-clear"),
        ("git stash drop stash@{1}", "git.stash-drop"),
        ("git rm -rf .", "git.rm-force"),
        ("git rm --cached --no-cached --force a", "git.rm-force"),
        ("git worktree remove -f ../wt", "git.worktree-remove"),
        ("git submodule deinit --all -f", "git.submodule-deinit"),
        ("git push --force origin topic", "git.push-force"),
        ("git push -f", "git.push-force"),
        ("git push origin +topic", "git.push-force"),
        ("git push origin a:+b", "git.push-force"),
        ("git push --force --force-with-lease", "git.push-force"),
        ("git push --mir origin", "git.push-mirror"),
        ("git push --delete origin old", "git.push-delete"),
        ("git push origin :refs/heads/old", "git.push-delete"),
        ("git push origin -d main", "git.push-delete-default"),
        ("git push --force-with-lease origin main", "git.push-lease-default"),
        ("git push origin HEAD:master", "git.push-default-branch"),
        ("git push master", "git.push-default-branch"),
        ("git push https://example.com/x.git topic", "git.push-url"),
        ("git branch -D topic", "git.branch-delete"),
        ("git branch --del --forc topic", "git.branch-delete"),
        ("git branch -f topic", "git.branch-force"),
        ("git branch -M a b", "git.branch-force"),
        ("git tag --del v1", "git.tag-delete"),
        ("git reflog expire --expire=now --all", "git.reflog-expire"),
        ("git gc --prune=now", "git.gc-prune"),
        ("git prune", "git.gc-prune"),
        ("git update-ref -d HEAD", "git.update-ref-delete"),
        ("git update-ref refs/heads/x 0000000000000000000000000000000000000000", "git.update-ref-delete"),
        ("git symbolic-ref --delete HEAD", "git.update-ref-delete"),
        ("git filter-branch --tree-filter x HEAD", "git.filter-history"),
        ("git filter-repo --force --path x", "git.filter-history"),
        ("git filter-repo --path x", "git.filter-clone"),
        ("git replace a b", "git.filter-history"),
        ("git remote set-url origin https://example.com/x", "git.remote-change"),
        ("git -c core.fsmonitor=./x status", "git.config-exec"),
        ("git -c core.sshCommand=./x fetch", "git.config-exec"),
        ("git -c protocol.ext.allow=always fetch", "git.config-exec"),
        ("git --exec-path=/tmp/x status", "git.config-exec"),
        ("git fetch --upload-pack=./x origin", "git.config-exec"),
        ("git push --receive-pack ./x origin topic", "git.config-exec"),
        ("git clone ext::./x", "git.config-exec"),
        ("git clone -c core.fsmonitor=./x https://example.com/a", "git.config-exec"),
        ("git clone --template=/tmp/t https://example.com/a", "git.hooks-path"),
        ("git -c core.hooksPath=/tmp/h commit", "git.hooks-path"),
        ("git config core.hooksPath /dev/null", "git.skip-hooks"),
        ("git config remote.origin.url https://example.com/x", "git.remote-change"),
        ("git config --global url.https://example.com/.insteadOf https://github.com/", "git.remote-change"),
        ("git -c url.https://example.com/.insteadOf=https://github.com/ push origin topic", "git.remote-change"),
        ("git checkout -B main HEAD~3", "git.branch-force"),
        ("git switch -C main HEAD~3", "git.branch-force"),
        ("git subtree push --prefix lib origin topic --force", "git.push-force"),
        ("git -c include.path=/tmp/c status", "git.hooks-path"),
        ("git config core.fsmonitor ./x", "git.config-exec"),
        ("git config set --global core.sshCommand ./x", "git.config-exec"),
        ("git config --global diff.x.textconv ./x", "git.config-exec"),
        ("git config alias.x !date", "git.config-alias"),
        ("git send-email HEAD~1", "git.send-mail"),
        ("git daemon --export-all", "git.serve"),
    ],
)
def test_named(command: str, rule: str) -> None:
    assert rule in rules(run(command))
    assert rule in load_rules()


@pytest.mark.parametrize(
    "command",
    [
        "git",
        "git --version",
        "git -C sub status",
        "git reset",
        "git reset --soft HEAD~1",
        "git reset --keep HEAD~1",
        "git reset --hard --help",
        "git checkout main",
        "git checkout -",
        "git checkout -b topic",
        "git checkout -bfeature",
        "git checkout -b topic main a.py",
        "git checkout -B topic origin/topic",
        "git checkout -B main",
        "git switch -C topic HEAD~3",
        "git subtree push --prefix lib origin topic",
        "git checkout --orphan x",
        "git checkout --track origin/topic",
        "git switch -c topic",
        "git switch -- -f",
        "git restore --staged .",
        "git restore --no-worktree a.py",
        "git restore -p -S",
        "git restore",
        "git restore a.py --help",
        "git clean -fdn",
        "git clean --forc --dry-r",
        "git clean -d",
        "git stash",
        "git stash pop",
        "git rm -f --cached a",
        "git rm --force --no-force a",
        "git rm -nrf .",
        "git worktree remove ../wt",
        "git push",
        "git push origin topic",
        "git push origin feature-master",
        "git push --force-with-lease origin topic",
        "git push --force --dry-run",
        "git branch -d merged",
        "git branch -M main",
        "git branch --list",
        "git tag -a v1 -m -d",
        "git reflog",
        "git gc",
        "git prune -n",
        "git remote -v",
        "git remote add up https://example.com/x",
        "git merge --abort",
        "git rebase --abort",
        "git cherry-pick --abort",
        "git commit -m git-reset---hard",
        "git commit --amend",
        "git -c core.pager=cat log",
        "git -c core.sshCommand=./x status",
        "git -c core.hooksPath=/dev/null commit",
        "git -c core.fsmonitor=false status",
        "git -c credential.helper=store fetch",
        "git config user.name x",
        "git config remote.origin.url",
        "git -c url.https://example.com/.insteadOf=https://github.com/ status",
        "git config --get core.fsmonitor",
        "git config --unset alias.x",
        "git config core.editor vim",
        "git help reset",
    ],
)
def test_quiet(command: str) -> None:
    assert rules(run(command)) == set()


def test_paths_are_absolute_and_seen_from_the_right_folder() -> None:
    assert targets(run("git -C sub restore a.py"), EffectKind.DELETE) == ["/home/dev/project/sub/a.py"]
    assert targets(run("git restore :/a.py", cwd="/home/dev/project/sub"), EffectKind.DELETE) == ["/home/dev/project/a.py"]
    assert targets(run("git restore a.py :!b.py"), EffectKind.DELETE) == ["/home/dev/project/a.py"]
    effect = next(outcome for outcome in run("git restore *.py") if isinstance(outcome, Effect))
    assert Flag.GLOB in effect.flags


def test_one_word_is_a_branch_unless_a_file_stands_there() -> None:
    world = FakeWorld(files={"/home/dev/project/notes": "x"})
    assert targets(run("git checkout notes", world=world), EffectKind.DELETE) == ["/home/dev/project/notes"]
    assert run("git checkout notes") == []


def test_paths_from_a_file_are_read_and_unknown_where_they_cannot_be() -> None:
    world = FakeWorld(files={"/home/dev/project/list": "a.py\nb.py\n"})
    assert targets(run("git restore --pathspec-from-file=list", world=world), EffectKind.DELETE) == [
        "/home/dev/project/a.py",
        "/home/dev/project/b.py",
    ]
    assert targets(run("git restore --pathspec-from-file=-", stdin="a.py"), EffectKind.DELETE) == ["/home/dev/project/a.py"]
    assert UNKNOWN in targets(run("git restore --pathspec-from-file=list"), EffectKind.DELETE)[0]


@pytest.mark.parametrize("command", ["GIT_DIR=/tmp/x git status", "git --git-dir=/tmp/x status"])
def test_settings_of_a_repository_named_outright(judge: Any, command: str) -> None:
    config = '[core]\n\tbare = false\n\tfsmonitor = "rm -rf /etc"\n[remote "o"]\n\turl = x\n'
    judged = judge(command, scripts={"/tmp/x/config": config})
    assert judged.rules == {"git.config-exec"}
    assert judged.of(EffectKind.DELETE) == ["/etc"]
    assert not judge(command).rules


def test_stored_settings() -> None:
    text = '# x = y\n[a "B.c"] d = "e"\n; f = g\n[h]\ni\nJ = k \\\n l\n'
    assert list(stored_settings(text)) == [("a.B.c.d", "e"), ("h.j", "k  l")]


@pytest.mark.parametrize("option", ["--pathspec-from-file=list", "--pathspec-from list", "--pathspec-from-file=-"])
@pytest.mark.parametrize("command", ["git checkout", "git checkout HEAD", "git restore"])
def test_a_list_of_paths_that_cannot_be_read_is_said(command: str, option: str) -> None:
    assert targets(run(f"{command} {option}", stdin=f"a.py\n{UNKNOWN}"), EffectKind.UNRESOLVED)
    world = FakeWorld(files={"/home/dev/project/list": "a.py"})
    assert not targets(run(f"{command} {option}", stdin="a.py", world=world), EffectKind.UNRESOLVED)


def test_plain_rm_gives_paths_without_a_rule() -> None:
    outcomes = run("git rm -r src")
    assert targets(outcomes, EffectKind.DELETE) == ["/home/dev/project/src"]
    assert rules(outcomes) == set()


def test_aliases() -> None:
    assert rules(run("git -c alias.nuke=reset nuke --hard")) == {"git.reset-hard"}
    assert rules(run("git co -f main", world=FakeWorld(config={"alias.co": "checkout"}))) == {"git.checkout-force"}
    assert run("git -c alias.st=status st") == []
    shell = run("git -c alias.x=!make x a")
    assert shell == [ShellText('make "$@"', args=("make", "a"), cwd="/home/dev/project")]
    endless = run("git a", world=FakeWorld(config={"alias.a": "b", "alias.b": "a"}))
    assert [outcome.kind for outcome in endless if isinstance(outcome, Effect)] == [EffectKind.UNRESOLVED]
    assert rules(run("git reset --hard", world=FakeWorld(config={"alias.reset": "status"}))) == {"git.reset-hard"}


def test_alias_with_global_options() -> None:
    assert rules(run("git x", world=FakeWorld(config={"alias.x": "-c core.fsmonitor=./y status"}))) == {"git.config-exec"}


def test_settings_from_the_environment() -> None:
    counted = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "alias.nuke", "GIT_CONFIG_VALUE_0": "reset"}
    assert rules(run("git nuke --hard", env=counted)) == {"git.reset-hard"}
    assert rules(run("git nuke --hard", env={"GIT_CONFIG_PARAMETERS": "'alias.nuke=reset'"})) == {"git.reset-hard"}
    assert rules(run("git fetch", env={"GIT_SSH_COMMAND": "./x"})) == {"git.config-exec"}
    assert rules(run("git status", env={"GIT_SSH_COMMAND": "./x"})) == set()
    assert rules(run("git remote -v update", env={"GIT_SSH": "./x"})) == {"git.config-exec"}
    assert rules(run("git diff", env={"GIT_EXTERNAL_DIFF": "./x"})) == {"git.config-exec"}
    assert rules(run("git fetch", env={"GIT_ALLOW_PROTOCOL": "file:ext"})) == {"git.config-exec"}


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (("git", "-c", "core.pager=rm -rf ~", "log"), "rm -rf ~"),
        (("git", "rebase", "-x", "make test", "main"), "make test"),
        (("git", "rebase", "--exec=make test", "main"), "make test"),
        (("git", "submodule", "foreach", "rm -rf x"), "rm -rf x"),
        (("git", "grep", "-Orm", "pattern"), "rm"),
        (("git", "filter-branch", "--tree-filter", "rm x", "HEAD"), "rm x"),
        (("git", "config", "alias.x", "!rm x"), "rm x"),
        (("git", "clone", "ext::sh -c rm% x"), "sh -c rm x"),
    ],
)
def test_code_is_handed_on(argv: tuple[str, ...], text: str) -> None:
    assert text in [outcome.text for outcome in words(*argv) if isinstance(outcome, ShellText)]


def test_editors_are_judged_by_what_they_do() -> None:
    outcomes = words("git", "rebase", "-i", "main", env={"GIT_SEQUENCE_EDITOR": "sed -i s/pick/squash/"})
    assert outcomes == [ShellText("sed -i s/pick/squash/", cwd="/home/dev/project")]


def test_programs_are_handed_on() -> None:
    assert run("git bisect run make test") == [Argv(("make", "test"), cwd="/home/dev/project")]
    assert run("git submodule foreach git reset --hard") == [Argv(("git", "reset", "--hard"), cwd="/home/dev/project")]
    assert run("git lfs pull") == [Argv(("git-lfs", "pull"), cwd="/home/dev/project")]


def test_unknown_subcommand_is_said_to_be_unknown() -> None:
    (outcome,) = run(f"git {UNKNOWN} --hard")
    assert isinstance(outcome, Effect)
    assert outcome.kind is EffectKind.UNRESOLVED


@pytest.mark.parametrize(
    "command",
    [
        "git show HEAD:.env",
        "git show :.env",
        "git show HEAD -- .env",
        "git cat-file -p HEAD:.env",
        "git diff .env",
        "git diff --no-index a .env",
        "git log -p -- .env",
        "git log -L 1,5:.env",
        "git blame .env",
        "git grep key -- .env",
        "git archive HEAD .env",
        "git stash show -p -- .env",
    ],
)
def test_reads(command: str) -> None:
    reads = [outcome for outcome in run(command) if isinstance(outcome, Effect) and outcome.kind is EffectKind.READ]
    assert "/home/dev/project/.env" in [effect.target for effect in reads]
    assert all(Flag.CONTENT_OUT in effect.flags for effect in reads)


@pytest.mark.parametrize(
    "command", ["git diff", "git log -p", "git log -- .env", "git diff main..topic", "git show HEAD", "git diff --stat .env"]
)
def test_no_read_where_no_file_is_shown_by_name(command: str) -> None:
    assert targets(run(command), EffectKind.READ) == []


def test_blob_paths_count_from_the_top() -> None:
    assert targets(run("git show HEAD:a/.env", cwd="/home/dev/project/sub"), EffectKind.READ) == ["/home/dev/project/a/.env"]
    assert targets(run("git show HEAD:./.env", cwd="/home/dev/project/sub"), EffectKind.READ) == ["/home/dev/project/sub/.env"]


def test_apply_writes_what_the_patch_names() -> None:
    patch = "--- a/.env\n+++ b/.env\n@@ -1 +1 @@\n-x\n+y\n--- a/old\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
    outcomes = run("git apply", stdin=patch)
    assert targets(outcomes, EffectKind.WRITE) == ["/home/dev/project/.env"]
    assert targets(outcomes, EffectKind.DELETE) == ["/home/dev/project/old"]
    assert run("git apply --check", stdin=patch) == []


def test_files_that_git_makes() -> None:
    assert targets(run("git clone https://example.com/a/b.git"), EffectKind.WRITE) == ["/home/dev/project/b"]
    assert targets(run("git clone https://example.com/a/b.git x"), EffectKind.FETCH) == ["https://example.com/a/b.git"]
    assert targets(run("git archive -o /tmp/x.tar HEAD"), EffectKind.WRITE) == ["/tmp/x.tar"]
    assert targets(run("git mv a b"), EffectKind.MOVE) == ["/home/dev/project/a"]


def test_subcommand_programs_are_git() -> None:
    outcomes = list(
        HANDLERS["git-filter-repo"](Invocation(("git-filter-repo", "--force", "--path", "x"), "/home/dev/project", WORLD))
    )
    assert rules(outcomes) == {"git.filter-history"}


@pytest.mark.parametrize(
    "command",
    [
        "hg update -C",
        "hg up --clean tip",
        "hg purge",
        "hg -R x strip tip",
        "hg revert --no-backup a",
        "svn revert -R .",
        "svn cleanup --remove-unv",
    ],
)
def test_relatives(command: str) -> None:
    argv = tuple(command.split(" "))
    assert rules(list(HANDLERS[argv[0]](Invocation(argv, "/w", WORLD)))) == {"vcs.discard-changes"}
    assert "vcs.discard-changes" in load_rules()


@pytest.mark.parametrize(
    "command", ["hg update", "hg purge -p", "hg revert a", "hg strip --help", "svn status", "svn cleanup", "hg", "svn"]
)
def test_quiet_relatives(command: str) -> None:
    argv = tuple(command.split(" "))
    assert list(HANDLERS[argv[0]](Invocation(argv, "/w", WORLD))) == []


def test_options_last_form_wins() -> None:
    declared = spec("-f,--force -o,--output= -U,--unified=?")
    assert not parse(["--force", "--no-force"], declared).has("--force")
    assert parse(["--no-force", "-f"], declared).has("--force")
    assert parse(["-fofile", "x"], declared).last("--output") == "file"
    assert parse(["-o", "--force", "x"], declared).operands == ("x",)
    assert parse(["-U3", "x"], declared).last("--unified") == "3"
    assert parse(["a", "--", "-f"], declared).separator == 1


@given(st.lists(st.text(alphabet="-abcfhmnpx=:.+/!* \0", max_size=8), max_size=8))
def test_never_fails(args: list[str]) -> None:
    for name in ("push", "checkout", "restore", "clean", "config", "log", "apply", "clone", "submodule", "stash", "update-ref"):
        assert all(outcome is not None for outcome in words("git", name, *args))
    assert all(outcome is not None for outcome in words("git", *args))


@given(st.permutations(["-q", "-d", "-f", "-x"]))
def test_order_of_options_does_not_matter(options: list[str]) -> None:
    assert rules(words("git", "clean", *options)) == {"git.clean"}
