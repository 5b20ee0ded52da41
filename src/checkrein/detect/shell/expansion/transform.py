"""``${name<operator>argument}``: what the operators make of a value."""

from __future__ import annotations

import fnmatch
import re

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.syntax.escapes import unescape_ansi
from checkrein.detect.shell.values import Value

MAX_MATCHED = 2_000  # characters of a text that is matched with a pattern; longer is unknown
MAX_PRODUCT = 10_000_000
SPECIAL = re.compile(r"[*?\[/]")
ESCAPED = re.compile(r"\[([*?\[/])\]")


def quoted_pattern(text: str) -> str:
    """``text`` as a pattern that matches itself only; a slash in it does not end the pattern of ``${name/pattern/text}``."""
    return SPECIAL.sub(r"[\g<0>]", text)


def _plain(pattern: str) -> str:
    return ESCAPED.sub(r"\1", pattern)


def transform(value: Value, operator: str, argument: Value) -> Value:
    """``${name<operator>argument}`` on a value that is set; ``argument`` is a pattern where the operator takes one."""
    text, pattern = value.text, argument.text
    if operator in ("^^", "^", ",,", ",") and not pattern:
        return Value(_cased(text, operator), value.glob, value.origins)
    if not value.known or not argument.known:
        result = UNKNOWN
    elif operator in ("#", "##", "%", "%%"):
        result = _strip(text, pattern, operator)
    elif operator.startswith("/"):
        result = _substitute(text, pattern, operator)
    elif operator == ":":
        result = _slice(text, pattern)
    elif operator == "@":
        result = _converted(text, pattern)
    else:
        result = UNKNOWN
    return Value(result, value.glob, value.origins | argument.origins)


def _cased(text: str, operator: str) -> str:
    changed = {"^^": text.upper(), ",,": text.lower(), "^": text[:1].upper() + text[1:], ",": text[:1].lower() + text[1:]}
    return changed[operator] if text.isascii() else UNKNOWN


def _converted(text: str, kind: str) -> str:
    """``${name@U}`` and its like."""
    match kind:
        case "E":
            return unescape_ansi(text)
        case "U" | "u" | "L":
            return _cased(text, {"U": "^^", "u": "^", "L": ",,"}[kind])
        case _:
            return UNKNOWN


def _strip(text: str, pattern: str, operator: str) -> str:
    """Without its shortest (one sign) or longest (two) beginning or end that matches."""
    plain = _plain(pattern)
    if quoted_pattern(plain) == pattern:
        return text.removeprefix(plain) if operator[0] == "#" else text.removesuffix(plain) if plain else text
    if len(text) > MAX_MATCHED or "[^" in pattern or "[:" in pattern or "[." in pattern or "[=" in pattern:
        return UNKNOWN
    matches = re.compile(fnmatch.translate(pattern)).match
    sizes = range(len(text) + 1) if len(operator) == 1 else range(len(text), -1, -1)
    if operator[0] == "#":
        return next((text[size:] for size in sizes if matches(text[:size])), text)
    return next((text[: len(text) - size] for size in sizes if matches(text[len(text) - size :])), text)


def _substitute(text: str, argument: str, operator: str) -> str:
    """The first (``/``), every (``//``), a leading (``/#``) or a trailing (``/%``) occurrence replaced."""
    separator = re.compile(r"(?<!\[)/").search(argument)
    pattern = argument if separator is None else argument[: separator.start()]
    replacement = "" if separator is None else _plain(argument[separator.end() :])
    plain = _plain(pattern)
    if quoted_pattern(plain) != pattern or "&" in replacement or "\\" in replacement:
        return UNKNOWN  # a pattern, or a replacement that may name what was matched
    if operator == "/#":
        return replacement + text[len(plain) :] if text.startswith(plain) else text
    if operator == "/%":
        return text[: len(text) - len(plain)] + replacement if text.endswith(plain) else text
    if not plain:
        return text
    if len(text) * len(replacement) > MAX_PRODUCT:
        return UNKNOWN
    return text.replace(plain, replacement, -1 if operator == "//" else 1)


def _slice(text: str, argument: str) -> str:
    match = re.fullmatch(r"\s*(-?\d{1,9})?\s*(?::\s*(-?\d{1,9})?\s*)?", argument, re.ASCII)
    if match is None:
        return UNKNOWN
    start = int(match[1] or "0")
    if start < 0:
        start += len(text)
        if start < 0:
            return ""
    if ":" not in argument:
        return text[start:]
    length = int(match[2] or "0")
    return text[start : start + length] if length >= 0 else text[start : len(text) + length]
