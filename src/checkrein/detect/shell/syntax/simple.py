"""Simple commands: words, assignments, redirections and here-documents, read as bash reads them."""

from __future__ import annotations

import re
from abc import abstractmethod

from checkrein.detect.shell.syntax.cursor import Room
from checkrein.detect.shell.syntax.escapes import unquoted
from checkrein.detect.shell.syntax.expansions import NAME
from checkrein.detect.shell.syntax.lexer import Lexer
from checkrein.detect.shell.syntax.nodes import Assignment, Command, Heredoc, Literal, Process, Redirect, Simple, Word

REDIRECT = re.compile(r"(\d+|\{[A-Za-z_]\w*\})?(&>>|&>|<<<|<<-|<<|<&|<>|>\||>>|>&|<|>)")
REDIRECT_START = frozenset("<>&{0123456789")
ASSIGNED = re.compile(r"(\+?)=")
EMPTY_PARENTHESES = re.compile(r"\([ \t]*\)")
DECLARED = re.compile(r"([A-Za-z_]\w*)(\+?)=")
DECLARATIONS = frozenset(("declare", "typeset", "local", "export", "readonly"))


class SimpleCommands(Lexer):
    """Reads simple commands. The parser reads the others."""

    def __init__(self, text: str, *, depth: int = 0, room: Room | None = None) -> None:
        super().__init__(text, depth=depth, room=room)
        self._heredocs: list[tuple[Heredoc, str, bool, bool]] = []

    @abstractmethod
    def function_body(self, name: str) -> Command:
        """The definition of a function whose name was read."""

    def simple(self) -> Command | None:
        """The simple command, or the function, that begins at ``pos``."""
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
                    return self.function_body(name)
                words[0] = Word((Literal(name + self.balanced()),))
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
            words.extend(self.plain_words())
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
        index = self.try_balanced("[", "]")[1:-1] if self.peek() == "[" else ""
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
            self.newlines()
            word = self.word()
            if word is None:
                break
            items.append(word)
            items.extend(self.plain_words())
        if self.peek() == ")":
            self.pos += 1
        else:
            self.problem("an array is not closed")
        return tuple(items)

    # -- redirections

    def redirects(self) -> tuple[Redirect, ...]:
        """The redirections at ``pos``."""
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
        start = self.pos
        target = self.word()
        if target is None:
            self.problem(f"nothing follows {operator}")
            return True
        if operator in ("<<", "<<-"):
            heredoc = Heredoc()
            self._heredocs.append((heredoc, *_delimiter(target, self.text[start : self.pos]), operator == "<<-"))
            into.append(Redirect("<<", Word(()), match[1] or "", heredoc))
        else:
            into.append(Redirect(operator, target, match[1] or ""))
        return True

    def read_heredocs(self) -> None:
        """The here-documents that are still to come, from the line behind their commands."""
        for heredoc, delimiter, quoted, tabs in self._heredocs:
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
        self._heredocs.clear()

    # -- between commands

    def skip_separators(self) -> None:
        """Over blanks, newlines, semicolons and comments."""
        while self.pos < self.end:
            self.skip_blanks()
            char = self.peek()
            if char == "\n":
                self.pos += 1
                self.read_heredocs()
            elif char == ";" and self.peek(1) not in (";", "&"):
                self.pos += 1
            elif char == "#":
                newline = self.text.find("\n", self.pos)
                self.pos = self.end if newline < 0 else newline
            else:
                return

    def newlines(self) -> None:
        """Over blanks, newlines and comments, but no ``;``."""
        while self.pos < self.end:
            self.skip_blanks()
            if self.peek() == "\n":
                self.pos += 1
                self.read_heredocs()
            elif self.peek() == "#":
                newline = self.text.find("\n", self.pos)
                self.pos = self.end if newline < 0 else newline
            else:
                return


def _delimiter(word: Word, written: str) -> tuple[str, bool]:
    """A here-document's delimiter, and whether any of it was quoted. Nothing in it is expanded: ``<<$X`` ends at ``$X``."""
    quoted = any(not isinstance(part, Process) and part.quoted for part in word.parts)
    if word.literal is not None:
        return word.literal, quoted
    written = written.replace("\\\n", "")
    return (unquoted(written) if quoted else written), quoted
