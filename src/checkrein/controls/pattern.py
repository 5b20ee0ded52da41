"""Whether a pattern that an agent gives to ``pkill`` may match a text: extended regular expressions, in linear time.

Python's ``re`` backtracks, so a crafted pattern would hold the service up. Here a pattern becomes a graph of states that is
walked once over the text. Where something is read loosely (counts, boundaries, ends of lines), more matches and never less.
"""

from __future__ import annotations

from dataclasses import dataclass, field

LONGEST = 400
MAX_GROUPS = 50
ANY = "any"


@dataclass(eq=False, slots=True)
class State:
    """One state: ``takes`` a character to ``then``, or goes on without one. ``takes`` of None is the end."""

    takes: str | frozenset[str] | None = None
    negated: bool = False
    free: list[State] = field(default_factory=list)
    then: State | None = None

    def accepts(self, letter: str) -> bool:
        """True where the state's character may be ``letter``."""
        if self.takes is None:
            return False
        return self.takes == ANY or (letter in self.takes) is not self.negated


def may_match(pattern: str, text: str) -> bool:
    """True where ``pattern`` matches somewhere in ``text``, upper and lower case alike. A pattern that is too long may."""
    if len(pattern) > LONGEST or pattern.count("(") > MAX_GROUPS:
        return True
    start, end = _Parser(pattern.lower()).graph()
    current = _closure([start])
    for letter in text.lower():
        if end in current:
            return True
        stepped = [state.then for state in current if state.then is not None and state.accepts(letter)]
        current = _closure([start, *stepped])
    return end in current


def _closure(states: list[State]) -> set[State]:
    found: set[State] = set()
    while states:
        state = states.pop()
        if state not in found:
            found.add(state)
            states.extend(state.free)
    return found


class _Parser:
    """Pattern text to states. Any text is a pattern: what is not closed, or has nothing to repeat, stands for itself."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def graph(self) -> tuple[State, State]:
        """The first and the last state."""
        start, end = self._either()
        while self._at < len(self._text):  # a bracket too many
            self._at += 1
            first, last = self._either()
            end.free.append(first)
            end = last
        return start, end

    def _either(self) -> tuple[State, State]:
        start, end = State(), State()
        while True:
            first, last = self._sequence()
            start.free.append(first)
            last.free.append(end)
            if not self._take("|"):
                return start, end

    def _sequence(self) -> tuple[State, State]:
        start = end = State()
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            first, last = self._repeated(*self._atom())
            end.free.append(first)
            end = last
        return start, end

    def _repeated(self, first: State, last: State) -> tuple[State, State]:
        while self._at < len(self._text) and self._text[self._at] in "*+?{":
            sign = self._text[self._at]
            if sign == "{":
                closing = self._text.find("}", self._at)
                count = self._text[self._at + 1 : closing] if closing > 0 else ""
                if not count.replace(",", "", 1).isdigit():  # no count: the brace stands for itself
                    return first, last
                self._at = closing
            self._at += 1
            start, end = State(free=[first]), State()
            last.free.append(end)
            if sign != "?":
                last.free.append(first)
            if sign != "+":
                start.free.append(end)
            first, last = start, end
        return first, last

    def _atom(self) -> tuple[State, State]:
        letter = self._text[self._at]
        self._at += 1
        end = State()
        match letter:
            case "(":
                start, end = self._either()
                self._take(")")
                return start, end
            case "^" | "$":
                return end, end
            case ".":
                return State(ANY, then=end), end
            case "[":
                takes, negated = self._class()
                return State(takes, negated, then=end), end
            case "\\" if self._at < len(self._text):
                letter = self._text[self._at]
                self._at += 1
                if letter in "wds":
                    return State(ANY, then=end), end
                if letter in "b<>":
                    return end, end
        return State(letter, then=end), end

    def _class(self) -> tuple[frozenset[str], bool]:
        negated = self._take("^")
        letters: set[str] = set()
        first = True
        while self._at < len(self._text) and (first or self._text[self._at] != "]"):
            first = False
            low = self._text[self._at]
            self._at += 1
            if low == "[" and self._text[self._at : self._at + 1] == ":":
                closing = self._text.find(":]", self._at)
                self._at = closing + 2 if closing >= 0 else len(self._text)
                letters.update(map(chr, range(128)))
            elif self._text[self._at : self._at + 1] == "-" and self._text[self._at + 1 : self._at + 2] not in ("", "]"):
                letters.update(map(chr, range(ord(low), min(ord(self._text[self._at + 1]), 127) + 1)))
                self._at += 2
            else:
                letters.add(low)
        self._take("]")
        return frozenset(letters), negated

    def _take(self, letter: str) -> bool:
        found = self._text.startswith(letter, self._at)
        self._at += found
        return found
