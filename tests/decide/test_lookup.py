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
