"""Perl's functions and modules: which have effects, which make values."""

from __future__ import annotations

from checkrein.core.effect import UNKNOWN, Flag
from checkrein.detect.shell.model import ScriptFile
from checkrein.detect.shell.snippets import strings as s
from checkrein.detect.shell.snippets.arithmetic import printf
from checkrein.detect.shell.snippets.dialect import Action, Constant, Dialect, Pure, Sink, Site, Special
from checkrein.detect.shell.snippets.machine import Machine
from checkrein.detect.shell.snippets.perform import ACTIONS, argument, paths, write_to_handle
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

TREE = Sink(Action.DELETE, every=True, flags=Flag.RECURSIVE)
RUN = Sink(Action.SPAWN, mode="text")
PRINT = Sink(Action.PRINT)
GET = Sink(Action.REQUEST, to=-1, mode="get")

SINKS: dict[str, Sink] = {
    "unlink": Sink(Action.DELETE, every=True),
    "rmdir": Sink(Action.DELETE),
    "rmtree": TREE,
    "remove_tree": TREE,
    "truncate": Sink(Action.DELETE),
    "remove": Sink(Action.DELETE),
    "rename": Sink(Action.MOVE),
    "move": Sink(Action.MOVE),
    "mv": Sink(Action.MOVE),
    "copy": Sink(Action.COPY),
    "cp": Sink(Action.COPY),
    "dircopy": Sink(Action.COPY, flags=Flag.RECURSIVE),
    "rcopy": Sink(Action.COPY, flags=Flag.RECURSIVE),
    "pathrmdir": TREE,
    "mkdir": Sink(Action.WRITE, to=-1, flags=Flag.CREATE),
    "make_path": Sink(Action.WRITE, to=-1, flags=Flag.CREATE),
    "mkpath": Sink(Action.WRITE, to=-1, flags=Flag.CREATE),
    "chmod": Sink(Action.CHMOD, at=1, to=0, every=True),
    "chown": Sink(Action.CHMOD, at=2, to=0, every=True, mode="owner"),
    "symlink": Sink(Action.LINK),
    "link": Sink(Action.LINK, mode="hard"),
    "sysopen": Sink(Action.OPEN, at=1, to=9, mode="w"),
    "opendir": Sink(Action.LIST, at=1),
    "read_file": Sink(Action.READ),
    "slurp": Sink(Action.READ),
    "write_file": Sink(Action.WRITE),
    "append_file": Sink(Action.WRITE, flags=Flag.APPEND),
    "Path.remove": Sink(Action.DELETE),
    "Path.remove_tree": Sink(Action.DELETE, flags=Flag.RECURSIVE),
    "Path.spew": Sink(Action.WRITE),
    "Path.slurp": Sink(Action.READ),
    "Path.append": Sink(Action.WRITE, flags=Flag.APPEND),
    "Path.spew_utf8": Sink(Action.WRITE),
    "Path.slurp_utf8": Sink(Action.READ),
    "system": RUN,
    "exec": RUN,
    "`": Sink(Action.SHELL),
    "readpipe": Sink(Action.SHELL),
    "open2": Sink(Action.SPAWN, at=2, mode="text"),
    "open3": Sink(Action.SPAWN, at=3, mode="text"),
    "system-as": Sink(Action.PROGRAM, mode="l"),
    "exec-as": Sink(Action.PROGRAM, mode="l"),
    "capture": RUN,
    "run": RUN,
    "eval": Sink(Action.CODE),
    "get": GET,
    "getprint": GET,
    "head": GET,
    "getstore": Sink(Action.DOWNLOAD),
    "mirror": Sink(Action.DOWNLOAD),
    "client.get": Sink(Action.REQUEST, at=1, to=-1, mode="get"),
    "client.post": Sink(Action.REQUEST, at=1, to=2, mode="post"),
    "client.put": Sink(Action.REQUEST, at=1, to=2, mode="put"),
    "client.delete": Sink(Action.REQUEST, at=1, to=-1, mode="delete"),
    "client.request": Sink(Action.REQUEST, at=1, to=-1),
    "client.post_form": Sink(Action.REQUEST, at=1, to=2, mode="post"),
    "HTTP.Request.new": Sink(Action.REQUEST, at=1, to=3, gives="request"),
    "client.mirror": Sink(Action.DOWNLOAD, at=1, to=2),
    "connect": Sink(Action.CONNECT, at=1, to=9),
    "socket.send": Sink(Action.TRANSMIT),
    "socket.print": Sink(Action.TRANSMIT),
    "socket.syswrite": Sink(Action.TRANSMIT),
    "socket.write": Sink(Action.TRANSMIT),
    "send": Sink(Action.TRANSMIT),
    "kill": Sink(Action.SIGNAL, at=1),
    "database.do": Sink(Action.SQL, at=1),
    "database.prepare": Sink(Action.SQL, at=1),
    "database.selectall_arrayref": Sink(Action.SQL, at=1),
    "print": PRINT,
    "say": PRINT,
    "printf": PRINT,
    "warn": PRINT,
    "die": PRINT,
    "syswrite": PRINT,
}
LOOSE = {
    "do": "database.do",
    "prepare": "database.prepare",
    "remove_tree": "Path.remove_tree",
    "slurp": "Path.slurp",
    "spew": "Path.spew",
}


def _open(machine: Machine, site: Site) -> Value:
    """``open``: mode and path, or both in one text, which may also be a command."""
    if len(site.args) < 2:
        return join(_open_text(machine, text, site) for text in texts(argument(site, 0) or ANY))
    results = []
    for mode in texts(site.args[0]):
        if mode.strip() in ("-|", "|-"):
            results.append(ACTIONS[Action.SPAWN](machine, Sink(Action.SPAWN, at=1, mode="text"), site))
        else:
            results.append(_file(machine, site.args[1], mode, site))
    return join(results)


def _open_text(machine: Machine, text: str, site: Site) -> Value:
    text = text.strip()
    if text.startswith("|") or text.endswith("|"):
        return ACTIONS[Action.SHELL](machine, Sink(Action.SHELL), Site(site.name, (of(text.strip("|")),)))
    mode = text[: len(text) - len(text.lstrip("+<>"))]
    return _file(machine, of(text[len(mode) :].strip()), mode or "<", site)


def _file(machine: Machine, path: Value, mode: str, site: Site) -> Value:
    how = "a" if ">>" in mode else "r+" if "+<" in mode else "w" if ">" in mode or UNKNOWN in mode else "r"
    return ACTIONS[Action.OPEN](machine, Sink(Action.OPEN), Site(site.name, (path, of(how))))


def _print_to(machine: Machine, site: Site) -> Value:
    if site.args and any(isinstance(atom, Obj) and atom.cls == "file" for atom in site.args[0].options):
        content = lift(lambda *parts: s.merged(as_text(part) for part in parts), list(site.args[1:]), partial=True)
        return write_to_handle(machine, Site("print", (site.args[0], content)))
    if site.args and any(isinstance(atom, Obj) and atom.cls == "socket" for atom in site.args[0].options):
        return ACTIONS[Action.TRANSMIT](machine, SINKS["socket.print"], site)
    machine.show(site.args[1:])
    return NOTHING


def _readline(machine: Machine, site: Site) -> Value:
    name = as_text(site.args[0].sole) if site.args else ""
    scope = machine.scope.find(name if name.startswith("$") else f"*{name}")
    if scope is not None:
        return Value((UNKNOWN,), scope.variables[name if name.startswith("$") else f"*{name}"].origins)
    if name in ("", "<>") and machine.args:
        found = [ACTIONS[Action.READ](machine, Sink(Action.READ), Site("<>", (of(word),))) for word in machine.args]
        return join(found)
    return of(UNKNOWN if machine.stdin is None else machine.stdin.split("\n", 1)[0])


def _glob(machine: Machine, site: Site) -> Value:
    found: list[Atom] = [
        Pattern(part.replace("~", machine.world.home, 1) if part.startswith("~/") else part)
        for text in texts(argument(site, 0) or ANY)
        for part in text.split()
    ]
    return of(Seq(tuple(of(atom) for atom in found)))


def _load(machine: Machine, site: Site) -> Value:
    for path, _ in paths(machine, argument(site, 0)):
        if UNKNOWN in path:
            machine.unresolved("loads a file whose name cannot be known")
        elif machine.world.script(path) is not None:
            machine.emit(ScriptFile(path, "perl"))
    return ANY


def _chdir(machine: Machine, site: Site) -> Value:
    found = paths(machine, argument(site, 0)) if site.args else [(machine.world.home, Flag.NONE)]
    if machine.certain:
        machine.cwd = found[0][0] if len(found) == 1 else f"/{UNKNOWN}"
    return NOTHING


def _join(_machine: Machine, site: Site) -> Value:
    if not site.args:
        return ANY
    rest = site.args[1:]
    items = rest[0] if len(rest) == 1 and isinstance(rest[0].sole, Seq) else of(Seq(tuple(rest), site.more))
    return lift(s.joined, [site.args[0], items], partial=True)


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
            machine.call(value, [])
    return NOTHING


def _connection(machine: Machine, site: Site) -> Value:
    """``IO::Socket::INET->new(PeerAddr => HOST, PeerPort => PORT)`` and texts ``HOST:PORT``."""
    words = [as_text(value.sole) for value in site.args]
    given = dict(zip(words[::2], words[1::2], strict=False))
    host = given.get("PeerAddr") or given.get("PeerHost") or (words[0] if len(words) == 1 else UNKNOWN)
    port = given.get("PeerPort")
    return ACTIONS[Action.CONNECT](
        machine, Sink(Action.CONNECT, to=9), Site(site.name, (of(f"{host}:{port}" if port else host),))
    )


SPECIAL: dict[str, Special] = {
    "open": _open,
    "print-to": _print_to,
    "<>": _readline,
    "readline": _readline,
    "glob": _glob,
    "bsd_glob": _glob,
    "do": _load,
    "chdir": _chdir,
    "join": _join,
    "reverse": _reverse,
    "pack": _pack,
    "find": _find,
    "finddepth": _find,
    "getcwd": lambda machine, _: of(machine.cwd),
    "cwd": lambda machine, _: of(machine.cwd),
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
PURE: dict[str, Pure] = {
    "decode_base64": Pure(lambda data: as_text(s.loose_base64(data))),
    "chr": Pure(s.character),
    "ord": Pure(s.ord_of),
    "lc": Pure(lambda text: as_text(text).lower(), partial=True),
    "uc": Pure(lambda text: as_text(text).upper(), partial=True),
    "substr": Pure(s.substring),
    "sprintf": Pure(printf, partial=True),
    "catfile": Pure(s.joined_in_order, partial=True),
    "catdir": Pure(s.joined_in_order, partial=True),
    "dirname": Pure(s.folder_of, partial=True),
    "basename": Pure(s.name_of, partial=True),
    "File.Spec.catfile": Pure(s.joined_in_order, partial=True),
    "File.Spec.catdir": Pure(s.joined_in_order, partial=True),
    "unpack": Pure(s.packed_out),
    "hex": Pure(lambda text: int(as_text(text), 16)),
    "oct": Pure(lambda text: int(as_text(text), 8)),
    "split": Pure(lambda separator, text, *_: s.split(text, separator), partial=True),
    "quotemeta": Pure(s.path_text, partial=True),
    "scalar": Pure(s.path_text, partial=True),
    "uri_unescape": Pure(s.unquoted),
    "list.shift": Pure(
        lambda items, *_: items.items[0].sole if isinstance(items, Seq) and items.items else UNKNOWN, partial=True
    ),
    "list.pop": Pure(
        lambda items, *_: items.items[-1].sole if isinstance(items, Seq) and items.items else UNKNOWN, partial=True
    ),
    "Path.child": Pure(s.path_object, partial=True),
    "Path.stringify": Pure(s.path_text, partial=True),
}


def _arguments(machine: Machine) -> Value:
    return of(Seq(tuple(of(word) for word in machine.args)))


CONSTANTS: dict[str, Constant] = {
    "[ARGV": _arguments,
    "%ENV": lambda _: Value((Obj("environ"),), frozenset(("env:*",))),
    "$0": lambda _: of("-e"),
    "$$": lambda _: ANY,
    "$_": lambda machine: of(UNKNOWN if machine.stdin is None else machine.stdin.split("\n", 1)[0]),
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
    called_by_name=True,
)
