"""JavaScript's modules (Node, Deno, Bun, and packages that delete or run things): effects and values of calls."""

from __future__ import annotations

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.model import ScriptFile, absolute
from checkrein.detect.shell.running.modules import node_files
from checkrein.detect.shell.snippets import strings as s
from checkrein.detect.shell.snippets.arguments import argument, enabled, option, paths
from checkrein.detect.shell.snippets.arithmetic import joined_path
from checkrein.detect.shell.snippets.calls import call, call_back
from checkrein.detect.shell.snippets.dialect import Action, Constant, Dialect, Sink, Site, Special
from checkrein.detect.shell.snippets.javascript.sinks import LOOSE, SINKS
from checkrein.detect.shell.snippets.javascript.values import PURE
from checkrein.detect.shell.snippets.machine import Machine
from checkrein.detect.shell.snippets.names import attribute, environment, symbol
from checkrein.detect.shell.snippets.perform_files import write_to_handle
from checkrein.detect.shell.snippets.specials import (
    chdir,
    database,
    environ,
    first_argument,
    home,
    patterns,
    standard_input,
    words,
    working_folder,
)
from checkrein.detect.shell.snippets.temporary import makes, temporary_folder
from checkrein.detect.shell.snippets.values import (
    ANY,
    Map,
    Obj,
    Pattern,
    Seq,
    Sym,
    Value,
    as_text,
    element_of,
    join,
    lift,
    of,
    texts,
    unknown,
)


def _from_buffer(_machine: Machine, site: Site) -> Value:
    value = argument(site, 0) or ANY
    encoding = argument(site, 1)
    names = texts(encoding) if encoding is not None else ("utf8",)
    from_text = {"base64": s.loose_base64, "base64url": s.loose_base64, "hex": s.unhex}.get(names[0], s.as_bytes)
    return applied(from_text, value)


def applied(function: s.Callable[..., s.Atom], value: Value) -> Value:
    """A function of one value."""
    return lift(function, [value], partial=False)


def _to_string(_machine: Machine, site: Site) -> Value:
    encoding = as_text(site.args[1].sole) if len(site.args) > 1 else "utf8"
    if encoding == "hex":
        return applied(lambda data: s.to_bytes(data).hex(), site.args[0])
    if encoding in ("base64", "base64url"):
        return applied(lambda data: s.base64.b64encode(s.to_bytes(data)).decode(), site.args[0])
    return applied(s.as_string, site.args[0])


def _require(machine: Machine, site: Site) -> Value:
    found = []
    for name in texts(argument(site, 0) or ANY):
        if UNKNOWN in name:
            machine.unresolved("loads a module that cannot be known")
            found.append(ANY)
        elif name.startswith((".", "/")):
            for folder in (machine.cwd, *machine.search):
                for candidate in node_files(absolute(name, folder), machine.world):
                    if machine.world.script(candidate) is not None:
                        machine.emit(ScriptFile(candidate, "javascript"))
            found.append(ANY)
        else:
            found.append(
                symbol(
                    machine,
                    name.removeprefix("node:").removeprefix("npm:").partition("@")[0].replace("/", ".")
                    if not name.startswith("@")
                    else name,
                )
            )
    return join(found)


def _then(machine: Machine, site: Site) -> Value:
    """``promise.then(f)``: f gets the value itself."""
    results = [call(machine, value, [site.args[0]]) for value in site.args[1:]]
    return join([result.with_origins(site.args[0].origins) for result in results]) if results else site.args[0]


def _each(machine: Machine, site: Site) -> Value:
    """``items.map(f)`` and its kin."""
    items = site.args[0]
    callback = site.args[1] if len(site.args) > 1 else ANY
    atom = items.sole
    if isinstance(atom, Seq) and len(atom.items) <= 256:
        results = [call(machine, callback, [item, of(at), items]) for at, item in enumerate(atom.items)]
        if site.name.endswith((".filter", ".find")):
            return items if site.name.endswith("filter") else element_of(items)
        return of(Seq(tuple(results), more=atom.more))
    return of(Seq((call(machine, callback, [element_of(items)]),), more=True)).with_origins(items.origins)


def _fold(machine: Machine, site: Site) -> Value:
    atom = site.args[0].sole
    if not isinstance(atom, Seq) or atom.more or len(site.args) < 2 or (not atom.items and len(site.args) < 3):
        return call_back(machine, site.args[1], site.args[0].origins) if len(site.args) > 1 else ANY
    value = site.args[2] if len(site.args) > 2 else atom.items[0]
    for item in atom.items[0 if len(site.args) > 2 else 1 : 256]:
        value = call(machine, site.args[1], [value, item])
    return value


def _joined(_machine: Machine, site: Site) -> Value:
    separator = site.args[1] if len(site.args) > 1 else of(",")
    return lift(s.joined, [separator, site.args[0]], partial=True)


def _resolve(machine: Machine, site: Site) -> Value:
    whole = lift(joined_path, list(site.args), partial=True) if site.args else of(machine.cwd)
    return Value(tuple(Pattern(path) if flag else path for path, flag in paths(machine, whole)), whole.origins)


def _glob(machine: Machine, site: Site) -> Value:
    found = patterns(site)
    for value in site.args[1:]:
        call(machine, value, [of(None), found]) if not isinstance(value.sole, (Map, str)) else None
    return found


def _reflect(machine: Machine, site: Site) -> Value:
    """``Reflect.apply(f, this, args)`` and ``f.apply(this, args)``."""
    args = site.args[1:] if site.name == "Reflect.apply" else site.args
    listed = args[1].sole if len(args) > 1 else UNKNOWN
    items = list(listed.items) if isinstance(listed, Seq) else []
    return call(machine, site.args[0], items, more=not isinstance(listed, Seq) or listed.more)


def _assign_all(_machine: Machine, site: Site) -> Value:
    return join(site.args) if site.args else ANY


def _worker(machine: Machine, site: Site) -> Value:
    """``new Worker(file)``, or of code with ``eval: true``."""
    kind = Sink(Action.CODE if enabled(option(site, "eval")) else Action.CODE_FILE)
    return machine.perform(kind, site)


SPECIAL: dict[str, Special] = {
    "Buffer.from": _from_buffer,
    "Buffer": _from_buffer,
    "bytes.toString": _to_string,
    "str.toString": _to_string,
    "require": _require,
    "import": _require,
    "module.require": _require,
    "process.mainModule.require": _require,
    "process.getBuiltinModule": _require,
    "module.createRequire": lambda _, __: of(Sym("require")),
    "any.then": _then,
    "response.then": _then,
    "str.then": _then,
    "any.finally": _then,
    "list.map": _each,
    "list.forEach": _each,
    "list.filter": _each,
    "list.flatMap": _each,
    "list.find": _each,
    "list.reduce": _fold,
    "list.join": _joined,
    "any.forEach": _each,
    "any.map": _each,
    "path.resolve": _resolve,
    "process.chdir": chdir,
    "glob": _glob,
    "glob.glob": _glob,
    "glob.globSync": _glob,
    "glob.sync": _glob,
    "fast-glob": _glob,
    "fast-glob.sync": _glob,
    "globby": _glob,
    "globby.sync": _glob,
    "util.promisify": first_argument,
    "Promise.resolve": first_argument,
    "Promise.all": first_argument,
    "Reflect.apply": _reflect,
    "Reflect.get": lambda machine, site: join(
        attribute(machine, site.args[0], name) for name in texts(argument(site, 1) or ANY)
    ),
    "setTimeout": lambda machine, site: call(machine, site.args[0], list(site.args[2:])) if site.args else ANY,
    "setInterval": lambda machine, site: call(machine, site.args[0], list(site.args[2:])) if site.args else ANY,
    "setImmediate": lambda machine, site: call(machine, site.args[0], list(site.args[1:])) if site.args else ANY,
    "process.nextTick": lambda machine, site: call(machine, site.args[0], list(site.args[1:])) if site.args else ANY,
    "Worker": _worker,
    "worker_threads.Worker": _worker,
    "sqlite3.Database": database,
    "better-sqlite3": database,
    "sqlite.DatabaseSync": database,
    "pg.Client": database,
    "pg.Pool": database,
    "bun:sqlite.Database": database,
    "mysql2.createConnection": database,
    "mysql.createConnection": database,
    "postgres": database,
    "neon": database,
    "@neondatabase/serverless.neon": database,
    "@vercel/postgres.sql": lambda machine, site: machine.perform(Sink(Action.SQL), site),
    "child.write": write_to_handle,
    "child.end": write_to_handle,
    "file.write": write_to_handle,
    "file.end": write_to_handle,
    "Object.assign": _assign_all,
    "fs.mkdtemp": makes(0, whole=True),
    "os.tmpdir": lambda machine, _: of(temporary_folder(machine)),
    "process.cwd": working_folder,
    "os.homedir": home,
    "Deno.cwd": working_folder,
    "Bun.file": lambda _, site: of(Obj("file", site.args[:1])),
    "Deno.env.get": lambda machine, site: environment(machine, as_text((argument(site, 0) or ANY).sole)),
    "any.on": lambda machine, site: call_back(machine, site.args[-1], site.args[0].origins),
    "process.stdin.read": standard_input,
    "response.on": lambda machine, site: call_back(machine, site.args[-1], site.args[0].origins),
    "fs.existsSync": lambda _, __: ANY,
    "Object.keys": lambda _, site: unknown(site.args[0].origins if site.args else frozenset()),
}


def _argv(machine: Machine) -> Value:
    """With ``-e`` the first word stands at 1, with a script at 2: both are possible."""
    words = tuple(of(word).with_origins(machine.origins) for word in machine.args)
    return Value((Seq((of("node"), *words)), Seq((of("node"), ANY, *words))))


CONSTANTS: dict[str, Constant] = {
    "process.argv": _argv,
    "process.env": environ,
    "Deno.args": words,
    "Bun.argv": _argv,
    "Bun.env": environ,
    "process.platform": lambda _: of("linux"),
    "process.execPath": lambda _: of("node"),
    "path.sep": lambda _: of("/"),
    "__dirname": working_folder,
    "process.pid": lambda _: ANY,
    "process.ppid": lambda _: ANY,
}

ALIASES = {
    "fs-extra": "fs",
    "graceful-fs": "fs",
    "fs-extra.fs": "fs",
    "rimraf.rimraf": "rimraf",
    "rimraf.native": "rimraf",
    "rimraf.manual": "rimraf",
    "rimraf.sync": "rimraf",
    "del.deleteAsync": "del",
    "del.sync": "del",
    "https": "http",
    "process.stdin": "process.stdin",
    "zx": "zx",
    "bun.$": "$",
    "zx.globals": "zx",
}
SPACES = ("globalThis.", "global.", "window.", "self.", "root.")


def canonical(name: str) -> str:
    """The name that the tables know: no global object, no ``Sync``, no ``promises``, no ``default``."""
    while name.startswith(SPACES):
        name = name.partition(".")[2]
    head, dot, rest = name.partition(".")
    if head in ALIASES:
        name = ALIASES[head] + dot + rest
    name = name.replace(".promises", "").replace(".posix", "").removesuffix(".default").replace(".default.", ".")
    if name in ALIASES:
        return ALIASES[name]
    return (
        name.removesuffix("Sync")
        if name.endswith("Sync") and not name.endswith((".DatabaseSync", "existsSync", "globSync"))
        else name
    )


JAVASCRIPT = Dialect(
    language="javascript",
    program="node",
    sinks=SINKS,
    pure=PURE,
    special=SPECIAL,
    constants=CONSTANTS,
    loose=LOOSE,
    roots=frozenset(("fs", "child_process", "vm", "globalThis", "global", "process", "Deno", "Bun", "shelljs", "execa")),
    canonical=canonical,
    changes_first={"Object.assign": "merge", "Object.defineProperty": "change", "Reflect.set": "change"},
    callers=frozenset(("call", "apply", "bind")),
    members_are_items=True,
    mutators={
        "push": "append",
        "unshift": "prepend",
        "reverse": "reverse",
        "shift": "drop",
        "pop": "drop-last",
        "splice": "change",
        "sort": "change",
        "fill": "change",
        "copyWithin": "change",
    },
)
