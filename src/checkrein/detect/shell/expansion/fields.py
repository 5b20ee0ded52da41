"""Fields: what words become where IFS splits them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.values import Value

MAX_LENGTH = 1_000_000  # characters of one field; what would be longer is unknown
BLANKS = " \t\n"


@dataclass(frozen=True, slots=True)
class Piece:
    """What a part of a word gives: text that is ``split`` or not; ``ends`` is True where a field ends behind it (``"$@"``)."""

    value: Value
    split: bool = False
    ends: bool = False


def split_fields(text: str, separators: str) -> Iterator[tuple[str, str]]:
    """(text, the delimiter behind it) as IFS splits: blanks in a row are one delimiter, any other is one by itself."""
    if not separators:
        yield text, ""
        return
    blanks = "".join(char for char in separators if char in BLANKS)
    others = re.escape("".join(char for char in separators if char not in BLANKS))
    blank = f"[{re.escape(blanks)}]*" if blanks else ""
    pattern = f"{blank}[{others}]{blank}" if others else f"[{re.escape(blanks)}]+"
    if others and blanks:
        pattern += f"|[{re.escape(blanks)}]+"
    at = 0
    for match in re.finditer(pattern, text):
        yield text[at : match.start()], match[0]
        at = match.end()
    yield text[at:], ""


def joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Pieces of one kind that stand side by side as one: a delimiter may begin in one and end in the next."""
    run: list[Piece] = []
    for piece in pieces:
        if run and not _goes_on(run[-1], piece):
            yield _as_one(run)
            run = []
        run.append(piece)
    if run:
        yield _as_one(run)


def _goes_on(before: Piece, piece: Piece) -> bool:
    if before.ends or before.split is not piece.split:
        return False
    return not piece.split or before.value.origins == piece.value.origins


def _as_one(run: Sequence[Piece]) -> Piece:
    if len(run) == 1:
        return run[0]
    values = [piece.value for piece in run]
    text = "".join(value.text for value in values)
    value = bounded(Value(text, any(value.glob for value in values), origins_of(values)))
    return Piece(value, run[0].split, run[-1].ends)


def bounded(value: Value) -> Value:
    """``value``, or unknown text where it is too long to be held."""
    return value if len(value.text) <= MAX_LENGTH else Value(UNKNOWN, value.glob, value.origins)


def origins_of(values: Sequence[Value]) -> frozenset[str]:
    """Where any of ``values`` came from."""
    return frozenset[str]().union(*(value.origins for value in values))


def join(left: Value | None, right: Value) -> Value:
    """What ``right`` makes of the field ``left`` that is still open."""
    if left is None:
        return right
    return bounded(Value(left.text + right.text, left.glob or right.glob, left.origins | right.origins))
