"""The disk as detectors see it: nothing on it can stop or fool a look at it."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

import pytest

from checkrein.observe.disk import MAX_MATCHES, MAX_TEXT, Disk, one_look, real_path, standard_environment, walk


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    """A disk on which files named ``vouched`` are a person's own."""
    return Disk(
        str(tmp_path), {"HOME": str(tmp_path)}, lambda path: path.endswith("vouched"), lambda cwd, key: f"{key} in {cwd}"
    )


def test_a_text(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("héllo\n")
    assert disk.read_text(f"{tmp_path}/a") == "héllo\n"


def test_bytes_that_are_no_text(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"ELF\0x")
    (tmp_path / "latin").write_bytes(b"h\xe9")
    assert disk.read_text(f"{tmp_path}/binary") is None
    assert disk.read_text(f"{tmp_path}/latin") == "h�"


def test_a_file_of_the_largest_size_is_read_whole(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * MAX_TEXT)
    (tmp_path / "b").write_bytes(b"x" * (MAX_TEXT + 1))
    assert len(disk.read_text(f"{tmp_path}/a") or "") == MAX_TEXT
    assert disk.read_text(f"{tmp_path}/b") is None


def test_what_is_no_file_is_not_waited_for(disk: Disk, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with tempfile.TemporaryDirectory(prefix="crd") as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/s")
        assert disk.read_text(f"{folder}/s") is None
    assert disk.read_text(f"{tmp_path}/pipe") is None
    assert disk.script(f"{tmp_path}/pipe") is None
    assert disk.read_text(str(tmp_path)) is None
    assert disk.read_text("/dev/zero") is None


@pytest.mark.parametrize("path", ["/nonexistent/x", "/a\0b", "/" + "x" * 5000, "/etc/passwd/x", ""])
def test_paths_that_cannot_be_opened(disk: Disk, path: str) -> None:
    assert disk.read_text(path) is None
    assert disk.script(path) is None
    assert disk.is_dir(path) is False
    assert disk.glob(path) == ()
    assert real_path(path) is not None


def test_a_file_that_may_not_be_read(disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("x")

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert disk.read_text(f"{tmp_path}/a") is None


def test_a_file_that_fails_while_it_is_read(disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("x")

    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "read", fail)
    assert disk.read_text(f"{tmp_path}/a") is None


def test_a_script_is_read_unless_a_person_vouches_for_it(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "new").write_text("rm -rf /\n")
    (tmp_path / "vouched").write_text("make\n")
    assert disk.script(f"{tmp_path}/new") == "rm -rf /\n"
    assert disk.script(f"{tmp_path}/vouched") is None


def test_what_is_no_text_is_unknown_code(disk: Disk, tmp_path: Path) -> None:
    for name, data in (("large", b"#!/bin/sh\n" + b"x" * MAX_TEXT), ("nul", b"#!/bin/sh\n\0"), ("zip", b"PK\x03\x04\0")):
        (tmp_path / name).write_bytes(data)
        assert disk.script(f"{tmp_path}/{name}") == "\0", name
    (tmp_path / "vouched").write_bytes(b"#!/bin/sh\n\0")
    assert disk.script(f"{tmp_path}/vouched") is None


def test_a_compiled_program_is_quiet_unless_it_was_downloaded(tmp_path: Path) -> None:
    path = tmp_path / "app"
    path.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(64))
    for downloads, wanted in (({}, None), ({str(path): ""}, None), ({str(path): "https://example.com/app"}, "\0")):
        disk = Disk("/h", {}, lambda _: False, lambda _, __: None, downloads)
        assert disk.script(str(path)) == wanted


def test_patterns(disk: Disk, tmp_path: Path) -> None:
    for name in (".hidden", "a.py", "b.py"):
        (tmp_path / name).touch()
    assert sorted(disk.glob(f"{tmp_path}/*.py")) == [f"{tmp_path}/a.py", f"{tmp_path}/b.py"]
    assert f"{tmp_path}/.hidden" in disk.glob(f"{tmp_path}/.h*")
    assert disk.glob(f"{tmp_path}/none*") == ()
    for number in range(MAX_MATCHES + 5):
        (tmp_path / f"m{number}").touch()
    assert len(disk.glob(f"{tmp_path}/m*")) == MAX_MATCHES


def test_the_rest(disk: Disk, tmp_path: Path) -> None:
    assert disk.is_dir(str(tmp_path))
    assert disk.variable("HOME") == str(tmp_path)
    assert disk.variable("NOT_SET") is None
    assert disk.git_config("/p", "core.pager") == "core.pager in /p"
    assert standard_environment("/home/dev")["USER"] == "dev"
    assert standard_environment("/")["USER"] == "root"


def test_a_walk_follows_no_link_and_ends(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "loop").symlink_to(tmp_path)
    (tmp_path / "a" / "x").touch()
    assert sorted(os.path.relpath(entry.path, tmp_path) for entry in walk(str(tmp_path))) == ["a", "a/b", "a/b/loop", "a/x"]
    assert len(list(walk(str(tmp_path), limit=2))) == 2
    assert list(walk("/nonexistent")) == []


def test_real_paths_of_what_does_not_exist_yet(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    assert real_path(f"{tmp_path}/link/new") == f"{os.path.realpath(tmp_path)}/target/new"


def test_it_is_told_when_there_are_more_matches(disk: Disk, tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"m{number}").touch()
    assert disk.matches(f"{tmp_path}/m*", 5).complete
    cut = disk.matches(f"{tmp_path}/m*", 4)
    assert (len(cut.paths), cut.complete) == (4, False)
    assert disk.matches(f"{tmp_path}/none*").complete
    assert not disk.matches(f"{tmp_path}/" + "[m]" * 17).complete
    assert disk.matches(f"{tmp_path}/\0*").complete


def test_a_walk_tells_whether_it_was_cut_and_leaves_folders_out(tmp_path: Path) -> None:
    for name in ("node_modules/a/b", "src/c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    entries = walk(str(tmp_path), limit=3, without=frozenset(("node_modules",)))
    assert sorted(entry.name for entry in entries) == ["c", "node_modules", "src"]
    assert entries.complete
    entries = walk(str(tmp_path), limit=3)
    assert len(list(entries)) == 3
    assert not entries.complete


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "a/b",
        "link",
        "link/b",
        "link/none/x",
        "../w/a",
        "a/../link",
        "dangling",
        "loop/x",
        "file/x",
        "a//b/",
        ".",
        "a/" * 60,
        "\0",
    ],
)
def test_one_look_resolves_as_many_looks_do(tmp_path: Path, name: str) -> None:
    world = tmp_path / "w"
    (world / "a").mkdir(parents=True)
    (world / "file").write_text("x")
    (world / "link").symlink_to("a")
    (world / "dangling").symlink_to("nowhere/at/all")
    (world / "loop").symlink_to("loop")
    path = f"{world}/{name}"
    alone = real_path(path)
    with one_look():
        assert (real_path(path), real_path(path)) == (alone, alone)
        (world / "fresh").symlink_to("a")
        assert real_path(f"{world}/fresh/x") == f"{os.path.realpath(world)}/a/x"
