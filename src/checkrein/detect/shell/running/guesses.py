"""Commands inside what nobody described: among a program's words, in the text of an option, in code of another language.

What is found is a guess. So it counts only where its words leave little doubt: most programs have a ``rm`` or a ``stop`` among
their own subcommands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.model import Argv, Invocation, Outcome, ShellText, absolute
from checkrein.detect.shell.options import listed
from checkrein.detect.shell.syntax.nodes import Command, Literal, Simple
from checkrein.detect.shell.syntax.parser import parse

IsProgram = Callable[[str], bool]
"""True for the bare name of a program whose calls are worth judging."""

VERBS = frozenset(listed(
    "at attach batch code coder console cp create deck env eye format god halt history host hub init install invoke ip join "
    "kill link linear ln mail migrate mix modal mount mv net op open pass passwd patch pkg platform port poweroff pr presto "
    "reboot reg rename render replicate reset route run sc script sdk service sh shutdown split step stop touch umount up "
    "view watch"
))  # fmt: skip
"""Programs whose names are everyday subcommands, and which do harm by words that such subcommands take, too."""
CODE_OPTIONS = frozenset(listed(
    "-c -e -x --cmd --code --command --eval --exec --execute --exec-command --expression --run --script --shell -eval -exec"
))  # fmt: skip
MAX_WORDS_BEFORE = 2
"""Further words before a program's name are prose rather than a wrapper's own operands."""
MAX_CODE = 20_000
"""Characters of code in a language that nobody looks into that are searched for commands."""


def program_of(word: str) -> str:
    """The bare name of the program that a word may be, "" where it can be none."""
    name = word.rsplit("/", 1)[-1]
    return name if name and not set(name) & set(" \t\n=;|&$(){}<>\"'") else ""


def commands_among(invocation: Invocation, is_program: IsProgram) -> Iterator[Outcome]:
    """What the words and options of a program that nobody described would run if it runs programs at all."""
    words = invocation.args
    before = 0
    for at, word in enumerate(words):
        set_off = word.startswith("/") or words[at - 1 : at] == ("--",)
        if (set_off or before <= MAX_WORDS_BEFORE) and is_program(program_of(word)) and (set_off or _speaks(words[at:])):
            yield Argv(words[at:], globs=frozenset(index - at - 1 for index in invocation.globs if index > at))
            break
        before += not word.startswith("-")
    for at, word in enumerate(words):
        option, equals, text = word.partition("=")
        if option in CODE_OPTIONS and (equals or at + 1 < len(words)):
            yield from command_text(text if equals else words[at + 1], is_program)


def _speaks(words: Sequence[str]) -> bool:
    """True where words are a command beyond doubt, because its arguments are those of the program that it names."""
    return program_of(words[0]) not in VERBS and any(
        word == "/" or (word.startswith(("-", "/")) and len(word) > 1) or "=/" in word for word in words[1:]
    )


def command_text(text: str, is_program: IsProgram) -> Iterator[Outcome]:
    """Text that may be shell code: it counts where its first command is a program with arguments of its own."""
    first = _first_command(text) if len(text) <= MAX_CODE and " " in text.strip() else None
    if first is None or not first.words:
        return
    words = tuple("".join(part.text if isinstance(part, Literal) else UNKNOWN for part in word.parts) for word in first.words)
    arguments = tuple(f"/{word[1:]}" if word.startswith(("~", UNKNOWN)) else word for word in words[1:])
    if is_program(program_of(words[0])) and _speaks((words[0], *arguments)):
        yield ShellText(text)


def _first_command(text: str) -> Simple | None:
    commands: Sequence[Command] = parse(text).commands
    return commands[0] if commands and isinstance(commands[0], Simple) else None


# -- languages without a reader of their own


class Kind(StrEnum):
    """What a piece of code is."""

    NAME = auto()
    TEXT = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A name or a quoted text in code. ``joined`` is True where only brackets and commas stand between it and the last."""

    kind: Kind
    text: str
    joined: bool = False


TOKEN = re.compile(
    r"""(?P<comment>(?m:^[ \t]*(?:\#|--|//)[^\n]*))|(?P<name>[A-Za-z_][\w.:!?-]*)"""
    r"""|"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>(?:\\.|[^'\\])*)'|`(?P<back>[^`]*)`|\[\[(?P<long>[^\]]{0,300})\]\]|(?P<other>[^\s,\[\](){}])""",
    re.DOTALL,
)
REMOVING = frozenset(listed(
    "deldir deldirr delete deletedirectory deletefile deletefolder deleterecursively fremove remove removeall removedir "
    "removedirectory removedirectoryrecursive removefile removetree rm rmdir rmr rmrf rmtree unlink"
))  # fmt: skip
"""The last parts of functions' names, without marks between words, that remove files: in Lua, R, Julia, Elixir, Scheme ..."""


def tokens(code: str) -> Iterator[Token]:
    """The names and quoted texts of code in nearly any language."""
    joined = False
    for match in TOKEN.finditer(code):
        kind = match.lastgroup
        if kind == "name":
            yield Token(Kind.NAME, match[0])
        elif kind in ("double", "single", "back", "long"):
            yield Token(Kind.TEXT, re.sub(r"\\(.)", r"\1", match[kind]), joined)
        joined = kind in ("double", "single", "back", "long")


def given_code(invocation: Invocation) -> Iterator[str]:
    """The code that an interpreter is given: in options, in a script that nobody vouches for, or on standard input."""
    words = invocation.args
    found = False
    for at, word in enumerate(words):
        option, equals, text = word.partition("=")
        if option in CODE_OPTIONS or word == "-E":
            found = True
            yield text if equals else next(iter(words[at + 1 : at + 2]), "")
        elif not word.startswith("-") and (script := invocation.world.script(absolute(word, invocation.cwd))) is not None:
            found = True
            yield script
    if not found and invocation.stdin is not None:
        yield invocation.stdin


def commands_in_code(code: str, invocation: Invocation, is_program: IsProgram) -> Iterator[Outcome]:
    """What code in a language that nobody looks into says in its quoted texts: commands, paths to remove, paths to read."""
    name = ""
    run: list[str] = []
    for token in (*tokens(code[:MAX_CODE]), Token(Kind.NAME, "")):
        if not token.joined and len(run) > 1 and is_program(program_of(run[0])) and _speaks(run):
            yield Argv(tuple(run))
        if token.kind is Kind.NAME:
            name, run = token.text, []
            continue
        run = [*run, token.text] if token.joined else [token.text]
        yield from command_text(token.text, is_program)
        yield from _path_given(name, token.text, invocation)
    if len(code) > MAX_CODE:
        yield Effect(EffectKind.UNRESOLVED, invocation.name, invocation.name, detail=f"its code has {len(code)} characters")


def _path_given(function: str, text: str, invocation: Invocation) -> Iterator[Effect]:
    """A text that is a path, given to ``function``."""
    if not text or "\n" in text or " " in text:
        return
    home = invocation.world.home
    path = absolute(home + text[1:] if text == "~" or text.startswith("~/") else text, invocation.cwd)
    if re.sub("[-_!?]", "", re.split("[.:]", function)[-1]).lower() in REMOVING:
        yield Effect(EffectKind.DELETE, path, f"{invocation.name}: {function}", flags=Flag.RECURSIVE)
    elif text.startswith((".", "/", "~/")) and len(text) > 1:
        yield Effect(EffectKind.READ, path, invocation.name)
