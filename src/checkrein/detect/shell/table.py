"""What a command line of a program in ``rules/programs`` does: its words are matched against the program's patterns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.model import Argv, Invocation, Outcome, ShellText
from checkrein.detect.shell.mounts import on_host
from checkrein.detect.shell.options import listed
from checkrein.detect.shell.programs import KNOWN, Entry, Option, Pattern, Program, dashed, program
from checkrein.detect.shell.sdk import sdk_call

__all__ = ["KNOWN", "read_line", "table_handler"]

_HARMLESS_OPTIONS = ("--help", "-h", "--dry-run", "--dryrun", "--dry_run", "--what-if", "-WhatIf")
_ANYTHING = UNKNOWN * 2  # in a second look: an unknown word that is taken for whatever literal word a pattern has
_NEVER_GUESSED = frozenset("hn")  # letters that may make a call harmless
_OFF = {"false", "no", "off", "none", "0"}
_SHORTEST_ABBREVIATION = 5  # "--rec": shorter prefixes are too likely another option
_FALLBACK_RULE = "services.unknown-delete"
_VERBS = listed("delete destroy purge drop wipe terminate erase nuke truncate unpublish decommission del")
_VERB_PARTS = tuple(f"{verb}{mark}" for verb in _VERBS[:8] for mark in "-_:")
_SUBCOMMAND_DEPTH = 3


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


def table_handler(invocation: Invocation) -> Iterable[Outcome]:
    """What a program would do as far as the table knows; for a program that it does not know, what its words say outright."""
    if invocation.name not in KNOWN:
        yield from _unknown_program(invocation)
        return
    known = program(invocation.name)
    if known.becomes:
        yield Argv((*known.becomes, *invocation.args))
        return
    args = invocation.args
    for patterns, flags in ((known.remote, Flag.REMOTE), (known.local, Flag.NONE)):
        for pattern in patterns:
            nested = _nested(pattern, args, known, flags)
            if nested is None:
                continue
            outcome, end = nested
            yield outcome
            args = args[:end]
            if isinstance(outcome, Argv) and outcome.flags is Flag.REMOTE:
                felt_here = on_host(outcome.argv, read_line(args, known).options, invocation.cwd)
                if felt_here is not None:
                    yield felt_here
            break
    yield from _own_effects(invocation, args, known)


def _own_effects(invocation: Invocation, args: tuple[str, ...], known: Program) -> Iterator[Effect]:
    line = read_line(args, known)
    if _is_harmless(line, known, invocation.stdin):
        return
    found = False
    for entry in known.entries:
        for pattern in entry.patterns:
            matched = _match(pattern, line, invocation.stdin)
            if matched is not None:
                yield _effect(entry, pattern, invocation.name, line, matched)
                found = True
                break
    if not found:
        yield from _possible_effect(invocation, line, known)


def _possible_effect(invocation: Invocation, line: Line, known: Program) -> Iterator[Effect]:
    """One UNRESOLVED effect where a word that cannot be known beforehand may make the call destructive."""
    if UNKNOWN not in invocation.args:
        return
    tokens = tuple(replace(token, word=_ANYTHING) if token.word == UNKNOWN else token for token in line.tokens)
    options = {name: [_ANYTHING if value == UNKNOWN else value for value in values] for name, values in line.options.items()}
    guessed = Line(tokens, options)
    for entry in known.entries:
        for pattern in entry.patterns if entry.kind is EffectKind.DESTRUCTIVE else ():
            if _match(pattern, guessed, invocation.stdin) is not None:
                detail = f"it may be: {invocation.name} {pattern.text}"
                yield Effect(EffectKind.UNRESOLVED, invocation.name, invocation.name, detail=detail)
                return


def _effect(entry: Entry, pattern: Pattern, name: str, line: Line, matched: list[Token]) -> Effect:
    taken = {token.index for token in matched}
    rest = [token.word for token in line.tokens if token.index not in taken]
    target = " ".join(rest) or " ".join(value for values in line.options.values() for value in values if value)
    needed = [given for option in pattern.needs for given in line.options if _named(given, option.names)]
    shown = " ".join((name, *(token.word for token in matched), *needed[:1]))
    flags = Flag.REMOTE | Flag.CONTENT_OUT if entry.kind is EffectKind.READ else Flag.NONE
    return Effect(entry.kind, target or name, shown, entry.rule, flags)


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
    if name in known.values or name in known.flags or len(name) < _SHORTEST_ABBREVIATION or not name.startswith("--"):
        return name
    longer = [value for value in known.values if value.startswith(name)]
    return longer[0] if len(longer) == 1 else name


def _is_harmless(line: Line, known: Program, stdin: str | None) -> bool:
    for name in _HARMLESS_OPTIONS:
        given = line.options.get(dashed(name, single=known.single_dash))
        if given is not None and name not in known.values and not (given and given[0].lower() in _OFF):
            return True
    if line.tokens and line.tokens[0].word == "help":
        return True
    if not line.tokens and ("--version" in line.options or (known.single_dash and "-version" in line.options)):
        return True
    return any(_match(pattern, line, stdin) is not None for pattern in known.harmless)


def _match(pattern: Pattern, line: Line, stdin: str | None) -> list[Token] | None:
    """The tokens that stand for the pattern's words, None where it does not match."""
    if any(not _has(option, line) for option in pattern.needs) or any(_has(Option((name,)), line) for name in pattern.forbids):
        return None
    if pattern.stdin and not any(_like(row.strip(), pattern.stdin) for row in (stdin or "").splitlines()):
        return None
    return _match_words(pattern.words, line.tokens)


def _has(option: Option, line: Line) -> bool:
    for given, values in line.options.items():
        if not _named(given, option.names) or (option.globs and given not in option.names):
            continue
        if option.globs:
            if any(_like(value.lower(), option.globs) for value in values):
                return True
        elif not (values and values[0].lower() in _OFF):
            return True
    return False


def _named(given: str, names: tuple[str, ...]) -> bool:
    """True where a given option is one of ``names`` or an abbreviation of a long one."""
    return given in names or (
        len(given) >= _SHORTEST_ABBREVIATION and given.startswith("--") and any(name.startswith(given) for name in names)
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
    if word == _ANYTHING:
        return not any("*" in glob for glob in globs)
    return any(fnmatchcase(word, glob) for glob in globs)


def _nested(pattern: Pattern, args: tuple[str, ...], known: Program, flags: Flag) -> tuple[Argv | ShellText, int] | None:
    """The code that a call runs, and how many of its words are the program's own."""
    line = read_line(args, known)
    matched = _match(pattern, line, None)
    if matched is None:
        return None
    if pattern.code_options:
        return _code_option(pattern, args, line, flags)
    start = matched[-1].index + 1 if matched else 0
    if pattern.after_dashes:
        if "--" not in args[start:]:
            return None
        start = args.index("--", start) + 1
    elif args[start : start + 1] == ("--",):
        start += 1
    else:
        # Options of the program may stand between its own words and the command (heroku run --app x rails ...).
        start = next((token.index for token in line.tokens if token.index >= start), len(args))
    words = args[start:]
    if not words:
        return None
    if pattern.code == "SHELL":
        return ShellText(" ".join(words), flags=flags), start
    return Argv(words, flags), start


def _code_option(pattern: Pattern, args: tuple[str, ...], line: Line, flags: Flag) -> tuple[Argv | ShellText, int] | None:
    value = next((line.options[name][-1] for name in pattern.code_options if line.options.get(name)), None)
    if value is None:
        return None
    if pattern.code == "SHELL":
        return ShellText(_plain_code(value), flags=flags), len(args)
    end = args.index(value) if value in args else len(args)
    return Argv((value, *args[end + 1 :]), flags), end


def _plain_code(value: str) -> str:
    """Shell text as it is given, or inside ``commands=[...]`` or ``{"commands": [...]}`` (AWS Systems Manager)."""
    name, equals, rest = value.partition("=")
    text = rest if equals and name == "commands" else value
    try:
        data = json.loads(text)
    except ValueError:
        return text.strip("[]") if text is rest else value
    if isinstance(data, dict):
        data = data.get("commands", data.get("command", ""))
    return "\n".join(str(line) for line in data) if isinstance(data, list) else str(data)


def _unknown_program(invocation: Invocation) -> Iterator[Effect]:
    """A program that nobody described, whose subcommand is an unmistakable verb (``acme db destroy prod``)."""
    call, paren, _ = invocation.name.partition("(")
    if paren:
        effect = sdk_call(call)
        if effect is not None:
            yield effect
        return
    line = read_line(invocation.args, Program())
    if _is_harmless(line, Program(), None):
        return
    for position, token in enumerate(line.tokens[:_SUBCOMMAND_DEPTH]):
        if not token.word.replace("-", "").replace("_", "").replace(":", "").isalnum() or token.word.isdigit():
            return
        tail = token.word.rpartition(":")[2]
        if (
            (tail in _VERBS or token.word.startswith(_VERB_PARTS))
            and not token.maybe
            and len(line.tokens) + len(line.options) > 1
        ):
            words = " ".join((invocation.name, *(before.word for before in line.tokens[: position + 1])))
            target = " ".join(after.word for after in line.tokens[position + 1 :])
            yield Effect(EffectKind.DESTRUCTIVE, target or invocation.name, words, _FALLBACK_RULE)
            return
