"""Ruby's modules: which calls have effects, which make values."""

from __future__ import annotations

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.model import ScriptFile
from checkrein.detect.shell.options import listed
from checkrein.detect.shell.snippets import strings as s
from checkrein.detect.shell.snippets.arguments import argument
from checkrein.detect.shell.snippets.arithmetic import printf
from checkrein.detect.shell.snippets.calls import call, call_back
from checkrein.detect.shell.snippets.dialect import Action, Constant, Dialect, Sink, Site, Special
from checkrein.detect.shell.snippets.machine import Machine
from checkrein.detect.shell.snippets.names import attribute, environment
from checkrein.detect.shell.snippets.perform_files import write_to_handle
from checkrein.detect.shell.snippets.ruby.sinks import GET, LOOSE, SINKS
from checkrein.detect.shell.snippets.ruby.values import PURE
from checkrein.detect.shell.snippets.specials import (
    at_home,
    chdir,
    database,
    environ,
    home,
    words,
    working_folder,
)
from checkrein.detect.shell.snippets.temporary import makes, temporary_folder
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


def _open(machine: Machine, site: Site) -> Value:
    """``Kernel#open`` and ``IO.read``: a file, a URL, or a command where the name begins with ``|``."""
    results: list[Value] = []
    target = argument(site, 0) or ANY
    for atom in target.options:
        text = as_text(atom)
        one = Site(site.name, (Value((atom,), target.origins), *site.args[1:]), site.named, site.more)
        if text.startswith("|"):
            results.append(machine.perform(Sink(Action.SHELL), Site(site.name, (of(text[1:]), *site.args[1:]))))
        elif text.startswith(("http://", "https://", "ftp://")):
            results.append(machine.perform(GET, one))
        elif site.name.endswith("open"):
            results.append(machine.perform(SINKS["File.open"], one))
        else:
            results.append(machine.perform(Sink(Action.READ), one))
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
            call(machine, value, [element_of(listed)])
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
            results.append(call(machine, attribute(machine, item, callback.sole), []) if callback.sole != UNKNOWN else ANY)
        else:
            results.append(call(machine, callback, [item]))
    made = of(Seq(tuple(results), more=not isinstance(atom, Seq) or atom.more))
    return made if site.name.rsplit(".", 1)[-1] in ("map", "collect", "flat_map") else items


def _tapped(machine: Machine, site: Site) -> Value:
    results = [call(machine, value, [site.args[0]]) for value in site.args[1:]]
    return join(results) if results and not site.name.endswith("tap") else site.args[0]


def _expand(machine: Machine, site: Site) -> Value:
    made: list[Atom] = []
    base = argument(site, 1)
    for given in texts(argument(site, 0) or ANY):
        text = at_home(machine, given)
        if base is not None and not text.startswith("/"):
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


def _stdin(machine: Machine, site: Site) -> Value:
    text = machine.stdin if machine.stdin is not None else UNKNOWN
    if site.name.endswith(("gets", "readline")):
        return machine.given(text.split("\n", 1)[0])
    return machine.given(s.lines(text) if site.name.endswith("readlines") else text)


def _environment(machine: Machine, site: Site) -> Value:
    return join([environment(machine, as_text((argument(site, 1) or ANY).sole)), *site.args[2:3]])


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
    **{f"IO.{name}": _open for name in ("read", "readlines", "binread", "foreach")},
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
    "Dir.chdir": chdir,
    "Dir.mktmpdir": makes(0, 1),
    "Dir.tmpdir": lambda machine, _: of(temporary_folder(machine)),
    "Tempfile.new": makes(0, 1, gives="file"),
    "Tempfile.create": makes(0, 1, gives="file"),
    "Dir.pwd": working_folder,
    "Dir.getwd": working_folder,
    "Dir.home": home,
    "Etc.getpwuid": lambda machine, _: of(Obj("Path", (of(machine.world.home),))),
    "environ.fetch": _environment,
    "Pathname": _pathname,
    "Pathname.new": _pathname,
    "format": _format,
    "sprintf": _format,
    **{f"{name}.{how}": _stdin for name in ("$stdin", "STDIN", "ARGF") for how in ("read", "gets", "readline", "readlines")},
    "gets": _stdin,
    "list.pack": _pack,
    **{f"child.{name}": write_to_handle for name in ("write", "puts", "print", "<<", "syswrite")},
    "file.write": write_to_handle,
    "file.<<": write_to_handle,
    "file.print": write_to_handle,
    "file.puts": _print_file,
    "SQLite3.Database.new": database,
    "PG.connect": lambda _, __: of(Obj("database")),
    "Mysql2.Client.new": lambda _, __: of(Obj("database")),
    "ActiveRecord.Base.connection": lambda _, __: of(Obj("database")),
    "at_exit": lambda machine, site: call_back(machine, site.args[-1], frozenset()) if site.args else ANY,
}


CONSTANTS: dict[str, Constant] = {
    "ARGV": words,
    "$*": words,
    "ENV": environ,
    "__dir__": working_folder,
    "File.SEPARATOR": lambda _: of("/"),
    "$0": lambda _: of("-e"),
    "$stdin": lambda _: of(Sym("STDIN")),
}
CHANGES = listed(
    "replace gsub! sub! tr! tr_s! squeeze! delete! insert! slice! upcase! downcase! swapcase! capitalize! chomp! chop! "
    "strip! lstrip! rstrip! succ! next! prepend setbyte unicode_normalize! encode! force_encoding! map! collect! select! "
    "reject! filter! sort! sort_by! uniq! compact! flatten! shuffle! rotate! clear fill store delete_if keep_if"
)
"""Methods that change what they are called on, in ways that are not followed."""
HEADS = ("Kernel.", "Object.", "self.", "main.", "Process.")


def canonical(name: str) -> str:
    """The name that the tables know: no ``Kernel``, no ``.call``."""
    if name.endswith((".call", ".()", ".to_proc")):
        name = name.rpartition(".")[0]
    while name != "Process.kill" and (head := next((head for head in HEADS if name.startswith(head)), "")):
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
    callers=frozenset(("bind",)),
    mutators={
        "push": "append",
        "<<": "append",
        "append": "append",
        "concat": "extend",
        "unshift": "prepend",
        "reverse!": "reverse",
        "shift": "drop",
        "pop": "drop-last",
        "insert": "insert",
        "merge!": "merge",
        "update": "merge",
        **dict.fromkeys(CHANGES, "change"),
    },
)
