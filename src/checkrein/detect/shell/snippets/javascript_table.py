"""JavaScript's modules (Node, Deno, Bun, and packages that delete or run things): effects and values of calls."""

from __future__ import annotations

from checkrein.core.effect import UNKNOWN, Flag
from checkrein.detect.shell.model import ScriptFile
from checkrein.detect.shell.snippets import strings as s
from checkrein.detect.shell.snippets.arithmetic import joined_path
from checkrein.detect.shell.snippets.dialect import Action, Constant, Dialect, Pure, Sink, Site, Special
from checkrein.detect.shell.snippets.machine import Machine
from checkrein.detect.shell.snippets.perform import argument, paths, write_to_handle
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

TREE = Flag.RECURSIVE
RECURSIVE = (("recursive", Flag.RECURSIVE), ("force", Flag.FORCE))
REMOVE = Sink(Action.DELETE, options=RECURSIVE)
SHELL = Sink(Action.SHELL)
PROGRAM = Sink(Action.SPAWN, mode="file")
EVAL = Sink(Action.CODE)
LOG = Sink(Action.PRINT)

SINKS: dict[str, Sink] = {
    "fs.rm": REMOVE,
    "fs.unlink": Sink(Action.DELETE),
    "fs.rmdir": REMOVE,
    "fs.remove": Sink(Action.DELETE, flags=TREE),
    "fs.emptyDir": Sink(Action.DELETE, flags=TREE),
    "fs.emptydir": Sink(Action.DELETE, flags=TREE),
    "fs.truncate": Sink(Action.DELETE),
    "fs.ftruncate": Sink(Action.DELETE),
    "rimraf": Sink(Action.DELETE, flags=TREE),
    "del": Sink(Action.DELETE, flags=TREE),
    "Deno.remove": REMOVE,
    "Deno.truncate": Sink(Action.DELETE),
    "shelljs.rm": Sink(Action.DELETE, at=1, flags=TREE),
    "bunfile.delete": Sink(Action.DELETE),
    "bunfile.unlink": Sink(Action.DELETE),
    "fs.writeFile": Sink(Action.WRITE),
    "fs.appendFile": Sink(Action.WRITE, flags=Flag.APPEND),
    "fs.outputFile": Sink(Action.WRITE),
    "fs.writeJson": Sink(Action.WRITE, to=-1),
    "fs.writeJSON": Sink(Action.WRITE, to=-1),
    "fs.outputJson": Sink(Action.WRITE, to=-1),
    "fs.createWriteStream": Sink(Action.OPEN, to=-1, mode="w"),
    "fs.open": Sink(Action.OPEN),
    "fs.mkdir": Sink(Action.WRITE, to=-1, flags=Flag.CREATE),
    "fs.mkdirp": Sink(Action.WRITE, to=-1, flags=Flag.CREATE),
    "fs.ensureDir": Sink(Action.WRITE, to=-1, flags=Flag.CREATE),
    "fs.ensureFile": Sink(Action.WRITE, to=-1, flags=Flag.CREATE),
    "fs.mkdtemp": Sink(Action.WRITE, to=-1, flags=Flag.CREATE),
    "Deno.writeTextFile": Sink(Action.WRITE),
    "Deno.writeFile": Sink(Action.WRITE),
    "Deno.mkdir": Sink(Action.WRITE, to=-1, flags=Flag.CREATE),
    "Deno.create": Sink(Action.OPEN, to=-1, mode="w"),
    "Bun.write": Sink(Action.WRITE),
    "fs.copyFile": Sink(Action.COPY),
    "fs.cp": Sink(Action.COPY, options=RECURSIVE),
    "fs.copy": Sink(Action.COPY, flags=TREE),
    "Deno.copyFile": Sink(Action.COPY),
    "fs.rename": Sink(Action.MOVE),
    "fs.move": Sink(Action.MOVE),
    "Deno.rename": Sink(Action.MOVE),
    "fs.chmod": Sink(Action.CHMOD),
    "fs.lchmod": Sink(Action.CHMOD),
    "fs.chown": Sink(Action.CHMOD, mode="owner"),
    "fs.lchown": Sink(Action.CHMOD, mode="owner"),
    "Deno.chmod": Sink(Action.CHMOD),
    "Deno.chown": Sink(Action.CHMOD, mode="owner"),
    "fs.symlink": Sink(Action.LINK),
    "fs.link": Sink(Action.LINK, mode="hard"),
    "fs.ensureSymlink": Sink(Action.LINK),
    "Deno.symlink": Sink(Action.LINK),
    "Deno.link": Sink(Action.LINK, mode="hard"),
    "fs.readFile": Sink(Action.READ),
    "fs.createReadStream": Sink(Action.READ, gives="stream"),
    "fs.readJson": Sink(Action.READ),
    "fs.readJSON": Sink(Action.READ),
    "fs.readv": Sink(Action.READ),
    "fs.openAsBlob": Sink(Action.READ),
    "Deno.readTextFile": Sink(Action.READ),
    "Deno.readFile": Sink(Action.READ),
    "Deno.open": Sink(Action.READ),
    "bunfile.text": Sink(Action.READ),
    "bunfile.json": Sink(Action.READ),
    "bunfile.arrayBuffer": Sink(Action.READ),
    "fs.readdir": Sink(Action.LIST),
    "fs.opendir": Sink(Action.LIST),
    "Deno.readDir": Sink(Action.LIST),
    # programs
    "child_process.exec": SHELL,
    "child_process.spawn": PROGRAM,
    "child_process.execFile": PROGRAM,
    "child_process.fork": Sink(Action.CODE_FILE),
    "execa": PROGRAM,
    "execa.execa": PROGRAM,
    "execa.command": SHELL,
    "execa.execaCommand": SHELL,
    "execa.$": SHELL,
    "shelljs.exec": SHELL,
    "cross-spawn": PROGRAM,
    "zx.$": SHELL,
    "$": SHELL,
    "Bun.$": SHELL,
    "Bun.spawn": Sink(Action.SPAWN, mode="list"),
    "node-pty.spawn": PROGRAM,
    "Deno.run": Sink(Action.SPAWN, mode="list"),
    "Deno.Command": Sink(Action.SPAWN, mode="list"),
    "process.binding": LOG,
    # code
    "eval": EVAL,
    "Function": Sink(Action.CODE, every=True),
    "vm.runInThisContext": EVAL,
    "vm.runInNewContext": EVAL,
    "vm.runInContext": EVAL,
    "vm.Script": EVAL,
    "vm.compileFunction": EVAL,
    "worker_threads.Worker": Sink(Action.CODE_FILE),
    "GeneratorFunction": EVAL,
    "AsyncFunction": EVAL,
    "module.runMain": Sink(Action.CODE_FILE),
    "process.dlopen": Sink(Action.CODE_FILE, at=1),
    # network
    "fetch": Sink(Action.REQUEST, to=-1),
    "undici.request": Sink(Action.REQUEST, to=-1),
    "undici.fetch": Sink(Action.REQUEST, to=-1),
    "node-fetch": Sink(Action.REQUEST, to=-1),
    "axios": Sink(Action.REQUEST, to=-1),
    "axios.request": Sink(Action.REQUEST, to=-1),
    "got": Sink(Action.REQUEST, to=-1),
    **{
        f"{lib}.{verb}": Sink(Action.REQUEST, mode=verb, to=1 if verb in ("post", "put", "patch") else -1)
        for lib in ("axios", "got", "ky", "superagent")
        for verb in ("get", "head", "post", "put", "patch", "delete")
    },
    "http.get": Sink(Action.REQUEST, to=-1, mode="get"),
    "http.request": Sink(Action.REQUEST, to=-1, gives="socket"),
    "net.connect": Sink(Action.CONNECT, to=9),
    "net.createConnection": Sink(Action.CONNECT, to=9),
    "tls.connect": Sink(Action.CONNECT, to=9),
    "socket.write": Sink(Action.TRANSMIT),
    "socket.end": Sink(Action.TRANSMIT),
    "socket.send": Sink(Action.TRANSMIT),
    "WebSocket": Sink(Action.CONNECT, to=9),
    "ws": Sink(Action.CONNECT, to=9),
    "navigator.sendBeacon": Sink(Action.REQUEST, mode="post"),
    "Deno.connect": Sink(Action.CONNECT, to=9),
    "database.exec": Sink(Action.SQL, at=1),
    "database.query": Sink(Action.SQL, at=1),
    "database.prepare": Sink(Action.SQL, at=1),
    "database.run": Sink(Action.SQL, at=1),
    "database.execute": Sink(Action.SQL, at=1),
    "database.$executeRawUnsafe": Sink(Action.SQL, at=1),
    "any.constructor": Sink(Action.CODE, at=1),
    "socket.connect": Sink(Action.CONNECT, at=2, to=1),
    "process.kill": Sink(Action.SIGNAL),
    "Deno.kill": Sink(Action.SIGNAL),
    **{f"console.{name}": LOG for name in ("log", "error", "info", "warn", "debug", "table", "dir")},
    "process.stdout.write": LOG,
    "process.stderr.write": LOG,
}

LOOSE = {
    **{
        f"{name}Sync": f"fs.{name}"
        for name in (
            "rm",
            "unlink",
            "rmdir",
            "writeFile",
            "appendFile",
            "readFile",
            "copyFile",
            "cp",
            "rename",
            "chmod",
            "symlink",
            "truncate",
            "remove",
            "emptyDir",
            "readdir",
        )
    },
    **{
        name: f"fs.{name}"
        for name in (
            "unlink",
            "rmdir",
            "writeFile",
            "appendFile",
            "readFile",
            "copyFile",
            "emptyDir",
            "createReadStream",
            "createWriteStream",
        )
    },
    "execSync": "child_process.exec",
    "spawnSync": "child_process.spawn",
    "execFileSync": "child_process.execFile",
    "execFile": "child_process.execFile",
    "spawn": "child_process.spawn",
    "runInThisContext": "vm.runInThisContext",
    "runInNewContext": "vm.runInNewContext",
    "query": "database.query",
    "$executeRawUnsafe": "database.$executeRawUnsafe",
}


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
            path = machine.locate(name)
            for candidate in (path, f"{path}.js", f"{path}.mjs", f"{path}.cjs", f"{path}.ts", f"{path}/index.js"):
                if machine.world.script(candidate) is not None:
                    machine.emit(ScriptFile(candidate, "javascript"))
            found.append(ANY)
        else:
            found.append(
                machine.symbol(
                    name.removeprefix("node:").removeprefix("npm:").partition("@")[0].replace("/", ".")
                    if not name.startswith("@")
                    else name
                )
            )
    return join(found)


def _then(machine: Machine, site: Site) -> Value:
    """``promise.then(f)``: f gets the value itself."""
    results = [machine.call(value, [site.args[0]]) for value in site.args[1:]]
    return join([result.with_origins(site.args[0].origins) for result in results]) if results else site.args[0]


def _each(machine: Machine, site: Site) -> Value:
    """``items.map(f)`` and its kin."""
    items = site.args[0]
    callback = site.args[1] if len(site.args) > 1 else ANY
    atom = items.sole
    if isinstance(atom, Seq) and len(atom.items) <= 256:
        results = [machine.call(callback, [item, of(at), items]) for at, item in enumerate(atom.items)]
        if site.name.endswith((".filter", ".find")):
            return items if site.name.endswith("filter") else element_of(items)
        return of(Seq(tuple(results), more=atom.more))
    return of(Seq((machine.call(callback, [element_of(items)]),), more=True)).with_origins(items.origins)


def _fold(machine: Machine, site: Site) -> Value:
    atom = site.args[0].sole
    if not isinstance(atom, Seq) or atom.more or len(site.args) < 2 or (not atom.items and len(site.args) < 3):
        return machine.call_back(site.args[1], site.args[0].origins) if len(site.args) > 1 else ANY
    value = site.args[2] if len(site.args) > 2 else atom.items[0]
    for item in atom.items[0 if len(site.args) > 2 else 1 : 256]:
        value = machine.call(site.args[1], [value, item])
    return value


def _joined(_machine: Machine, site: Site) -> Value:
    separator = site.args[1] if len(site.args) > 1 else of(",")
    return lift(s.joined, [separator, site.args[0]], partial=True)


def _resolve(machine: Machine, site: Site) -> Value:
    whole = lift(joined_path, list(site.args), partial=True) if site.args else of(machine.cwd)
    return Value(tuple(Pattern(path) if flag else path for path, flag in paths(machine, whole)), whole.origins)


def _chdir(machine: Machine, site: Site) -> Value:
    found = paths(machine, argument(site, 0))
    if machine.certain:
        machine.cwd = found[0][0] if len(found) == 1 else f"/{UNKNOWN}"
    return ANY


def _glob(machine: Machine, site: Site) -> Value:
    found = of(Seq((Value(tuple(Pattern(text) for text in texts(argument(site, 0) or ANY))),)))
    for value in site.args[1:]:
        machine.call(value, [of(None), found]) if not isinstance(value.sole, (Map, str)) else None
    return found


def _promisify(_machine: Machine, site: Site) -> Value:
    return argument(site, 0) or ANY


def _reflect(machine: Machine, site: Site) -> Value:
    """``Reflect.apply(f, this, args)`` and ``f.apply(this, args)``."""
    args = site.args[1:] if site.name == "Reflect.apply" else site.args
    listed = args[1].sole if len(args) > 1 else UNKNOWN
    items = list(listed.items) if isinstance(listed, Seq) else []
    return machine.call(site.args[0], items, more=not isinstance(listed, Seq) or listed.more)


def _database(_machine: Machine, site: Site) -> Value:
    return of(Obj("database", site.args[:1]))


def _read_stdin(machine: Machine, _site: Site) -> Value:
    return of(machine.stdin if machine.stdin is not None else UNKNOWN)


def _assign_all(_machine: Machine, site: Site) -> Value:
    return join(site.args) if site.args else ANY


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
    "process.chdir": _chdir,
    "glob": _glob,
    "glob.glob": _glob,
    "glob.globSync": _glob,
    "glob.sync": _glob,
    "fast-glob": _glob,
    "fast-glob.sync": _glob,
    "globby": _glob,
    "globby.sync": _glob,
    "util.promisify": _promisify,
    "Promise.resolve": _promisify,
    "Promise.all": _promisify,
    "Reflect.apply": _reflect,
    "sqlite3.Database": _database,
    "better-sqlite3": _database,
    "sqlite.DatabaseSync": _database,
    "pg.Client": _database,
    "pg.Pool": _database,
    "bun:sqlite.Database": _database,
    "mysql2.createConnection": _database,
    "mysql.createConnection": _database,
    "file.write": write_to_handle,
    "file.end": write_to_handle,
    "Object.assign": _assign_all,
    "process.cwd": lambda machine, _: of(machine.cwd),
    "os.homedir": lambda machine, _: of(machine.world.home),
    "Deno.cwd": lambda machine, _: of(machine.cwd),
    "Bun.file": lambda _, site: of(Obj("file", site.args[:1])),
    "Deno.env.get": lambda machine, site: machine.environment(as_text((argument(site, 0) or ANY).sole)),
    "any.on": lambda machine, site: machine.call_back(site.args[-1], site.args[0].origins),
    "process.stdin.read": _read_stdin,
    "response.on": lambda machine, site: machine.call_back(site.args[-1], site.args[0].origins),
    "fs.existsSync": lambda _, __: ANY,
    "Object.keys": lambda _, site: unknown(site.args[0].origins if site.args else frozenset()),
}

PURE: dict[str, Pure] = {
    "atob": Pure(lambda data: s.loose_base64(data).decode("latin-1")),
    "String.fromCharCode": Pure(s.character),
    "String.fromCodePoint": Pure(s.character),
    "String": Pure(s.as_string, partial=True),
    "parseInt": Pure(s.integer),
    "Number": Pure(s.integer),
    "decodeURIComponent": Pure(s.unquoted),
    "unescape": Pure(s.unquoted),
    "decodeURI": Pure(s.unquoted),
    "path.join": Pure(s.joined_in_order, partial=True),
    "path.dirname": Pure(s.folder_of, partial=True),
    "path.basename": Pure(s.name_of, partial=True),
    "path.normalize": Pure(s.path_text, partial=True),
    "zlib.inflate": Pure(s.inflate),
    "zlib.gunzip": Pure(s.inflate),
    "zlib.unzip": Pure(s.inflate),
    "zlib.inflateRaw": Pure(s.inflate),
    "Array.from": Pure(s.listed),
    "Buffer.concat": Pure(lambda items: b"".join(s.to_bytes(item.sole) for item in items.items)),
    "str.concat": Pure(lambda *parts: s.merged(as_text(part) for part in parts), partial=True),
    "str.split": Pure(s.split, partial=True),
    "str.slice": Pure(s.sliced),
    "str.substring": Pure(s.sliced),
    "str.substr": Pure(s.substring),
    "str.trim": Pure(s.stripped, partial=True),
    "str.replace": Pure(s.replaced, partial=True),
    "str.replaceAll": Pure(s.replaced, partial=True),
    "str.toLowerCase": Pure(lambda text: as_text(text).lower(), partial=True),
    "str.toUpperCase": Pure(lambda text: as_text(text).upper(), partial=True),
    "str.repeat": Pure(
        lambda text, count: (
            as_text(text) * count if isinstance(count, int) and len(as_text(text)) * count < s.MAX_TEXT else UNKNOWN
        )
    ),
    "str.charCodeAt": Pure(lambda text, at=0: ord(as_text(text)[at])),
    "str.charAt": Pure(lambda text, at=0: as_text(text)[at]),
    "list.reverse": Pure(s.backwards, partial=True),
    "list.slice": Pure(s.sliced, partial=True),
    "list.concat": Pure(
        lambda *parts: Seq(
            tuple(item for part in parts for item in (part.items if isinstance(part, Seq) else (of(part),))),
            any(isinstance(part, Seq) and part.more for part in parts),
        ),
        partial=True,
    ),
    "list.shift": Pure(lambda items, *_: items.items[0].sole if isinstance(items, Seq) and items.items else UNKNOWN),
    "list.toString": Pure(lambda items: s.joined(",", items)),
    "Obj.toString": Pure(s.as_string),
    "URL": Pure(lambda text, *_: as_text(text), partial=True),
    "bytes.slice": Pure(s.sliced),
    "Object.values": Pure(lambda table: Seq(tuple(value for _, value in table.pairs))),
    "net.Socket": Pure(lambda *_: Obj("socket"), partial=True),
    "String.raw": Pure(lambda text, *_: text, partial=True),
    "url.fileURLToPath": Pure(s.path_text, partial=True),
    "url.pathToFileURL": Pure(s.path_text, partial=True),
}


def _argv(machine: Machine) -> Value:
    """With ``-e`` the first word stands at 1, with a script at 2: both are possible."""
    words = tuple(of(word) for word in machine.args)
    return Value((Seq((of("node"), *words)), Seq((of("node"), ANY, *words))))


CONSTANTS: dict[str, Constant] = {
    "process.argv": _argv,
    "process.env": lambda _: Value((Obj("environ"),), frozenset(("env:*",))),
    "Deno.args": lambda machine: of(Seq(tuple(of(word) for word in machine.args))),
    "Bun.argv": _argv,
    "Bun.env": lambda _: Value((Obj("environ"),), frozenset(("env:*",))),
    "process.platform": lambda _: of("linux"),
    "process.execPath": lambda _: of("node"),
    "path.sep": lambda _: of("/"),
    "__dirname": lambda machine: of(machine.cwd),
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
    mutators={"push": "append", "unshift": "prepend", "reverse": "reverse"},
)
