"""Masks a command line: the words that say what is done stay, the values that could be secrets go.

A lenient lexer in the terms of POSIX 2.3 (token recognition) reads it: quotes, operators, here-documents. It never fails:
what is left open runs to the end of the text, and a word that it reads differently from a shell is still masked by its shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache

from checkrein.ledger.masktext import MASK, harmless, is_ordinary, is_sensitive, mask_private_keys, mask_text, mask_word

_DEEPEST = 4  # command lines within each other that are read as such
_LONGEST = 8192  # characters that are looked at; a record is not a copy
_KEPT = 2_000
_SHORT = 16
_SPACE = " \t\r"
_OPERATORS = "\n;&|()<>"
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\[[^\]]*\])?\+?=")
_CAPITALS = re.compile(r"[A-Z_][A-Z0-9_]*\Z")
_LONG_OPTION = re.compile(r"--?[A-Za-z][\w.-]*\Z")

_BEFORE_ASSIGNMENTS = frozenset({"export", "declare", "local", "readonly", "typeset", "env", "sudo", "doas", "set", "setx"})
_SETTERS = frozenset(
    {"config", "configure", "set", "setx", "secret", "secrets", "vault", "kv", "put", "login", "add-generic-password"}
)
_VALUE_OPTIONS = {
    "curl": "uUHbdFET",
    "http": "a",
    "https": "a",
    "mysql": "p",
    "mysqldump": "p",
    "mysqladmin": "p",
    "mariadb": "p",
    "sshpass": "p",
    "redis-cli": "a",
    "mongosh": "p",
    "mongo": "p",
    "docker": "e",
    "podman": "e",
    "ldapsearch": "w",
    "smbclient": "U",
    "zip": "P",
    "unzip": "P",
    "7z": "p",
    "openssl": "Kk",
}
_PAIR_WRITERS = {"vault": frozenset({"write", "put", "patch"})}
"""Programs whose ``name=value`` words behind these words hold secrets, whatever their names."""
_FEEDS_PASSWORDS = frozenset({"chpasswd", "--password-stdin", "--stdin"})
"""Words of a command that reads a password: what ``echo`` and ``printf`` say beside it is one."""
_PRINTERS = frozenset({"echo", "printf"})
_BODY_OPTIONS = frozenset(["--data", "--form", "--json", "--url-query", "--user", "--proxy-user", "--post-data", "--body-data"])


class _Kind(Enum):
    WORD = auto()
    OPERATOR = auto()
    SPACE = auto()
    BODY = auto()  # of a here-document


@dataclass(frozen=True, slots=True)
class _Token:
    kind: _Kind
    raw: str
    value: str = ""  # of a word: without its quotes


@dataclass(slots=True)
class _Place:
    """Where in a command the next word stands."""

    depth: int  # how many command lines this one is quoted in
    program: str = ""
    words: set[str] = field(default_factory=set)
    takes_assignments: bool = True
    value_next: bool = False
    header_next: bool = False
    pair_next: bool = False
    feeds_passwords: bool = False
    plain: list[str] = field(default_factory=list)  # words that are no options, behind the program
    flags: str = ""  # letters of short options


def mask_command(command: str) -> str:
    """The command line as it is recorded. Nothing behind its first 8,192 characters is, but how much that was."""
    return _masked_again(command) if len(command) <= _KEPT else _mask_line(mask_private_keys(command), 0)


@lru_cache(maxsize=256)
def _masked_again(command: str) -> str:
    """A call is recorded more than once: before it runs, and with its result."""
    return _mask_line(mask_private_keys(command), 0)


def _mask_line(text: str, depth: int) -> str:
    rest = len(text) - _LONGEST
    place = _Place(depth)
    shown: list[str] = []
    end = 0
    tokens = list(_lex(text[:_LONGEST]))
    place.feeds_passwords = any(token.value.rpartition("/")[2] in _FEEDS_PASSWORDS for token in tokens)
    for token in tokens:
        end += len(token.raw)
        if rest > 0 and end >= _LONGEST:
            break  # the token that the cut runs through: a part of a secret is harder to know than the whole
        shown.append(_shown(token, place))
    if rest > 0:
        shown.append(f" [{rest} more characters]")
    return "".join(shown)


def _shown(token: _Token, place: _Place) -> str:
    if token.kind is _Kind.SPACE:
        return token.raw
    if token.kind is _Kind.BODY:
        return f"[{len(token.raw.encode(errors='replace'))} bytes masked]\n"
    if token.kind is _Kind.OPERATOR:
        if token.raw == "<<<":
            place.value_next = True
        elif token.raw[0] not in "<>":
            place.program, place.words, place.takes_assignments = "", set(), True
            place.plain, place.flags = [], ""
            place.value_next = place.header_next = False
        return token.raw
    return _mask_argument(token, place)


def _mask_argument(word: _Token, place: _Place) -> str:
    value = word.value
    if place.value_next:
        place.value_next = False
        return word.raw if harmless(value) else MASK
    if place.header_next:
        place.header_next = False
        return _mask_header(value)
    if assignment := _ASSIGNMENT.match(word.raw):
        name = assignment.group()
        if place.takes_assignments or _CAPITALS.match(name.rstrip("+=")):
            kept = _stays(name.rstrip("+="), value[len(name) :], place.depth)
            return word.raw if kept else f"{mask_word(name[:-1])}={MASK}"
    _note_program(value, place)
    if (given := _mask_by_position(word, place)) is not None:
        return given
    masked = _mask_option(word, place) if value.startswith("-") else None
    if masked is None:
        place.value_next = _names_a_secret(value, place)
        masked = _mask_plain(word, place.depth)
    place.words.add(value)
    return masked


def _stays(name: str, value: str, depth: int) -> bool:
    """Whether what is assigned to ``name`` may be shown: neither name nor value says that it could be a secret."""
    if harmless(value):
        return True
    if is_sensitive(name) or not is_ordinary(value):
        return False
    return mask_text(mask_word(value)) == value and (depth >= _DEEPEST or _mask_line(value, depth + 1) == value)


def _mask_by_position(word: _Token, place: _Place) -> str | None:
    """What stands where a program takes a secret, masked whatever it looks like; None where the word stands elsewhere."""
    value = word.value
    if value.startswith("-"):
        place.flags += value[1:] if not value.startswith("--") else ""
        name, equals, pair = value.partition("=")
        if name == "--from-literal" and equals:
            return f"{name}={_mask_pair(pair)}"
        place.pair_next = name == "--from-literal"
        return None
    if place.pair_next:
        place.pair_next = False
        return _mask_pair(value)
    if place.program == value.rpartition("/")[2] and not place.plain:
        return None
    place.plain.append(value)
    if place.program == "htpasswd" and "b" in place.flags:
        return MASK if len(place.plain) >= (2 if "n" in place.flags else 3) else None
    if place.program in _PRINTERS and place.feeds_passwords:
        return word.raw if harmless(value) else MASK
    if not _PAIR_WRITERS.get(place.program, frozenset()).isdisjoint(place.words) and "=" in value:
        return _mask_pair(value)
    return None


def _mask_pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    return f"{mask_word(name)}={value if harmless(value) or value.startswith('@') else MASK}" if equals else MASK


def _note_program(value: str, place: _Place) -> None:
    """Keep up with which program's options follow; wrappers such as ``timeout 5 mysql`` give way to the program behind them."""
    name = value.rpartition("/")[2]
    if value in _BEFORE_ASSIGNMENTS:
        place.takes_assignments = True
    elif not place.program or name in _VALUE_OPTIONS:
        place.program = name
        place.takes_assignments = False


def _mask_option(word: _Token, place: _Place) -> str | None:
    """The option masked, with what it says about the next word noted in ``place``; None where it says nothing of its own."""
    name, equals, value = word.value.partition("=")
    if not name.startswith("--"):
        masked = _mask_short_option(word, place)
        if masked is not None:
            return masked
    if not _LONG_OPTION.match(name) or not (is_sensitive(name) or name in _BODY_OPTIONS or name.startswith("--data-")):
        return None
    if equals:
        return word.raw if harmless(value) else f"{name}={MASK}"
    place.header_next = name in ("--header", "--headers")
    place.value_next = not place.header_next
    return mask_word(name)


def _mask_short_option(word: _Token, place: _Place) -> str | None:
    """``-pVALUE``, ``-p VALUE`` and ``-sSp VALUE`` of the programs whose ``-p`` takes a secret."""
    letters = _VALUE_OPTIONS.get(place.program, "") + ("p" if "login" in place.words else "")
    at = next((index for index, letter in enumerate(word.value) if letter in letters), None)
    if at is None or not word.value[1 : at + 1].isalpha():
        return None
    if at + 1 < len(word.value):
        return word.value[: at + 1] + MASK
    place.header_next = word.value[at] == "H"
    place.value_next = not place.header_next
    return word.raw


def _names_a_secret(value: str, place: _Place) -> bool:
    """``aws configure set aws_secret_access_key VALUE``: the word before says what the next one is."""
    return not _SETTERS.isdisjoint(place.words) and not value.startswith("-") and is_sensitive(value.rpartition("/")[2])


def _mask_header(value: str) -> str:
    name, colon, _ = value.partition(":")
    return f"'{mask_word(name)}: {MASK}'" if colon and " " not in name else MASK


def _mask_plain(word: _Token, depth: int) -> str:
    """A word that nothing is known about: kept as it was written where nothing in it looks like a secret.

    One that holds several words may be code, or a command line for another shell (``bash -c``, ``ssh``, ``eval``): it is
    read as both.
    """
    if len(word.raw) < _SHORT and word.raw == word.value:
        return _mask_short(word.raw)
    if any(character.isspace() for character in word.value) and depth < _DEEPEST:
        inner = mask_text(_mask_line(word.value, depth + 1))
    else:
        inner = mask_text(mask_word(word.value))
    if inner == word.value and mask_text(word.raw) == word.raw:
        return word.raw
    return f"'{inner}'" if word.raw != word.value else inner


@lru_cache(maxsize=4096)
def _mask_short(raw: str) -> str:
    """Commands are made of the same short words again and again."""
    return mask_text(mask_word(raw))


def _lex(text: str) -> Iterator[_Token]:
    """Every character of ``text`` in exactly one token."""
    position = 0
    waiting: list[tuple[str, bool]] = []  # here-documents whose bodies begin with the next line: delimiter, tabs stripped
    opens: str | None = None
    while position < len(text):
        character = text[position]
        if character in _SPACE:
            end = position + 1
            while end < len(text) and text[end] in _SPACE:
                end += 1
            yield _Token(_Kind.SPACE, text[position:end])
        elif character == "\n" and waiting:
            yield _Token(_Kind.OPERATOR, "\n")
            end = _end_of_bodies(text, position + 1, waiting)
            waiting = []
            if end > position + 1:
                yield _Token(_Kind.BODY, text[position + 1 : end])
        elif character in _OPERATORS:
            end = _end_of_operator(text, position)
            operator = text[position:end]
            opens = operator if operator in ("<<", "<<-") else None
            yield _Token(_Kind.OPERATOR, operator)
        else:
            end, value = _read_word(text, position)
            if opens:
                waiting.append((value, opens == "<<-"))
                opens = None
            yield _Token(_Kind.WORD, text[position:end], value)
        position = end


def _end_of_operator(text: str, start: int) -> int:
    for operator in ("<<<", "<<-", "<<", "&&", "||", ">>", ";;", "<&", ">&", "|&"):
        if text.startswith(operator, start):
            return start + len(operator)
    return start + 1


def _end_of_bodies(text: str, start: int, waiting: list[tuple[str, bool]]) -> int:
    position = start
    for delimiter, strips_tabs in waiting:
        while position < len(text):
            newline = text.find("\n", position)
            line = text[position:] if newline < 0 else text[position:newline]
            position = len(text) if newline < 0 else newline + 1
            if (line.lstrip("\t") if strips_tabs else line) == delimiter:
                break
    return position


def _read_word(text: str, start: int) -> tuple[int, str]:
    """Where the word ends, and its value without quotes and escapes (expansions are left as they stand)."""
    value: list[str] = []
    position = start
    while position < len(text):
        character = text[position]
        if character in _SPACE or character in _OPERATORS:
            break
        if character == "\\":
            value.append(text[position + 1 : position + 2].replace("\n", ""))
            position += 2
        elif character == "'":
            end = _find(text, "'", position + 1)
            value.append(text[position + 1 : end])
            position = end + 1
        elif character == '"':
            end = _end_of_double_quotes(text, position + 1)
            value.append(text[position + 1 : end].replace('\\"', '"').replace("\\\n", ""))
            position = end + 1
        elif text.startswith("${", position):
            end = _find(text, "}", position) + 1
            value.append(text[position:end])
            position = end
        else:
            value.append(character)
            position += 1
    return min(position, len(text)), "".join(value)


def _end_of_double_quotes(text: str, start: int) -> int:
    position = start
    while position < len(text) and text[position] != '"':
        position += 2 if text[position] == "\\" else 1
    return min(position, len(text))


def _find(text: str, mark: str, start: int) -> int:
    found = text.find(mark, start)
    return len(text) if found < 0 else found
