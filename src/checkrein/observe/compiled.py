"""Compiled programs, told apart by their headers from scripts that were made unreadable."""

from __future__ import annotations

import os

_HEAD = 4096  # bytes: a PE header comes within them
_ELF = 4  # offset of class, data encoding and version
_MACHO = (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe")
_JAVA_OR_FAT = b"\xca\xfe\xba\xbe"
_PE_OFFSET = slice(0x3C, 0x40)


def is_compiled(path: str) -> bool:
    """True for ELF, Mach-O, PE, Java class files and Python byte code. False as well where the file cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return False
    try:
        head = os.read(descriptor, _HEAD)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return _is_elf(head) or head[:4] in _MACHO or _is_java_or_fat(head) or _is_pe(head) or _is_python(head)


def _is_elf(head: bytes) -> bool:
    """The magic, then a class (32 or 64 bits), an encoding (little or big endian) and the only version there is."""
    kind = head[_ELF : _ELF + 3]
    return head[:4] == b"\x7fELF" and len(kind) == 3 and kind[0] in (1, 2) and kind[1] in (1, 2) and kind[2] == 1


def _is_java_or_fat(head: bytes) -> bool:
    """A class file goes on with its version, a Mach-O for several processors with their number: big-endian, and small."""
    return head[:4] == _JAVA_OR_FAT and len(head) > 8 and head[4] == 0 and head[6] == 0


def _is_pe(head: bytes) -> bool:
    """``MZ`` alone could begin a script; the header that it points at could not."""
    start = int.from_bytes(head[_PE_OFFSET], "little")
    return head[:2] == b"MZ" and head[start : start + 4] == b"PE\0\0"


def _is_python(head: bytes) -> bool:
    """The magic number ends in CR LF; flags (PEP 552) of at most 3, and a code object behind a header of 16 bytes."""
    return head[2:4] == b"\r\n" and int.from_bytes(head[4:8], "little") <= 3 and head[16:17] in (b"\xe3", b"\x63")
