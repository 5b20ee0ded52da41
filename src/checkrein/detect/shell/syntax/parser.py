"""Lists and pipelines, read as bash reads them."""

from __future__ import annotations

import re

from checkrein.detect.shell.syntax.compounds import CompoundCommands
from checkrein.detect.shell.syntax.cursor import BEYOND, MAX_COMMANDS, Room
from checkrein.detect.shell.syntax.nodes import AndOr, Background, Command, Inverted, Pipeline, Script

MAX_NESTING = 60
MAX_BACKTICKS = 12
TIME = re.compile(r"time(?:[ \t]+-p)?(?:[ \t]+--)?[ \t]+(?=[^-\s])")
COPROCESS = re.compile(r"coproc[ \t]+(?:[A-Za-z_]\w*[ \t]+(?=[({]|(?:if|for|while|until|case|select|\[\[)[ \t\n]))?")
NO_WORDS: frozenset[str] = frozenset()


class Parser(CompoundCommands):
    """One text; ``parse()`` reads all of it."""

    def __init__(self, text: str, *, depth: int = 0, room: Room | None = None) -> None:
        super().__init__(text, depth=depth, room=room)
        self.nesting = 0

    def parse(self) -> Script:
        """The whole text. Never raises: what cannot be read is named in ``problems``."""
        commands = self.list_until(NO_WORDS)
        while self.pos < self.end:
            self.problem(f"unexpected {self.text[self.pos]!r}")
            self.pos += 1
            commands += self.list_until(NO_WORDS)
        self.read_heredocs()
        return Script(tuple(commands), tuple(self.problems))

    def parse_until_paren(self) -> Script:
        commands = self.list_until(NO_WORDS)
        if self.peek() == ")":
            self.pos += 1
        else:
            self.problem("a parenthesis is not closed")
            if self.pos < self.end:
                commands += self.list_until(NO_WORDS)
        return Script(tuple(commands))

    def parse_until_brace(self) -> Script:
        self.substitutions += 1
        body = self.body("}")
        self.expect("}")
        self.substitutions -= 1
        return body

    def nested(self, text: str) -> Script:
        if self.depth >= MAX_BACKTICKS:
            self.problem(f"{BEYOND}{MAX_BACKTICKS} backticks in one another")
            return Script(())
        sub = Parser(text, depth=self.depth + 1, room=self.room)
        script = sub.parse()
        for problem in sub.problems:
            self.problem(problem)
        return script

    # -- lists

    def list_until(self, terminators: frozenset[str]) -> list[Command]:
        commands: list[Command] = []
        while True:
            self.skip_separators()
            if self._at_list_end(terminators):
                return commands
            before = self.pos
            command = self._and_or()
            if command is not None:
                self.skip_blanks()
                if self.peek() == "&" and self.peek(1) != "&":
                    self.pos += 1
                    command = Background(command)
                commands.append(command)
            if self.pos == before:
                if self.peek() in ("&", "|", "<", ">") or not terminators:
                    self.problem(f"unexpected {self.peek()!r}")
                    self.pos += 1
                    continue
                return commands

    def _at_list_end(self, terminators: frozenset[str]) -> bool:
        if self.pos >= self.end or self.peek() == ")" or self.text.startswith(";;", self.pos):
            return True
        return self.at_reserved(terminators)

    def _and_or(self) -> Command | None:
        left = self._pipeline()
        while left is not None:
            self.skip_blanks()
            operator = self.text[self.pos : self.pos + 2]
            if operator not in ("&&", "||"):
                break
            self.pos += 2
            self.newlines()
            right = self._pipeline()
            if right is None:
                self.problem(f"nothing follows {operator}")
                break
            left = AndOr(left, operator, right)
        return left

    def _pipeline(self) -> Command | None:
        commands: list[Command] = []
        inverted = False
        while True:
            self.skip_blanks()
            coprocess, inverts = self._prefixes()
            inverted ^= inverts
            command = self.command()
            if coprocess and command is not None:
                command = Background(command, coprocess=True)
            if command is None:
                break
            commands.append(command)
            self.skip_blanks()
            if self.peek() != "|" or self.peek(1) == "|":
                break
            self.pos += 2 if self.peek(1) == "&" else 1
            self.newlines()
        if not commands:
            return None
        whole = Pipeline(tuple(commands)) if len(commands) > 1 else commands[0]
        return Inverted(whole) if inverted else whole

    def _prefixes(self) -> tuple[bool, bool]:
        """Over ``!``, ``time`` and ``coproc``, before a command of any kind; whether it is a coprocess, and inverted."""
        coprocess = inverted = False
        while True:
            if self.take_reserved("!"):
                inverted = not inverted
                self.skip_blanks()
            elif match := TIME.match(self.text, self.pos) or COPROCESS.match(self.text, self.pos):
                coprocess = coprocess or match[0].startswith("coproc")
                self.pos = match.end()
            else:
                return coprocess, inverted

    # -- commands

    def command(self) -> Command | None:
        self.room.commands -= 1
        self.nesting += 1
        try:
            if self.nesting > MAX_NESTING or self.room.commands < 0:
                self.problem(f"{BEYOND}{MAX_COMMANDS} commands, or commands nested more than {MAX_NESTING} deep, in one text")
                self.pos = self.end
                return None
            if self.peek() == "(":
                return self.paren()
            reserved = self.reserved_word()
            compound = self.compounds().get(reserved) if reserved else None
            if compound is None:
                return self.simple()
            self.pos += len(reserved)
            return compound()
        finally:
            self.nesting -= 1


def parse(text: str) -> Script:
    """The syntax tree of a shell text."""
    return Parser(text).parse()
