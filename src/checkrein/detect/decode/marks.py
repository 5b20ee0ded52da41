"""Which signs of other forms stand in a text, all of them in one pass. Most texts have none, and then nothing more is done."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial

BACKSLASH, PERCENT, ESCAPE, AMPERSAND, ZERO = b"\\", b"%", b"\x1b", b"&", b"\0"
HUNK = b"\n@@"
"""What the line before each part of a unified diff begins with; more signs stand there in a merge."""
ZEROS = b"\n000"
"""What the first lines of a dump begin with."""
INVISIBLE = tuple(chr(number).encode() for number in (0xAD, *range(0x200B, 0x2010), 0x2060, 0xFEFF))
"""Characters that are not seen: hyphens where a word may be broken, joiners and spaces without width, byte order marks."""
SLASH, CODE_POINT = b"\\/", b"\\u"
"""JSON's two escapes that Python's own codec for bytes does not know."""

_SINGLE = (BACKSLASH, PERCENT, ESCAPE, AMPERSAND, ZERO)  # a byte is found at the speed of memory
_LONGER = (HUNK, ZEROS, *INVISIBLE, SLASH, CODE_POINT)
_SHORT = 256  # bytes in which one mark after the other is found as fast
_PLAIN = (string.ascii_letters + string.digits + " _-.,:;/=+()[]{}<>\"'").encode()  # stand in no mark, but for that of a dump


def held(data: bytes) -> set[bytes]:
    """Those of all these marks that stand in ``data``."""
    found: set[bytes] = set()
    if len(data) > _SHORT or data.translate(None, _PLAIN):
        found.update(longer(data))
        found.update([mark for mark in _SINGLE if mark in data])
    found.update([mark for mark in (HUNK, ZEROS) if data.startswith(mark[1:])])
    return found


def longer(data: bytes) -> Iterable[bytes]:
    """Those of the marks of several bytes that stand in ``data``."""
    return (_search() if len(data) > _SHORT else portable)(data)


def portable(data: bytes) -> Iterable[bytes]:
    """The same, one mark after the other."""
    return [mark for mark in _LONGER if mark in data]


def places(marks: Sequence[bytes], data: bytes) -> Iterable[int]:
    """Of each line of ``data`` in which one of ``marks`` stands where the first of them does; in the order of the text."""
    return _alone(marks[0], data) if len(marks) == 1 else _several(tuple(marks))(data)


def _alone(mark: bytes, data: bytes) -> Iterator[int]:
    at = data.find(mark)
    while at >= 0:
        yield at
        at = data.find(mark, line_end(data, at))


def portable_places(marks: Sequence[bytes], data: bytes) -> Iterator[int]:
    """The same of several marks, one after the other."""
    done = -1
    for at in sorted(at for mark in marks for at in _alone(mark, data)):
        if at > done:
            yield at
            done = line_end(data, at)


def line_end(data: bytes, at: int) -> int:
    """Where the line ends in which ``at`` stands."""
    end = data.find(b"\n", at)
    return len(data) if end < 0 else end


@cache
def _several(marks: tuple[bytes, ...]) -> Callable[[bytes], Iterable[int]]:
    """Hyperscan's way: marks of several bytes are not found at the speed of memory without it."""
    try:
        from checkrein.detect import compiled  # noqa: PLC0415 - not on every platform
    except ImportError:
        return partial(portable_places, marks)
    search = compiled.literals(marks)
    if search is None:
        return partial(portable_places, marks)

    def first_in_lines(data: bytes) -> Iterable[int]:
        found: list[int] = []
        done = 0

        def on_match(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            nonlocal done
            if end > done:
                found.append(end - len(marks[number]))
                done = line_end(data, end)

        search.each(data, on_match)
        return found

    return first_in_lines


@cache
def _search() -> Callable[[bytes], Iterable[bytes]]:
    """Hyperscan's way, which takes a fifth of the time; one after the other where it is not installed."""
    try:
        import hyperscan  # noqa: PLC0415 - not on every platform
    except ImportError:
        return portable
    from checkrein.detect import compiled  # noqa: PLC0415 - nor is this

    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    flags = [hyperscan.HS_FLAG_SINGLEMATCH] * len(_LONGER)  # thousands of one mark say no more than the first
    database.compile(expressions=list(_LONGER), ids=list(range(len(_LONGER))), flags=flags, literal=True)
    search = compiled.Search(database)
    return lambda data: [_LONGER[number] for number in search.ends(data)]
