"""sed scripts: which of their commands run programs or touch files."""

from __future__ import annotations

import re
from collections.abc import Iterator

ADDRESS = re.compile(r"\s*(?:\d+(?:~\d+)?|\$|first~\d+|\+\d+|~\d+)")
BLANKS = " \t;}\n"


def sed_actions(script: str) -> Iterator[tuple[str, str]]:
    """(``execute`` | ``read`` | ``write``, argument) for each such command of a sed script, in order."""
    at = 0
    while at < len(script):
        at = _addresses(script, at)
        if at >= len(script):
            return
        command = script[at]
        at += 1
        if command in "aic":
            at = _line_end(script, at, continued=True)
        elif command in "sy":
            flags, at = _substitution(script, at)
            if command == "s":
                yield from _flag_actions(flags)
                if "w" in flags:
                    at = _line_end(script, at)
        elif command in "rRwWe":
            stop = _line_end(script, at)
            argument = script[at:stop].strip()
            yield ("execute" if command == "e" else "read" if command in "rR" else "write"), argument
            at = stop
        elif command in ":btT":
            while at < len(script) and script[at] not in ";\n}":
                at += 1


def _addresses(script: str, at: int) -> int:
    """Over blanks, braces, negations and addresses."""
    while at < len(script):
        char = script[at]
        if char in BLANKS or char in "{!,#":
            if char == "#":
                at = _line_end(script, at)
                continue
            at += 1
        elif char == "/":
            at = _delimited(script, at + 1, "/")
            while at < len(script) and script[at] in "IM":
                at += 1
        elif char == "\\" and at + 1 < len(script):
            at = _delimited(script, at + 2, script[at + 1])
        elif match := ADDRESS.match(script, at):
            at = match.end()
        else:
            return at
    return at


def _delimited(script: str, at: int, delimiter: str) -> int:
    """Just behind the next ``delimiter`` that is neither escaped nor in a bracket expression."""
    bracket = False
    while at < len(script):
        char = script[at]
        if char == "\\":
            at += 2
            continue
        if char == "[" and not bracket:
            bracket = True
            if script[at + 1 : at + 2] in ("]", "^"):
                at += 2 if script[at + 1] == "]" else 1 + (script[at + 2 : at + 3] == "]")
        elif char == "]" and bracket:
            bracket = False
        elif char == delimiter and not bracket:
            return at + 1
        at += 1
    return at


def _substitution(script: str, at: int) -> tuple[str, int]:
    """The flags of ``s/x/y/flags`` and where they end; for ``y`` there are none."""
    if at >= len(script):
        return "", at
    delimiter = script[at]
    at = _delimited(script, at + 1, delimiter)
    while at < len(script) and script[at] != delimiter:  # the replacement knows no brackets
        at += 2 if script[at] == "\\" else 1
    at += 1
    start = at
    while at < len(script) and script[at] not in ";\n}":
        at += 1
        if script[at - 1] == "w":
            return script[start : _line_end(script, at)], at
    return script[start:at], at


def _flag_actions(flags: str) -> Iterator[tuple[str, str]]:
    head, wrote, path = flags.partition("w")
    if "e" in head:
        yield "execute", ""
    if wrote:
        yield "write", path.strip()


def _line_end(script: str, at: int, *, continued: bool = False) -> int:
    while at < len(script):
        if continued and script[at] == "\\":
            at += 2
            continue
        if script[at] == "\n":
            return at
        at += 1
    return len(script)
