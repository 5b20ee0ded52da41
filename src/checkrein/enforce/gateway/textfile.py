"""Which encoding a file has that is sent as bytes, so that its text can be searched."""

from __future__ import annotations

import codecs

_MARKED = (
    # that of UTF-32 begins with that of UTF-16
    *((mark, "utf-32") for mark in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)),
    *((mark, "utf-16") for mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)),
)
_UNMARKED = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_BLANKS = str.maketrans("", "", "\t\n\r\f\ufeff")
_SAMPLE = 4096  # characters
_CONTROL = bytes({*range(0x20), 0x7F} - {*b"\a\b\t\n\v\f\r\x1b"})
"""Control characters that stand in no text, whatever its encoding."""


def encoding_of(data: bytes) -> str | None:
    """The encoding in which ``data`` is text of the usual characters; None where there is none: it is something else."""
    for mark, encoding in _MARKED:
        if data.startswith(mark) and _decodes(data, encoding):
            return encoding
    if b"\0" not in data:
        return "utf-8" if _decodes(data, "utf-8") else None
    return next((each for each in _UNMARKED if _is_text(data, each)), None)


def is_text(data: bytes) -> bool:
    """Whether ``data`` is a text, if need be in an encoding of before Unicode. What is compressed or encrypted is none."""
    return encoding_of(data) is not None or len(data.translate(None, _CONTROL)) == len(data)


def _is_text(data: bytes, encoding: str) -> bool:
    """Whether nothing but printable characters is in it. In the other byte order, few characters are."""
    if not _decodes(data, encoding):
        return False
    begin = data.decode(encoding)[:_SAMPLE]
    usual = sum(map(str.isascii, begin)) * 2 > len(begin)
    return usual and begin.translate(_BLANKS).isprintable()


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
