"""What a mode as ``chmod`` takes it gives and takes away: numbers and symbols, by one parser."""

from __future__ import annotations

import re
from dataclasses import dataclass

SET_ID = 0o6000
SPECIAL = {"s": SET_ID, "t": 0o1000}
CLASSES = {"u": 0o700, "g": 0o070, "o": 0o007}
RIGHTS = {"r": 0o444, "w": 0o222, "x": 0o111, "X": 0o111}
NUMBER = re.compile(r"[-+=]?[0-7]{1,12}")
CLAUSE = re.compile(r"([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)")
STEP = re.compile(r"([-+=])([rwxXst]*|[ugo])(?=[-+=]|$)")


@dataclass(frozen=True, slots=True)
class Mode:
    """The bits that a mode may set, and whether it takes rights away from the owner by name."""

    sets: int = 0
    from_owner: bool = False
    number: bool = False
    unnamed: bool = False  # a clause names nobody: the umask decides who is meant


def parsed(text: str) -> Mode | None:
    """The mode, None for text that is none."""
    if NUMBER.fullmatch(text):
        bits = int(text.lstrip("-+="), 8) & 0o7777
        return Mode(0 if text.startswith("-") else bits, number=True)
    sets, from_owner, unnamed = 0, False, False
    for clause in text.split(","):
        match = CLAUSE.fullmatch(clause)
        if not match:
            return None
        who, steps = match[1], match[2]
        unnamed = unnamed or not who
        for sign, what in STEP.findall(steps):
            if sign == "-":
                from_owner = from_owner or "u" in who
            else:
                sets |= _bits(who, what)
    return Mode(sets, from_owner, unnamed=unnamed)


def _bits(who: str, what: str) -> int:
    # who is not named is what the umask leaves: others are given no write
    classes = 0o777 if "a" in who else sum(CLASSES[name] for name in dict.fromkeys(who)) if who else 0o755
    if what in ("u", "g", "o"):
        return classes  # the rights of another class, which may be all of them
    bits = 0
    for letter in what:
        bits |= SPECIAL[letter] if letter in SPECIAL else RIGHTS[letter] & classes
    return bits


def sets_id(mode: str) -> bool:
    """True for a mode that sets the set-user-id or set-group-id bit on a file."""
    found = parsed(mode)
    return found is not None and bool(found.sets & SET_ID)


def world_writable(mode: str) -> bool:
    """True for a mode that lets others write."""
    found = parsed(mode)
    return found is not None and bool(found.sets & 0o002)


def tighter(mode: str) -> bool:
    """True for a mode that gives rights to the owner at most (and the group reading), and leaves the owner able to read."""
    found = parsed(mode)
    if found is None or found.unnamed or found.from_owner or found.sets & 0o7027:
        return False
    return not found.number or bool(found.sets & 0o400)
