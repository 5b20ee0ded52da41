"""What begins with a dollar sign, a backtick, ``<(`` or ``>(``: expansions and substitutions, read as bash reads them."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from checkrein.detect.shell.syntax.cursor import BEYOND, UNREAD, Cursor
from checkrein.detect.shell.syntax.nodes import Arithmetic, Literal, Parameter, Part, Process, Script, Substitution, Word

BRACED = frozenset("}")
FUNCTION_SUBSTITUTION = (" ", "\t", "\n", "|")
"""What stands behind ``${`` where commands follow (bash 5.3, ksh, mksh): their output is the value."""
BRACKETS = ("(", "{", "[")
DEFAULTS = ("-", "=", "?", "+")
DOUBLE_BRACED_PLAIN = re.compile(r"[^\"\\$`}]+")
HEREDOC_PLAIN = re.compile(r"[^\\$`]+")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SPECIAL = frozenset("@*#?-$!0123456789")
OPERATORS = re.compile(r":?[-=?+]|##?|%%?|/#|/%|//?|\^\^?|,,?|@|:")


class Expansions(Cursor, ABC):
    """Reads expansions. The lexer reads words and quotations in them, the parser what stands in substitutions."""

    @abstractmethod
    def word(self, stop: frozenset[str]) -> Word | None:
        """The word at ``pos``, None where none begins here. ``stop`` holds the characters that end it outside quotes."""

    @abstractmethod
    def quoted_parts(self, plain: re.Pattern[str], close: str) -> list[Part]:
        """Parts as inside double quotes, up to ``close``."""

    @abstractmethod
    def single(self, *, ansi: bool = False) -> str:
        """The text of a single-quoted string."""

    @abstractmethod
    def double(self) -> list[Part]:
        """The parts of a double-quoted string."""

    @abstractmethod
    def parse_until_paren(self) -> Script:
        """The script up to the closing parenthesis, which is consumed."""

    @abstractmethod
    def parse_until_brace(self) -> Script:
        """The script up to the closing brace, which is consumed."""

    @abstractmethod
    def nested(self, text: str) -> Script:
        """The script of a text of its own (backticks)."""

    def dollar(self, *, quoted: bool) -> Part | None:
        """The expansion at a ``$``; None, with nothing consumed, where it is a plain dollar sign."""
        following = self.peek(1)
        if not self.may_expand():
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

    def process(self, direction: str) -> Process:
        """``<(commands)`` or ``>(commands)``."""
        self.pos += 2
        return Process(self._script(), direction)

    def backticks(self, *, quoted: bool) -> Part:
        """`` `commands` ``; backslashes inside are read once more."""
        if not self.may_expand():
            return Literal("\0", quoted)
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
        sub = type(self)(text, depth=self.depth + 1, room=self.room)
        parts = sub.quoted_parts(HEREDOC_PLAIN, "")
        for problem in sub.problems:
            self.problem(problem)
        return tuple(parts)

    def balanced(self, opening: str = "(", closing: str = ")") -> str:
        """The text from an opening bracket to the one that closes it, quotes and nesting respected.

        What is read so is read again for what it expands. That is limited in all: beyond, nothing more is read.
        """
        start = self.pos
        if self.room.rescans <= 0:
            self.problem(f"{BEYOND}the text itself in brackets within brackets")
            self.pos = self.end
            return ""
        text = self._up_to(opening, closing)
        self.room.rescans -= self.pos - start
        return text

    def _up_to(self, opening: str, closing: str) -> str:
        start = self.pos
        level = 0
        while self.pos < self.end:
            char = self.text[self.pos]
            if char == "\\":
                self.pos += 1
            elif char == "'":
                self.single()
                continue
            elif char == '"':
                self.double()
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
        known = len(self.problems)
        if self.room.rescans <= 0:
            return ""
        text = self.balanced(opening, closing)
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
