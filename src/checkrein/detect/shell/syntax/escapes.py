"""What ``$'...'`` stands for and what ``echo -e`` and ``printf`` print, byte for byte as bash has it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.values import NUL

MAX_ROUNDS = 1_000
SIMPLE = {"a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}
NUMBER = r"x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}"
ECHO = re.compile(rf"\\({NUMBER}|0[0-7]{{0,3}}|[^1-7])", re.DOTALL)
DIRECTIVE = r"%(?P<flags>[-+ #0']*)(?P<width>\*|\d*)(?P<dot>\.)?(?P<precision>\*|\d*)[hlLqjzt]*(?P<kind>\(.*?\)T|[a-zA-Z%])"
FORMAT = re.compile(rf"\\(?P<code>{NUMBER}|[0-7]{{1,3}}|.)|{DIRECTIVE}|(?P<text>.)", re.DOTALL)
WORD_B = re.compile(rf"\\({NUMBER}|0[0-7]{{0,3}}|[0-7]{{1,3}}|.)", re.DOTALL)
ANSI = re.compile(r"\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3}|c.|.)", re.DOTALL)
QUOTED = re.compile(r"""\\(.)|(\$?)'([^']*)'|\$?"((?:[^"\\]|\\.)*)\"""", re.DOTALL)
ESCAPED_IN_DOUBLE = re.compile(r'\\([$`"\\])')
ANSI_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v"}


def unescape_ansi(text: str) -> str:
    """The text of ``$'...'``. As in bash it ends at a NUL."""

    def one(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] in "xuU" and len(code) > 1:
            number = int(code[1:], 16)
            return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "�"
        if code[0] in "01234567":
            return chr(int(code, 8) & 0xFF)
        if code[0] == "c" and len(code) > 1:
            return chr(ord(code[1]) & 0x1F)
        return ANSI_ESCAPES.get(code, code if code in "\\'\"?" else "\\" + code)

    return ANSI.sub(one, text).partition("\0")[0]


def echo_text(text: str) -> tuple[str, bool]:
    r"""``text`` with the escapes of ``echo -e``; True where ``\c`` ends the output."""
    return _unescaped(text, ECHO)


def _unescaped(text: str, pattern: re.Pattern[str]) -> tuple[str, bool]:
    stop = next((match for match in pattern.finditer(text) if match[1] == "c"), None)
    kept = text if stop is None else text[: stop.start()]
    return pattern.sub(lambda match: _character(match[1]), kept), stop is not None


def _character(code: str) -> str:
    if code[0] in "xuU" and len(code) > 1:
        return _chr(int(code[1:], 16))
    if code[0] in "01234567":
        return _chr(int(code, 8) & 0xFF)
    return SIMPLE.get(code, "\\" + code)


def _chr(number: int) -> str:
    if number == 0:
        return NUL
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"


def printf_text(words: Sequence[str]) -> str:
    """What ``printf FORMAT WORD...`` prints; the format is used again while words are left."""
    if words and words[0] == "--":
        words = words[1:]
    if not words:
        return ""
    rest = list(words[1:])
    output: list[str] = []
    for _ in range(MAX_ROUNDS):
        before = len(rest)
        for match in FORMAT.finditer(words[0]):
            code = match["code"]
            if code:
                output.append(code if code in "\"'?" else _character(code))
            elif match["text"]:
                output.append(match["text"])
            elif match["kind"] == "%":
                output.append("%")
            else:
                text, stops = _directive(match, rest)
                output.append(text)
                if stops:
                    return "".join(output)
        if not rest or len(rest) == before:
            return "".join(output)
    return "".join(output) + UNKNOWN


def _directive(match: re.Match[str], rest: list[str]) -> tuple[str, bool]:
    """One ``%`` directive, and whether the output ends with it."""
    if "*" in (match["width"], match["precision"]):
        rest.clear()
        return UNKNOWN, False
    word, kind = rest.pop(0) if rest else "", match["kind"]
    text, stops = word, False
    if kind == "b":
        text, stops = _unescaped(word, WORD_B)
    elif kind == "c":
        text = word[:1]
    elif kind == "q":
        text = word if re.fullmatch(r"[\w./:=@%+-]+", word, re.ASCII) else UNKNOWN
    elif kind in ("d", "i", "u", "x", "X", "o") and not match["dot"]:
        return _number(word, match), False
    elif kind != "s":
        text = UNKNOWN
    if match["dot"]:
        text = text[: int(match["precision"][:6] or "0")]
    width = min(int(match["width"][:6] or "0"), 10_000)
    return text.ljust(width) if "-" in match["flags"] else text.rjust(width), stops


def _number(word: str, match: re.Match[str]) -> str:
    if (
        not re.fullmatch(r"-?(?:0|[1-9]\d{0,17})|", word, re.ASCII)
        or match["flags"] not in ("", "0")
        or (word[:1] == "-" and match["kind"] not in "di")
    ):
        return UNKNOWN
    kind = match["kind"] if match["kind"] in "xXo" else "d"
    width = min(int(match["width"][:6] or "0"), 10_000)
    return f"{int(word or '0'):{match['flags']}{width or ''}{kind}}"


def unquoted(text: str) -> str:
    """Source text of a word without its quotes, expansions left as they stand."""

    def one(match: re.Match[str]) -> str:
        escaped, ansi, single, double = match.groups()
        if single is not None:
            return unescape_ansi(single) if ansi else single
        return ESCAPED_IN_DOUBLE.sub(r"\1", double) if double is not None else escaped

    return QUOTED.sub(one, text)


def quote(text: str) -> str:
    """``text`` as one shell word that is never a keyword, a pattern or an alias."""
    return "'" + text.replace("'", "'\\''") + "'"
