"""Words, quoting and expansions, read as bash reads them.

Why not tree-sitter-bash: measured against bash itself it reads ``rm$IFS-rf$IFS~`` as other words without an error node,
loses the text of here-documents that hold expansions, swallows the command behind ``<<'EOF' >file;`` and takes gigabytes
on a long run of pipes. A guard that reads a command differently from the shell is open.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable

from checkrein.detect.shell.escapes import unescape_ansi
from checkrein.detect.shell.nodes import Arithmetic, Literal, Parameter, Part, Process, Script, Substitution, Word

MAX_DEPTH = 40  # nested expansions; deeper text is a problem, not a crash
MAX_EXPANSIONS = 8_000
BEYOND = "more than "
"""How a problem begins that says that a limit was met, so that text was not read."""
UNREAD = "a parameter expansion could not be read"
"""A problem that bash finds only while it runs. All others keep it from running anything of the command."""
BLANK = " \t\r"
META = frozenset(" \t\r\n;&|()<>")
BRACED = frozenset("}")
FUNCTION_SUBSTITUTION = (" ", "\t", "\n", "|")
"""What stands behind ``${`` where commands follow (bash 5.3, ksh, mksh): their output is the value."""
BRACKETS = ("(", "{", "[")
EXTENDED = ("?", "*", "+", "@", "!")
DEFAULTS = ("-", "=", "?", "+")
WHOLE = re.compile(r"[^\s;&|()<>'\"\\$`{}*?\[\]!+@]+(?=[ \t\r\n;|)])")
PLAIN = re.compile(r"[^\s;&|()<>'\"\\$`{}*?\[\]!+@]+")
DOUBLE_PLAIN = re.compile(r"[^\"\\$`]+")
DOUBLE_BRACED_PLAIN = re.compile(r"[^\"\\$`}]+")
HEREDOC_PLAIN = re.compile(r"[^\\$`]+")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SPECIAL = frozenset("@*#?-$!0123456789")
OPERATORS = re.compile(r":?[-=?+]|##?|%%?|/#|/%|//?|\^\^?|,,?|@|:")


class Lexer(ABC):
    """Reads words from ``text`` at ``pos``. The parser reads what stands in substitutions."""

    def __init__(self, text: str, *, depth: int = 0) -> None:
        self.text = text
        self.pos = 0
        self.end = len(text)
        self.depth = depth
        self.problems: list[str] = []
        self.expansions = 0
        self.rescans = 4 * len(text) + 1_000  # characters that may be read twice: keeps hostile nesting linear

    @abstractmethod
    def parse_until_paren(self) -> Script:
        """The script up to the closing parenthesis, which is consumed."""

    @abstractmethod
    def parse_until_brace(self) -> Script:
        """The script up to the closing brace, which is consumed."""

    @abstractmethod
    def nested(self, text: str) -> Script:
        """The script of a text of its own (backticks)."""

    def problem(self, what: str) -> None:
        """Record that the text is no valid shell at this place, or that a limit was met: that is never left out."""
        if (len(self.problems) < 20 or what.startswith(BEYOND)) and what not in self.problems:
            self.problems.append(what)

    def peek(self, offset: int = 0) -> str:
        """The character at ``pos + offset``, "" at the end."""
        at = self.pos + offset
        return self.text[at] if at < self.end else ""

    def skip_blanks(self) -> None:
        """Over blanks and line continuations."""
        text, end = self.text, self.end
        while self.pos < end:
            char = text[self.pos]
            if char in BLANK:
                self.pos += 1
            elif char == "\\" and text.startswith("\n", self.pos + 1):
                self.pos += 2
            else:
                return

    def word(self, stop: frozenset[str] = META) -> Word | None:
        """The word at ``pos``, None where none begins here. ``stop`` holds the characters that end it outside quotes."""
        if stop is META and (whole := WHOLE.match(self.text, self.pos)):
            self.pos = whole.end()
            return Word((Literal(whole[0]),))
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
                parts.append(self._process(char))
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
                parts.append(Literal(self._single(), quoted=True))
            elif char == '"':
                flush()
                parts.extend(self._double())
            elif char == "\\":
                self._backslash(flush, parts)
            elif char == "$":
                self._dollar_in_word(flush, buffer, parts)
            elif char == "`":
                flush()
                parts.append(self._backticks(quoted=False))
            else:
                braces = braces or char == "{"
                buffer.append(char)
                self.pos += 1
        flush()
        return Word(tuple(parts), braces) if self.pos > start else None

    def _extended_pattern(self, buffer: list[str], flush: Callable[[], None], parts: list[Part]) -> None:
        """``@(a|b)``: a pattern, read as ``*``, which matches all that it matches. What it expands is kept."""
        inner = self.balanced()[1:-1]
        buffer[-1] = "*"
        expansions = tuple(part for part in self.parts_of(inner) if not isinstance(part, Literal))
        if expansions:
            flush()
            parts.append(Arithmetic("", expansions, quoted=True))

    def _backslash(self, flush: Callable[[], None], parts: list[Part]) -> None:
        following = self.peek(1)
        self.pos += 2
        if following == "\n":
            return
        flush()
        parts.append(Literal(following or "\\", quoted=True))

    def _dollar_in_word(self, flush: Callable[[], None], buffer: list[str], parts: list[Part]) -> None:
        following = self.peek(1)
        if following == "'":
            flush()
            self.pos += 1
            parts.append(Literal(unescape_ansi(self._single(ansi=True)), quoted=True))
        elif following == '"':
            flush()
            self.pos += 1
            parts.extend(self._double())
        elif part := self.dollar(quoted=False):
            flush()
            parts.append(part)
        else:
            buffer.append("$")
            self.pos += 1

    def _single(self, *, ansi: bool = False) -> str:
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

    def _double(self) -> list[Part]:
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
                parts.extend(self._double())
                continue
            if close == "}" and self.text.startswith("$'", self.pos):
                self.pos += 1
                self._single(ansi=True)
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
                parts.append(self._backticks(quoted=True))
            elif char == "$" and (part := self.dollar(quoted=True)):
                _flush_quoted(buffer, parts)
                parts.append(part)
            else:
                buffer.append(char)
                self.pos += 1
        _flush_quoted(buffer, parts)
        return parts

    def dollar(self, *, quoted: bool) -> Part | None:
        """The expansion at a ``$``; None, with nothing consumed, where it is a plain dollar sign."""
        following = self.peek(1)
        self.expansions += 1
        if self.expansions > MAX_EXPANSIONS or self.depth > MAX_DEPTH:
            self.problem(f"{BEYOND}{MAX_EXPANSIONS} expansions, or expansions nested more than {MAX_DEPTH} deep, in one text")
            self.pos = self.end
            return Literal("\0", quoted)
        if following in BRACKETS:
            self.depth += 1
            try:
                return self._bracketed(following, quoted=quoted)
            finally:
                self.depth -= 1
        if match := NAME.match(self.text, self.pos + 1):
            self.pos = match.end()
            return Parameter(match[0], quoted=quoted)
        if following and following in SPECIAL:
            self.pos += 2
            return Parameter(following, quoted=quoted)
        return None

    def _bracketed(self, following: str, *, quoted: bool) -> Part:
        """``$(...)``, ``$((...))``, ``$[...]`` or ``${...}``."""
        if following == "{" and self.peek(2) in FUNCTION_SUBSTITUTION:
            self.pos += 3
            return Substitution(self.parse_until_brace(), quoted)
        if following == "{":
            return self._braced(quoted=quoted)
        if following == "[":
            self.pos += 1
            text = self.balanced("[", "]")[1:-1]
            return Arithmetic(text, self.parts_of(text), quoted)
        if self.peek(2) == "(" and (arithmetic := self._arithmetic(quoted=quoted)):
            return arithmetic
        self.pos += 2
        return Substitution(self._script(), quoted)

    def _script(self) -> Script:
        self.depth += 1
        try:
            return self.parse_until_paren()
        finally:
            self.depth -= 1

    def _process(self, direction: str) -> Process:
        self.pos += 2
        return Process(self._script(), direction)

    def _backticks(self, *, quoted: bool) -> Substitution:
        self.pos += 1
        inner: list[str] = []
        while self.pos < self.end and self.text[self.pos] != "`":
            char = self.text[self.pos]
            if char == "\\" and (following := self.peek(1)) in ("`", "$", "\\", '"' if quoted else "`"):
                inner.append(following)
                self.pos += 2
                continue
            inner.append(char)
            self.pos += 1
        if self.pos >= self.end:
            self.problem("a backtick is not closed")
        self.pos += 1
        return Substitution(self.nested("".join(inner)), quoted)

    def _arithmetic(self, *, quoted: bool) -> Arithmetic | None:
        start = self.pos
        self.pos += 2
        inner = self.try_balanced()
        if inner.endswith(")") and self.peek() == ")":
            self.pos += 1
            text = inner[1:-1]
            return Arithmetic(text, self.parts_of(text), quoted)
        self.pos = start
        return None

    def parts_of(self, text: str) -> tuple[Part, ...]:
        """The expansions in ``text``, read as if it stood between double quotes."""
        sub = type(self)(text, depth=self.depth + 1)
        sub.expansions, sub.rescans = self.expansions, self.rescans
        parts = sub.quoted_parts(HEREDOC_PLAIN, "")
        self.expansions, self.rescans = sub.expansions, sub.rescans
        for problem in sub.problems:
            self.problem(problem)
        return tuple(parts)

    def balanced(self, opening: str = "(", closing: str = ")") -> str:
        """The text from an opening bracket to the one that closes it, quotes and nesting respected."""
        start = self.pos
        level = 0
        while self.pos < self.end:
            char = self.text[self.pos]
            if char == "\\":
                self.pos += 1
            elif char == "'":
                self._single()
                continue
            elif char == '"':
                self._double()
                continue
            elif char == opening:
                level += 1
            elif char == closing:
                level -= 1
                if level == 0:
                    self.pos += 1
                    return self.text[start : self.pos]
            self.pos += 1
        self.pos = self.end
        self.problem(f"{opening} is not closed")
        return self.text[start:]

    def try_balanced(self, opening: str = "(", closing: str = ")") -> str:
        """``balanced`` as a guess that may be taken back: no problems are recorded, and guesses are limited in all."""
        start, known = self.pos, len(self.problems)
        if self.rescans <= 0:
            return ""
        text = self.balanced(opening, closing)
        self.rescans -= self.pos - start
        del self.problems[known:]
        return text

    def _braced(self, *, quoted: bool) -> Parameter:
        self.pos += 2
        prefix = ""
        if self.peek() == "#" and self.peek(1) not in ("}", ""):
            prefix, self.pos = "length", self.pos + 1
        elif self.peek() == "!" and self.peek(1) not in ("}", ""):
            prefix, self.pos = "indirect", self.pos + 1
        if match := NAME.match(self.text, self.pos):
            name, self.pos = match[0], match.end()
        else:
            digits = re.compile(r"\d+|[@*#?$!-]").match(self.text, self.pos)
            name = digits[0] if digits else ""
            self.pos += len(name)
        index = self.balanced("[", "]")[1:-1] if self.peek() == "[" else ""
        operator, argument = prefix, None
        if match := OPERATORS.match(self.text, self.pos):
            self.pos = match.end()
            if quoted and match[0].lstrip(":") in DEFAULTS:
                argument = Word(tuple(self.quoted_parts(DOUBLE_BRACED_PLAIN, "}")))
            else:
                argument = self.word(BRACED) or Word((Literal("", quoted=True),))
            operator = match[0] if not prefix else f"{prefix}{match[0]}"
        elif self.peek() not in ("}", ""):
            argument, operator = self.word(BRACED), "unread"
            self.problem(UNREAD)
        if self.peek() == "}":
            self.pos += 1
        else:
            self.problem("${ is not closed")
        return Parameter(name, operator, argument, index, quoted, self.parts_of(index) if index else ())


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
