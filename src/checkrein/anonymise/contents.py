"""What a file holds: text, and in which encoding, or something in which names and values cannot be seen.

A text is held such that its bytes come back exactly. In UTF-8 what is no UTF-8 stands as lone surrogates, as Python has it; the
search reads those as Latin-1 (``shown``), so a name in a file of that encoding is found where it stands.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass

_WIDE = (("utf-32-le", b"\xff\xfe\0\0"), ("utf-32-be", b"\0\0\xfe\xff"), ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff"))
"""By the mark that stands first, which stays in the text."""
_NARROW = "utf-8"
_SNIFFED = 1_024
_KINDS = (
    (b"PK\x03\x04", "an archive"),
    (b"PK\x05\x06", "an archive"),
    (b"7z\xbc\xaf\x27\x1c", "an archive"),
    (b"Rar!", "an archive"),
    (b"!<arch>", "an archive"),
    (b"\x1f\x8b", "compressed"),
    (b"BZh", "compressed"),
    (b"\xfd7zXZ", "compressed"),
    (b"\x28\xb5\x2f\xfd", "compressed"),
    (b"\x04\x22\x4d\x18", "compressed"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\0asm", "a program"),
    (b"SQLite format 3\0", "a database"),
)
_PDF = b"%PDF-"
_ARCHIVE_AT = 257  # where the name of the format stands in a tar file
_CONTROLS = re.compile("[\0-\x06\x0e-\x19\x1c-\x1f\x7f]")
"""Letters that texts do not have; terminal output has the others."""
_ESCAPED = re.compile("[\udc80-\udcff]+")  # bytes that are no UTF-8
_SPACES = dict.fromkeys(map(ord, "\a\b\t\n\v\f\r\x1a\x1b\x85\ufeff\u200b\u200c\u200d\u2028\u2029\u00a0\u3000"))
_PLAIN = 0.5  # of the letters of a text in UTF-16 without a mark
_FOREIGN = 0.3  # more letters beyond ASCII than a text in Latin-1 has
_LATIN = {0xDC00 + byte: byte for byte in range(0x80, 0x100)}
_HIDDEN = {shown: escaped for escaped, shown in _LATIN.items()}
_UNTOLD = (
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "iso8859-2",
    "koi8-r",
    "cp437",
    "cp850",
    "shift_jis",
    "euc_jp",
    "gb18030",
    "big5",
    "euc_kr",
)


@dataclass(frozen=True, slots=True)
class Text:
    """``text`` as it is replaced; ``encoding`` brings it back to bytes."""

    text: str
    encoding: str

    def encoded(self, text: str) -> bytes:
        """Another text in the same encoding. UnicodeEncodeError where that cannot be."""
        return text.encode(self.encoding, "surrogateescape" if self.encoding == _NARROW else "strict")


def read(data: bytes) -> Text | str:
    """The text, or what the file is instead."""
    if _PDF in data[:_SNIFFED]:
        return "a PDF"
    for encoding, mark in _WIDE:
        if data.startswith(mark):
            return _wide(data, encoding) or "no text"
    text = data.decode(_NARROW, "surrogateescape")
    foreign = sum(map(len, _ESCAPED.findall(text))) if not text.isascii() else 0
    if "\0" not in text and not foreign:
        return Text(text, _NARROW)
    for mark, kind in _KINDS:
        if data.startswith(mark):
            return kind
    if data[_ARCHIVE_AT:].startswith(b"ustar"):
        return "an archive"
    if "\0" in text:
        return _wide(data, "utf-16-le") or _wide(data, "utf-16-be") or "no text"
    if _CONTROLS.search(text):
        return "no text"
    return Text(text, _NARROW) if foreign <= _FOREIGN * len(text) else "no text in an encoding that is known"


def _wide(data: bytes, encoding: str) -> Text | None:
    """The text where ``data`` is one in that encoding: mostly ASCII, or with a mark that tells."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    plain = len(text.encode("ascii", "ignore"))
    is_text = text.translate(_SPACES).isprintable() and (text.startswith("\ufeff") or plain > _PLAIN * len(text))
    return Text(text, encoding) if is_text else None


def shown(text: str) -> str:
    """``text``, character for character, as the search reads it."""
    return text if text.isascii() else text.translate(_LATIN)


def hidden(text: str) -> str:
    """What ``shown`` makes of the result is ``text``, if that has letters of Latin-1 alone."""
    return text if text.isascii() else text.translate(_HIDDEN)


def elsewhere(name: str) -> frozenset[bytes]:
    """``name`` in the encodings of which nobody can tell from the bytes that they are in use."""
    spelled = set()
    for each in {name, name.lower(), name.upper()} if not name.isascii() else ():
        for encoding in _UNTOLD:
            with contextlib.suppress(UnicodeEncodeError):
                spelled.add(each.encode(encoding))
    return frozenset(spelled - {each.encode("latin-1", "replace") for each in (name, name.lower(), name.upper())})
