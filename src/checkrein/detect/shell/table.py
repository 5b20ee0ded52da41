"""What command-line programs do, read from data: ``rules/programs/*.yaml`` say it, this module matches command lines.

A program file is a mapping whose top-level keys are program names (several with commas between). Each program is parsed when it
is first met, so that the cost of a command follows the programs in it. Its fields, all optional:

``values``    options that take a value (``[--profile, -n]``), so that subcommands are found behind them
``dash``      ``single`` where ``-name`` is one long option (terraform, vault) and ``--name`` means the same
``harmless``  patterns that make the whole call harmless, besides ``--help``, ``-h``, ``--dry-run`` and ``help``
``rules``     ``[KIND ]RULE: [pattern, ...]``; KIND is an effect kind and ``destructive`` where it is left out
``remote``    patterns that end in the code that the program runs on another machine or in a container
``local``     the same for code that runs on this machine
``becomes``   the command that this program is another name of (``docker compose``)

A pattern is a line of words as one would type them: ``s3 rb --force``. The first words are subcommands, further operands may
follow. ``a|b`` is either, ``!a|b`` neither, ``delete-*`` a prefix, ``*`` any word, ``**`` any number of words, ``(word)`` an
optional word, ``$`` no further operand. ``--x|-y`` is an option that has to be given, ``--x=0|no`` one with such a value,
``--x=!a|b`` one with another value than these, ``!--x`` one that must not be given, ``<disable*`` a line of standard input.
In ``remote`` and ``local``, ``ARGV`` stands for the words of a command (behind ``--`` where the pattern has that), ``SHELL`` for
shell text, ``--command=SHELL`` for an option that holds it, ``-jar=ARGV`` for one that names the program.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Any

import yaml

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.model import Argv, Invocation, Outcome, ShellText
from checkrein.rules import load_rules

_FIELDS = {"values", "dash", "harmless", "rules", "remote", "local", "becomes"}
_HARMLESS_OPTIONS = ("--help", "-h", "--dry-run", "--dryrun", "--dry_run", "--what-if", "-WhatIf")
_NEVER_GUESSED = frozenset("hn")  # letters that may make a call harmless
_OFF = {"false", "no", "off", "none", "0"}
_SHORTEST_ABBREVIATION = 5  # "--rec": shorter prefixes are too likely another option
_FALLBACK_RULE = "services.unknown-delete"
_VERBS = (
    "delete",
    "destroy",
    "purge",
    "drop",
    "wipe",
    "terminate",
    "erase",
    "nuke",
    "truncate",
    "unpublish",
    "decommission",
    "del",
)
_VERB_PARTS = tuple(f"{verb}{mark}" for verb in _VERBS[:8] for mark in "-_:")
_SUBCOMMAND_DEPTH = 3
_PAYMENT_ROOTS = frozenset(("braintree", "gateway", "stripe", "square", "squareup", "paypal", "adyen"))
_SDK_ROOTS = _PAYMENT_ROOTS | {"algolia", "boto3", "s3", "ec2", "rds", "dynamodb", "sendgrid", "postmark", "mailgun", "twilio"}
_SDK_VERBS = ("delete", "cancel", "destroy", "clear", "purge", "terminate", "drop", "remove", "void", "refund")
_SDK_NOUNS = (
    *("index", "indices", "objects", "bucket", "database", "table", "collection", "topic", "queue", "instances", "dbinstance"),
    *("stack", "cluster", "namespace", "project", "repository", "snapshot", "backup", "customer", "subscription", "hostedzone"),
    *("repo", "organization", "loadbalancer", "dbcluster", "volume", "keypair", "secret", "function", "distribution"),
)


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


@dataclass(frozen=True, slots=True)
class Option:
    """An option that a pattern asks for: any of ``names``, with a value like any of ``globs`` (empty: any value but "no")."""

    names: tuple[str, ...]
    globs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pattern:
    """One compiled pattern. ``words`` holds alternatives of each word; ``code`` tells where nested code is ("" for none)."""

    text: str
    words: tuple[tuple[str, ...], ...] = ()
    needs: tuple[Option, ...] = ()
    forbids: tuple[str, ...] = ()
    stdin: tuple[str, ...] = ()
    code: str = ""  # ARGV or SHELL
    code_options: tuple[str, ...] = ()  # the code is the value of one of these options
    after_dashes: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """The patterns that stand for one rule."""

    kind: EffectKind
    rule: str
    patterns: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """What is known of one program."""

    values: frozenset[str] = frozenset()
    single_dash: bool = False
    harmless: tuple[Pattern, ...] = ()
    entries: tuple[Entry, ...] = ()
    remote: tuple[Pattern, ...] = ()
    local: tuple[Pattern, ...] = ()
    becomes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a program stands, not yet parsed."""

    where: str
    text: str = field(repr=False)


def _index() -> dict[str, _Source]:
    """Every program name with its piece of a data file. Only the unindented lines are looked at."""
    index: dict[str, _Source] = {}
    folder = resources.files("checkrein.rules") / "programs"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".yaml"):
            continue
        for names, text in _blocks(file.read_text("utf-8"), file.name):
            source = _Source(f"programs/{file.name}: {names}", text)
            for name in (part.strip() for part in names.split(",")):
                if name in index:
                    raise ValueError(f"{source.where}: {name} is already described in {index[name].where}")
                index[name] = source
    return index


def _blocks(text: str, file: str) -> Iterator[tuple[str, str]]:
    """The top-level keys of a program file, each with the indented text below it (or the flow mapping behind it)."""
    names, lines = "", list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line[0] in " #":
            lines.append(line)
            continue
        if names:
            yield names, "\n".join(lines)
        names, colon, rest = line.partition(":")
        names = names.strip("\"'")
        if not colon or (rest and rest[0] != " "):
            raise ValueError(f"programs/{file}:{number}: a program's name and a colon were expected")
        lines = [rest.strip()]
    if names:
        yield names, "\n".join(lines)


_SOURCES = _index()
KNOWN = frozenset(_SOURCES)
"""The names of all programs that the table describes."""


@cache
def program(name: str) -> Program:
    """What is known of a program in ``KNOWN``. ValueError names the file, the program and the pattern that is wrong."""
    return _parse(_SOURCES[name])


@cache
def _parse(source: _Source) -> Program:
    data = yaml.load(source.text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {}  # noqa: S506
    if not isinstance(data, dict) or set(data) - _FIELDS:
        raise ValueError(f"{source.where}: unknown fields {sorted(set(data) - _FIELDS) if isinstance(data, dict) else data}")
    if data.get("dash", "single") != "single":
        raise ValueError(f"{source.where}: dash can only be single")
    single = "dash" in data
    entries = tuple(_entry(key, lines, source.where, single=single) for key, lines in data.get("rules", {}).items())
    remote, local, harmless = (
        _patterns(data.get(key, ()), source.where, single=single) for key in ("remote", "local", "harmless")
    )
    if any(not pattern.code for pattern in (*remote, *local)):
        raise ValueError(f"{source.where}: every pattern of remote and local has to say ARGV or SHELL")
    values = {_dashed(name, single=single) for name in data.get("values", ())}
    for pattern in (*remote, *local, *harmless, *(pattern for entry in entries for pattern in entry.patterns)):
        values.update(pattern.code_options)
        values.update(name for option in pattern.needs if option.globs for name in option.names)
    return Program(frozenset(values), single, harmless, entries, remote, local, tuple(data.get("becomes", "").split()))


def _entry(key: str, lines: Any, where: str, *, single: bool) -> Entry:
    kind, _, rule = key.rpartition(" ")
    if rule not in load_rules():
        raise ValueError(f"{where}: there is no rule {rule}")
    if kind and kind not in set(EffectKind):
        raise ValueError(f"{where}: {kind} is no kind of effect")
    return Entry(EffectKind(kind or "destructive"), rule, _patterns(lines, where, single=single))


def _patterns(lines: Any, where: str, *, single: bool) -> tuple[Pattern, ...]:
    if not isinstance(lines, list | tuple) or not all(isinstance(line, str) for line in lines):
        raise ValueError(f"{where}: a list of patterns was expected, not {lines!r}")
    return tuple(_pattern(line, where, single=single) for line in lines)


def _pattern(text: str, where: str, *, single: bool) -> Pattern:
    words: list[tuple[str, ...]] = []
    needs: list[Option] = []
    forbids: list[str] = []
    stdin: tuple[str, ...] = ()
    code, code_options, after_dashes = "", tuple[str, ...](), False
    for item in text.split():
        if code:
            raise ValueError(f"{where}: {text!r}: nothing may follow {code}")
        if item in ("ARGV", "SHELL"):
            code = item
        elif item == "--":
            after_dashes = True
        elif item.startswith("!-"):
            forbids += [_dashed(name, single=single) for name in item[1:].split("|")]
        elif item.startswith("<"):
            stdin = tuple(item[1:].split("|"))
        elif item.startswith("-"):
            left, _, right = item.partition("=")
            names = tuple(_dashed(name, single=single) for name in left.split("|"))
            if right in ("ARGV", "SHELL"):
                code, code_options = right, names
            else:
                needs.append(Option(names, tuple(right.lower().split("|")) if right else ()))
        else:
            words.append(tuple(item.split("|")))
    return Pattern(text, tuple(words), tuple(needs), tuple(forbids), stdin, code, code_options, after_dashes)


def _dashed(name: str, *, single: bool) -> str:
    return "-" + name.lstrip("-") if single else name


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
    if not found and known.entries and line.tokens and line.tokens[0].word == UNKNOWN:
        yield Effect(
            EffectKind.UNRESOLVED, invocation.name, invocation.name, detail=f"the subcommand of {invocation.name} is not known"
        )


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
        return _dashed(name, single=known.single_dash), bool(equals), value
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


def _is_harmless(line: Line, known: Program, stdin: str | None) -> bool:
    for name in _HARMLESS_OPTIONS:
        given = line.options.get(_dashed(name, single=known.single_dash))
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
        if not _named(given, option.names):
            continue
        if option.globs:
            if any(value == UNKNOWN or _like(value.lower(), option.globs) for value in values):
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


def sdk_call(name: str) -> Effect | None:
    """What a call of a service's library deletes, by its dotted name (``client.deleteIndex``)."""
    *owners, method = name.lower().replace("_", "").split(".")
    service = next((owner for owner in owners if owner in _SDK_ROOTS), "")
    if not owners or not (
        (service and method.startswith(_SDK_VERBS))
        or any(method.startswith(verb) and method[len(verb) :].startswith(_SDK_NOUNS) for verb in _SDK_VERBS)
    ):
        return None
    rule = "payments.change" if service in _PAYMENT_ROOTS else "services.sdk-delete"
    return Effect(EffectKind.DESTRUCTIVE, name, name, rule, Flag.REMOTE)


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
