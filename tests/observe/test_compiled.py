"""Compiled programs and what only looks like one."""

from __future__ import annotations

import importlib.util
import marshal
import sys
from pathlib import Path

import pytest

from checkrein.observe.compiled import is_compiled

PE = b"MZ" + bytes(0x3A) + (0x80).to_bytes(4, "little") + bytes(0x40) + b"PE\0\0"
PYTHON = importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(compile("1", "x", "exec"))


@pytest.mark.parametrize(
    "data",
    [
        Path(sys.executable).read_bytes()[:200],
        b"\x7fELF\x01\x02\x01",
        b"\xcf\xfa\xed\xfe\x07\0\0\x01",
        b"\xca\xfe\xba\xbe\0\0\0\x02" + bytes(40),
        b"\xca\xfe\xba\xbe\0\0\0\x41" + bytes(40),
        PE,
        PYTHON,
    ],
    ids=["this Python", "ELF", "Mach-O", "fat Mach-O", "Java", "PE", "byte code"],
)
def test_compiled(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x").write_bytes(data)
    assert is_compiled(str(tmp_path / "x"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"#!/bin/sh\n\0",
        b"\x7fELF\nrm -rf ~\n\0",
        b"MZ=1\nrm -rf ~\n\0",
        b"MZ" + bytes(100),
        b"ab\r\nrm -rf ~\n\0",
        b"PK\x03\x04",
    ],
)
def test_not_compiled(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x").write_bytes(data)
    assert not is_compiled(str(tmp_path / "x"))


def test_what_cannot_be_read(tmp_path: Path) -> None:
    for path in (str(tmp_path), "/nonexistent/x", "/a\0b"):
        assert not is_compiled(path)
