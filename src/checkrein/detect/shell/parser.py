"""Commands: lists, pipelines, compound commands, redirections and here-documents, read as bash reads them."""

from __future__ import annotations

import re
from collections.abc import Callable

from checkrein.detect.shell.lexer import BEYOND, NAME, Lexer
from checkrein.detect.shell.nodes import (
    AndOr,
    Assignment,
    Background,
    Case,
    Command,
    For,
    Function,
    Group,
    Heredoc,
    If,
    Literal,
    Part,
    Pipeline,
    Redirect,
    Script,
    Simple,
    Test,
    While,
    Word,
)

MAX_COMMANDS = 1_500
"""Simple commands in one text. What lies behind is a problem that is told, never silently dropped."""
MAX_NESTING = 60
MAX_BACKTICKS = 12
REDIRECT = re.compile(r"(\d+|\{[A-Za-z_]\w*\})?(&>>|&>|<<<|<<-|<<|<&|<>|>\||>>|>&|<|>)")
REDIRECT_START = frozenset("<>&{0123456789")
ASSIGNED = re.compile(r"(\+?)=")
EMPTY_PARENTHESES = re.compile(r"\([ \t]*\)")
TIME = re.compile(r"time(?:[ \t]+-p)?(?:[ \t]+--)?[ \t]+(?=[^-\s])")
COPROCESS = re.compile(r"coproc[ \t]+(?:[A-Za-z_]\w*[ \t]+(?=[({]|(?:if|for|while|until|case|select|\[\[)[ \t\n]))?")
RESERVED = frozenset(
    ("if", "then", "elif", "else", "fi", "for", "in", "while", "until", "do", "done", "case", "esac", "select", "function")
    + ("{", "}", "[[", "!")
)
NO_WORDS: frozenset[str] = frozenset()


class Parser(Lexer):
    """One text; ``parse()`` reads all of it."""

    def __init__(self, text: str, *, depth: int = 0) -> None:
        super().__init__(text, depth=depth)
        self.heredocs: list[tuple[Heredoc, str, bool, bool]] = []
        self.count = 0
        self.nesting = 0

    def parse(self) -> Script:
        """The whole text. Never raises: what cannot be read is named in ``problems``."""
        commands = self._list(NO_WORDS)
        while self.pos < self.end:
            self.problem(f"unexpected {self.text[self.pos]!r}")
            self.pos += 1
            commands += self._list(NO_WORDS)
        self._read_heredocs()
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
            self._skip_separators()
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

    def _skip_separators(self) -> None:
        while self.pos < self.end:
            self.skip_blanks()
            char = self.peek()
            if char == "\n":
                self.pos += 1
                self._read_heredocs()
            elif char == ";" and self.peek(1) not in (";", "&"):
                self.pos += 1
            elif char == "#":
                newline = self.text.find("\n", self.pos)
                self.pos = self.end if newline < 0 else newline
            else:
                return

    def _newlines(self) -> None:
        """Over blanks, newlines and comments, but no ``;``."""
        while self.pos < self.end:
            self.skip_blanks()
            if self.peek() == "\n":
                self.pos += 1
                self._read_heredocs()
            elif self.peek() == "#":
                newline = self.text.find("\n", self.pos)
                self.pos = self.end if newline < 0 else newline
            else:
                return

    def _and_or(self) -> Command | None:
        left = self._pipeline()
        while left is not None:
            self.skip_blanks()
            operator = self.text[self.pos : self.pos + 2]
            if operator not in ("&&", "||"):
                break
            self.pos += 2
            self._newlines()
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
            self._newlines()
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
                return self._simple()
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
            if len(word) == size and word in RESERVED and (not after or after in " \t\r\n;&|()<>"):
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
        self._skip_separators()
        if not self._take_reserved(word):
            self.problem(f"{word} is missing")

    def _body(self, *terminators: str) -> Script:
        return Script(tuple(self._list(frozenset(terminators))))

    def _paren(self) -> Command:
        if self.peek(1) == "(":
            start = self.pos
            text = self._try_balanced()
            if text.startswith("((") and text.endswith("))"):
                return Test((Word(self.parts_of(text[2:-2])),), self._redirects())
            self.pos = start
        self.pos += 1
        return Group(self._enclosed(), subshell=True, redirects=self._redirects())

    def _enclosed(self) -> Script:
        self.depth += 1
        try:
            return self.parse_until_paren()
        finally:
            self.depth -= 1

    def _brace_group(self) -> Command:
        body = self._body("}")
        self._expect("}")
        return Group(body, subshell=False, redirects=self._redirects())

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
        return If(tuple(branches), self._redirects())

    def _while(self) -> Command:
        condition = self._body("do")
        self._expect("do")
        body = self._body("done")
        self._expect("done")
        return While(condition, body, self._redirects())

    def _for(self) -> Command:
        self.skip_blanks()
        header: tuple[Part, ...] = ()
        name, words = "", None
        if self.text.startswith("((", self.pos):
            header = self.parts_of(self._balanced()[2:-2])
        else:
            match = NAME.match(self.text, self.pos)
            name = match[0] if match else ""
            self.pos += len(name)
            self._newlines()
            if self._take_reserved("in"):
                words = tuple(self._words())
        self._skip_separators()
        closing = "done"
        if self._take_reserved("{"):
            closing = "}"
        else:
            self._expect("do")
        body = self._body(closing)
        self._expect(closing)
        return For(name, words, body, self._redirects(), header)

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
        self._newlines()
        self._expect("in")
        items: list[tuple[tuple[Word, ...], Script]] = []
        while True:
            self._skip_separators()
            if self.pos >= self.end or self._take_reserved("esac"):
                break
            before = self.pos
            items.append(self._case_item())
            if self.pos == before:
                self.problem("a case branch could not be read")
                break
        return Case(subject, tuple(items), self._redirects())

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
        return self._function_body(name)

    def _function_body(self, name: str) -> Command:
        self._newlines()
        body = self._command()
        if body is None:
            self.problem(f"function {name} has no body")
            body = Simple(())
        return Function(name, body)

    def _double_bracket(self) -> Command:
        words: list[Word] = []
        while self.pos < self.end:
            self._newlines()
            if self.text.startswith("]]", self.pos) and (self.peek(2) in ("", *" \t\n;&|)")):
                self.pos += 2
                return Test(tuple(words), self._redirects())
            word = self.word()
            if word is None:
                self.pos += 1  # operators inside [[ ]] run nothing
            else:
                words.append(word)
        self.problem("[[ is not closed")
        return Test(tuple(words))

    # -- simple commands

    def _simple(self) -> Command | None:
        words: list[Word] = []
        assignments: list[Assignment] = []
        redirects: list[Redirect] = []
        while self.pos < self.end:
            self.skip_blanks()
            char = self.peek()
            if char in REDIRECT_START and self._redirect(redirects):
                continue
            if char == "#":  # only at the start of a word: inside one, the lexer has taken it
                break
            if not words and (assignment := self._assignment()):
                assignments.append(assignment)
                continue
            if char == "(" and len(words) == 1 and not assignments and (name := words[0].plain):
                if match := EMPTY_PARENTHESES.match(self.text, self.pos):
                    self.pos = match.end()
                    return self._function_body(name)
                words[0] = Word((Literal(name + self._balanced()),))
                self.problem("a call with parentheses is no shell command")
                continue
            word = self.word()
            if word is None:
                break
            if (
                words
                and self.peek() == "("
                and words[0].plain in DECLARATIONS
                and (declared := DECLARED.fullmatch(word.plain or ""))
            ):
                assignments.append(Assignment(declared[1], Word(()), bool(declared[2]), items=self._items()))
                word = Word((Literal(declared[1]),))
            words.append(word)
        if not words and not assignments and not redirects:
            return None
        return Simple(tuple(words), tuple(assignments), tuple(redirects))

    def _assignment(self) -> Assignment | None:
        """The assignment at ``pos``; None, with nothing consumed, where there is none."""
        start = self.pos
        name = NAME.match(self.text, start)
        if name is None:
            return None
        self.pos = name.end()
        index = self._try_balanced("[", "]")[1:-1] if self.peek() == "[" else ""
        match = ASSIGNED.match(self.text, self.pos)
        if match is None:
            self.pos = start
            return None
        self.pos = match.end()
        subscript = self.parts_of(index) if index else ()
        if self.peek() == "(":
            return Assignment(name[0], Word(()), bool(match[1]), index, self._items(), subscript)
        return Assignment(name[0], self.word() or Word(()), bool(match[1]), index, None, subscript)

    def _items(self) -> tuple[Word, ...]:
        """The words of an array literal."""
        self.pos += 1
        items: list[Word] = []
        while self.pos < self.end:
            self._newlines()
            word = self.word()
            if word is None:
                break
            items.append(word)
        if self.peek() == ")":
            self.pos += 1
        else:
            self.problem("an array is not closed")
        return tuple(items)

    # -- redirections

    def _redirects(self) -> tuple[Redirect, ...]:
        redirects: list[Redirect] = []
        self.skip_blanks()
        while self._redirect(redirects):
            self.skip_blanks()
        return tuple(redirects)

    def _redirect(self, into: list[Redirect]) -> bool:
        match = REDIRECT.match(self.text, self.pos)
        if match is None:
            return False
        operator = match[2]
        if operator in ("<", ">") and self.text.startswith("(", match.end()):
            return False
        self.pos = match.end()
        self.skip_blanks()
        target = self.word()
        if target is None:
            self.problem(f"nothing follows {operator}")
            return True
        if operator in ("<<", "<<-"):
            heredoc = Heredoc()
            self.heredocs.append((heredoc, *_delimiter(target), operator == "<<-"))
            into.append(Redirect("<<", Word(()), match[1] or "", heredoc))
        else:
            into.append(Redirect(operator, target, match[1] or ""))
        return True

    def _read_heredocs(self) -> None:
        for heredoc, delimiter, quoted, tabs in self.heredocs:
            lines: list[str] = []
            continued = False  # a backslash at the end of a line takes the next one in, even where it looks like the end
            while True:
                if self.pos >= self.end:
                    self.problem(f"the here-document {delimiter!r} is not closed")
                    break
                newline = self.text.find("\n", self.pos)
                stop = self.end if newline < 0 else newline
                line = self.text[self.pos : stop]
                self.pos = min(stop + 1, self.end)
                line = line.lstrip("\t") if tabs and not continued else line
                if line == delimiter and not continued:
                    break
                continued = not quoted and (len(line) - len(line.rstrip("\\"))) % 2 == 1
                lines.append(line + "\n")
            body = "".join(lines)
            heredoc.body = Word((Literal(body, quoted=True),) if quoted else self.parts_of(body))
        self.heredocs.clear()


DECLARED = re.compile(r"([A-Za-z_]\w*)(\+?)=")
DECLARATIONS = frozenset(("declare", "typeset", "local", "export", "readonly"))


def _delimiter(word: Word) -> tuple[str, bool]:
    """A here-document's delimiter, and whether any of it was quoted."""
    texts = [part.text for part in word.parts if isinstance(part, Literal)]
    return "".join(texts), any(isinstance(part, Literal) and part.quoted for part in word.parts)


def parse(text: str) -> Script:
    """The syntax tree of a shell text."""
    return Parser(text).parse()
