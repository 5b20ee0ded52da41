"""Ruby's modules: which calls have effects, which make values."""

from __future__ import annotations

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
    Closure,
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
ALL = Sink(Action.DELETE, every=True)
WHOLE = Sink(Action.DELETE, flags=TREE)
RUN = Sink(Action.SPAWN, mode="text")
EVAL = Sink(Action.CODE)
PRINT = Sink(Action.PRINT)
GET = Sink(Action.REQUEST, to=-1, mode="get")

SINKS: dict[str, Sink] = {
    "FileUtils.rm": Sink(Action.DELETE),
    "FileUtils.rm_f": Sink(Action.DELETE, flags=Flag.FORCE),
    "FileUtils.remove": Sink(Action.DELETE),
    "FileUtils.rm_r": WHOLE,
    "FileUtils.rm_rf": Sink(Action.DELETE, flags=TREE | Flag.FORCE),
    "FileUtils.rmtree": Sink(Action.DELETE, flags=TREE | Flag.FORCE),
    "FileUtils.remove_dir": WHOLE,
    "FileUtils.remove_entry": WHOLE,
    "FileUtils.remove_entry_secure": WHOLE,
    "FileUtils.safe_unlink": Sink(Action.DELETE),
    "FileUtils.remove_file": Sink(Action.DELETE),
    "FileUtils.rmdir": Sink(Action.DELETE),
    "File.delete": ALL,
    "File.unlink": ALL,
    "Dir.rmdir": Sink(Action.DELETE),
    "Dir.delete": Sink(Action.DELETE),
    "Dir.unlink": Sink(Action.DELETE),
    "File.truncate": Sink(Action.DELETE),
    "Path.delete": Sink(Action.DELETE),
    "Path.unlink": Sink(Action.DELETE),
    "Path.rmdir": Sink(Action.DELETE),
    "Path.rmtree": WHOLE,
    "Path.truncate": Sink(Action.DELETE),
    "file.truncate": Sink(Action.DELETE),
    "File.write": Sink(Action.WRITE),
    "IO.write": Sink(Action.WRITE),
    "File.binwrite": Sink(Action.WRITE),
    "IO.binwrite": Sink(Action.WRITE),
    "Path.write": Sink(Action.WRITE),
    "Path.binwrite": Sink(Action.WRITE),
    "FileUtils.touch": Sink(Action.WRITE, to=-1, flags=Flag.CREATE),
    "FileUtils.mkdir_p": Sink(Action.WRITE, to=-1, flags=Flag.CREATE),
    "FileUtils.mkdir": Sink(Action.WRITE, to=-1, flags=Flag.CREATE),
    "Dir.mkdir": Sink(Action.WRITE, to=-1, flags=Flag.CREATE),
    "Path.mkpath": Sink(Action.WRITE, to=-1, flags=Flag.CREATE),
    "File.open": Sink(Action.OPEN),
    "File.new": Sink(Action.OPEN),
    "Path.open": Sink(Action.OPEN),
    "IO.sysopen": Sink(Action.OPEN),
    "FileUtils.cp": Sink(Action.COPY),
    "FileUtils.copy": Sink(Action.COPY),
    "FileUtils.cp_r": Sink(Action.COPY, flags=TREE),
    "FileUtils.copy_file": Sink(Action.COPY),
    "FileUtils.install": Sink(Action.COPY),
    "IO.copy_stream": Sink(Action.COPY),
    "FileUtils.mv": Sink(Action.MOVE),
    "FileUtils.move": Sink(Action.MOVE),
    "File.rename": Sink(Action.MOVE),
    "Path.rename": Sink(Action.MOVE),
    "File.chmod": Sink(Action.CHMOD, at=1, to=0, every=True),
    "FileUtils.chmod": Sink(Action.CHMOD, at=1, to=0),
    "FileUtils.chmod_R": Sink(Action.CHMOD, at=1, to=0, flags=TREE),
    "FileUtils.chown": Sink(Action.CHMOD, at=2, to=0, mode="owner"),
    "FileUtils.chown_R": Sink(Action.CHMOD, at=2, to=0, mode="owner", flags=TREE),
    "File.chown": Sink(Action.CHMOD, at=2, to=0, mode="owner"),
    "File.symlink": Sink(Action.LINK),
    "File.link": Sink(Action.LINK, mode="hard"),
    "FileUtils.ln_s": Sink(Action.LINK),
    "FileUtils.ln_sf": Sink(Action.LINK),
    "FileUtils.ln": Sink(Action.LINK, mode="hard"),
    **{
        f"{cls}.{name}": Sink(Action.READ)
        for cls in ("File", "IO", "Path")
        for name in ("read", "readlines", "binread", "foreach", "each_line")
    },
    "Dir.entries": Sink(Action.LIST),
    "Dir.children": Sink(Action.LIST),
    "Dir.each_child": Sink(Action.LIST),
    "Dir.foreach": Sink(Action.LIST),
    "Path.children": Sink(Action.LIST, mode="/*"),
    "Path.each_child": Sink(Action.LIST, mode="/*"),
    "YAML.load_file": Sink(Action.READ),
    "CSV.read": Sink(Action.READ),
    "system": RUN,
    "exec": RUN,
    "spawn": RUN,
    "`": Sink(Action.SHELL),
    "IO.popen": Sink(Action.SPAWN, mode="text"),
    "PTY.spawn": RUN,
    "Open3.popen3": RUN,
    "Open3.popen2": RUN,
    "Open3.popen2e": RUN,
    "Open3.capture2": RUN,
    "Open3.capture2e": RUN,
    "Open3.capture3": RUN,
    "Open3.pipeline": Sink(Action.SHELL),
    "sh": RUN,
    "POSIX.Spawn.spawn": RUN,
    "eval": EVAL,
    "instance_eval": EVAL,
    "class_eval": EVAL,
    "module_eval": EVAL,
    "any.instance_eval": Sink(Action.CODE, at=1),
    "any.class_eval": Sink(Action.CODE, at=1),
    "any.module_eval": Sink(Action.CODE, at=1),
    "any.eval": Sink(Action.CODE, at=1),
    "binding.eval": EVAL,
    "RubyVM.InstructionSequence.compile": EVAL,
    "Object.class_eval": EVAL,
    "load": Sink(Action.CODE_FILE),
    "instance_exec": EVAL,
    "Net.HTTP.get": GET,
    "Net.HTTP.get_response": GET,
    "Net.HTTP.get_print": GET,
    "URI.open": GET,
    "OpenURI.open_uri": GET,
    "HTTParty.get": GET,
    "Faraday.get": GET,
    "RestClient.get": GET,
    "Excon.get": GET,
    "Net.HTTP.Get.new": GET,
    "Net.HTTP.start": Sink(Action.CONNECT),
    "Net.HTTP.new": Sink(Action.CONNECT),
    **{
        f"{lib}.{verb}": Sink(Action.REQUEST, mode=verb)
        for lib in ("Net.HTTP", "HTTParty", "Faraday", "RestClient", "Excon")
        for verb in ("post", "put", "patch", "delete")
    },
    "Net.HTTP.post_form": Sink(Action.REQUEST, mode="post"),
    "TCPSocket.new": Sink(Action.CONNECT),
    "TCPSocket.open": Sink(Action.CONNECT),
    "UNIXSocket.new": Sink(Action.CONNECT, to=9),
    "UDPSocket.new": Sink(Action.CONNECT),
    "socket.write": Sink(Action.TRANSMIT),
    "socket.puts": Sink(Action.TRANSMIT),
    "socket.print": Sink(Action.TRANSMIT),
    "socket.send": Sink(Action.TRANSMIT),
    "socket.<<": Sink(Action.TRANSMIT),
    "socket.post": Sink(Action.TRANSMIT),
    "socket.request": Sink(Action.TRANSMIT),
    "database.execute": Sink(Action.SQL, at=1),
    "database.exec": Sink(Action.SQL, at=1),
    "database.query": Sink(Action.SQL, at=1),
    "database.execute_batch": Sink(Action.SQL, at=1),
    "Process.kill": Sink(Action.SIGNAL, at=1),
    "puts": PRINT,
    "print": PRINT,
    "p": PRINT,
    "pp": PRINT,
    "warn": PRINT,
    "$stdout.puts": PRINT,
    "$stdout.write": PRINT,
    "STDOUT.puts": PRINT,
    "$stdout.print": PRINT,
    "$stderr.puts": PRINT,
    "abort": PRINT,
    "raise": PRINT,
    "STDOUT.write": PRINT,
}

LOOSE = {
    **{name: f"Path.{name}" for name in ("unlink", "rmtree", "rmdir")},
    "rm_rf": "FileUtils.rm_rf",
    "rm_r": "FileUtils.rm_r",
    "execute": "database.execute",
    "write": "file.write",
    "puts": "file.puts",
}


def _open(machine: Machine, site: Site) -> Value:
    """``Kernel#open`` and ``IO.read``: a file, a URL, or a command where the name begins with ``|``."""
    results: list[Value] = []
    target = argument(site, 0) or ANY
    for atom in target.options:
        text = as_text(atom)
        one = Site(site.name, (Value((atom,), target.origins), *site.args[1:]), site.named, site.more)
        if text.startswith("|"):
            results.append(ACTIONS[Action.SHELL](machine, Sink(Action.SHELL), Site(site.name, (of(text[1:]), *site.args[1:]))))
        elif text.startswith(("http://", "https://", "ftp://")):
            results.append(ACTIONS[Action.REQUEST](machine, GET, one))
        elif site.name.endswith("open"):
            results.append(ACTIONS[Action.OPEN](machine, SINKS["File.open"], one))
        else:
            results.append(ACTIONS[Action.READ](machine, Sink(Action.READ), one))
    return join(results)


def _glob(machine: Machine, site: Site) -> Value:
    if site.args and isinstance(site.args[0].sole, Obj):
        base = as_text(site.args[0].sole)
        found = [Obj("Path", (of(Pattern(f"{base}/{text}")),)) for text in texts(site.args[1] if len(site.args) > 1 else ANY)]
        listed: Value = of(Seq((Value(tuple(found)),)))
    else:
        given = [value for value in site.args if not isinstance(value.sole, Closure)] or [ANY]
        items = [item for value in given for item in (value.sole.items if isinstance(value.sole, Seq) else (value,))]
        listed = of(Seq(tuple(Value(tuple(Pattern(text) for text in texts(item))) for item in items)))
    for value in site.args:
        if isinstance(value.sole, Closure):
            machine.call(value, [element_of(listed)])
    return listed


def _each(machine: Machine, site: Site) -> Value:
    """``items.each { }`` and its kin; ``&:name`` calls that method."""
    items = site.args[0]
    callback = site.args[1] if len(site.args) > 1 else ANY
    atom = items.sole
    known = list(atom.items[:256]) if isinstance(atom, Seq) and atom.items else [element_of(items)]
    results: list[Value] = []
    for item in known:
        if isinstance(callback.sole, str):
            results.append(machine.call(machine.attribute(item, callback.sole), []) if callback.sole != UNKNOWN else ANY)
        else:
            results.append(machine.call(callback, [item]))
    made = of(Seq(tuple(results), more=not isinstance(atom, Seq) or atom.more))
    return made if site.name.rsplit(".", 1)[-1] in ("map", "collect", "flat_map") else items


def _tapped(machine: Machine, site: Site) -> Value:
    results = [machine.call(value, [site.args[0]]) for value in site.args[1:]]
    return join(results) if results and not site.name.endswith("tap") else site.args[0]


def _expand(machine: Machine, site: Site) -> Value:
    made: list[Atom] = []
    base = argument(site, 1)
    for given in texts(argument(site, 0) or ANY):
        text = given
        if text == "~" or text.startswith("~/"):
            text = machine.world.home + text[1:]
        elif text.startswith("~"):
            text = f"/{UNKNOWN}/{text.partition('/')[2]}"
        elif base is not None and not text.startswith("/"):
            text = f"{texts(base)[0]}/{text}"
        made.append(machine.locate(text))
    return Value(tuple(made))


def _require(machine: Machine, site: Site) -> Value:
    for name in texts(argument(site, 0) or ANY):
        path = machine.locate(name)
        for candidate in (path, f"{path}.rb"):
            if UNKNOWN not in candidate and machine.world.script(candidate) is not None:
                machine.emit(ScriptFile(candidate, "ruby"))
    return NOTHING


def _chdir(machine: Machine, site: Site) -> Value:
    around = machine.cwd
    found = (
        paths(machine, argument(site, 0))
        if site.args and not isinstance(site.args[0].sole, Closure)
        else [(machine.world.home, Flag.NONE)]
    )
    if machine.certain:
        machine.cwd = found[0][0] if len(found) == 1 else f"/{UNKNOWN}"
    for value in site.args:
        if isinstance(value.sole, Closure):
            machine.call(value, [of(machine.cwd)])
            machine.cwd = around
    return NOTHING


def _stdin(machine: Machine, site: Site) -> Value:
    text = machine.stdin if machine.stdin is not None else UNKNOWN
    if site.name.endswith(("gets", "readline")):
        return of(text.split("\n", 1)[0])
    return of(s.lines(text) if site.name.endswith("readlines") else text)


def _environment(machine: Machine, site: Site) -> Value:
    return join([machine.environment(as_text((argument(site, 1) or ANY).sole)), *site.args[2:3]])


def _pathname(_machine: Machine, site: Site) -> Value:
    return of(s.path_object(*(value.sole for value in site.args)))


def _format(_machine: Machine, site: Site) -> Value:
    return of(printf(*(value.sole for value in site.args))) if site.args else ANY


def _pack(_machine: Machine, site: Site) -> Value:

    return lift(lambda items, template: s.unpacked(template, items), list(site.args[:2]), partial=False)


def _print_file(machine: Machine, site: Site) -> Value:
    if len(site.args) > 1:
        text = site.args[1]
        ended = Value(tuple(f"{one}\n" if not one.endswith("\n") else one for one in texts(text)), text.origins)
        return write_to_handle(machine, Site(site.name, (site.args[0], ended)))
    return NOTHING


EACH = (
    "each",
    "map",
    "collect",
    "flat_map",
    "select",
    "reject",
    "each_with_index",
    "each_entry",
    "filter",
    "each_slice",
    "reverse_each",
    "each_line",
)
SPECIAL: dict[str, Special] = {
    "open": _open,
    "IO.read": _open,
    "IO.readlines": _open,
    "File.open": _open,
    "Dir.glob": _glob,
    "Path.glob": _glob,
    "Pathname.glob": _glob,
    **{f"{cls}.{name}": _each for cls in ("list", "any", "str", "dict", "int") for name in EACH},
    "any.tap": _tapped,
    "any.then": _tapped,
    "any.yield_self": _tapped,
    "File.expand_path": _expand,
    "File.absolute_path": _expand,
    "File.realpath": _expand,
    "Path.expand_path": _expand,
    "require": _require,
    "require_relative": _require,
    "Dir.chdir": _chdir,
    "Dir.pwd": lambda machine, _: of(machine.cwd),
    "Dir.getwd": lambda machine, _: of(machine.cwd),
    "Dir.home": lambda machine, _: of(machine.world.home),
    "Etc.getpwuid": lambda machine, _: of(Obj("Path", (of(machine.world.home),))),
    "environ.fetch": _environment,
    "Pathname": _pathname,
    "Pathname.new": _pathname,
    "format": _format,
    "sprintf": _format,
    **{f"{name}.{how}": _stdin for name in ("$stdin", "STDIN", "ARGF") for how in ("read", "gets", "readline", "readlines")},
    "gets": _stdin,
    "list.pack": _pack,
    "file.write": write_to_handle,
    "file.<<": write_to_handle,
    "file.print": write_to_handle,
    "file.puts": _print_file,
    "SQLite3.Database.new": lambda _, site: of(Obj("database", site.args[:1])),
    "PG.connect": lambda _, __: of(Obj("database")),
    "Mysql2.Client.new": lambda _, __: of(Obj("database")),
    "ActiveRecord.Base.connection": lambda _, __: of(Obj("database")),
    "at_exit": lambda machine, site: machine.call_back(site.args[-1], frozenset()) if site.args else ANY,
}

PURE: dict[str, Pure] = {
    "File.join": Pure(s.joined_in_order, partial=True),
    "File.dirname": Pure(s.folder_of, partial=True),
    "File.basename": Pure(s.name_of, partial=True),
    "Path.+": Pure(s.path_object, partial=True),
    "Path.join": Pure(s.path_object, partial=True),
    "Path.to_s": Pure(s.path_text, partial=True),
    "Path.parent": Pure(s.on_path(s.folder_of), partial=True),
    "Base64.decode64": Pure(lambda data: s.as_text(s.loose_base64(data))),
    "Base64.strict_decode64": Pure(lambda data: s.as_text(s.loose_base64(data))),
    "Base64.urlsafe_decode64": Pure(lambda data: s.as_text(s.loose_base64(data))),
    "Zlib.Inflate.inflate": Pure(s.inflate),
    "Zlib.inflate": Pure(s.inflate),
    "Zlib.gunzip": Pure(s.inflate),
    "str.reverse": Pure(s.backwards),
    "str.chars": Pure(s.listed),
    "str.bytes": Pure(lambda text: s.listed(s.to_bytes(text))),
    "str.split": Pure(s.split, partial=True),
    "str.gsub": Pure(s.replaced, partial=True),
    "str.sub": Pure(s.replaced, partial=True),
    "str.tr": Pure(lambda text, old, new: as_text(text).translate(str.maketrans(_span(as_text(old)), _span(as_text(new))))),
    "str.strip": Pure(s.stripped, partial=True),
    "str.chomp": Pure(s.stripped, partial=True),
    "str.to_s": Pure(s.path_text, partial=True),
    "str.to_sym": Pure(s.path_text, partial=True),
    "str.downcase": Pure(lambda text: as_text(text).lower(), partial=True),
    "str.upcase": Pure(lambda text: as_text(text).upper(), partial=True),
    "str.concat": Pure(lambda *parts: s.merged(as_text(part) for part in parts), partial=True),
    "str.<<": Pure(lambda *parts: s.merged(as_text(part) for part in parts), partial=True),
    "str.slice": Pure(s.substring),
    "str.unpack1": Pure(lambda data, template: s.packed_out(template, data)),
    "str.unpack": Pure(lambda data, template: Seq((of(s.packed_out(template, data)),))),
    "list.join": Pure(lambda items, separator="": s.joined(separator, items), partial=True),
    "list.reverse": Pure(s.backwards, partial=True),
    "list.first": Pure(
        lambda items, *_: items.items[0].sole if isinstance(items, Seq) and items.items else UNKNOWN, partial=True
    ),
    "list.last": Pure(
        lambda items, *_: items.items[-1].sole if isinstance(items, Seq) and items.items else UNKNOWN, partial=True
    ),
    "list.shift": Pure(
        lambda items, *_: items.items[0].sole if isinstance(items, Seq) and items.items else UNKNOWN, partial=True
    ),
    "int.chr": Pure(s.character),
    "str.ord": Pure(s.ord_of),
    "int.to_s": Pure(s.as_string),
    "URI": Pure(s.path_text, partial=True),
    "URI.parse": Pure(s.path_text, partial=True),
    "Shellwords.escape": Pure(s.path_text, partial=True),
    "str.freeze": Pure(s.path_text, partial=True),
    "str.dup": Pure(s.path_text, partial=True),
    "str.hex": Pure(lambda text: int(as_text(text), 16)),
    "list.to_a": Pure(s.listed, partial=True),
    "str.unicode_normalize": Pure(s.path_text),
    "Path./": Pure(lambda left, right: Obj("Path", (of(joined_path(left, right)),)), partial=True),
    "str.force_encoding": Pure(s.path_text),
    "bytes.force_encoding": Pure(s.as_string),
}


def _span(text: str) -> str:
    """``a-z`` written out, as ``tr`` takes it."""
    made: list[str] = []
    at = 0
    while at < len(text):
        if at + 2 < len(text) and text[at + 1] == "-" and text[at] <= text[at + 2] < "\u0100":
            made += [chr(code) for code in range(ord(text[at]), ord(text[at + 2]) + 1)]
            at += 3
        else:
            made.append(text[at])
            at += 1
    return "".join(made)


def _arguments(machine: Machine) -> Value:
    return of(Seq(tuple(of(word) for word in machine.args)))


CONSTANTS: dict[str, Constant] = {
    "ARGV": _arguments,
    "$*": _arguments,
    "ENV": lambda _: Value((Obj("environ"),), frozenset(("env:*",))),
    "__dir__": lambda machine: of(machine.cwd),
    "File.SEPARATOR": lambda _: of("/"),
    "$0": lambda _: of("-e"),
    "$stdin": lambda _: of(Sym("STDIN")),
}
HEADS = ("Kernel.", "Object.", "self.", "main.", "Process.")


def canonical(name: str) -> str:
    """The name that the tables know: no ``Kernel``, no ``.call``."""
    if name.endswith((".call", ".()", ".to_proc")):
        name = name.rpartition(".")[0]
    for head in HEADS:
        if name.startswith(head) and name != "Process.kill":
            name = name.removeprefix(head)
    return (
        name.replace("FileUtils.Verbose.", "FileUtils.")
        .replace("FileUtils.NoWrite.", "FileUtils.")
        .replace("URI.HTTP.", "URI.")
    )


RUBY = Dialect(
    language="ruby",
    program="ruby",
    sinks=SINKS,
    pure=PURE,
    special=SPECIAL,
    constants=CONSTANTS,
    loose=LOOSE,
    roots=frozenset(("FileUtils", "File", "Kernel", "IO", "Open3", "Process")),
    canonical=canonical,
    mutators={
        "push": "append",
        "<<": "append",
        "append": "append",
        "concat": "extend",
        "unshift": "prepend",
        "reverse!": "reverse",
    },
)
