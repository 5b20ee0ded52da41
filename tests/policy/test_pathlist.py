from __future__ import annotations

import pytest

from checkrein.policy.pathlist import PathList


def covers(patterns: list[str], path: str, *, is_dir: bool = False) -> bool:
    return PathList(patterns, project="/srv/app", home="/home/dev").covers(path, is_dir=is_dir)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*.pem", "/srv/app/a/b.pem"),
        ("./top", "/srv/app/top"),
        ("data/", "/srv/app/x/data/y"),
        ("~/notes", "/home/dev/notes/a"),
        ("/etc/app", "/etc/app/conf"),
        ("/config", "/srv/app/config"),
        ("/config", "/config"),
    ],
)
def test_covers(pattern: str, path: str) -> None:
    assert covers([pattern], path)


@pytest.mark.parametrize(
    ("patterns", "path"),
    [
        (["*.pem"], "/srv/other/a.pem"),
        (["./top"], "/srv/app/sub/top"),
        (["data/"], "/srv/app/data"),
        (["~/notes"], "/srv/app/notes"),
        (["*"], "/srv/app"),
        (["*"], "/srv/apple"),
        (["*.md", "!README.md"], "/srv/app/README.md"),
        (["~/x/*", "!~/x/keep"], "/home/dev/x/keep"),
        (["# note"], "/srv/app/# note"),
    ],
)
def test_does_not_cover(patterns: list[str], path: str) -> None:
    assert not covers(patterns, path)


def test_a_text_of_any_length_is_judged() -> None:
    assert not covers(["*a*b"], "/srv/app/" + "a/" * 100_000)


def test_lists_are_equal_by_what_they_were_made_from() -> None:
    one = PathList(["a", "!b"], project="/p", home="/h")
    assert one == PathList(["a", "!b"], project="/p", home="/h")
    assert hash(one) == hash(PathList(["a", "!b"], project="/p", home="/h"))
    for other in (PathList(["a"], project="/p", home="/h"), PathList(["a", "!b"], project="/q", home="/h"), "a"):
        assert one != other
