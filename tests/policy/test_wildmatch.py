from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.policy.wildmatch import PatternList, parse_line, parse_lines


def matches(line: str, path: str, *, is_dir: bool = False) -> bool:
    pattern = parse_line(line)
    assert pattern is not None
    return pattern.matches(path, path.rpartition("/")[2], is_dir=is_dir)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("*.pem", "deep/er/x.pem"),
        ("/top", "top"),
        ("a/b", "a/b"),
        ("a/**/b", "a/b"),
        ("a/**/b", "a/x/y/b"),
        ("**/b", "b"),
        ("a/**", "a/x/y"),
        ("a**/b", "ab"),
        ("a**/b", "ax/y/b"),
        ("a*b*c", "aXbbYc"),
        ("[!a]x", "bx"),
        ("[[:digit:]]", "7"),
        ("[]-]", "]"),
        ("\\!x", "!x"),
        ("\\#x", "#x"),
        ("x\\ ", "x "),
        ("x   ", "x"),
    ],
)
def test_matches(line: str, path: str) -> None:
    assert matches(line, path)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("/top", "sub/top"),
        ("a/b", "x/a/b"),
        ("a/*", "a/b/c"),
        ("a/**", "a"),
        ("folder/", "folder"),
        ("a*b", "a/b"),
        ("[a-c]", "d"),
        ("a[/]b", "a/b"),
        ("x\\", "x"),
        ("[a", "a"),
        ("[[:nope:]]", "n"),
        ("[b-a]", "a"),
    ],
)
def test_does_not_match(line: str, path: str) -> None:
    assert not matches(line, path)


@pytest.mark.parametrize("line", ["", "# note", "   ", "/", "!"])
def test_lines_without_a_pattern(line: str) -> None:
    assert parse_line(line) is None


def test_the_last_match_decides_and_excluded_parents_stay_excluded() -> None:
    patterns = PatternList(parse_lines("*.key\n!public.key\nprivate/\n!private/ok\n"))
    assert patterns.covers("public.key", is_dir=False) is None
    assert (found := patterns.covers("x.key", is_dir=False)) is not None
    assert found.line == 1
    assert (found := patterns.covers("private/ok", is_dir=False)) is not None
    assert found.line == 3


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("*a" * 60 + "b", "a" * 4000),
        ("**/" * 40 + "b", "a/" * 2000 + "c"),
        ("**/*a/" * 20 + "b", "aa/" * 1000 + "c"),
        ("x/" + "*a*" * 40 + "/y", "x/" + "a" * 4000 + "/z"),
    ],
)
def test_hostile_patterns_end(line: str, path: str) -> None:
    # A backtracking matcher would need more steps here than there are atoms; the test would never return.
    assert not matches(line, path)


@given(st.text("ab*?[]!\\/ -^:", max_size=12), st.text("ab/", min_size=1, max_size=8))
def test_any_line_compiles_and_is_judged(line: str, path: str) -> None:
    patterns = PatternList(parse_lines(line))
    found = patterns.last_match(path, is_dir=False)
    assert found is None or found.line == 1
