"""A place in a text that is read, and how much of the text may still be read."""

from __future__ import annotations

MAX_DEPTH = 40  # nested expansions; deeper text is a problem, not a crash
MAX_EXPANSIONS = 4_000
MAX_COMMANDS = 1_500
MAX_WORDS = 12_000
"""Simple commands and words in one text, what stands in its substitutions included. What lies behind a limit is a problem that
is told, never silently dropped."""
BEYOND = "more than "
"""How a problem begins that says that a limit was met, so that text was not read."""
UNREAD = "a parameter expansion could not be read"
"""A problem that bash finds only while it runs. All others keep it from running anything of the command."""
BLANK = " \t\r"


class Room:
    """How much may still be read of one text and of the texts in it."""

    def __init__(self, size: int) -> None:
        self.expansions = MAX_EXPANSIONS
        self.commands = MAX_COMMANDS
        self.words = MAX_WORDS
        self.rescans = size + 1_000  # characters in brackets that may be read twice: keeps hostile nesting linear


class Cursor:
    """Reads ``text`` from ``pos`` on."""

    def __init__(self, text: str, *, depth: int = 0, room: Room | None = None) -> None:
        self.text = text
        self.pos = 0
        self.end = len(text)
        self.depth = depth
        self.problems: list[str] = []
        self.room = room or Room(len(text))

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

    def may_read(self, words: int) -> bool:
        """Count words. False, with nothing left to read, where there are too many."""
        self.room.words -= words
        if self.room.words >= 0:
            return True
        self.problem(f"{BEYOND}{MAX_WORDS} words in one text")
        self.pos = self.end
        return False

    def may_expand(self) -> bool:
        """Count an expansion. False, with nothing left to read, where there are too many."""
        self.room.expansions -= 1
        if self.room.expansions >= 0 and self.depth <= MAX_DEPTH:
            return True
        self.problem(f"{BEYOND}{MAX_EXPANSIONS} expansions, or expansions nested more than {MAX_DEPTH} deep, in one text")
        self.pos = self.end
        return False
