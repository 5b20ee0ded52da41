"""Compound commands: groups, conditions, loops, functions, read as bash reads them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from checkrein.detect.shell.options import listed
from checkrein.detect.shell.syntax.cursor import Room
from checkrein.detect.shell.syntax.expansions import NAME
from checkrein.detect.shell.syntax.nodes import Case, Command, For, Function, Group, If, Part, Script, Simple, Test, While, Word
from checkrein.detect.shell.syntax.simple import EMPTY_PARENTHESES, SimpleCommands

RESERVED = frozenset(listed("if then elif else fi for in while until do done case esac select function { } [[ !"))


class CompoundCommands(SimpleCommands):
    """Reads compound commands. The parser reads the lists in them."""

    def __init__(self, text: str, *, depth: int = 0, room: Room | None = None) -> None:
        super().__init__(text, depth=depth, room=room)
        self.substitutions = 0  # open ``${ commands; }``: there anything may follow the brace

    @abstractmethod
    def list_until(self, terminators: frozenset[str]) -> list[Command]:
        """The commands up to one of these reserved words, a closing parenthesis or the end."""

    @abstractmethod
    def command(self) -> Command | None:
        """The command of any kind at ``pos``."""

    def compounds(self) -> dict[str, Callable[[], Command]]:
        """What reads each compound command, by its first word."""
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

    def reserved_word(self) -> str:
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

    def at_reserved(self, terminators: frozenset[str]) -> bool:
        """True where one of these reserved words stands at ``pos``."""
        return bool(terminators) and self.reserved_word() in terminators

    def take_reserved(self, word: str) -> bool:
        """Over a reserved word; False, with nothing consumed, where another word stands here."""
        if self.reserved_word() != word:
            return False
        self.pos += len(word)
        return True

    def expect(self, word: str) -> None:
        """Over a reserved word that has to stand here; a problem where it does not."""
        self.skip_separators()
        if not self.take_reserved(word):
            self.problem(f"{word} is missing")

    def body(self, *terminators: str) -> Script:
        """The commands up to one of these reserved words, which is left."""
        return Script(tuple(self.list_until(frozenset(terminators))))

    def paren(self) -> Command:
        """``( commands )`` or ``(( arithmetic ))``."""
        if self.peek(1) == "(":
            start = self.pos
            text = self.try_balanced()
            if text.startswith("((") and text.endswith("))"):
                return Test((Word(self.parts_of(text[2:-2])),), self.redirects(), arithmetic=True)
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
        body = self.body("}")
        self.expect("}")
        return Group(body, subshell=False, redirects=self.redirects())

    def _if(self) -> Command:
        branches: list[tuple[Script, Script]] = []
        condition = self.body("then")
        while True:
            self.expect("then")
            branches.append((condition, self.body("elif", "else", "fi")))
            if not self.take_reserved("elif"):
                break
            condition = self.body("then")
        if self.take_reserved("else"):
            branches.append((Script(()), self.body("fi")))
        self.expect("fi")
        return If(tuple(branches), self.redirects())

    def _while(self) -> Command:
        condition = self.body("do")
        self.expect("do")
        body = self.body("done")
        self.expect("done")
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
            if self.take_reserved("in"):
                words = tuple(self._words())
        self.skip_separators()
        closing = "done"
        if self.take_reserved("{"):
            closing = "}"
        else:
            self.expect("do")
        body = self.body(closing)
        self.expect(closing)
        return For(name, words, body, self.redirects(), header)

    def _words(self) -> list[Word]:
        words: list[Word] = []
        while True:
            self.skip_blanks()
            word = self.word()
            if word is None:
                return words
            words.append(word)
            words.extend(self.plain_words())

    def _case(self) -> Command:
        self.skip_blanks()
        subject = self.word() or Word(())
        self.newlines()
        self.expect("in")
        items: list[tuple[tuple[Word, ...], Script]] = []
        while True:
            self.skip_separators()
            if self.pos >= self.end or self.take_reserved("esac"):
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
        body = self.body("esac")
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
        body = self.command()
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
