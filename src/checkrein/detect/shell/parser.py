"""Lists, pipelines and compound commands, read as bash reads them."""

from __future__ import annotations

import re
from collections.abc import Callable

from checkrein.detect.shell.lexer import BEYOND, NAME
from checkrein.detect.shell.nodes import (
    AndOr,
    Background,
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    Part,
    Pipeline,
    Script,
    Simple,
    Test,
    While,
    Word,
)
from checkrein.detect.shell.options import listed
from checkrein.detect.shell.simple import EMPTY_PARENTHESES, SimpleCommands

MAX_COMMANDS = 1_500
"""Simple commands in one text. What lies behind is a problem that is told, never silently dropped."""
MAX_NESTING = 60
MAX_BACKTICKS = 12
TIME = re.compile(r"time(?:[ \t]+-p)?(?:[ \t]+--)?[ \t]+(?=[^-\s])")
COPROCESS = re.compile(r"coproc[ \t]+(?:[A-Za-z_]\w*[ \t]+(?=[({]|(?:if|for|while|until|case|select|\[\[)[ \t\n]))?")
RESERVED = frozenset(listed("if then elif else fi for in while until do done case esac select function { } [[ !"))
NO_WORDS: frozenset[str] = frozenset()


class Parser(SimpleCommands):
    """One text; ``parse()`` reads all of it."""

    def __init__(self, text: str, *, depth: int = 0) -> None:
        super().__init__(text, depth=depth)
        self.count = 0
        self.nesting = 0
        self.substitutions = 0  # open ``${ commands; }``: there anything may follow the brace

    def parse(self) -> Script:
        """The whole text. Never raises: what cannot be read is named in ``problems``."""
        commands = self._list(NO_WORDS)
        while self.pos < self.end:
            self.problem(f"unexpected {self.text[self.pos]!r}")
            self.pos += 1
            commands += self._list(NO_WORDS)
        self.read_heredocs()
        return Script(tuple(commands), tuple(self.problems))

    def parse_until_paren(self) -> Script:
        commands = self._list(NO_WORDS)
        if self.peek() == ")":
            self.pos += 1
        else:
            self.problem("a parenthesis is not closed")
            if self.pos < self.end:
                commands += self._list(NO_WORDS)
        return Script(tuple(commands))

    def parse_until_brace(self) -> Script:
        self.substitutions += 1
        body = self._body("}")
        self._expect("}")
        self.substitutions -= 1
        return body

    def nested(self, text: str) -> Script:
        if self.depth >= MAX_BACKTICKS:
            self.problem(f"{BEYOND}{MAX_BACKTICKS} backticks in one another")
            return Script(())
        sub = Parser(text, depth=self.depth + 1)
        script = sub.parse()
        for problem in sub.problems:
            self.problem(problem)
        return script

    # -- lists

    def _list(self, terminators: frozenset[str]) -> list[Command]:
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
        return self._at_reserved(terminators)

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
        while True:
            self.skip_blanks()
            coprocess = self._prefixes()
            command = self._command()
            if coprocess and command is not None:
                command = Background(command)
            if command is None:
                break
            commands.append(command)
            self.skip_blanks()
            if self.peek() != "|" or self.peek(1) == "|":
                break
            self.pos += 2 if self.peek(1) == "&" else 1
            self.newlines()
        if len(commands) > 1:
            return Pipeline(tuple(commands))
        return commands[0] if commands else None

    def _prefixes(self) -> bool:
        """Over ``!``, ``time`` and ``coproc``, which may stand before a command of any kind; True for ``coproc``."""
        coprocess = False
        while True:
            if self._take_reserved("!"):
                self.skip_blanks()
            elif match := TIME.match(self.text, self.pos) or COPROCESS.match(self.text, self.pos):
                coprocess = coprocess or match[0].startswith("coproc")
                self.pos = match.end()
            else:
                return coprocess

    # -- commands

    def _command(self) -> Command | None:
        self.count += 1
        self.nesting += 1
        try:
            if self.nesting > MAX_NESTING or self.count > MAX_COMMANDS:
                self.problem(f"{BEYOND}{MAX_COMMANDS} commands, or commands nested more than {MAX_NESTING} deep, in one text")
                self.pos = self.end
                return None
            if self.peek() == "(":
                return self._paren()
            reserved = self._reserved_word()
            compound = self._compounds().get(reserved) if reserved else None
            if compound is None:
                return self.simple()
            self.pos += len(reserved)
            return compound()
        finally:
            self.nesting -= 1

    def _compounds(self) -> dict[str, Callable[[], Command]]:
        return {
            "if": self._if,
            "for": self._for,
            "select": self._for,
            "while": self._while,
            "until": self._while,
            "case": self._case,
            "function": self._function_keyword,
            "{": self._brace_group,
            "[[": self._double_bracket,
        }

    def _reserved_word(self) -> str:
        """The reserved word at ``pos``, "" where there is none. Nothing is consumed."""
        for size in (8, 6, 5, 4, 3, 2, 1):
            word = self.text[self.pos : self.pos + size]
            after = self.text[self.pos + size : self.pos + size + 1]
            if (
                len(word) == size
                and word in RESERVED
                and (not after or after in " \t\r\n;&|()<>" or (word == "}" and self.substitutions))
            ):
                return word
        return ""

    def _at_reserved(self, terminators: frozenset[str]) -> bool:
        return bool(terminators) and self._reserved_word() in terminators

    def _take_reserved(self, word: str) -> bool:
        if self._reserved_word() != word:
            return False
        self.pos += len(word)
        return True

    def _expect(self, word: str) -> None:
        self.skip_separators()
        if not self._take_reserved(word):
            self.problem(f"{word} is missing")

    def _body(self, *terminators: str) -> Script:
        return Script(tuple(self._list(frozenset(terminators))))

    def _paren(self) -> Command:
        if self.peek(1) == "(":
            start = self.pos
            text = self.try_balanced()
            if text.startswith("((") and text.endswith("))"):
                return Test((Word(self.parts_of(text[2:-2])),), self.redirects())
            self.pos = start
        self.pos += 1
        return Group(self._enclosed(), subshell=True, redirects=self.redirects())

    def _enclosed(self) -> Script:
        self.depth += 1
        try:
            return self.parse_until_paren()
        finally:
            self.depth -= 1

    def _brace_group(self) -> Command:
        body = self._body("}")
        self._expect("}")
        return Group(body, subshell=False, redirects=self.redirects())

    def _if(self) -> Command:
        branches: list[tuple[Script, Script]] = []
        condition = self._body("then")
        while True:
            self._expect("then")
            branches.append((condition, self._body("elif", "else", "fi")))
            if not self._take_reserved("elif"):
                break
            condition = self._body("then")
        if self._take_reserved("else"):
            branches.append((Script(()), self._body("fi")))
        self._expect("fi")
        return If(tuple(branches), self.redirects())

    def _while(self) -> Command:
        condition = self._body("do")
        self._expect("do")
        body = self._body("done")
        self._expect("done")
        return While(condition, body, self.redirects())

    def _for(self) -> Command:
        self.skip_blanks()
        header: tuple[Part, ...] = ()
        name, words = "", None
        if self.text.startswith("((", self.pos):
            header = self.parts_of(self.balanced()[2:-2])
        else:
            match = NAME.match(self.text, self.pos)
            name = match[0] if match else ""
            self.pos += len(name)
            self.newlines()
            if self._take_reserved("in"):
                words = tuple(self._words())
        self.skip_separators()
        closing = "done"
        if self._take_reserved("{"):
            closing = "}"
        else:
            self._expect("do")
        body = self._body(closing)
        self._expect(closing)
        return For(name, words, body, self.redirects(), header)

    def _words(self) -> list[Word]:
        words: list[Word] = []
        while True:
            self.skip_blanks()
            word = self.word()
            if word is None:
                return words
            words.append(word)

    def _case(self) -> Command:
        self.skip_blanks()
        subject = self.word() or Word(())
        self.newlines()
        self._expect("in")
        items: list[tuple[tuple[Word, ...], Script]] = []
        while True:
            self.skip_separators()
            if self.pos >= self.end or self._take_reserved("esac"):
                break
            before = self.pos
            items.append(self._case_item())
            if self.pos == before:
                self.problem("a case branch could not be read")
                break
        return Case(subject, tuple(items), self.redirects())

    def _case_item(self) -> tuple[tuple[Word, ...], Script]:
        if self.peek() == "(":
            self.pos += 1
        patterns: list[Word] = []
        while True:
            self.skip_blanks()
            word = self.word()
            if word is not None:
                patterns.append(word)
            self.skip_blanks()
            if self.peek() != "|":
                break
            self.pos += 1
        if self.peek() == ")":
            self.pos += 1
        else:
            self.problem("a case pattern is not closed")
        body = self._body("esac")
        self.skip_blanks()
        for ending in (";;&", ";;", ";&"):
            if self.text.startswith(ending, self.pos):
                self.pos += len(ending)
                break
        return tuple(patterns), body

    def _function_keyword(self) -> Command:
        self.skip_blanks()
        word = self.word()
        name = (word.plain if word else None) or ""
        self.skip_blanks()
        if match := EMPTY_PARENTHESES.match(self.text, self.pos):
            self.pos = match.end()
        return self.function_body(name)

    def function_body(self, name: str) -> Command:
        self.newlines()
        body = self._command()
        if body is None:
            self.problem(f"function {name} has no body")
            body = Simple(())
        return Function(name, body)

    def _double_bracket(self) -> Command:
        words: list[Word] = []
        while self.pos < self.end:
            self.newlines()
            if self.text.startswith("]]", self.pos) and (self.peek(2) in ("", *" \t\n;&|)")):
                self.pos += 2
                return Test(tuple(words), self.redirects())
            word = self.word()
            if word is None:
                self.pos += 1  # operators inside [[ ]] run nothing
            else:
                words.append(word)
        self.problem("[[ is not closed")
        return Test(tuple(words))


def parse(text: str) -> Script:
    """The syntax tree of a shell text."""
    return Parser(text).parse()
