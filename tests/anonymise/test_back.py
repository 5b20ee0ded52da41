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


def test_each_text_comes_back_in_its_encoding(tmp_path: Path) -> None:
    source = tmp_path / "copy"
    source.mkdir()
    for encoding in ("utf-8-sig", "utf-16", "utf-16-be", "utf-32"):
        (source / encoding).write_bytes("Birch and birch\n".encode(encoding))
    back.folder(source, tmp_path / "out", WAY)
    for encoding in ("utf-8-sig", "utf-16", "utf-16-be", "utf-32"):
        assert (tmp_path / "out" / encoding).read_bytes() == "Acme and acme\n".encode(encoding)


def test_the_way_is_the_one_whose_stand_ins_stand_there(tmp_path: Path) -> None:
    other = Mapping(bytes(32), {"Acme": "Alder", "x": "birch"}).back()
    nothing = Mapping(bytes(32)).back()
    ways = [("other", other), ("nothing", nothing), ("way", WAY)]
    assert back.fitting(["import birch", "Birch"], ways) == ("way", WAY, 2)
    assert back.fitting(["Alder, birch"], ways) == ("other", other, 2)
    assert back.fitting(["none"], ways) == ("other", other, 0)
    (tmp_path / "birch").mkdir()
    (tmp_path / "birch/x.bin").write_bytes(b"\0Birch")
    (tmp_path / "birch/x.txt").write_text("Birch")
    assert back.fitting(back.texts(tmp_path), ways) == ("way", WAY, 2)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    for target in (tmp_path / "copy", tmp_path / "copy/inside", tmp_path):
        with pytest.raises(UsageError):
            back.folder(tmp_path / "copy", target, WAY)


def test_a_patch() -> None:
    assert back.patch(b"--- a/birch.py\n+++ b/birch.py\n@@ -1 +1 @@\n-Birch\n+birch2\n", WAY) == (
        b"--- a/acme.py\n+++ b/acme.py\n@@ -1 +1 @@\n-Acme\n+acme2\n"
    )
