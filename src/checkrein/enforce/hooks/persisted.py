"""The file in which the client keeps an output that is too large for the model: the model is told to read it there.

Without this, the file would hold the output as it was, and be open to other users (measured: mode 0644). It is redacted in
pieces that end where a line ends, so that no output is too large.
"""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from checkrein.core import RedactionError
from checkrein.enforce.hooks.redactor import Redactor, redact_bytes

FOLDER = "tool-results"
"""The name of the client's folder for such files: no other file is ever written to."""

PIECE = 8 * 1024 * 1024
_OVER = 64 * 1024  # a line that is longer than this beyond a piece is cut, between two words where it has such
_WORD = 16 * 1024  # bytes before the end of a piece in which an end of a word is looked for
_TO_THE_END_OF_A_WORD = re.compile(rb".*[\s,;}>\"'&)\]]", re.DOTALL)
_MODE = 0o600
_BEGIN, _END = b"-----BEGIN ", b"-----END "


def redact_file(path: str, redactor: Redactor, source: str) -> Counter[str]:
    """Replace the file at ``path`` by a redacted one, closed to others, where it holds something: how many of which label.

    Another name of the same file (older clients give it one below the temporary folder) is left alone: what else it may be
    the name of, nobody knows here.

    RedactionError where it is not a file of ours in the client's folder, or cannot be read or written.
    """
    counts: Counter[str] = Counter()
    place = Path(path)
    made = place.with_name(f".{place.name}.redacted")
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with open(descriptor, "rb") as original:  # noqa: PTH123 - a descriptor, not a path
            _own(place, os.fstat(descriptor))
            with open(made, "xb", opener=_private) as copy:
                for piece in pieces(original):
                    redacted = redact_bytes(piece, redactor, source)
                    counts.update(redacted.counts)
                    copy.write(redacted.data)
            if counts:
                made.replace(place)
    except OSError as error:
        what = f"the file of a large output could not be redacted ({error.strerror})"
        raise RedactionError(what, fix=f"look at {path}, and free disk space") from error
    finally:
        made.unlink(missing_ok=True)
    return counts


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """The file in pieces of about ``PIECE`` bytes that end with a line, and not inside a key over many lines."""
    held = b""
    while data := file.read(PIECE):
        piece = held + data
        while not _ends_well(piece) and len(piece) < PIECE + _OVER and (line := file.readline(_OVER)):
            piece += line
        end = len(piece) if len(piece) < PIECE + _OVER or _ends_well(piece) else _between_words(piece)
        held = piece[end:]
        yield piece[:end]
    if held:
        yield held


def _between_words(piece: bytes) -> int:
    """Where a line that is too long can be cut: not in a word, as far as it has an end near there."""
    start = len(piece) - _WORD
    found = _TO_THE_END_OF_A_WORD.match(piece, start)
    return found.end() if found else len(piece)


def _ends_well(piece: bytes) -> bool:
    return piece.endswith(b"\n") and piece.rfind(_BEGIN) <= piece.rfind(_END)


def _own(place: Path, found: os.stat_result) -> None:
    if place.parent.name != FOLDER or not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        raise RedactionError(f"{place} is no file that the client keeps a large output in", fix="run `checkrein doctor`")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE)
