"""Whether a command line is one that a pattern of the table describes."""

from __future__ import annotations

from fnmatch import fnmatchcase

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.table.line import SHORTEST_ABBREVIATION, Line, Token
from checkrein.detect.shell.table.programs import Option, Pattern, Program, dashed

_HARMLESS_OPTIONS = ("--help", "-h", "--dry-run", "--dryrun", "--dry_run", "--what-if", "-WhatIf")
ANYTHING = UNKNOWN * 2  # in a second look: an unknown word that is taken for whatever literal word a pattern has
_OFF = {"false", "no", "off", "none", "0"}


def is_harmless(line: Line, known: Program, stdin: str | None) -> bool:
    """True for a call that only explains, previews, or is harmless by the table."""
    for name in _HARMLESS_OPTIONS:
        given = line.options.get(dashed(name, single=known.single_dash))
        if given is not None and name not in known.values and not any(value.lower() in _OFF for value in given):
            return True
    if line.tokens and line.tokens[0].word == "help":
        return True
    if not line.tokens and ("--version" in line.options or (known.single_dash and "-version" in line.options)):
        return True
    return any(match_line(pattern, line, stdin) is not None for pattern in known.harmless)


def match_line(pattern: Pattern, line: Line, stdin: str | None) -> list[Token] | None:
    """The tokens that stand for the pattern's words, None where it does not match."""
    if any(not _has(option, line) for option in pattern.needs) or any(_has(option, line) for option in pattern.forbids):
        return None
    if pattern.stdin and not any(_like(row.strip(), pattern.stdin) for row in (stdin or "").splitlines()):
        return None
    return _match_words(pattern.words, line.tokens)


def _has(option: Option, line: Line) -> bool:
    for given, values in line.options.items():
        if not is_named(given, option.names) or (option.globs and given not in option.names):
            continue
        if option.globs:
            if any(_like(value.lower(), option.globs) for value in values):
                return True
        elif not (values and values[0].lower() in _OFF):
            return True
    return False


def is_named(given: str, names: tuple[str, ...]) -> bool:
    """True where a given option is one of ``names`` or an abbreviation of a long one."""
    return given in names or (
        len(given) >= SHORTEST_ABBREVIATION and given.startswith("--") and any(name.startswith(given) for name in names)
    )


def _match_words(words: tuple[tuple[str, ...], ...], tokens: tuple[Token, ...]) -> list[Token] | None:
    if not words:
        return []
    first, others = words[0], words[1:]
    if first == ("$",):
        return [] if all(token.maybe for token in tokens) else None
    if first == ("**",):
        return next((found for at in range(len(tokens)) if (found := _match_words(others, tokens[at:])) is not None), None)
    if first[0].startswith("("):
        wanted = tuple(word.strip("()") for word in first)
        taken = _match_words((wanted, *others), tokens)
        return taken if taken is not None else _match_words(others, tokens)
    if not tokens:
        return None
    if _like(tokens[0].word, first):
        found = _match_words(others, tokens[1:])
        if found is not None:
            return [tokens[0], *found]
    return _match_words(words, tokens[1:]) if tokens[0].maybe else None


def _like(word: str, globs: tuple[str, ...]) -> bool:
    """True where a word is like any of the globs; a leading ``!`` on the first turns that round."""
    if globs[0].startswith("!"):
        return not _like(word, (globs[0][1:], *globs[1:]))
    if word == ANYTHING:
        return not any("*" in glob for glob in globs)
    return any(fnmatchcase(word, glob) for glob in globs)
