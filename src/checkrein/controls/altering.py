"""What in a command gives a text out in another form, in which nobody would know a value again.

``rev``, ``cut -c1-5`` and ``${TOKEN:0:5}`` print what no search finds. So does a test against a pattern: by its answers a value
can be guessed letter by letter. What a program prints that only hands a value on to a host is that host's answer, and may
be cut as one likes.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import pairwise
from typing import Any

from checkrein.controls.context import Context
from checkrein.controls.destinations import DATABASES, GIT_SEARCH, TALKING
from checkrein.detect.shell.syntax.nodes import (
    Assignment,
    Case,
    Literal,
    Parameter,
    Part,
    Pipeline,
    Redirect,
    Simple,
    Test,
    Word,
)
from checkrein.detect.shell.syntax.parser import parse
from checkrein.detect.words import joins
from checkrein.vault.alone import joined

HASHING = frozenset(("cksum", "md5sum", "sha1sum", "sha256sum", "sha512sum"))
"""Programs from whose output nobody gets back what they were given."""
_Words = tuple[str, ...]
_DEPTH = 3  # command lines within command lines
_PLAIN_FORMAT = re.compile(r"(?:[^%]|%%|%[sb])*", re.DOTALL)
_JOINING_FORMAT = re.compile(r"[A-Za-z0-9_]%[sbq]|%[sbq][A-Za-z0-9_%]")
_ESCAPED = re.compile(r"\\(?:[0-7]{1,3}|x[0-9A-Fa-f]{1,2}|.)|%%", re.DOTALL)
_VERBOSE = re.compile(r"-[a-zA-Z]*v[a-zA-Z]*|--verbose|--debug")
_BLANKS = frozenset(" \t\n")
_ORDER = frozenset(("<", ">", "=~"))
_EQUAL = frozenset(("=", "==", "!="))
_NESTED = ("${", "[[", "case ", "read ")
_SILENT = frozenset(("export", "declare", "local", "readonly", "typeset", "test", "[", ":", "true", "false"))
_TELLING = frozenset(("env", "printenv", "sudo", "xargs"))
_TESTS = frozenset(("test", "["))
_TAKING_LETTERS = frozenset(("read", "mapfile", "readarray"))


def _always(_words: _Words) -> bool:
    return True


def _given(pattern: str) -> Callable[[_Words], bool]:
    """Whether one of the words is such an option."""
    compiled = re.compile(pattern, re.DOTALL)
    return lambda words: any(compiled.fullmatch(word) for word in words)


_ALTERING: Mapping[str, Callable[[_Words], bool]] = {
    **dict.fromkeys(
        ("awk", "gawk", "mawk", "cmp", "cut", "expr", "fold", "hexdump", "jq", "od", "rev", "tr", "xxd", "yq"), _always
    ),
    **dict.fromkeys(("grep", "egrep", "fgrep", "rg", "git grep"), _always),
    **dict.fromkeys(("head", "tail"), _given(r"-[a-z]*c.*|--bytes.*")),
    "sed": lambda words: not _given(r"-[nErsz]*i.*|--in-place.*")(words),
    "base64": lambda words: _given(r"-[a-z]*w.*|--wrap.*|-b.*|--break.*")(words) and not _given(r"-w0|--wrap=0")(words),
    "column": _given(r"-[a-z]*[so].*|--(?:output-)?separator.*"),
    "tac": _given(r"-[a-z]*s.*|--separator.*"),
    "xargs": _given(r"-[a-z0-9]*d.*|--delimiter.*"),
    "printf": lambda words: bool(words) and not _PLAIN_FORMAT.fullmatch(words[0]),
}
"""Programs that alter what they print, and what their words say of it."""
_SEARCHING = frozenset(("grep", "egrep", "fgrep", "rg", "git grep"))
"""Programs that print whole lines of something else where the value is what they look for."""


def altering(context: Context, values: Collection[str]) -> tuple[str, ...]:
    """The programs and expansions of a command that would give out a part of one of ``values``, or all of it altered."""
    tree = parse(str(context.event.input.get("command", "")))
    found = dict.fromkeys(_expansions(tree, _DEPTH))
    found.update(dict.fromkeys(argv[0] for argv in context.programs if selects(argv, values)))
    if _prints(context, values, tree):
        spared = Counter(_after_hashing(tree))
        for argv in context.programs:
            if _alters(argv, values):
                if not spared[argv[0]]:
                    found[argv[0]] = None
                spared[argv[0]] -= bool(spared[argv[0]])
    return tuple(found)


def joining(context: Context, value: str) -> tuple[str, ...]:
    """What in a command would print ``value`` in the middle of a word."""
    tree = parse(str(context.event.input.get("command", "")))
    variables = {node.name for node in _walk(tree) if isinstance(node, Assignment) and value in (node.value.literal or "")}
    found = dict.fromkeys(argv[0] for argv in context.programs if not hands_on(argv) and _joins(argv, value))
    bodies = (node.heredoc.body for node in _walk(tree) if isinstance(node, Redirect) and node.heredoc is not None)
    if any(_is_joined(one, two, value, variables) for body in bodies for one, two in pairwise(body.parts)):
        found["<<"] = None
    return tuple(found)


def _joins(argv: _Words, value: str) -> bool:
    """Whether a program gets ``value`` in the middle of a word, or a format that makes it one."""
    formatted = (
        argv[0] == "printf" and _holds(" ".join(argv[2:]), (value,)) and _JOINING_FORMAT.search(_ESCAPED.sub(" ", argv[1]))
    )
    return bool(formatted) or any(any(joined(value, word)) for word in argv)


def _is_joined(one: Part, two: Part, value: str, variables: Collection[str]) -> bool:
    """Whether of two parts of a text that stand side by side one is ``value`` and the other of the same word."""
    ends, begins = _text_of(one, value, variables), _text_of(two, value, variables)
    return (ends.endswith(value) and joins(begins[:1], value[-1])) or (begins.startswith(value) and joins(ends[-1:], value[0]))


def _text_of(part: Part, value: str, variables: Collection[str]) -> str:
    """The text of a part: ``value`` for a variable that holds it, and a letter for what is not known."""
    if isinstance(part, Literal):
        return part.text
    return value if isinstance(part, Parameter) and part.name in variables else "x"


def selects(argv: _Words, values: Collection[str]) -> bool:
    """Whether a database is given a value to make something of it, and to print that."""
    return argv[0] in DATABASES and any("select" in word.lower() and _holds(word, values) for word in argv[1:])


def _alters(argv: _Words, values: Collection[str]) -> bool:
    name, words = (" ".join(GIT_SEARCH), argv[2:]) if argv[:2] == GIT_SEARCH else (argv[0], argv[1:])
    told = _ALTERING.get(name)
    looked_for = name in _SEARCHING and any(_holds(word, values) for word in words)
    return told is not None and not looked_for and told(words)


def _prints(context: Context, values: Collection[str], tree: Any) -> bool:
    """Whether a value may get to a program's input: not where all that hold one hand it on to a host."""
    holding = [
        argv
        for argv, environment in zip(context.programs, context.environments, strict=True)
        if any(_holds(word, values) for word in (*argv, *(environment.values() if _tells_of_variables(argv) else ())))
    ]
    return (
        not holding
        or not all(map(hands_on, holding))
        or any(isinstance(node, Redirect) and _is_text(node) for node in _walk(tree))
    )


def _tells_of_variables(argv: _Words) -> bool:
    """Whether a program may print its environment: what a shell exports is given to every one."""
    return argv[0] in _TELLING or any("env" in word.lower() for word in argv[1:])


def hands_on(argv: _Words) -> bool:
    """Whether a program prints nothing of what it is given itself: only, if at all, what a host answers."""
    if argv[:2] == GIT_SEARCH:
        return False
    return argv[0] in DATABASES | _SILENT or (argv[0] in TALKING and not any(_VERBOSE.fullmatch(word) for word in argv[1:]))


def _is_text(redirect: Redirect) -> bool:
    return redirect.heredoc is not None or redirect.operator == "<<<"


def _holds(word: str, values: Collection[str]) -> bool:
    return any(value in word for value in values)


def _after_hashing(tree: Any) -> Iterator[str]:
    """The names of programs that get a hash in a pipe."""
    for node in _walk(tree):
        if not isinstance(node, Pipeline):
            continue
        hashed = False
        for command in node.commands:
            if isinstance(command, Simple) and command.words and (name := command.words[0].plain):
                if hashed and not command.redirects:
                    yield name
                hashed = hashed or name in HASHING


def _expansions(tree: Any, depth: int) -> Iterator[str]:
    """Expansions that take a value apart, and tests that tell what it begins with; in words that are commands, too."""
    for node in _walk(tree):
        match node:
            case Parameter(operator=operator) if _takes_apart(operator):
                yield f"${{{node.name}{operator.removeprefix('indirect')}...}}"
            case Assignment(name="IFS") if not _BLANKS.issuperset(node.value.literal or ""):
                yield "IFS"
            case Simple(words=(first, *rest)) if first.plain in _TAKING_LETTERS and any(map(_takes_letters, rest)):
                yield str(first.plain)
            case Simple(words=(first, *rest)) if first.plain in _TESTS and not _ORDER.isdisjoint(word.literal for word in rest):
                yield str(first.plain)
            case Test(arithmetic=False) if _guesses(node):
                yield "[["
            case Case() if any(_is_pattern(word) for words, _ in node.items for word in words if word.plain != "*"):
                yield "case"
            case Literal(text=text) if depth and any(sign in text for sign in _NESTED):
                yield from _expansions(parse(text), depth - 1)


def _takes_apart(operator: str) -> bool:
    told = operator.removeprefix("indirect")
    return told in (":", "unread") or told[:1] in tuple("#%/^,@")


def _takes_letters(word: Word) -> bool:
    text = word.literal or ""
    return text.startswith("-") and any(letter in text for letter in "nNd")


def _guesses(test: Test) -> bool:
    signs = {word.literal for word in test.words}
    return not signs.isdisjoint(_ORDER) or (not signs.isdisjoint(_EQUAL) and any(map(_is_pattern, test.words)))


def _is_pattern(word: Word) -> bool:
    unquoted = (part.text for part in word.parts if isinstance(part, Literal) and not part.quoted)
    return any(sign in text for text in unquoted for sign in "*?[")


def _walk(node: Any) -> Iterator[Any]:
    """Every node of the tree."""
    if isinstance(node, (tuple, list)):
        for item in node:
            yield from _walk(item)
    elif dataclasses.is_dataclass(node):
        yield node
        for field in dataclasses.fields(node):
            yield from _walk(getattr(node, field.name))
