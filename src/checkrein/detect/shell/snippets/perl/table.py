"""Perl's functions and modules: which have effects, which make values."""

from __future__ import annotations

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.snippets import strings as s
from checkrein.detect.shell.snippets.arguments import argument, paths
from checkrein.detect.shell.snippets.calls import call
from checkrein.detect.shell.snippets.dialect import Action, Constant, Dialect, Sink, Site, Special
from checkrein.detect.shell.snippets.machine import Machine
from checkrein.detect.shell.snippets.perform_files import write_to_handle
from checkrein.detect.shell.snippets.perl.sinks import LOOSE, SINKS
from checkrein.detect.shell.snippets.perl.values import PURE
from checkrein.detect.shell.snippets.specials import (
    chdir,
    environ,
    first_line,
    load_files,
    words,
    working_folder,
)
from checkrein.detect.shell.snippets.temporary import makes, temporary_folder
from checkrein.detect.shell.snippets.values import (
    ANY,
    NOTHING,
    Atom,
    Closure,
    Map,
    Obj,
    Pattern,
    Seq,
    Value,
    as_text,
    join,
    lift,
    of,
    texts,
)


def _open(machine: Machine, site: Site) -> Value:
    """``open``: mode and path, or both in one text, which may also be a command."""
    if len(site.args) < 2:
        return join(_open_text(machine, text, site) for text in texts(argument(site, 0) or ANY))
    results = []
    for mode in texts(site.args[0]):
        if mode.strip() in ("-|", "|-"):
            results.append(machine.perform(Sink(Action.SPAWN, at=1, mode="text"), site))
        else:
            results.append(_file(machine, site.args[1], mode, site))
    return join(results)


def _open_text(machine: Machine, text: str, site: Site) -> Value:
    text = text.strip()
    if text.startswith("|") or text.endswith("|"):
        return machine.perform(Sink(Action.SHELL), Site(site.name, (of(text.strip("|")),)))
    mode = text[: len(text) - len(text.lstrip("+<>"))]
    return _file(machine, of(text[len(mode) :].strip()), mode or "<", site)


def _file(machine: Machine, path: Value, mode: str, site: Site) -> Value:
    how = "a" if ">>" in mode else "r+" if "+<" in mode else "w" if ">" in mode or UNKNOWN in mode else "r"
    return machine.perform(Sink(Action.OPEN), Site(site.name, (path, of(how))))


def _print_to(machine: Machine, site: Site) -> Value:
    if site.args and any(isinstance(atom, Obj) and atom.cls in ("file", "child") for atom in site.args[0].options):
        content = lift(lambda *parts: s.merged(as_text(part) for part in parts), list(site.args[1:]), partial=True)
        return write_to_handle(machine, Site("print", (site.args[0], content)))
    if site.args and any(isinstance(atom, Obj) and atom.cls == "socket" for atom in site.args[0].options):
        return machine.perform(SINKS["socket.print"], site)
    machine.show(site.args[1:])
    return NOTHING


def _readline(machine: Machine, site: Site) -> Value:
    name = as_text(site.args[0].sole) if site.args else ""
    scope = machine.scope.find(name if name.startswith("$") else f"*{name}")
    if scope is not None:
        return Value((UNKNOWN,), scope.variables[name if name.startswith("$") else f"*{name}"].origins)
    files = machine.scope.find("[ARGV")
    if name in ("", "<>") and files is not None:
        return machine.perform(Sink(Action.READ), Site("<>", (files.variables["[ARGV"],)))
    if name in ("", "<>") and machine.args:
        found = [machine.perform(Sink(Action.READ), Site("<>", (of(word),))) for word in machine.args]
        return join(found)
    return first_line(machine)


def _glob(machine: Machine, site: Site) -> Value:
    found: list[Atom] = [
        Pattern(part.replace("~", machine.world.home, 1) if part.startswith("~/") else part)
        for text in texts(argument(site, 0) or ANY)
        for part in text.split()
    ]
    return of(Seq(tuple(of(atom) for atom in found)))


def _load(machine: Machine, site: Site) -> Value:
    load_files(machine, site, "loads a file whose name cannot be known")
    return ANY


def _join(_machine: Machine, site: Site) -> Value:
    if not site.args:
        return ANY
    rest = site.args[1:]
    items = rest[0] if len(rest) == 1 and isinstance(rest[0].sole, Seq) else of(Seq(tuple(rest), site.more))
    origins = items.origins.union(*(value.origins for value in rest))
    return lift(s.joined, [site.args[0], items.with_origins(origins)], partial=True)


def _reverse(_machine: Machine, site: Site) -> Value:
    """``reverse``: the list, and in a scalar the characters."""
    if len(site.args) == 1 and not site.more:
        return lift(s.backwards, list(site.args), partial=False)
    return of(Seq(tuple(reversed(site.args)), site.more))


def _pack(_machine: Machine, site: Site) -> Value:
    return lift(lambda *args: s.as_string(s.unpacked(*args)), list(site.args), partial=False)


def _find(machine: Machine, site: Site) -> Value:
    """``find(sub { unlink }, DIR)``: the sub runs in every folder below."""
    roots = [path for value in site.args[1:] for path, _ in paths(machine, value)]
    below = Value(tuple(Pattern(f"{root.rstrip('/')}/**") for root in roots)) if roots else ANY
    machine.root.variables.update({"$_": below, "$File::Find::name": below})
    func = site.args[0] if site.args else ANY
    table = func.sole
    for value in [item for _, item in table.pairs] if isinstance(table, Map) else [func]:
        if isinstance(value.sole, Closure):
            call(machine, value, [])
    return NOTHING


def _connection(machine: Machine, site: Site) -> Value:
    """``IO::Socket::INET->new(PeerAddr => HOST, PeerPort => PORT)`` and texts ``HOST:PORT``."""
    words = [as_text(value.sole) for value in site.args]
    given = dict(zip(words[::2], words[1::2], strict=False))
    host = given.get("PeerAddr") or given.get("PeerHost") or (words[0] if len(words) == 1 else UNKNOWN)
    port = given.get("PeerPort")
    return machine.perform(Sink(Action.CONNECT, to=9), Site(site.name, (of(f"{host}:{port}" if port else host),)))


SPECIAL: dict[str, Special] = {
    "open": _open,
    "print-to": _print_to,
    "<>": _readline,
    "readline": _readline,
    "glob": _glob,
    "bsd_glob": _glob,
    "do": _load,
    "chdir": chdir,
    "join": _join,
    "reverse": _reverse,
    "pack": _pack,
    "find": _find,
    "finddepth": _find,
    "tempdir": makes(9),
    "File.Temp.newdir": makes(9, gives="file"),
    "File.Temp.new": makes(9, gives="file"),
    "tempfile": makes(9, gives="pair"),
    "tmpdir": lambda machine, _: of(temporary_folder(machine)),
    "getcwd": working_folder,
    "cwd": working_folder,
    "LWP.UserAgent.new": lambda _, __: of(Obj("client")),
    "HTTP.Tiny.new": lambda _, __: of(Obj("client")),
    "Mojo.UserAgent.new": lambda _, __: of(Obj("client")),
    "IO.Socket.INET.new": _connection,
    "IO.Socket.SSL.new": _connection,
    "IO.Socket.UNIX.new": _connection,
    "DBI.connect": lambda _, __: of(Obj("database")),
    "path": lambda _, site: of(s.path_object(*(value.sole for value in site.args))),
    "bless": lambda _, site: site.args[0] if site.args else ANY,
    "list.print": _print_to,
    "file.print": write_to_handle,
    "file.say": write_to_handle,
    "ref": lambda _, __: ANY,
}


CONSTANTS: dict[str, Constant] = {
    "[ARGV": words,
    "%ENV": environ,
    "$0": lambda _: of("-e"),
    "$$": lambda _: ANY,
    "$_": first_line,
}
PLAIN = (
    "CORE::GLOBAL::",
    "CORE::",
    "main::",
    "File::Path::",
    "File::Copy::",
    "File::Copy::Recursive::",
    "POSIX::",
    "Cwd::",
    "MIME::Base64::",
    "LWP::Simple::",
    "IPC::Open3::",
    "IPC::Open2::",
    "File::Spec::Functions::",
    "File::Slurp::",
    "File::Glob::",
    "File::Find::",
    "File::Basename::",
    "Path::Tiny::",
    "URI::Escape::",
    "IPC::System::Simple::",
)


def canonical(name: str) -> str:
    """Functions without the module that they are imported from, other names with dots."""
    for head in PLAIN:
        if name.startswith(head):
            return name.removeprefix(head)
    return name.replace("::", ".")


PERL = Dialect(
    language="perl",
    program="perl",
    sinks=SINKS,
    pure=PURE,
    special=SPECIAL,
    constants=CONSTANTS,
    loose=LOOSE,
    roots=frozenset(),
    canonical=canonical,
    mutators={"push": "append", "unshift": "prepend", "shift": "drop"},
    changes_first={"chop": "change", "splice": "change"},
    called_by_name=True,
)
