"""awk's tokens. Whether ``/`` divides or begins a pattern depends on the token before it, as in awk itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

from checkrein.detect.shell.snippets.treelower import unescaped

TOKEN = re.compile(
    r"(?P<space>[ \t\r]+|\\\r?\n|#[^\n]*)|(?P<newline>\n)|(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
    r'|(?P<name>[^\W\d][\w:]*)|(?P<text>"(?:[^"\\\n]|\\.|\\\n)*"?)'
    r"|(?P<op>\*\*=|\|&|&&|\|\||\+\+|--|\+=|-=|\*=|/=|%=|\^=|\*\*|==|<=|>=|!=|!~|>>|[-+*/%^!<>|?:~$=,;(){}\[\]@&])|(?P<other>.)",
    re.DOTALL,
)
PATTERN = re.compile(r"/((?:[^/\\\n\[]|\\.|\[\^?\]?(?:[^\]\\\n]|\\.)*\])*)/?")
VALUES = frozenset(("number", "name", "text", "pattern"))
NOT_OPERANDS = frozenset(
    ("print", "printf", "return", "in", "case", "if", "while", "for", "do", "else", "exit", "getline", "delete")
)


@dataclass(frozen=True, slots=True)
class Token:
    """``kind``: number, name, text, pattern, op, newline or end. ``called``: a ``(`` follows at once."""

    kind: str
    value: str
    called: bool = False


def tokens(source: str) -> list[Token]:
    """All tokens of a program, an end token last. No text is too strange: unknown characters are operators of their own."""
    found: list[Token] = []
    at = 0
    while at < len(source):
        if source[at] == "/" and not _divides(found):
            pattern = PATTERN.match(source, at)
            if pattern is not None:
                found.append(Token("pattern", pattern[1]))
                at = pattern.end()
                continue
        match = TOKEN.match(source, at)
        if match is None:  # the last alternative matches any character
            break
        kind, value = match.lastgroup or "other", match[0]
        at = match.end()
        if kind == "space":
            continue
        if kind == "text":
            value = unescaped(value[1:-1] if len(value) > 1 and value.endswith('"') else value[1:])
        found.append(Token("op" if kind == "other" else kind, value, called=kind == "name" and source[at : at + 1] == "("))
    found.append(Token("end", ""))
    return found


def _divides(before: list[Token]) -> bool:
    if not before:
        return False
    last = before[-1]
    if last.kind in VALUES:
        return last.value not in NOT_OPERANDS or last.kind != "name"
    return last.kind == "op" and last.value in (")", "]", "$", "++", "--")
