"""Values that stand behind placeholders: into which file, to which host and to which server they may go back (T4).

A secret goes back to where it may stand, and nowhere else. Personal data and names of the dictionary are at home in any file
and command of this machine; before they are sent elsewhere, a person is asked.

The event that is judged holds the values already. What a finding says of them is their placeholders.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from checkrein.controls.altering import altering, hands_on, joining, selects
from checkrein.controls.commands import shown
from checkrein.controls.context import Context
from checkrein.controls.destinations import DATABASES, TALKING, destinations, host_of
from checkrein.controls.holding import is_meant_for_values, may_hold, stands_in
from checkrein.controls.loopback import is_this_machine
from checkrein.core import Effect, EffectKind, EventKind, Finding, Flag
from checkrein.core.effect import UNKNOWN
from checkrein.core.sensitive import PLACEHOLDER
from checkrein.detect.shell.running.languages import interpreter_language
from checkrein.detect.tools import QUIET, SHELLS
from checkrein.observe.disk import real_path
from checkrein.vault import Kind
from checkrein.vault.alone import Alone, joined

FILE_TOOLS = frozenset(("Write", "Edit", "MultiEdit", "NotebookEdit", "Update"))
GIT_RECORDS = frozenset(("commit", "tag", "notes", "stash", "branch", "checkout", "switch", "merge"))
"""Commands of git that put their words into the history, or into a name."""
INPUT = re.compile(r"/dev/stdin|/dev/fd/\d+|/proc/self/fd/\d+")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
GATHERING = frozenset(("a", "tee", "dd"))
"""First words of what writes down all that several programs print (``a shell redirection``), and not a copy of one file."""
READING_TOOLS = frozenset(("Read", "NotebookRead", "Grep", "Glob", "LS"))


def judge(context: Context) -> Iterator[Finding]:
    """Findings for every placeholder that is none, and for every value that would go where it does not belong."""
    found, tool = context.placeholders, context.event.tool
    if context.event.kind is not EventKind.TOOL_CALL or tool in READING_TOOLS:
        return
    yield from _broken(context)
    if tool in SHELLS:
        yield from _handed_on(context)
    if not found.values:
        return
    if tool in FILE_TOOLS:
        yield from _files(context, [effect for effect in context.effects if effect.kind is EffectKind.WRITE])
    elif tool in SHELLS:
        yield from _command(context)
    elif tool == "WebFetch":
        yield from _hosts(context, [(host_of(str(context.event.input.get("url"))), tool)])
    elif tool.startswith("mcp__"):
        yield from _server(context, tool.removeprefix("mcp__").partition("__")[0])
    elif tool not in QUIET:
        yield from _bound(context, list(found.values), f"{tool}, a tool that is not known here, would get", tool)


def _broken(context: Context) -> Iterator[Finding]:
    """Placeholders of no known value, unless they stand in the file already."""
    for name in context.placeholders.broken:
        if not _stands_in_file(context, name):
            what = f"{context.event.tool} would use {shown(name)}, which is no placeholder of a value that is known here"
            yield context.finding("vault.unknown-placeholder", what, subject=shown(name))
    for name in context.placeholders.misplaced:
        what = f"{name} stands where no value can be put: behind a $, in a name, or in text that is no valid shell"
        instead = "Write the placeholder itself where the value belongs, without a $ before it."
        yield context.finding("vault.unknown-placeholder", what, subject=name, instead=instead)
    for name in dict.fromkeys(_joined(context)):
        what = f"{name} stands beside a letter, a digit or an underscore: in such a word nobody would know its value again"
        instead = "Write a quotation mark, a space or another sign between the placeholder and what stands beside it."
        yield context.finding("vault.unknown-placeholder", what, subject=name, instead=instead)


def _stands_in_file(context: Context, text: str) -> bool:
    if context.event.tool not in FILE_TOOLS:
        return False
    paths = [effect.target for effect in context.effects if effect.kind is EffectKind.WRITE]
    return bool(paths) and all(text in (context.disk.read_text(path) or "") for path in paths)


def _joined(context: Context) -> Iterator[str]:
    """Values in the middle of words that do not stand in the file already: as the call has them, or as an edit leaves them."""
    words = context.placeholders.joined
    yield from (name for word, name in words.items() if not _stands_in_file(context, word))
    texts = [effect.text for effect in context.effects if effect.kind is EffectKind.WRITE and effect.flags & Flag.IN_PLACE]
    for name, value in _alone(context).items():
        edited = (word for text in texts if text is not None for word in joined(value, text))
        if context.event.tool in FILE_TOOLS and not all(_stands_in_file(context, word) for word in edited):
            yield name


def _alone(context: Context) -> dict[str, str]:
    return {name: value for name, value in context.placeholders.values.items() if isinstance(value, Alone)}


def _files(context: Context, writes: list[Effect]) -> Iterator[Finding]:
    for effect in writes:
        for name, value in _secrets(context).items():
            if effect.text is not None and not stands_in(value, effect.text):
                continue
            if UNKNOWN in effect.target:
                yield _unclear(context, f"{effect.program} would write {name} to a file that is not known")
            elif not may_hold(context, effect.target, name, value):
                what = f"{effect.program} would put the value of {name} into {shown(effect.target)}, which does not hold it"
                yield context.finding("vault.restore-elsewhere", what, subject=shown(effect.target))


def _command(context: Context) -> Iterator[Finding]:
    found = destinations(context)
    yield from _hosts(context, found.hosts)
    if found.unclear and (names := ", ".join(_secrets(context))):
        yield _unclear(context, f"nobody can tell what {', '.join(map(shown, found.unclear[:3]))} would do with {names}")
    secrets = _secrets(context)
    if secrets and (altered := altering(context, tuple(secrets.values()))):
        what = (
            f"{', '.join(map(shown, altered[:3]))} would give out {', '.join(secrets)} altered, as nobody would know it again"
        )
        yield _unclear(context, what)
    yield from _printed(context)
    yield from _files(context, [effect for effect in context.effects if _takes_values(context, effect)])
    yield from _names(context)


def _printed(context: Context) -> Iterator[Finding]:
    """Values that the shell, or a program, makes the middle of a word."""
    for name, value in _alone(context).items():
        if name not in context.placeholders.joined.values() and (programs := joining(context, value)):
            what = f"{', '.join(map(shown, programs))} would get {name} in the middle of a word, where nobody knows it again"
            yield _unclear(context, what)


def _names(context: Context) -> Iterator[Finding]:
    """Values in the names of files and in what git keeps of a command: both are shared."""
    for name, value in _secrets(context).items():
        named = [effect.program for effect in context.effects if effect.kind is EffectKind.WRITE and value in effect.target]
        kept = ["git" for argv in context.programs if _records(argv) and any(value in word for word in argv)]
        for program in dict.fromkeys((*named, *kept)):
            what = f"{shown(program)} would put the value of {name} into a name or a message, where everybody sees it"
            yield context.finding("vault.restore-elsewhere", what, subject=name)


def _records(argv: tuple[str, ...]) -> bool:
    return argv[0] == "git" and not GIT_RECORDS.isdisjoint(argv[1:])


def _handed_on(context: Context) -> Iterator[Finding]:
    """Files that were given a value in this session: what is run with them, and where copies of them go."""
    for effect in context.effects:
        if effect.kind is EffectKind.EXECUTE and (names := _given_to(context, effect.target)):
            yield from _run(context, f"{shown(effect.target)} holds the value of {names}")
        moved = effect.kind is EffectKind.MOVE
        copied = effect.to if moved else effect.target
        for source in (effect.target,) if moved else effect.reads if effect.kind is EffectKind.WRITE else ():
            if (names := _given_to(context, source)) and not is_meant_for_values(context, real_path(copied)):
                what = f"{effect.program} would copy {shown(source)}, which holds the value of {names}, to {shown(copied)}"
                yield context.finding("vault.restore-elsewhere", what, subject=shown(copied))


def _run(context: Context, held: str) -> Iterator[Finding]:
    """A file with values is run. What a shell does with it was read; other programs may do anything."""
    found = destinations(context)
    for host, program in found.hosts:
        if not _is_allowed(context, host):
            what = f"{held}, and {shown(program)} would talk to {shown(host)}"
            yield context.finding("vault.restore-elsewhere", what, subject=shown(host))
    unclear = [shown(name) for name in found.unclear if interpreter_language(name) != "shell"]
    if unclear:
        yield _unclear(context, f"{held}, and nobody can tell what {', '.join(unclear[:3])} would do with it")


def _given_to(context: Context, path: str) -> str:
    """The placeholders whose values a file got in this session, where it is not one that other controls know as secret."""
    if context.classify(real_path(path)).sensitive:
        return ""
    names = (source.removeprefix("env:") for source in context.made.get(path, ()) if source.startswith("env:"))
    return ", ".join(name for name in names if PLACEHOLDER.fullmatch(name))


def _takes_values(context: Context, effect: Effect) -> bool:
    """Whether a file that a command writes may get a value: not where it is a copy, a folder or what a host answered."""
    if (
        effect.kind is not EffectKind.WRITE
        or effect.flags & (Flag.REMOTE | Flag.CREATE)
        or effect.detail.startswith("network:")
    ):
        return False
    if effect.text is not None or effect.flags & Flag.IN_PLACE or any(map(INPUT.fullmatch, effect.reads)):
        return True
    values = tuple(_secrets(context).values())
    holding = [
        argv
        for argv, environment in zip(context.programs, context.environments, strict=True)
        if any(value in word for value in values for word in (*argv, *environment.values()))
    ]
    copied = bool(effect.reads) and effect.program.partition(" ")[0] not in GATHERING
    return not copied and (not holding or any(not _answers(context, argv, values) for argv in holding))


def _answers(context: Context, argv: tuple[str, ...], values: tuple[str, ...]) -> bool:
    """Whether a program prints what a host or a database answers, and not what it is given."""
    program = argv[0]
    if program in DATABASES:
        return not selects(argv, values)
    if program in TALKING and not hands_on(argv):
        return False
    kinds = (EffectKind.SEND, EffectKind.FETCH)
    return any(effect.kind in kinds and effect.program.partition(" ")[0] == program for effect in context.effects)


def _hosts(context: Context, hosts: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    for host, program in hosts:
        kept = [name for name, value in context.placeholders.values.items() if not _may_get(context, host, value)]
        yield from _bound(context, kept, f"{shown(program)} would send to {shown(host) or 'an unknown host'}", shown(host))


def _may_get(context: Context, host: str, value: str) -> bool:
    if not host:
        return False
    if _is_allowed(context, host):
        return True
    return host in (value.strip().lower(), host_of(value.strip()) if "://" in value else "")


def _is_allowed(context: Context, host: str) -> bool:
    allowed = context.policy.privacy.redaction.restore_hosts
    return is_this_machine(host) or any(fnmatchcase(host, pattern.lower()) for pattern in allowed)


def _server(context: Context, server: str) -> Iterator[Finding]:
    """A server may have what came from it. What it would write, or send on, goes no further than with any other tool."""
    if server not in context.policy.privacy.redaction.restore_servers:
        foreign = [name for name, entry in context.placeholders.entries.items() if f"mcp:{server}" not in entry.sources]
        what = f"the MCP server {shown(server)}, from which it did not come, would get"
        yield from _bound(context, foreign, what, shown(server))
    yield from _files(context, [effect for effect in context.effects if effect.kind is EffectKind.WRITE])
    addresses = [(host_of(text), context.event.tool) for text in _strings(context.event.input) if _ADDRESS.fullmatch(text)]
    yield from _hosts(context, dict.fromkeys((*destinations(context).hosts, *addresses)))


def _strings(value: object) -> Iterator[str]:
    """Every text in a tool's input."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _bound(context: Context, names: list[str], what: str, subject: str) -> Iterator[Finding]:
    """The finding for values that would go where only policy could let them: secrets do not, of others a person decides."""
    secrets = [name for name in names if name in _secrets(context)]
    others = [name for name in names if name not in secrets]
    if secrets:
        yield context.finding("vault.restore-elsewhere", f"{what} the value of {', '.join(secrets)}", subject=subject)
    if others:
        yield context.finding("vault.send-elsewhere", f"{what} the value of {', '.join(others)}", subject=subject)


def _secrets(context: Context) -> dict[str, str]:
    found = context.placeholders
    return {name: value for name, value in found.values.items() if found.entries[name].kind is Kind.CREDENTIAL}


def _unclear(context: Context, what: str) -> Finding:
    return context.finding("vault.restore-unclear", what)
