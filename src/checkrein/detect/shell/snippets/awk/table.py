"""awk's functions and redirections."""

from __future__ import annotations

from checkrein.core.effect import UNKNOWN, Flag
from checkrein.detect.shell.snippets import strings as s
from checkrein.detect.shell.snippets.arguments import argument
from checkrein.detect.shell.snippets.arithmetic import printf
from checkrein.detect.shell.snippets.dialect import Action, Constant, Dialect, Pure, Sink, Site, Special
from checkrein.detect.shell.snippets.machine import Machine
from checkrein.detect.shell.snippets.perform_running import feed
from checkrein.detect.shell.snippets.values import ANY, NOTHING, Atom, Obj, Value, as_text, capped, join, of, texts

NETWORK = ("/inet/", "/inet4/", "/inet6/")
STREAMS = frozenset(("/dev/stdout", "/dev/stderr", "/dev/tty", "-", "/dev/stdin"))

SINKS: dict[str, Sink] = {"system": Sink(Action.SHELL), "print": Sink(Action.PRINT)}


def _host(text: str) -> str:
    parts = text.split("/")
    return f"{parts[4]}:{parts[5]}" if len(parts) > 5 else UNKNOWN


def _to_command(machine: Machine, site: Site) -> Value:
    """``print x | "command"`` and ``"command" | getline``: the command runs; an ``/inet/`` name is a connection."""
    machine.show(site.args[1:])
    results: list[Value] = []
    target = argument(site, 0) or ANY
    for atom in target.options:
        text = as_text(atom)
        value = Value((atom,), target.origins)
        if text.startswith(NETWORK):
            connection = of(Obj("socket", (of(_host(text)),)))
            sink = Sink(Action.TRANSMIT) if site.name.startswith("print") else Sink(Action.CONNECT, to=9)
            given = (connection, *site.args[1:]) if site.name.startswith("print") else (of(_host(text)),)
            results.append(machine.perform(sink, Site(site.name, given)))
        else:
            results.append(machine.perform(SINKS["system"], Site(site.name, (value,))))
            if site.name.startswith("print"):
                feed(machine, results[-1], site.args[1])
    return Value((UNKNOWN,), join(results).origins) if results else ANY


def _to_file(machine: Machine, site: Site) -> Value:
    flags = Flag.APPEND if site.name.endswith(">>") else Flag.NONE
    if set(texts(site.args[0])) <= STREAMS:
        machine.show(site.args[1:])
        return NOTHING
    if machine.certain:
        line = site.args[1]
        ended = Value(tuple(f"{text}\n" for text in texts(line)), line.origins)
        return machine.perform(Sink(Action.WRITE, flags=flags), Site(site.name, (site.args[0], ended)))
    return machine.perform(Sink(Action.WRITE, to=-1, flags=flags), site)


def _from_file(machine: Machine, site: Site) -> Value:
    target = argument(site, 0) or ANY
    if any(text.startswith(NETWORK) for text in texts(target)):
        return _to_command(machine, Site("|getline", (target,)))
    return ANY if set(texts(target)) <= STREAMS else machine.perform(Sink(Action.READ), site)


def _record(machine: Machine) -> Value:
    """``$0``: the lines of standard input where they are known, else of the files among the words."""
    files = frozenset(f"file:{machine.locate(word)}" for word in machine.args if "=" not in word.split("/", 1)[0])
    if files or machine.stdin is None:
        return Value((UNKNOWN,), files | machine.origins)
    return Value(capped(machine.stdin.splitlines()) or ("",), machine.origins)


def _field(machine: Machine, site: Site) -> Value:
    """``$N``: that word of every line that is known."""
    scope = machine.scope.find("$0")
    record = scope.variables["$0"] if scope else _record(machine)
    index = (argument(site, 0) or ANY).sole
    if index == 0:
        return record
    found: list[Atom] = []
    for text in texts(record):
        words = text.split()
        known = UNKNOWN not in text and isinstance(index, int) and index > 0
        found.append((words[index - 1] if index <= len(words) else "") if known and isinstance(index, int) else UNKNOWN)
    return Value(capped(found), record.origins)


SPECIAL: dict[str, Special] = {
    "print|": _to_command,
    "print|&": _to_command,
    "|getline": _to_command,
    "print>": _to_file,
    "print>>": _to_file,
    "getline<": _from_file,
    "getline": lambda machine, _: _record(machine),
    "field": _field,
}
PURE: dict[str, Pure] = {
    "sprintf": Pure(printf, partial=True),
    "tolower": Pure(lambda text: as_text(text).lower(), partial=True),
    "toupper": Pure(lambda text: as_text(text).upper(), partial=True),
    "substr": Pure(
        lambda text, start, length=None: s.substring(text, start - 1 if isinstance(start, int) else UNKNOWN, length)
    ),
}
CONSTANTS: dict[str, Constant] = {
    "ENVIRON": lambda _: Value((Obj("environ"),), frozenset(("env:*",))),
    "$0": _record,
    "FILENAME": lambda _: ANY,
}
AWK = Dialect(
    language="awk",
    program="awk",
    sinks=SINKS,
    pure=PURE,
    special=SPECIAL,
    constants=CONSTANTS,
    loose={},
    roots=frozenset(),
    called_by_name=True,
)
