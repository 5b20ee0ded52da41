"""Reads one literal: a string in any of the usual quotes, with what is joined to it; a bare word; a list of bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

LONGEST = 4096  # characters of a literal; a longer one is data, and has its own rules
_MOST_PIECES = 64


class Form(Enum):
    """How a literal is written."""

    QUOTED = "quoted"
    BARE = "bare"
    NUMBERS = "numbers"


@dataclass(frozen=True, slots=True)
class Literal:
    """``text[start:end]`` is the literal without its quotes; ``content`` is that without what joins its pieces."""

    start: int
    end: int
    form: Form
    content: str


_OPENING = re.compile(r"(?:[bBuUrRfFLN@$]{1,2})?(?P<quote>\"\"\"|'''|\\{1,3}[\"']|[\"'`]|&quot;|&#3[49];|%22)")
_NUMBER = r"(?:0[xX][0-9a-fA-F]{1,2}|\d{1,3})"
_NUMBERS = re.compile(
    rf"(?:\[\]byte|new byte\[\]|bytes\(|bytearray\()?[ \t]*[{{\[(]\s*(?P<all>{_NUMBER}(?:[\s\\]*,[\s\\]*{_NUMBER}){{7,255}})"
)
_MARKS = "“”„‟‘’‚‛«»‹›、。，．；：！？）】」』…"
"""Quotes and punctuation beyond ASCII, which end a word as their likes in ASCII do."""
_BARE = re.compile(rf"(?:(?!\\{{1,3}}[nrt\"'])[^\s\"'`<>,;|&{_MARKS}])+")
_BARE_IN_BRACES = re.compile(rf"[^\s\"'`<>,;|&{{}}{_MARKS}]+")
_BARE_IN_QUERY = re.compile(rf"(?:(?!%26|%22|\\)[^\s\"'`<>,;|&#{_MARKS}])+")
_JOINT = re.compile(r"[ \t]*(?:\+|\.|\\|&)?[ \t]*(?:\\?\r?\n[ \t]*)?(?:\+|\.|&)?[ \t]*")
_ENCODED_LINES = re.compile(r"[A-Za-z0-9+/_=-]{16,}(?:(?:\\n|\s)+[A-Za-z0-9+/_=-]+)*")
_BRACKETS = {")": "(", "]": "[", "}": "{"}


def numbers(text: str, at: int) -> Literal | None:
    """A list of eight or more bytes, as ``{0x1f, 0x8b, ...}`` or ``[31, 139, ...]``."""
    found = _NUMBERS.match(text, at)
    return Literal(*found.span("all"), Form.NUMBERS, found["all"]) if found else None


def quoted(text: str, at: int) -> Literal | None:
    """The string that opens at ``at``, with those joined to it; where it is cut off, as far as it has no blank."""
    opening = _OPENING.match(text, at)
    if opening is None:
        return None
    quote = opening["quote"]
    start = opening.end()
    end = _closing(text, start, quote)
    if end is None:
        return bare(text, start)
    pieces = [text[start:end]]
    for first, last in _joined(text, end + len(quote), quote):
        pieces.append(text[first:last])
        end = last
    content = "".join(pieces)
    if "\n" in content and not _ENCODED_LINES.fullmatch(content.strip()):
        return None
    start += len(content) - len(content.lstrip())
    end -= len(content) - len(content.rstrip())
    return Literal(start, end, Form.QUOTED, content.strip())


def bare(text: str, at: int, *, closed_by: str = "", query: bool = False) -> Literal | None:
    """The word that stands at ``at`` without quotes, up to what ends a word there."""
    run = _BARE_IN_BRACES if closed_by else _BARE_IN_QUERY if query else _BARE
    found = run.match(text, at, min(len(text), at + LONGEST))
    if found is None:
        return None
    content = _trimmed(found[0])
    return Literal(at, at + len(content), Form.BARE, content) if content else None


def _closing(text: str, start: int, quote: str) -> int | None:
    """Where the string ends that begins at ``start``, or None where it does not."""
    limit = min(len(text), start + LONGEST)
    if len(quote) > 1 or quote == "`":
        end = text.find(quote, start, limit)
        return end if end >= 0 else None
    end = text.find(quote, start, limit)
    while end >= 0 and _is_escaped(text, start, end):
        end = text.find(quote, end + 1, limit)
    return end if end >= 0 else None


def _is_escaped(text: str, start: int, at: int) -> bool:
    backslashes = at
    while backslashes > start and text[backslashes - 1] == "\\":
        backslashes -= 1
    return (at - backslashes) % 2 == 1


def _joined(text: str, at: int, quote: str) -> Iterator[tuple[int, int]]:
    """The strings that follow at once, joined by an operator or by nothing but blanks."""
    for _ in range(_MOST_PIECES):
        joint = _JOINT.match(text, at)
        if joint is None or joint.end() == at or len(quote) > 1 or not text.startswith(quote, joint.end()):
            return
        first = joint.end() + 1
        last = _closing(text, first, quote)
        if last is None or "\n" in text[first:last]:
            return
        yield first, last
        at = last + 1


def _trimmed(content: str) -> str:
    """Without what ends a sentence, or closes a bracket that was opened before."""
    while content:
        last = content[-1]
        unopened = last in _BRACKETS and content.count(last) > content.count(_BRACKETS[last])
        if last not in ".:\\" and not unopened:
            break
        content = content[:-1]
    return content
