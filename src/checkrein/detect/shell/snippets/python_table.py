"""Python's modules: which calls have effects, which make values."""

from __future__ import annotations

import re

from checkrein.core.effect import UNKNOWN, Flag
from checkrein.detect.shell.model import ScriptFile
from checkrein.detect.shell.snippets import strings as s
from checkrein.detect.shell.snippets.arithmetic import joined_path, printf
from checkrein.detect.shell.snippets.dialect import Action, Constant, Dialect, Pure, Sink, Site, Special
from checkrein.detect.shell.snippets.machine import Machine
from checkrein.detect.shell.snippets.perform import ACTIONS, argument, paths, write_to_handle
from checkrein.detect.shell.snippets.values import (
    ANY,
    NOTHING,
    Atom,
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
)

TREE = Flag.RECURSIVE
LAUNCH = Sink(Action.SPAWN, names=("args", "cmd"), mode="list", gives="process")
SHELL = Sink(Action.SHELL, names=("command", "cmd"))
EVAL = Sink(Action.CODE, names=("source",))
PATH = ("path", "src", "name", "filename", "file")
TO = ("dst", "target", "to")

SINKS: dict[str, Sink] = {
    # files go
    "os.remove": Sink(Action.DELETE, names=("path",)),
    "os.unlink": Sink(Action.DELETE, names=("path",)),
    "os.rmdir": Sink(Action.DELETE, names=("path",)),
    "os.removedirs": Sink(Action.DELETE, names=("name",)),
    "shutil.rmtree": Sink(Action.DELETE, names=("path",), flags=TREE),
    "Path.unlink": Sink(Action.DELETE),
    "Path.rmdir": Sink(Action.DELETE),
    "os.truncate": Sink(Action.DELETE, names=("path",)),
    "distutils.dir_util.remove_tree": Sink(Action.DELETE, names=("directory",), flags=TREE),
    "setuptools._distutils.dir_util.remove_tree": Sink(Action.DELETE, names=("directory",), flags=TREE),
    "sh.rm": Sink(Action.DELETE, every=True),
    "Path.rmtree": Sink(Action.DELETE, flags=TREE),
    "Path.remove": Sink(Action.DELETE),
    "Path.rmtree_p": Sink(Action.DELETE, flags=TREE),
    "file.truncate": Sink(Action.DELETE),
    # files change
    "open": Sink(Action.OPEN, names=("file", *PATH), to_names=("mode",)),
    "io.open": Sink(Action.OPEN, names=("file",), to_names=("mode",)),
    "codecs.open": Sink(Action.OPEN, names=("filename",), to_names=("mode",)),
    "os.fdopen": Sink(Action.PRINT, at=9),
    "file": Sink(Action.OPEN),
    "gzip.open": Sink(Action.OPEN, names=("filename",), to_names=("mode",)),
    "bz2.open": Sink(Action.OPEN),
    "lzma.open": Sink(Action.OPEN),
    "tarfile.open": Sink(Action.OPEN, names=("name",), to_names=("mode",)),
    "zipfile.ZipFile": Sink(Action.OPEN, names=("file",), to_names=("mode",)),
    "Path.open": Sink(Action.OPEN, to_names=("mode",)),
    "aiofiles.open": Sink(Action.OPEN, names=("file",), to_names=("mode",)),
    "dbm.open": Sink(Action.OPEN),
    "shelve.open": Sink(Action.OPEN, mode="c"),
    "Path.write_text": Sink(Action.WRITE, to_names=("data",)),
    "Path.write_bytes": Sink(Action.WRITE, to_names=("data",)),
    "Path.touch": Sink(Action.WRITE, to=-1, flags=Flag.CREATE),
    "Path.mkdir": Sink(Action.WRITE, to=-1, flags=Flag.CREATE),
    "os.mkdir": Sink(Action.WRITE, to=-1, names=("path",), flags=Flag.CREATE),
    "os.makedirs": Sink(Action.WRITE, to=-1, names=("name",), flags=Flag.CREATE),
    "os.mkfifo": Sink(Action.WRITE, to=-1, names=("path",), flags=Flag.CREATE),
    "shutil.copy": Sink(Action.COPY, names=("src",), to_names=TO),
    "shutil.copy2": Sink(Action.COPY, names=("src",), to_names=TO),
    "shutil.copyfile": Sink(Action.COPY, names=("src",), to_names=TO),
    "shutil.copytree": Sink(Action.COPY, names=("src",), to_names=TO, flags=TREE),
    "shutil.make_archive": Sink(Action.COPY, at=2, to=0, names=("root_dir",), to_names=("base_name",), flags=TREE),
    "shutil.unpack_archive": Sink(Action.COPY, names=("filename",), to_names=("extract_dir",)),
    "Path.copy": Sink(Action.COPY),
    "Path.move": Sink(Action.MOVE),
    "Path.copy_into": Sink(Action.COPY),
    "shutil.move": Sink(Action.MOVE, names=("src",), to_names=TO),
    "os.rename": Sink(Action.MOVE, names=("src",), to_names=TO),
    "os.renames": Sink(Action.MOVE, names=("old",), to_names=("new",)),
    "os.replace": Sink(Action.MOVE, names=("src",), to_names=TO),
    "Path.rename": Sink(Action.MOVE, to_names=TO),
    "Path.replace": Sink(Action.MOVE, to_names=TO),
    "os.chmod": Sink(Action.CHMOD, names=("path",), to_names=("mode",)),
    "Path.chmod": Sink(Action.CHMOD, to_names=("mode",)),
    "os.lchmod": Sink(Action.CHMOD),
    "os.chown": Sink(Action.CHMOD, names=("path",), to_names=("uid",), mode="owner"),
    "os.lchown": Sink(Action.CHMOD, mode="owner"),
    "shutil.chown": Sink(Action.CHMOD, to_names=("user",), mode="owner"),
    "os.symlink": Sink(Action.LINK, names=("src",), to_names=("dst",)),
    "os.link": Sink(Action.LINK, names=("src",), to_names=("dst",), mode="hard"),
    "Path.symlink_to": Sink(Action.LINK, at=1, to=0, names=("target",)),
    "Path.hardlink_to": Sink(Action.LINK, at=1, to=0, names=("target",), mode="hard"),
    "Path.link_to": Sink(Action.LINK, mode="hard"),
    # files are read
    "Path.read_text": Sink(Action.READ),
    "Path.read_bytes": Sink(Action.READ),
    "linecache.getlines": Sink(Action.READ),
    "linecache.getline": Sink(Action.READ),
    "fileinput.input": Sink(Action.READ, names=("files",)),
    "numpy.loadtxt": Sink(Action.READ),
    "pandas.read_csv": Sink(Action.READ),
    "pandas.read_json": Sink(Action.READ),
    "dotenv.dotenv_values": Sink(Action.READ, names=("dotenv_path",)),
    "mmap.mmap": Sink(Action.PRINT, at=9),
    "os.readlink": Sink(Action.LIST),
    "os.scandir": Sink(Action.LIST, mode="/*"),
    "os.listdir": Sink(Action.LIST, names=("path",)),
    # programs run
    "os.system": SHELL,
    "os.popen": SHELL,
    "popen2.popen2": SHELL,
    "commands.getoutput": SHELL,
    "commands.getstatusoutput": SHELL,
    "subprocess.getoutput": SHELL,
    "subprocess.getstatusoutput": SHELL,
    "asyncio.create_subprocess_shell": SHELL,
    "os.startfile": SHELL,
    "subprocess.run": LAUNCH,
    "subprocess.call": LAUNCH,
    "subprocess.check_call": LAUNCH,
    "subprocess.check_output": LAUNCH,
    "subprocess.Popen": LAUNCH,
    "asyncio.create_subprocess_exec": Sink(Action.SPAWN, mode="words"),
    "pty.spawn": Sink(Action.SPAWN, mode="list"),
    "pexpect.spawn": Sink(Action.SPAWN, mode="text"),
    "pexpect.run": SHELL,
    "plumbum.local": Sink(Action.SPAWN, mode="list"),
    "_posixsubprocess.fork_exec": LAUNCH,
    "invoke.run": SHELL,
    "fabric.local": SHELL,
    **{f"os.exec{kind}": Sink(Action.PROGRAM, mode=kind[0]) for kind in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")},
    **{
        f"os.spawn{kind}": Sink(Action.PROGRAM, at=1, mode=kind[0]) for kind in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")
    },
    "os.posix_spawn": Sink(Action.PROGRAM, mode="v"),
    "os.posix_spawnp": Sink(Action.PROGRAM, mode="v"),
    # code runs
    "eval": EVAL,
    "exec": EVAL,
    "compile": Sink(Action.CODE, names=("source",), gives="code"),
    "code.interact": Sink(Action.PRINT, at=9),
    "code.InteractiveInterpreter.runsource": EVAL,
    "timeit.timeit": Sink(Action.CODE, names=("stmt",)),
    "cProfile.run": EVAL,
    "pdb.run": EVAL,
    "runpy.run_path": Sink(Action.CODE_FILE, names=("path_name",)),
    "execfile": Sink(Action.CODE_FILE),
    "pickle.loads": Sink(Action.CODE, mode="pickle"),
    "imp.load_source": Sink(Action.CODE_FILE, at=1),
    "importlib.util.spec_from_file_location": Sink(Action.CODE_FILE, at=1, names=("location",)),
    "importlib.machinery.SourceFileLoader": Sink(Action.CODE_FILE, at=1, names=("path",)),
    "marshal.loads": Sink(Action.CODE, mode="marshal"),
    "ctypes.CDLL": Sink(Action.PRINT, at=9, gives=""),
    "types.FunctionType": Sink(Action.CODE),
    # the network
    **{
        f"{lib}.{verb}": Sink(
            Action.REQUEST, mode=verb, to=1 if verb in ("post", "put", "patch") else -1, names=("url",), to_names=("data",)
        )
        for lib in ("requests", "httpx", "session", "requests.api")
        for verb in ("get", "head", "options", "post", "put", "patch", "delete")
    },
    "requests.request": Sink(Action.REQUEST, at=1, to=-1, names=("url",)),
    "httpx.request": Sink(Action.REQUEST, at=1, to=-1, names=("url",)),
    "session.request": Sink(Action.REQUEST, at=2, to=-1, names=("url",)),
    "httpx.stream": Sink(Action.REQUEST, at=1, to=-1, names=("url",)),
    "urllib.request.urlopen": Sink(Action.REQUEST, names=("url",), to_names=("data",)),
    "urllib2.urlopen": Sink(Action.REQUEST, to_names=("data",)),
    "urllib.urlopen": Sink(Action.REQUEST, to_names=("data",)),
    "urllib.request.Request": Sink(Action.REQUEST, names=("url",), to_names=("data",), gives="request"),
    "urllib2.Request": Sink(Action.REQUEST, to_names=("data",), gives="request"),
    "urllib3.request": Sink(Action.REQUEST, at=1, to=-1),
    "pool.request": Sink(Action.REQUEST, at=2, to=-1, names=("url",)),
    "urllib.request.urlretrieve": Sink(Action.DOWNLOAD, names=("url",), to_names=("filename",)),
    "urllib.urlretrieve": Sink(Action.DOWNLOAD),
    "wget.download": Sink(Action.DOWNLOAD, to_names=("out",)),
    "pandas.read_html": Sink(Action.REQUEST, to=-1),
    "socket.create_connection": Sink(Action.CONNECT, to=9, names=("address",)),
    "socket.connect": Sink(Action.CONNECT, at=1, to=9),
    "socket.connect_ex": Sink(Action.CONNECT, at=1, to=9),
    "socket.send": Sink(Action.TRANSMIT),
    "socket.sendall": Sink(Action.TRANSMIT),
    "socket.sendfile": Sink(Action.TRANSMIT),
    "socket.sendto": Sink(Action.TRANSMIT),
    "socket.write": Sink(Action.TRANSMIT),
    "http.client.HTTPConnection": Sink(Action.CONNECT, names=("host",), to_names=("port",)),
    "http.client.HTTPSConnection": Sink(Action.CONNECT, names=("host",), to_names=("port",)),
    "socket.request": Sink(Action.TRANSMIT),
    "smtplib.SMTP": Sink(Action.CONNECT, names=("host",), to_names=("port",)),
    "smtplib.SMTP_SSL": Sink(Action.CONNECT, names=("host",), to_names=("port",)),
    "ftplib.FTP": Sink(Action.CONNECT, names=("host",), to=9),
    "telnetlib.Telnet": Sink(Action.CONNECT, names=("host",), to_names=("port",)),
    "socket.sendmail": Sink(Action.TRANSMIT),
    "socket.send_message": Sink(Action.TRANSMIT),
    "socket.storbinary": Sink(Action.TRANSMIT),
    # databases
    "database.execute": Sink(Action.SQL, at=1, names=("sql", "query", "statement")),
    "database.executescript": Sink(Action.SQL, at=1),
    "database.executemany": Sink(Action.SQL, at=1),
    # processes and output
    "os.kill": Sink(Action.SIGNAL, names=("pid",)),
    "os.killpg": Sink(Action.SIGNAL),
    "signal.pidfd_send_signal": Sink(Action.SIGNAL),
    "print": Sink(Action.PRINT),
    "sys.stdout.write": Sink(Action.PRINT),
    "sys.stderr.write": Sink(Action.PRINT),
    "sys.stdout.buffer.write": Sink(Action.PRINT),
    "pprint.pprint": Sink(Action.PRINT),
    "pprint.pp": Sink(Action.PRINT),
    "sys.exit": Sink(Action.PRINT),
    "exit": Sink(Action.PRINT),
    "logging.info": Sink(Action.PRINT),
    "logging.warning": Sink(Action.PRINT),
    "logging.error": Sink(Action.PRINT),
    "os.write": Sink(Action.PRINT, at=1),
    "rich.print": Sink(Action.PRINT),
    "json.dump": Sink(Action.PRINT),
}

LOOSE = {
    **{
        name: f"Path.{name}"
        for name in (
            "unlink",
            "rmdir",
            "write_text",
            "write_bytes",
            "read_text",
            "read_bytes",
            "symlink_to",
            "hardlink_to",
            "touch",
            "iterdir",
            "glob",
            "rglob",
        )
    },
    "rmtree": "shutil.rmtree",
    "execute": "database.execute",
    "executescript": "database.executescript",
    "executemany": "database.executemany",
    "exec_driver_sql": "database.execute",
    "sendall": "socket.sendall",
    "check_output": "subprocess.check_output",
    "check_call": "subprocess.check_call",
    "Popen": "subprocess.Popen",
    "sendmail": "socket.sendmail",
    "write": "file.write",
}


PURE: dict[str, Pure] = {
    "chr": Pure(s.character),
    "unichr": Pure(s.character),
    "ord": Pure(s.ord_of),
    "str": Pure(s.as_string, partial=True),
    "int": Pure(s.integer),
    "bytes": Pure(s.as_bytes),
    "bytearray": Pure(s.as_bytes),
    "list": Pure(s.listed, partial=True),
    "tuple": Pure(s.listed, partial=True),
    "set": Pure(s.listed, partial=True),
    "sorted": Pure(s.listed, partial=True),
    "iter": Pure(s.listed, partial=True),
    "reversed": Pure(s.backwards),
    "os.path.join": Pure(joined_path, partial=True),
    "os.path.dirname": Pure(s.folder_of, partial=True),
    "os.path.basename": Pure(s.name_of, partial=True),
    "os.fspath": Pure(s.path_text, partial=True),
    "os.path.normpath": Pure(s.path_text, partial=True),
    "os.path.normcase": Pure(s.path_text, partial=True),
    "shlex.split": Pure(s.split),
    "shlex.quote": Pure(s.path_text, partial=True),
    "pathlib.Path": Pure(s.path_object, partial=True),
    "Path.joinpath": Pure(s.path_object, partial=True),
    "Path.as_posix": Pure(s.path_text, partial=True),
    "Path.__str__": Pure(s.path_text, partial=True),
    "Path.with_name": Pure(lambda path, name: s.path_object(s.folder_of(s.path_text(path)), name), partial=True),
    "Path@parent": Pure(s.on_path(s.folder_of), partial=True),
    "Path@name": Pure(lambda path: s.name_of(s.path_text(path)), partial=True),
    "base64.b64decode": Pure(lambda data, *_: s.loose_base64(data)),
    "base64.urlsafe_b64decode": Pure(s.loose_base64),
    "base64.standard_b64decode": Pure(s.loose_base64),
    "base64.decodebytes": Pure(s.loose_base64),
    "base64.decodestring": Pure(s.loose_base64),
    "binascii.a2b_base64": Pure(s.loose_base64),
    "binascii.unhexlify": Pure(s.unhex),
    "binascii.a2b_hex": Pure(s.unhex),
    "base64.b16decode": Pure(lambda data, *_: s.unhex(data)),
    "base64.b32decode": Pure(lambda data, *_: s.base64.b32decode(s.to_bytes(data))),
    "base64.b85decode": Pure(lambda data, *_: s.base64.b85decode(s.to_bytes(data))),
    "base64.a85decode": Pure(lambda data, *_: s.base64.a85decode(s.to_bytes(data))),
    "base64.b64encode": Pure(lambda data, *_: s.base64.b64encode(s.to_bytes(data))),
    "bytes.fromhex": Pure(s.unhex),
    "bytearray.fromhex": Pure(s.unhex),
    "zlib.decompress": Pure(s.inflate),
    "gzip.decompress": Pure(s.inflate),
    "bz2.decompress": Pure(s.unbz2),
    "lzma.decompress": Pure(s.unlzma),
    "codecs.decode": Pure(s.decoded),
    "codecs.encode": Pure(s.encoded),
    "urllib.parse.unquote": Pure(s.unquoted),
    "bytes.decode": Pure(s.decoded),
    "str.decode": Pure(s.decoded),
    "str.encode": Pure(s.encoded),
    "str.join": Pure(s.joined, partial=True),
    "bytes.join": Pure(s.joined),
    "str.replace": Pure(s.replaced, partial=True),
    "bytes.replace": Pure(s.replaced),
    "str.split": Pure(s.split, partial=True),
    "str.splitlines": Pure(s.lines),
    "str.strip": Pure(s.stripped, partial=True),
    "str.rstrip": Pure(s.stripped, partial=True),
    "str.lstrip": Pure(s.stripped, partial=True),
    "str.lower": Pure(lambda text: as_text(text).lower(), partial=True),
    "str.upper": Pure(lambda text: as_text(text).upper(), partial=True),
    "str.swapcase": Pure(lambda text: as_text(text).swapcase(), partial=True),
    "str.format": Pure(s.filled, partial=True),
    "str.removeprefix": Pure(lambda text, head: as_text(text).removeprefix(as_text(head)), partial=True),
    "str.removesuffix": Pure(lambda text, tail: as_text(text).removesuffix(as_text(tail)), partial=True),
    "bytes.hex": Pure(lambda data: data.hex() if isinstance(data, bytes) else UNKNOWN),
    "string.Template": Pure(lambda text: text),
    "operator.add": Pure(lambda a, b: as_text(a) + as_text(b), partial=True),
    "printf": Pure(printf, partial=True),
    "dict.get": Pure(
        lambda table, key, *_: (
            found.sole if (found := getattr(table, "get", lambda _: None)(as_text(key))) is not None else UNKNOWN
        )
    ),
    "dict.values": Pure(lambda table: Seq(tuple(value for _, value in getattr(table, "pairs", ())))),
    "dict.items": Pure(lambda table: Seq(tuple(of(Seq((of(key), value))) for key, value in getattr(table, "pairs", ())))),
    "sqlite3.connect": Pure(lambda path, *_: Obj("database", (of(path),))),
    "psycopg2.connect": Pure(lambda *_: Obj("database"), partial=True),
    "database.cursor": Pure(lambda base, *_: base),
    "database.connect": Pure(lambda base: base),
    "sqlalchemy.text": Pure(lambda text: text, partial=True),
    "sqlalchemy.create_engine": Pure(lambda *_: Obj("database"), partial=True),
    "database.begin": Pure(lambda base: base),
    "socket.socket": Pure(lambda *_: Obj("socket")),
    "requests.Session": Pure(lambda *_: Obj("session")),
    "requests.session": Pure(lambda *_: Obj("session")),
    "httpx.Client": Pure(lambda *_: Obj("session")),
    "httpx.AsyncClient": Pure(lambda *_: Obj("session")),
    "aiohttp.ClientSession": Pure(lambda *_: Obj("session")),
    "urllib3.PoolManager": Pure(lambda *_: Obj("pool")),
    "socket.makefile": Pure(lambda one, *_: one),
    "socket.cursor": Pure(lambda one: one),
    "ssl.wrap_socket": Pure(lambda one, *_: one),
}


def _expanduser(machine: Machine, site: Site) -> Value:
    made: list[Atom] = []
    value = argument(site, 0, ("path",)) or ANY
    for atom in value.options:
        text = as_text(atom)
        if text == "~" or text.startswith("~/"):
            text = machine.world.home + text[1:]
        elif text.startswith("~"):
            text = f"/{UNKNOWN}/{text.partition('/')[2]}"
        made.append(Obj("Path", (of(text),)) if isinstance(atom, Obj) else text)
    return Value(tuple(made), value.origins)


def _absolute(machine: Machine, site: Site) -> Value:
    value = argument(site, 0, ("path",)) or ANY
    found = paths(machine, value)
    made: list[Atom] = [Pattern(path) if flag else path for path, flag in found]
    if site.name.startswith("Path."):
        made = [Obj("Path", (of(path),)) for path in made]
    return Value(tuple(made), value.origins)


def _glob(_machine: Machine, site: Site) -> Value:
    method = site.name.rsplit(".", 1)[-1]
    if isinstance(site.args[0].sole if site.args else None, Obj) or len(site.args) > 1:
        base, patterns = as_text(site.args[0].sole), texts(site.args[1]) if len(site.args) > 1 else (UNKNOWN,)
        middle = "/**/" if method == "rglob" else "/"
        made: list[Atom] = [Obj("Path", (of(Pattern(base.rstrip("/") + middle + one)),)) for one in patterns]
    else:
        root = argument(site, 9, ("root_dir",))
        head = f"{as_text(root.sole)}/" if root is not None and root != ANY else ""
        made = [Pattern(head + one) for one in texts(argument(site, 0, ("pathname",)) or ANY)]
    return of(Seq((Value(tuple(made)),)))


def _iterdir(_machine: Machine, site: Site) -> Value:
    base = as_text(site.args[0].sole) if site.args else UNKNOWN
    return of(Seq((of(Obj("Path", (of(Pattern(base.rstrip("/") + "/*")),))),)))


def _walk(machine: Machine, site: Site) -> Value:
    rounds: list[Value] = []
    for path, _ in paths(machine, argument(site, 0, ("top",))):
        name = of(Seq((of(Pattern("*")),)))
        top: Atom = Pattern(f"{path.rstrip('/')}/**")
        if site.name.startswith("Path."):
            top = Obj("Path", (of(top),))
        rounds.append(of(Seq((of(top), name, name))))
    return of(Seq(tuple(rounds)))


def _import(machine: Machine, site: Site) -> Value:
    found = []
    for name in texts(argument(site, 0, ("name",)) or ANY):
        load_module(machine, name)
        found.append(machine.symbol(name.split(".", 1)[0] if site.name.endswith("__import__") else name))
    return join(found)


def load_module(machine: Machine, name: str) -> None:
    """A module of the snippet's own folder that was written here runs when it is imported."""
    if UNKNOWN in name:
        return
    stem = machine.locate(name.replace(".", "/"))
    for path in (f"{stem}.py", f"{stem}/__init__.py"):
        if machine.world.script(path) is not None:
            machine.emit(ScriptFile(path, "python"))


def _getattr(machine: Machine, site: Site) -> Value:
    base = argument(site, 0) or ANY
    found = [machine.attribute(base, name) for name in texts(argument(site, 1) or ANY)]
    return join([*found, *site.args[2:3]])


def _partial(_machine: Machine, site: Site) -> Value:
    return of(Obj("partial", site.args))


def _apply(machine: Machine, site: Site) -> Value:
    """``map(f, items)`` and ``executor.submit(f, x)``: the first function among the arguments is called with the others."""
    args = list(site.args[1:]) if site.name.startswith(("any.", "str.", "instance.")) else list(site.args)
    if not args:
        return ANY
    if site.name.rsplit(".", 1)[-1] in ("map", "starmap", "filter", "imap"):
        items = args[1].sole if len(args) > 1 else UNKNOWN
        if isinstance(items, (Seq, str, bytes)) and len(args) == 2:
            listed = s.listed(items)
            values = listed.items if isinstance(listed, Seq) else ()
            results = [machine.call(args[0], [item]) for item in values[:256]]
            return of(Seq(tuple(results), more=isinstance(listed, Seq) and (listed.more or len(values) > 256)))
        return of(Seq((machine.call(args[0], [element_of(value) for value in args[1:]]),), more=True))
    return machine.call(args[0], args[1:], site.named, more=site.more)


def _thread(machine: Machine, site: Site) -> Value:
    target = argument(site, 1, ("target", "function"))
    given = argument(site, 3, ("args",))
    atom = given.sole if given is not None else Seq(())
    if target is not None:
        machine.call(target, list(atom.items) if isinstance(atom, Seq) else [], more=not isinstance(atom, Seq))
    return ANY


def _open_flags(machine: Machine, site: Site) -> Value:
    flags = argument(site, 1, ("flags",))
    how = as_text(flags.sole) if flags is not None else UNKNOWN
    writes = "O_W" in how or "O_RDWR" in how or UNKNOWN in how
    sink = SINKS["open"]
    mode = of("r") if isinstance(flags.sole if flags else None, Sym) and not writes else of("w")
    return ACTIONS[Action.OPEN](machine, sink, Site(site.name, (argument(site, 0) or ANY, mode)))


def _python_input(machine: Machine, _site: Site) -> Value:
    return of(machine.stdin.split("\n", 1)[0] if machine.stdin is not None else UNKNOWN)


def _print_to(machine: Machine, site: Site) -> Value:
    target = site.named.get("file")
    if target is not None and any(isinstance(atom, Obj) and atom.cls == "file" for atom in target.options):
        return write_to_handle(machine, Site("print", (target, site.args[0] if len(site.args) == 1 else ANY)))
    machine.show(site.args)
    return NOTHING


def _stdin(_machine: Machine) -> Value:
    return of(Obj("stdin"))


def _stdin_text(machine: Machine, site: Site) -> Value:
    text = machine.stdin if machine.stdin is not None else UNKNOWN
    return of(s.lines(text) if site.name.endswith("readlines") else text)


def _chdir(machine: Machine, site: Site) -> Value:
    found = paths(machine, argument(site, 0, ("path",)))
    if machine.certain:
        machine.cwd = found[0][0] if len(found) == 1 else f"/{UNKNOWN}"
    return NOTHING


def _reduce(machine: Machine, site: Site) -> Value:
    items = site.args[1].sole if len(site.args) > 1 else UNKNOWN
    if not isinstance(items, Seq) or not items.items or items.more:
        return ANY
    value = site.args[2] if len(site.args) > 2 else items.items[0]
    for item in items.items[0 if len(site.args) > 2 else 1 :]:
        value = machine.call(site.args[0], [value, item])
    return value


def _namespace(_machine: Machine, _site: Site) -> Value:
    return of(Sym("builtins"))


def _with_kwargs(function: s.Callable[..., Atom]) -> Special:
    """A function of values that also takes its first argument by keyword, and further ones that do not matter."""

    def compute(_machine: Machine, site: Site) -> Value:
        value = argument(site, 0, ("s", "data", "obj", "source", "string")) or ANY
        return lift(function, [value], partial=False)

    return compute


APPLY = (
    "any.submit",
    "any.map",
    "any.apply",
    "any.apply_async",
    "any.run_in_executor",
    "any.call_soon",
    "map",
    "filter",
    "atexit.register",
    "any.starmap",
    "any.imap",
    "asyncio.run",
    "threading.Timer.start",
    "asyncio.to_thread",
)
SPECIAL: dict[str, Special] = {
    "os.path.expanduser": _expanduser,
    "Path.expanduser": _expanduser,
    "os.path.abspath": _absolute,
    "os.path.realpath": _absolute,
    "Path.resolve": _absolute,
    "Path.absolute": _absolute,
    "os.getcwd": lambda machine, _: of(machine.cwd),
    "os.getcwdb": lambda machine, _: of(machine.cwd),
    "os.environ.get": lambda machine, site: join(
        [machine.environment(as_text((argument(site, 0) or ANY).sole)), *site.args[1:2]]
    ),
    "environ.get": lambda machine, site: join([machine.environment(as_text((argument(site, 1) or ANY).sole)), *site.args[2:3]]),
    "os.getenv": lambda machine, site: join(
        [machine.environment(as_text((argument(site, 0, ("key",)) or ANY).sole)), *site.args[1:2]]
    ),
    "pathlib.Path.home": lambda machine, _: of(Obj("Path", (of(machine.world.home),))),
    "pathlib.Path.cwd": lambda machine, _: of(Obj("Path", (of(machine.cwd),))),
    "glob.glob": _glob,
    "glob.iglob": _glob,
    "Path.glob": _glob,
    "Path.iterdir": _iterdir,
    "Path.rglob": _glob,
    "os.walk": _walk,
    "os.fwalk": _walk,
    "Path.walk": _walk,
    "__import__": _import,
    "importlib.import_module": _import,
    "importlib.__import__": _import,
    "getattr": _getattr,
    "any.__getattribute__": _getattr,
    "functools.partial": _partial,
    "threading.Thread": _thread,
    "threading.Timer": _thread,
    "multiprocessing.Process": _thread,
    "os.open": _open_flags,
    "input": _python_input,
    "raw_input": _python_input,
    "print": _print_to,
    "file.write": write_to_handle,
    "file.writelines": write_to_handle,
    "stdin.read": _stdin_text,
    "stdin.readline": _python_input,
    "stdin.readlines": _stdin_text,
    "os.chdir": _chdir,
    "functools.reduce": _reduce,
    "globals": _namespace,
    "locals": _namespace,
    "vars": lambda _, site: site.args[0] if site.args else of(Sym("builtins")),
    "base64.b64decode": _with_kwargs(s.loose_base64),
    "zlib.decompress": _with_kwargs(s.inflate),
    **dict.fromkeys(APPLY, _apply),
    "itertools.starmap": _apply,
    "reduce": _reduce,
}


def _environ(_machine: Machine) -> Value:
    return Value((Obj("environ"),), frozenset(("env:*",)))


CONSTANTS: dict[str, Constant] = {
    "sys.argv": lambda machine: of(Seq((of("-c"), *(of(word) for word in machine.args)))),
    "os.environ": _environ,
    "os.environb": _environ,
    "sys.stdin": _stdin,
    "sys.stdin.buffer": _stdin,
    "os.sep": lambda _: of("/"),
    "sys.executable": lambda _: of("python3"),
    "__name__": lambda _: of("__main__"),
    "os.path.sep": lambda _: of("/"),
    "os.linesep": lambda _: of("\n"),
    "__file__": lambda machine: of(f"{machine.cwd}/{UNKNOWN}"),
    "os.curdir": lambda _: of("."),
    "os.pardir": lambda _: of(".."),
}

RENAMED = {
    "posix": "os",
    "nt": "os",
    "builtins": "",
    "__builtins__": "",
    "__builtin__": "",
    "_io": "io",
    "pathlib.PosixPath": "pathlib.Path",
    "pathlib.PurePath": "pathlib.Path",
    "pathlib.PurePosixPath": "pathlib.Path",
    "path.Path": "pathlib.Path",
    "subprocess32": "subprocess",
    "posixpath": "os.path",
    "ntpath": "os.path",
    "sys.modules": "",
    "imp.load_module": "importlib.import_module",
    "urllib3.PoolManager()": "pool",
    "os.path.os": "os",
    "shutil.os": "os",
    "multiprocess": "multiprocessing",
    "codecs.builtins": "",
    "subprocess.os": "os",
    "glob.os": "os",
}
DUNDER = re.compile(r"\.(?:__dict__|__globals__|__self__|__builtins__|__wrapped__)(?=\.|$)")


def canonical(name: str) -> str:
    """The name that the tables know a global by: aliases of modules undone, ``__dict__`` and ``__call__`` passed through."""
    if "__" in name:
        name = DUNDER.sub("", name).removesuffix(".__call__")
        name = name.replace("__builtins__", "builtins")
    while True:
        for head in (name.split(".", 1)[0], ".".join(name.split(".", 2)[:2])):
            if head in RENAMED and head != name:
                rest = name[len(head) + 1 :]
                name = f"{RENAMED[head]}.{rest}" if RENAMED[head] else rest
                break
            if RENAMED.get(head):
                return RENAMED[head]
        else:
            return name


PYTHON = Dialect(
    language="python",
    program="python",
    sinks=SINKS,
    pure=PURE,
    special=SPECIAL,
    constants=CONSTANTS,
    loose=LOOSE,
    roots=frozenset(
        ("os", "subprocess", "shutil", "pathlib", "builtins", "pty", "commands", "importlib", "runpy", "socket", "requests")
    ),
    canonical=canonical,
    mutators={
        "append": "append",
        "extend": "extend",
        "insert": "insert",
        "add": "append",
        "reverse": "reverse",
        "appendleft": "prepend",
    },
)
