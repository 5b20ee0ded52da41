"""What is light enough to be judged at once, and what was looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checkrein.decide.lookup import SHORT, Lookup, TooMuchError, is_light


@pytest.mark.parametrize(
    ("given", "light"),
    [
        ({"command": "git status", "timeout": 5, "run_in_background": True}, True),
        ({"command": "ls", "description": "look for {a}"}, True),
        ({"command": "grep format x*"}, True),
        ({"command": "x" * SHORT}, True),
        ({"command": "x" * (SHORT + 1)}, False),
        ({"command": "for x in y; do z; done"}, False),
        ({"command": "python3 -c 'while 1: pass'"}, False),
        ({"command": "ls */x"}, False),
        ({"edits": ["ls"]}, False),
        ({"command": None}, False),
    ],
)
def test_light(given: dict[str, Any], light: bool) -> None:
    assert is_light(given) is light


def test_what_was_looked_at(tmp_path: Path) -> None:
    lookup = Lookup("/h", {}, lambda path: path.endswith("vouched"), lambda _, __: None, {}, at_once=True)
    for name, text in (("a", "ls"), ("vouched", "ls"), ("heavy", "for x in y; do z; done")):
        (tmp_path / name).write_text(text)
    assert lookup.script(f"{tmp_path}/a") == "ls"
    assert lookup.script(f"{tmp_path}/vouched") is None
    with pytest.raises(TooMuchError):
        lookup.script(f"{tmp_path}/heavy")
    assert list(lookup.looked_at()) == [f"{tmp_path}/a"]


def test_archives_are_not_looked_through_at_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")

    def lookup(*, at_once: bool) -> Lookup:
        return Lookup("/h", {}, lambda _: True, lambda _, __: None, {}, at_once=at_once)

    with pytest.raises(TooMuchError):
        lookup(at_once=True).members(f"{tmp_path}/a")
    assert lookup(at_once=True).members(f"{tmp_path}/missing") is None
    assert lookup(at_once=False).members(f"{tmp_path}/a") is None


def test_what_was_copied_stands_for_its_source(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/usr/bin/env")
    made = {"/p/x": ("/bin/rm",), "/p/y": ("/a", "/b"), "/p/z": ()}
    lookup = Lookup("/h", {}, lambda _: True, lambda _, __: None, {}, at_once=False, made=made)
    assert lookup.stands_for("/p/x") == "/bin/rm"
    assert [lookup.stands_for(path) for path in ("/p/y", "/p/z")] == ["/p/y", "/p/z"]
    assert lookup.stands_for(str(link)) == str(Path("/usr/bin/env").resolve())
