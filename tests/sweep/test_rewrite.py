"""Changing a file that somebody may be writing to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from checkrein.sweep import rewrite


def shout(data: bytes) -> bytes:
    return data.upper()


def test_what_is_appended_meanwhile_is_kept_and_redacted(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(b"one\n")
    seen: list[bytes] = []

    def redact(data: bytes) -> bytes:
        if not seen:
            with path.open("ab") as client:
                client.write(b"two\n")
        seen.append(data)
        return data.upper()

    rewrite.replace(str(path), redact)
    assert path.read_bytes() == b"ONE\nTWO\n"


def test_what_is_appended_at_the_last_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(b"one\n")
    rename = os.rename

    def renamed(source: str, target: str) -> None:
        with path.open("ab") as client:
            client.write(b"late\n")
        rename(source, target)

    monkeypatch.setattr(os, "rename", renamed)
    rewrite.replace(str(path), shout)
    assert path.read_bytes() == b"ONE\nLATE\n"


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(b"one\n")

    def fail(_: bytes) -> bytes:
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        rewrite.replace(str(path), fail)
    assert path.read_bytes() == b"one\n"
    assert [each.name for each in tmp_path.iterdir()] == ["s.jsonl"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"one\n")
    (tmp_path / "s.jsonl").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic"):
        rewrite.replace(str(tmp_path / "s.jsonl"), shout)
    assert (tmp_path / "target").read_bytes() == b"one\n"


def test_who_holds_a_file_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "b1.output"
    path.write_bytes(b"")
    assert not rewrite.is_open_elsewhere(str(path))
    program = [sys.executable, "-I", "-S", "-c", "import sys; print(flush=True); sys.stdin.read()", str(path)]
    with (
        path.open("ab") as kept,
        subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=kept) as child,
    ):
        assert child.stdout is not None
        child.stdout.readline()
        assert rewrite.is_open_elsewhere(str(path))
        child.communicate()
    assert not rewrite.is_open_elsewhere(str(path))


def test_a_second_name_counts_as_held(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"")
    os.link(path, tmp_path / "b")
    assert rewrite.is_open_elsewhere(str(path))


def test_where_the_system_does_not_tell_every_file_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewrite, "_PROCESSES", tmp_path / "none")
    path = tmp_path / "a"
    path.write_bytes(b"")
    assert rewrite.open_files() is None
    assert rewrite.is_open_elsewhere(str(path))
