"""Names in archives, within bounds."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from checkrein.observe import archives
from checkrein.observe.archives import members


def tar(path: Path, mode: str, names: dict[str, str]) -> str:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, link in names.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = (tarfile.SYMTYPE, link) if link else (tarfile.REGTYPE, "")
            archive.addfile(info, io.BytesIO())
    return str(path)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar(tmp_path: Path, mode: str) -> None:
    path = tar(tmp_path / "a", mode, {"../x": "", "l": "/etc"})
    assert members(path) == (("../x", ""), ("l", "/etc"))


def test_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a", "w") as archive:
        archive.writestr("folder/", "")
        archive.writestr("folder/x", "1")
    assert members(str(tmp_path / "a")) == (("folder/x", ""),)


def test_what_cannot_be_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert members(str(tmp_path / "missing")) is None
    assert members(str(tmp_path)) is None
    os.mkfifo(tmp_path / "pipe")
    assert members(str(tmp_path / "pipe")) is None
    for content in (b"", b"x" * 2000, b"PK\x03\x04", b"\x1f\x8b\x08broken"):
        (tmp_path / "x").write_bytes(content)
        assert not members(str(tmp_path / "x"))
    path = tar(tmp_path / "a", "w:gz", {"a": "", "b": ""})
    with monkeypatch.context() as patched:
        patched.setattr(archives, "MAX_MEMBERS", 1)
        assert members(path) is None
    with monkeypatch.context() as patched:
        patched.setattr(archives, "MAX_UNPACKED", 600)
        assert members(path) is None
    monkeypatch.setattr(archives, "MAX_ARCHIVE", 1)
    assert members(path) is None
