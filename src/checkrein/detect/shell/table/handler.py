"""What a command line of a program in ``rules/programs`` does: its words are matched against the program's patterns."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.exchange.transfer import remote_host, taken_from_elsewhere
from checkrein.detect.shell.model import Argv, Invocation, Outcome, ShellText, Snippet, absolute
from checkrein.detect.shell.options import listed
from checkrein.detect.shell.table.line import Line, Token, read_line
from checkrein.detect.shell.table.match import ANYTHING, is_harmless, is_named, match_line
from checkrein.detect.shell.table.mounts import on_host, shares_home, touches_volumes, working_folder
from checkrein.detect.shell.table.programs import KNOWN, STDIN, Entry, Option, Pattern, Program, Use, program
from checkrein.detect.shell.table.sdk import sdk_call

_SHOWN_VALUE = 40  # characters
_FALLBACK_RULE = "services.unknown-delete"
_VERBS = listed("delete destroy purge drop wipe terminate erase nuke truncate unpublish decommission del")
_VERB_PARTS = tuple(f"{verb}{mark}" for verb in _VERBS[:8] for mark in "-_:")
_SUBCOMMAND_DEPTH = 3
_ENGINES = frozenset(("docker", "podman", "nerdctl", "finch"))
_ELSEWHERE = frozenset(("-H", "--host", "--context", "--connection", "--url"))  # an engine on another machine
SERVES = "serves files"
"""Detail of a SEND of files to whoever asks for them."""


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
            args = args[:end]
            if isinstance(outcome, Argv) and outcome.flags is Flag.REMOTE:
                yield from _contained(outcome, read_line(args, known), invocation)
            else:
                yield outcome
            break
    yield from _own_effects(invocation, args, known)


def _contained(command: Argv, line: Line, invocation: Invocation) -> Iterator[Argv]:
    """A command in a container, and what it does to folders of this machine. ``docker run`` makes a new container for it."""
    words = [token.word for token in line.tokens[:2]]
    here = invocation.name in _ENGINES and not _ELSEWHERE.intersection(line.options)
    fresh = here and "run" in words and "compose" not in words and not touches_volumes(command.argv, line.options)
    folder = working_folder(line.options)
    yield replace(command, flags=Flag.REMOTE | Flag.FRESH, cwd=folder) if fresh else command
    felt_here = on_host(command.argv, line.options, invocation.cwd)
    if felt_here is not None:
        yield felt_here


def _own_effects(invocation: Invocation, args: tuple[str, ...], known: Program) -> Iterator[Outcome]:
    line = read_line(args, known)
    if is_harmless(line, known, invocation.stdin):
        return
    home = invocation.world.home
    makes_container = not {"run", "create"}.isdisjoint(token.word for token in line.tokens[:2])
    if makes_container and shares_home(line.options, invocation.cwd, home):
        yield Effect(EffectKind.DESTRUCTIVE, home, f"{invocation.name} run --volume", "containers.host-access")
    yield from given_files(invocation, line, known)
    yield from _given_texts(invocation, line, known)
    found = False
    for entry in known.entries:
        for pattern in entry.patterns:
            matched = match_line(pattern, line, invocation.stdin)
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
    tokens = tuple(replace(token, word=ANYTHING) if token.word == UNKNOWN else token for token in line.tokens)
    options = {name: [ANYTHING if value == UNKNOWN else value for value in values] for name, values in line.options.items()}
    guessed = Line(tokens, options)
    for entry in known.entries:
        for pattern in entry.patterns if entry.kind is EffectKind.DESTRUCTIVE else ():
            if match_line(pattern, guessed, invocation.stdin) is not None:
                detail = f"it may be: {invocation.name} {pattern.text}"
                yield Effect(EffectKind.UNRESOLVED, invocation.name, invocation.name, detail=detail)
                return


def _effect(entry: Entry, pattern: Pattern, name: str, line: Line, matched: list[Token]) -> Effect:
    taken = {token.index for token in matched}
    rest = [token.word for token in line.tokens if token.index not in taken]
    values = (value for values in line.options.values() for value in values if value and not value.startswith("-"))
    needed = [(given, option) for option in pattern.needs for given in line.options if is_named(given, option.names)]
    options = (word for given, option in needed[:1] for word in _written(given, option, line))
    shown = " ".join((name, *(token.word for token in matched), *options))
    target = " ".join(rest) or " ".join(values)
    flags = Flag.REMOTE | Flag.CONTENT_OUT if entry.kind is EffectKind.READ else Flag.NONE
    return Effect(entry.kind, target, shown, entry.rule, flags)


def _written(given: str, option: Option, line: Line) -> Iterator[str]:
    """An option as it is shown, with its value where the pattern asks for one."""
    yield given
    if option.globs:
        yield from (value for value in line.options[given][-1:] if 0 < len(value) <= _SHOWN_VALUE)


def _given_texts(invocation: Invocation, line: Line, known: Program) -> Iterator[Outcome]:
    """The texts of other languages that a call is given. One that is not there to be read is UNRESOLVED."""
    for language, pattern in known.texts:
        matched = match_line(pattern, line, None)
        if matched is None:
            continue
        if pattern.code == STDIN:
            texts = [] if invocation.stdin is None else [invocation.stdin]
        else:
            texts = _values_at(pattern, line, matched)
        for text in texts:
            source = _file_text(text, invocation) if pattern.code == "SOURCE" else _script(text, invocation) or text
            if source is None:
                detail = "the file cannot be read beforehand"
                yield Effect(EffectKind.UNRESOLVED, text, _called(invocation, matched), detail=detail)
            else:
                yield Snippet(language, source)


def _file_text(name: str, invocation: Invocation) -> str | None:
    if name in ("-", "/dev/stdin"):
        return invocation.stdin
    return None if UNKNOWN in name else invocation.world.read_text(absolute(name, invocation.cwd))


def _script(word: str, invocation: Invocation) -> str | None:
    """The text of the script of this session that a word names where code could stand as well (``rails runner x.rb``)."""
    return None if re.search(r"\s", word) else invocation.world.script(absolute(word, invocation.cwd))


def _values_at(pattern: Pattern, line: Line, matched: list[Token]) -> list[str]:
    """The values of the options that a pattern ends in, or the operands behind its words."""
    if pattern.code_options:
        return [value for name in pattern.code_options for value in line.options.get(name, ())]
    taken = {token.index for token in matched}
    return [token.word for token in line.tokens if token.index not in taken]


def given_files(invocation: Invocation, line: Line, known: Program) -> Iterator[Effect]:
    """The files that a call is given, and what becomes of their content."""
    for use, pattern in known.files:
        matched = match_line(pattern, line, invocation.stdin)
        if matched is None:
            continue
        values = _values_at(pattern, line, matched)
        if pattern.code == "FROM" and len(values) > 1:
            values = values[:-1]
        if use is Use.SERVE:
            folders = tuple(absolute(path, invocation.cwd) for value in values or ["."] for path in local_paths(value))
            yield Effect(EffectKind.SEND, "whoever connects", _called(invocation, matched), reads=folders, detail=SERVES)
            continue
        values = [value for value in values if value != UNKNOWN]
        if not values:
            continue
        if pattern.code == "FROM":
            yield from taken_from_elsewhere(values, invocation.name)
        paths = tuple(absolute(path, invocation.cwd) for value in values for path in local_paths(value))
        if use is Use.SEND:
            yield Effect(
                EffectKind.SEND, line.tokens[-1].word if line.tokens else "", _called(invocation, matched), reads=paths
            )
            continue
        flags = Flag.CONTENT_OUT if use is Use.PRINT else Flag.NONE
        yield from (Effect(EffectKind.READ, path, invocation.name, flags=flags) for path in paths)


def _called(invocation: Invocation, matched: list[Token]) -> str:
    return " ".join((invocation.name, *(token.word for token in matched)))


def local_paths(value: str) -> Iterator[str]:
    """The files of this machine that a word names: ``.env``, ``@.env``, ``key=@.env``, ``id=x,src=.env``, ``file://.env``.

    None for an address (``s3://x``) and for a path on another machine or in a container (``pod:/x``).
    """
    for scheme in ("file://", "fileb://"):
        if value.startswith(scheme):
            yield value.removeprefix(scheme)
            return
    if value in ("", "-") or "://" in value or remote_host(value):
        return
    yield from dict.fromkeys((value, *(piece for piece in re.split("[=@,]", value) if piece)))


def _nested(pattern: Pattern, args: tuple[str, ...], known: Program, flags: Flag) -> tuple[Argv | ShellText, int] | None:
    """The code that a call runs, and how many of its words are the program's own."""
    line = read_line(args, known)
    matched = match_line(pattern, line, None)
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
    whole_line = flags & Flag.REMOTE and len(words) == 1 and " " in words[0]  # heroku run 'rails db:drop'
    if pattern.code == "SHELL" or whole_line:
        # A "!" before it marks shell code where a program's own words could stand as well (gh alias set).
        return ShellText(" ".join(words).removeprefix("!"), flags=flags), start
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
    if is_harmless(line, Program(), None):
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
            yield Effect(EffectKind.DESTRUCTIVE, target, words, _FALLBACK_RULE)
            return
