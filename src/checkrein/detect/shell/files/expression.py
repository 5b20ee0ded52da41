"""find's expressions: which conditions hold where an action is carried out.

Source: find(1) and https://pubs.opengroup.org/onlinepubs/9799919799/utilities/find.html. What cannot be told widens what is
taken to be found, and never narrows it.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from checkrein.core.effect import UNKNOWN
from checkrein.core.sweep import ANY_DEPTH
from checkrein.detect.shell.options import listed

MAX_CASES = 24
MAX_LITERALS = 40  # in one case: fewer conditions let more be found
MAX_NESTED = 40
TESTS = frozenset(
    listed(
        "-name -iname -path -ipath -wholename -iwholename -regex -iregex -type -xtype -size -mtime -mmin -atime -ctime -newer "
        "-user -group -perm -amin -cmin -inum -lname -ilname -links -newermt -samefile -fstype -anewer -cnewer -used -uid -gid"
    )
)  # fmt: skip
PLAIN_TESTS = frozenset(listed("-empty -nouser -nogroup -readable -writable -executable"))
OPTIONS = frozenset(("-maxdepth", "-mindepth", "-regextype", "-files0-from"))
PRINTS = frozenset(("-print", "-print0", "-ls", "-printf", "-fprint", "-fprint0", "-fls", "-fprintf"))
FILES = frozenset(("-fprint", "-fprint0", "-fls", "-fprintf"))
RUNS = frozenset(("-exec", "-execdir", "-ok", "-okdir"))
ACTIONS = PRINTS | RUNS | {"-delete", "-prune", "-quit"}
EVERYTHING = {"-name": ("*", ".*"), "-path": ("*", "*/*", "./*"), "-regex": (".*",)}
NOTHING = {"-name": (".", ".."), "-path": (".", "./", ".."), "-regex": ()}
SPELLINGS = {"-wholename": "-path", "-iwholename": "-ipath"}


@dataclass(frozen=True, slots=True)
class Literal:
    """One test, or that it fails. ``name`` is "" for a condition that cannot be told."""

    name: str = ""
    value: str = ""
    holds: bool = True


Case = tuple[Literal, ...]
"""Literals that all hold."""
Cases = tuple[Case, ...]
"""One of these holds: none is never, an empty one always."""
ALWAYS: Cases = ((),)
NEVER: Cases = ()
PERHAPS: Cases = ((Literal(),),)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A test, or an action with its words."""

    name: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """What follows ``!``."""

    inner: Node


@dataclass(frozen=True, slots=True)
class Chain:
    """``and``: each part is evaluated where all before it hold. ``or``: where none does. ``,``: always."""

    operator: str
    parts: tuple[Node, ...]


Node = Leaf | Not | Chain


@dataclass(slots=True)
class Expression:
    """A command line of find, read. ``depths`` are levels below the roots, least and most."""

    roots: tuple[str, ...]
    node: Node
    depths: tuple[int, int] = ANY_DEPTH
    extended: bool = False  # its regular expressions have bare brackets
    whole_first: bool = False  # what is in a folder comes before the folder, so that -prune does nothing
    actions: list[tuple[Leaf, Cases]] = field(default_factory=list)


def read(args: Sequence[str]) -> Expression:
    """Read the words behind ``find``. Never raises: what is no expression is read as far as it goes."""
    at = 0
    while at < len(args) and args[at] in ("-H", "-L", "-P", "-O1", "-O2", "-O3", "-D", "--"):
        at += 2 if args[at] == "-D" else 1
    start = at
    while at < len(args) and not args[at].startswith("-") and args[at] not in ("(", "!", ")", ","):
        at += 1
    reader = _Reader(list(args[at:]))
    node = reader.all()
    roots = (*args[start:at], *reader.roots) or (".",)
    found = Expression(roots, node, reader.depths, reader.extended, reader.whole_first)
    found.actions = list(_actions(node, ALWAYS))
    if not any(leaf.name not in ("-prune", "-quit") for leaf, _ in found.actions):
        found.actions.append((Leaf("-print"), cases_of(node)))
    return found


class _Reader:
    """Reads an expression by descent; ``!`` binds most tightly, then ``and``, ``-o`` and ``,``."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._at = 0
        self._nested = 0
        self.roots: list[str] = []
        self.depths = ANY_DEPTH
        self.extended = False
        self.whole_first = False

    def all(self) -> Node:
        """The whole expression. A bracket too many is passed over."""
        parts = [self._list()]
        while self._at < len(self._words):
            self._at += 1
            parts.append(self._list())
        return _chain("and", parts)

    def _peek(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ")"

    def _next(self) -> str:
        self._at += 1
        return self._words[self._at - 1] if self._at <= len(self._words) else ""

    def _list(self) -> Node:
        parts = [self._or()]
        while self._peek() == "," and self._next():
            parts.append(self._or())
        return _chain(",", parts)

    def _or(self) -> Node:
        parts = [self._and()]
        while self._peek() in ("-o", "-or") and self._next():
            parts.append(self._and())
        return _chain("or", parts)

    def _and(self) -> Node:
        parts: list[Node] = []
        while self._peek() not in (")", "-o", "-or", ","):
            if self._peek() in ("-a", "-and"):
                self._next()
            else:
                parts.append(self._term())
        return _chain("and", parts)

    def _term(self) -> Node:
        word = self._next()
        if word in ("!", "-not"):
            turns = 1
            while self._peek() in ("!", "-not") and self._next():
                turns += 1
            inner = self._term() if self._peek() not in (")", ",", "-o", "-or") else Leaf("-true")
            return Not(inner) if turns % 2 else inner
        if word == "(":
            if self._nested >= MAX_NESTED:
                return Leaf("")
            self._nested += 1
            node = self._list()
            self._nested -= 1
            self._next()
            return node
        return self._leaf(word)

    def _leaf(self, word: str) -> Node:
        if word in RUNS:
            return Leaf(word, self._command())
        if word in FILES or word in OPTIONS or word in TESTS or word == "-printf":
            value = self._next()
            if word == "-fprintf":
                self._next()  # the format
            if word in OPTIONS:
                self._option(word, value)
                return Leaf("-true")
            return Leaf(SPELLINGS.get(word, word), (value,))
        if word in ("-depth", "-d", "-delete"):
            self.whole_first = True
        return Leaf(word)

    def _option(self, word: str, value: str) -> None:
        if word == "-files0-from":
            self.roots.append(UNKNOWN)
        elif word == "-regextype":
            self.extended = value in ("posix-extended", "egrep", "posix-egrep", "awk", "posix-awk", "gnu-awk", "posix-minimal")
        elif value.isdecimal() and len(value) < 6:
            least, most = self.depths
            self.depths = (int(value), most) if word == "-mindepth" else (least, int(value))

    def _command(self) -> tuple[str, ...]:
        """The words up to what ends the command: ``;``, or ``+`` behind ``{}``, which is the last one then."""
        words: list[str] = []
        while self._at < len(self._words):
            word = self._next()
            if word == ";":
                break
            if word == "+" and words[-1:] == ["{}"]:
                break
            words.append(word)
        return tuple(words)


def _chain(operator: str, parts: list[Node]) -> Node:
    return parts[0] if len(parts) == 1 else Chain(operator, tuple(parts)) if parts else Leaf("-true")


def cases_of(node: Node, *, holds: bool = True) -> Cases:
    """The cases in which an expression is true (or is not)."""
    match node:
        case Not(inner):
            return cases_of(inner, holds=not holds)
        case Chain(",", parts):
            return cases_of(parts[-1], holds=holds)
        case Chain(operator, parts):
            join = _all if (operator == "and") == holds else _any
            return functools.reduce(join, (cases_of(part, holds=holds) for part in parts))
        case Leaf(name, words):
            return _leaf_cases(name, words[0] if words else "", holds=holds)


def _leaf_cases(name: str, value: str, *, holds: bool) -> Cases:
    if name in RUNS:
        return PERHAPS
    if name == "-false":
        return NEVER if holds else ALWAYS
    if name not in TESTS and name not in PLAIN_TESTS:
        return (ALWAYS if holds else NEVER) if name else PERHAPS
    plain = name.replace("-i", "-", 1) if name in ("-iname", "-ipath", "-iregex") else name
    if value in EVERYTHING.get(plain, ()) and (holds or value != ".*" or plain == "-regex"):
        return ALWAYS if holds else NEVER
    if value in NOTHING.get(plain, ()) and not holds:
        return ALWAYS  # all but the root itself
    return ((Literal(name, value, holds),),)


def _all(left: Cases, right: Cases) -> Cases:
    if len(left) * len(right) > MAX_CASES:
        return PERHAPS
    joined = (tuple(dict.fromkeys((*one, *other)))[:MAX_LITERALS] for one, other in itertools.product(left, right))
    return tuple(dict.fromkeys(joined))


def _any(left: Cases, right: Cases) -> Cases:
    both = tuple(dict.fromkeys((*left, *right)))
    if () in both:
        return ALWAYS
    return both if len(both) <= MAX_CASES else PERHAPS


def _actions(node: Node, reached: Cases) -> Iterator[tuple[Leaf, Cases]]:
    """All actions, each with the cases in which it is reached."""
    match node:
        case Not(inner):
            yield from _actions(inner, reached)
        case Chain(operator, parts):
            for part in parts:
                yield from _actions(part, reached)
                if operator != ",":
                    reached = _all(reached, cases_of(part, holds=operator == "and"))
        case Leaf(name):
            if name in ACTIONS and reached:
                yield node, reached


def globs_of(regex: str, *, extended: bool) -> tuple[str, ...] | None:
    """The globs that match what a regular expression of literals, ``.``, ``.*`` and groups matches; None for any other one."""
    tokens = list(_tokens(regex, extended=extended))
    found, at = [""], 0
    while at < len(tokens):
        choices: Iterable[str] = (tokens[at],)
        if tokens[at] == "(":
            end = tokens.index(")", at) if ")" in tokens[at:] else len(tokens)
            choices = "\0".join(tokens[at + 1 : end]).replace("\0|\0", "\1").replace("\0", "").split("\1")
            at = end
        if any(choice in ("|", ")", "", "!") or set(choice) & set("(!") for choice in choices):
            return None
        found = [before + choice for before in found for choice in choices]
        if len(found) > MAX_CASES:
            return None
        at += 1
    return tuple(found)


def _tokens(regex: str, *, extended: bool) -> Iterator[str]:
    """Globs of one part each, and ``(``, ``|``, ``)``; ``!`` for what is none of these."""
    at = 0
    while at < len(regex):
        char, pair = regex[at], regex[at : at + 2]
        at += 1
        if char == "\\":
            at += 1
            quoted = pair[1:]
            yield quoted if quoted in ("(", "|", ")") and not extended else quoted if quoted in (".", "-", "/", "_") else "!"
        elif pair == ".*":
            at += 1
            yield "*"
        elif char == ".":
            yield "?"
        elif char in "(|)":
            yield char if extended else "!"
        elif char.isalnum() or char in "_-/ ,@%=:~":
            yield "!" if regex[at : at + 1] in ("*", "+", "?", "{") else char
        else:
            yield "!"
