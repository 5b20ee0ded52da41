"""What a command wrote so far lies over what is on disk."""

from __future__ import annotations

from typing import Any

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.overlay import Overlay
from checkrein.detect.shell.values import Stream


def test_written_files_win_and_nobody_vouches_for_them(world: Any) -> None:
    under = world(files={"/a": "disk", "/b": "disk"}, scripts={"/c": "written before"}, variables={"X": "1"})
    over = Overlay(under, {"/a": Stream("now"), "/n": Stream()}, lambda path: path == "/far/x")
    assert (over.read_text("/a"), over.script("/a")) == ("now", "now")
    assert (over.read_text("/b"), over.script("/b")) == ("disk", None)
    assert over.script("/c") == "written before"
    assert over.script("/n") == UNKNOWN
    assert over.read_text("/x") is None
    assert (over.script("/far/x"), over.script("/far/y")) == (UNKNOWN, None)


def test_all_else_is_the_machine(world: Any) -> None:
    under = world(files={"/a.txt": ""}, variables={"X": "1"})
    over = Overlay(under, {}, lambda _: False)
    assert (over.home, over.variable("X"), over.variable("Y")) == (under.home, "1", None)
    assert over.glob("/*.txt") == ("/a.txt",)
    assert over.is_dir("/etc")
    assert over.git_config("/", "alias.x") is None
