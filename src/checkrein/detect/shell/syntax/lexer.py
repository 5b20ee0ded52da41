"""Words and quoting, read as bash reads them.

Why not tree-sitter-bash: measured against bash itself it reads ``rm$IFS-rf$IFS~`` as other words without an error node,
loses the text of here-documents that hold expansions, swallows the command behind ``<<'EOF' >file;`` and takes gigabytes
on a long run of pipes. A guard that reads a command differently from the shell is open.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from checkrein.detect.shell.syntax.escapes import unescape_ansi
from checkrein.detect.shell.syntax.expansions import BRACED, Expansions
from checkrein.detect.shell.syntax.nodes import Arithmetic, Literal, Part, Word

META = frozenset(" \t\r\n;&|()<>")
EXTENDED = ("?", "*", "+", "@", "!")
WHOLE = re.compile(r"[^\s;&|()<>'\"\\$`]+(?=[ \t\r\n;|)])")
PLAIN = re.compile(r"[^\s;&|()<>'\"\\$`{}*?\[\]!+@]+")
RUN = re.compile(r"(?:[ \t]++(?!#)[^\s;&|()<>'\"\\$`]++(?=[ \t\r\n;|)]))+")
DOUBLE_PLAIN = re.compile(r"[^\"\\$`]+")
ESCAPED = re.compile(r"(?:\\[^\n])+")


class Lexer(Expansions):
    """Reads words from ``text`` at ``pos``. The parser reads what stands in substitutions."""

    def word(self, stop: frozenset[str] = META) -> Word | None:
        """The word at ``pos``, None where none begins here. ``stop`` holds the characters that end it outside quotes."""
        if not self.may_read(1):
            return None
        if stop is META and (whole := WHOLE.match(self.text, self.pos)):
            self.pos = whole.end()
            return Word((Literal(whole[0]),), "{" in whole[0])
        return self._composed(stop)

    def _composed(self, stop: frozenset[str]) -> Word | None:
        """A word of any parts."""
        parts: list[Part] = []
        buffer: list[str] = []
        braces = False
        start = self.pos

        def flush() -> None:
            if buffer:
                parts.append(Literal("".join(buffer)))
                buffer.clear()

        text, end = self.text, self.end
        while self.pos < end:
            char = text[self.pos]
            if char in "<>" and self.peek(1) == "(" and (char in stop or stop is BRACED):
                flush()
                parts.append(self.process(char))
                continue
            if char in stop:
                if char == "(" and buffer and buffer[-1] in EXTENDED:
                    self._extended_pattern(buffer, flush, parts)
                    continue
                break
            if match := PLAIN.match(text, self.pos):
                plain = match[0]
                if stop is not META:
                    plain = _until(plain, stop)
                buffer.append(plain)
                self.pos += len(plain)
            elif char == "'":
                flush()
                parts.append(Literal(self.single(), quoted=True))
            elif char == '"':
                flush()
                parts.extend(self.double())
            elif char == "\\":
                self._backslash(flush, parts)
            elif char == "$":
                self._dollar_in_word(flush, buffer, parts)
            elif char == "`":
                flush()
                parts.append(self.backticks(quoted=False))
            else:
                braces = braces or char == "{"
                buffer.append(char)
                self.pos += 1
        flush()
        return Word(tuple(parts), braces) if self.pos > start else None

    def plain_words(self) -> list[Word]:
        """The words that follow ``pos`` without quotes and expansions, as far as they go."""
        run = RUN.match(self.text, self.pos)
        if run is None:
            return []
        texts, left = run[0].split(), max(self.room.words, 0)
        self.pos = run.end()
        self.may_read(len(texts))
        return [Word((Literal(text),), "{" in text) for text in texts[:left]]

    def _extended_pattern(self, buffer: list[str], flush: Callable[[], None], parts: list[Part]) -> None:
        """``@(a|b)``: a pattern, read as ``*``, which matches all that it matches. What it expands is kept."""
        inner = self.balanced()[1:-1]
        buffer[-1] = "*"
        expansions = tuple(part for part in self.parts_of(inner) if not isinstance(part, Literal))
        if expansions:
            flush()
            parts.append(Arithmetic("", expansions, quoted=True))

    def _backslash(self, flush: Callable[[], None], parts: list[Part]) -> None:
        if escaped := ESCAPED.match(self.text, self.pos):
            self.pos = escaped.end()
            flush()
            parts.append(Literal(escaped[0][1::2], quoted=True))
            return
        if self.peek(1) != "\n":
            flush()
            parts.append(Literal("\\", quoted=True))  # at the very end
        self.pos += 2

    def _dollar_in_word(self, flush: Callable[[], None], buffer: list[str], parts: list[Part]) -> None:
        following = self.peek(1)
        if following == "'":
            flush()
            self.pos += 1
            parts.append(Literal(unescape_ansi(self.single(ansi=True)), quoted=True))
        elif following == '"':
            flush()
            self.pos += 1
            parts.extend(self.double())
        elif part := self.dollar(quoted=False):
            flush()
            parts.append(part)
        else:
            buffer.append("$")
            self.pos += 1

    def single(self, *, ansi: bool = False) -> str:
        start = self.pos + 1
        at = start
        while True:
            close = self.text.find("'", at)
            if close < 0:
                self.problem("a single quote is not closed")
                self.pos = self.end
                return self.text[start:]
            if ansi and _odd_backslashes(self.text, start, close):
                at = close + 1
                continue
            self.pos = close + 1
            return self.text[start:close]

    def double(self) -> list[Part]:
        """The parts of a double-quoted string; an empty one gives one empty literal, so that the word exists."""
        self.pos += 1
        parts = self.quoted_parts(DOUBLE_PLAIN, '"')
        if self.peek() == '"':
            self.pos += 1
        else:
            self.problem("a double quote is not closed")
        return parts or [Literal("", quoted=True)]

    def quoted_parts(self, plain: re.Pattern[str], close: str) -> list[Part]:
        """Parts as inside double quotes, up to ``close`` ("" for a here-document's whole text)."""
        parts: list[Part] = []
        buffer: list[str] = []
        while self.pos < self.end:
            char = self.text[self.pos]
            if close and char == close:
                break
            if char == '"' and close == "}":
                _flush_quoted(buffer, parts)
                parts.extend(self.double())
                continue
            if close == "}" and self.text.startswith("$'", self.pos):
                self.pos += 1
                self.single(ansi=True)
                buffer.append("\0")  # bash versions differ in what it stands for here
                continue
            if match := plain.match(self.text, self.pos):
                buffer.append(match[0])
                self.pos = match.end()
            elif char == "\\":
                following = self.peek(1)
                self.pos += 2
                if following == "\n":
                    continue
                escaped = following and (following in "$`\\" or (following == '"' and close) or following == close)
                buffer.append(following if escaped else "\\" + following)
            elif char == "`":
                _flush_quoted(buffer, parts)
                parts.append(self.backticks(quoted=True))
            elif char == "$" and (part := self.dollar(quoted=True)):
                _flush_quoted(buffer, parts)
                parts.append(part)
            else:
                buffer.append(char)
                self.pos += 1
        _flush_quoted(buffer, parts)
        return parts


def _flush_quoted(buffer: list[str], parts: list[Part]) -> None:
    if buffer:
        parts.append(Literal("".join(buffer), quoted=True))
        buffer.clear()


def _until(text: str, stop: frozenset[str]) -> str:
    for at, char in enumerate(text):
        if char in stop:
            return text[:at]
    return text


def _odd_backslashes(text: str, start: int, at: int) -> bool:
    count = 0
    while at - count > start and text[at - count - 1] == "\\":
        count += 1
    return count % 2 == 1
