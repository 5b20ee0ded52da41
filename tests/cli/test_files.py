from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from checkrein.cli._files import read_whole, write_whole
from checkrein.core import UsageError


def test_a_file_is_written_over_what_stood_there(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_text("before, and longer")
    write_whole(target, b"now", 0o600)
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("now", 0o600)
    write_whole(target, b"then", 0o644)
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("then", 0o644)
    assert list(tmp_path.iterdir()) == [target]


def test_where_it_fails_nothing_changes_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "folder" / "full").mkdir(parents=True)
    with pytest.raises(UsageError, match="cannot write"):
        write_whole(tmp_path / "folder", b"now", 0o600)
    with pytest.raises(UsageError, match="cannot write"):
        write_whole(tmp_path / "none" / "a", b"now", 0o600)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["folder", "full"]


def test_a_file_is_read_as_far_as_wanted(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("a")
    assert (read_whole(tmp_path / "link"), read_whole(tmp_path / "a", 2)) == (b"abc", b"ab")


def test_what_could_be_waited_on_for_ever_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        for path in (Path("pipe"), Path("socket"), Path("/dev/zero"), tmp_path):
            with pytest.raises(OSError, match=r"no regular file|No such device|Is a directory"):
                read_whole(path)
