"""The ignore tree, held against ``git check-ignore`` on the same files."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from checkrein.core import PolicyError
from checkrein.policy.ignore import IgnoreTree

GIT_ENV = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}


def git_ignored(repo: Path, paths: list[str]) -> set[str]:
    done = subprocess.run(
        ["git", "-C", str(repo), "check-ignore", "--no-index", "-z", "--stdin"],
        input="\0".join(paths),
        env=GIT_ENV,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return set(filter(None, done.stdout.split("\0")))


def repo_with(tmp_path: Path, files: dict[str, str]) -> Path:
    repo = tmp_path / "repo"
    repo.mkdir(exist_ok=True)
    subprocess.run(["git", "init", "-q", str(repo)], env=GIT_ENV, check=True)
    for name, text in files.items():
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_text(text)
    return repo


SEGMENTS = ["a", "b", "ab", "a.log", "b.log", "aab", "a b", "x-y", "[a]", "keep"]
atoms = st.sampled_from(
    ["a", "b", "*", "**", "?", "[ab]", "[!a]", "[a-b]", "\\*", "\\a", ".log", "x", "-", " ", "keep", "[", "]", "[[:alpha:]]"]
)
segment = st.lists(atoms, min_size=1, max_size=3).map("".join)
pattern = st.builds(
    lambda bang, slash, parts, tail: bang + slash + "/".join(parts) + tail,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(st.one_of(segment, st.sampled_from(["**", "*", *SEGMENTS])), min_size=1, max_size=3),
    st.sampled_from(["", "", "/", " ", "\\ ", "/**", "/*"]),
)
ignore_file = st.lists(pattern, max_size=5).map("\n".join)
FOLDERS = ["", "a", "a/b", "ab", "keep"]


def candidate_paths() -> list[tuple[str, bool]]:
    """Files and folders of the test tree: every segment as a file, in every folder, and the folders."""
    files = [
        (f"{folder}/{name}".lstrip("/"), False)
        for folder in FOLDERS
        for name in ["a.log", "b.log", "aab", "a b", "x-y", "[a]", "f"]
    ]
    return files + [(folder, True) for folder in FOLDERS if folder]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    repo = repo_with(tmp_path_factory.mktemp("git"), {})
    for path, is_dir in candidate_paths():
        if not is_dir:
            (repo / path).parent.mkdir(parents=True, exist_ok=True)
            (repo / path).write_text("")
    return repo


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(FOLDERS), ignore_file, min_size=1, max_size=3))
@example({"": "a/\n!a/b\n", "a": "!b\n"})
@example({"": "*\n!*/\n!*.log\n"})
@example({"": "*.log\n!a\n"})
@example({"": "a/**/b\n**/x-y\nab/**\n", "keep": "!x-y\n/f\n"})
@example({"": "a**/**"})
@example({"": "*a*a*b\n\\[a\\]\na\\ b\n"})
def test_agrees_with_git(tree: Path, files: dict[str, str]) -> None:
    for folder in FOLDERS:
        (tree / folder / ".gitignore").unlink(missing_ok=True)
    for folder, text in files.items():
        (tree / folder / ".gitignore").write_text(text)
    ours = IgnoreTree(tree, [".gitignore"])
    wanted = git_ignored(tree, [path for path, _ in candidate_paths()])
    for path, is_dir in candidate_paths():
        assert ours.match(str(tree / path), is_dir)[0] == (path in wanted), (path, files)


def test_names_the_deciding_line(tmp_path: Path) -> None:
    repo = repo_with(tmp_path, {".claudeignore": "# secrets\n\n*.pem\nbuild/\n", "sub/.claudeignore": "!ok.pem\n"})
    tree = IgnoreTree(repo, [".claudeignore"])
    assert tree.match(f"{repo}/x/y.pem", False) == (True, f"{repo}/.claudeignore:3")
    assert tree.match(f"{repo}/sub/ok.pem", False) == (False, "")
    assert tree.match(f"{repo}/build/deep/file", False) == (True, f"{repo}/.claudeignore:4")
    assert tree.match(f"{repo}/build", False) == (False, "")


def test_nothing_outside_the_project_is_excluded(tmp_path: Path) -> None:
    repo = repo_with(tmp_path, {".claudeignore": "*\n"})
    tree = IgnoreTree(repo, [".claudeignore"])
    assert tree.match(str(repo), True) == (False, "")
    assert tree.match(str(repo) + "-other/file", False) == (False, "")
    assert tree.match(f"{repo}/file", False)[0]


def test_one_name_cannot_bring_back_what_another_excludes(tmp_path: Path) -> None:
    repo = repo_with(tmp_path, {".claudeignore": "secret\n", ".agentignore": "!secret\n"})
    assert IgnoreTree(repo, [".claudeignore", ".agentignore"]).match(f"{repo}/secret", False)[0]
    assert not IgnoreTree(repo, [".agentignore"]).match(f"{repo}/secret", False)[0]


def test_changes_are_seen(tmp_path: Path) -> None:
    repo = repo_with(tmp_path, {".claudeignore": "one\n"})
    tree = IgnoreTree(repo, [".claudeignore"])
    assert tree.match(f"{repo}/one", False)[0]
    (repo / ".claudeignore").write_text("other\n")
    assert not tree.match(f"{repo}/one", False)[0]
    assert tree.match(f"{repo}/other", False)[0]
    (repo / ".claudeignore").unlink()
    assert not tree.match(f"{repo}/other", False)[0]


def test_an_unchanged_file_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = repo_with(tmp_path, {".claudeignore": "one\n"})
    tree = IgnoreTree(repo, [".claudeignore"])
    tree.match(f"{repo}/one", False)
    monkeypatch.setattr("checkrein.policy.ignore.read_text", lambda *a, **k: pytest.fail("read again"))
    assert tree.match(f"{repo}/one", False)[0]


def test_an_unreadable_ignore_file_is_an_error(tmp_path: Path) -> None:
    repo = repo_with(tmp_path, {})
    (repo / ".claudeignore").mkdir()
    with pytest.raises(PolicyError, match="not a regular file"):
        IgnoreTree(repo, [".claudeignore"]).match(f"{repo}/x", False)
    (repo / ".claudeignore").rmdir()
    os.mkfifo(repo / ".claudeignore")  # opening it the plain way would hang
    with pytest.raises(PolicyError, match="not a regular file"):
        IgnoreTree(repo, [".claudeignore"]).match(f"{repo}/x", False)


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    repo = repo_with(tmp_path, {})
    (repo / ".claudeignore").write_bytes(b"caf\xe9\n")
    tree = IgnoreTree(repo, [".claudeignore"])
    assert tree.match(f"{repo}/" + os.fsdecode(b"caf\xe9"), False)[0]
