"""A command line of a program in the table, taken apart into options and operands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from checkrein.detect.shell.table.programs import Program, dashed

SHORTEST_ABBREVIATION = 5  # "--rec": shorter prefixes are too likely another option
_LONGEST_CLUSTER = 4  # "-Rh": what is longer is rather one option than four letters
_NEVER_GUESSED = frozenset("hn")  # letters that may make a call harmless


@dataclass(frozen=True, slots=True)
class Token:
    """An operand. ``index`` is its place in the arguments; ``maybe`` tells that an option of unknown arity stands before it."""

    word: str
    index: int
    maybe: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A command line, read without knowing the whole grammar. ``options`` maps each option to its possible values."""

    tokens: tuple[Token, ...]
    options: Mapping[str, list[str]]


def read_line(args: Iterable[str], known: Program) -> Line:
    """Take the words apart into options and operands. A word behind an option of unknown arity counts as both."""
    words = list(args)
    tokens: list[Token] = []
    options: dict[str, list[str]] = {}
    index, open_option = 0, ""
    while index < len(words):
        word = words[index]
        if word == "--":
            tokens.extend(Token(rest, at) for at, rest in enumerate(words[index + 1 :], index + 1))
            break
        if not word.startswith("-") or word == "-":
            tokens.append(Token(word, index, maybe=bool(open_option)))
            if open_option:
                options[open_option].append(word)
            open_option = ""
        else:
            open_option = ""
            name, has_value, value = _last_option(word, known, options)
            if has_value:
                options.setdefault(name, []).append(value)
            elif name in known.values:
                index += 1
                options.setdefault(name, []).append(words[index] if index < len(words) else "")
            else:
                options.setdefault(name, [])
                open_option = name
        index += 1
    return Line(tuple(tokens), options)


def _last_option(word: str, known: Program, options: dict[str, list[str]]) -> tuple[str, bool, str]:
    """The last option of a word, whether its value is in the word, and that value. Earlier ones go to ``options``."""
    if known.single_dash or word.startswith("--") or word.partition("=")[0] in known.values:
        name, equals, value = word.partition("=")
        return _full_name(dashed(name, single=known.single_dash), known), bool(equals), value
    for at, letter in enumerate(word[1:], 1):
        name, rest = f"-{letter}", word[at + 1 :]
        if letter == "h" and len(word) > _LONGEST_CLUSTER and name not in known.values:
            continue  # no help is asked for by a word such as -exhaustive
        if rest and name in known.values:
            # Elsewhere the same letter may be a flag (docker run -v x, docker rm -vf x): what follows counts as both.
            for other in set(rest) - _NEVER_GUESSED if rest.isalpha() else ():
                options.setdefault(f"-{other}", [])
            return name, True, rest.removeprefix("=")
        if rest.startswith("="):
            return name, True, rest[1:]
        if not rest:
            # A whole word such as ``-replicas`` or ``-Force`` is an option of its own as well.
            if len(word) > 2:
                options.setdefault(word, [])
            return name, False, ""
        options.setdefault(name, [])
    return word, False, ""


def _full_name(name: str, known: Program) -> str:
    """The option with a value that ``name`` abbreviates, where it can be only one; else ``name``."""
    if name in known.values or name in known.flags or len(name) < SHORTEST_ABBREVIATION or not name.startswith("--"):
        return name
    longer = [value for value in known.values if value.startswith(name)]
    return longer[0] if len(longer) == 1 else name
