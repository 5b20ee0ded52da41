"""Folders and patches that come back from a copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkrein.anonymise import back
from checkrein.anonymise.mapping import Mapping
from checkrein.core import UsageError

WAY = Mapping(bytes(32), {"Acme": "Birch", "acme": "birch"}, {("acme",): ("birch",)}).back()


def test_names_of_files_links_modes_and_bytes(tmp_path: Path) -> None:
    source = tmp_path / "copy"
    (source / "birch").mkdir(parents=True)
    (source / "birch/Birch.sh").write_bytes(b"Birch \xff BIRCH\r\n")
    (source / "birch/Birch.sh").chmod(0o750)
    (source / "link").symlink_to("birch/Birch.sh")
    (source / "folder").symlink_to("birch")
    (source / "raw.bin").write_bytes(b"\0 Birch")
    (source / ".git").mkdir()
    (source / ".git/config").write_text("Birch")
    assert back.folder(source, tmp_path / "out", WAY) == 4
    assert (tmp_path / "out/acme/Acme.sh").read_bytes() == b"Acme \xff ACME\r\n"
    assert (tmp_path / "out/acme/Acme.sh").stat().st_mode & 0o777 == 0o750
    assert str((tmp_path / "out/link").readlink()) == "acme/Acme.sh"
    assert str((tmp_path / "out/folder").readlink()) == "acme"
    assert (tmp_path / "out/raw.bin").read_bytes() == b"\0 Birch"
    assert not (tmp_path / "out/.git").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    for target in (tmp_path / "copy", tmp_path / "copy/inside", tmp_path):
        with pytest.raises(UsageError):
            back.folder(tmp_path / "copy", target, WAY)


def test_a_patch() -> None:
    assert back.patch(b"--- a/birch.py\n+++ b/birch.py\n@@ -1 +1 @@\n-Birch\n+birch2\n", WAY) == (
        b"--- a/acme.py\n+++ b/acme.py\n@@ -1 +1 @@\n-Acme\n+acme2\n"
    )
