"""Python's functions on paths, files and streams that take more than a line of a table."""

from __future__ import annotations

from checkrein.core.effect import UNKNOWN, Flag
from checkrein.detect.shell.snippets import strings as s
from checkrein.detect.shell.snippets.arguments import argument, enabled, paths
from checkrein.detect.shell.snippets.dialect import Action, Sink, Site
from checkrein.detect.shell.snippets.machine import Machine
from checkrein.detect.shell.snippets.perform_files import write_to_handle
from checkrein.detect.shell.snippets.python.sinks import SINKS
from checkrein.detect.shell.snippets.specials import (
    at_home,
)
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
    of,
    texts,
)


def expanduser(machine: Machine, site: Site) -> Value:
    """``os.path.expanduser``."""
    made: list[Atom] = []
    value = argument(site, 0, ("path",)) or ANY
    for atom in value.options:
        text = at_home(machine, as_text(atom))
        made.append(Obj("Path", (of(text),)) if isinstance(atom, Obj) else text)
    return Value(tuple(made), value.origins)


def absolute_path(machine: Machine, site: Site) -> Value:
    """``os.path.abspath``."""
    value = argument(site, 0, ("path",)) or ANY
    found = paths(machine, value)
    made: list[Atom] = [Pattern(path) if flag else path for path, flag in found]
    if site.name.startswith("Path."):
        made = [Obj("Path", (of(path),)) for path in made]
    return Value(tuple(made), value.origins)


def glob(_machine: Machine, site: Site) -> Value:
    """``glob.glob`` and ``Path.glob``."""
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


def iterdir(_machine: Machine, site: Site) -> Value:
    """``Path.iterdir``."""
    base = as_text(site.args[0].sole) if site.args else UNKNOWN
    return of(Seq((of(Obj("Path", (of(Pattern(base.rstrip("/") + "/*")),))),)))


def walk(machine: Machine, site: Site) -> Value:
    """``os.walk``: folders and files below, as patterns."""
    rounds: list[Value] = []
    for path, _ in paths(machine, argument(site, 0, ("top",))):
        name = of(Seq((of(Pattern("*")),)))
        top: Atom = Pattern(f"{path.rstrip('/')}/**")
        if site.name.startswith("Path."):
            top = Obj("Path", (of(top),))
        rounds.append(of(Seq((of(top), name, name))))
    return of(Seq(tuple(rounds)))


def dotenv(machine: Machine, site: Site) -> Value:
    """``dotenv_values``: by default it looks for ``.env``."""
    return machine.perform(Sink(Action.READ), Site(site.name, (argument(site, 0, ("dotenv_path",)) or of(".env"),)))


def open_flags(machine: Machine, site: Site) -> Value:
    """``os.open``: its flags say whether it writes."""
    flags = argument(site, 1, ("flags",))
    how = as_text(flags.sole) if flags is not None else UNKNOWN
    writes = "O_W" in how or "O_RDWR" in how or UNKNOWN in how
    sink = SINKS["open"]
    mode = of("r") if isinstance(flags.sole if flags else None, Sym) and not writes else of("w")
    return machine.perform(sink, Site(site.name, (argument(site, 0) or ANY, mode)))


def print_to(machine: Machine, site: Site) -> Value:
    """``print``: to the output, or to a file."""
    target = site.named.get("file")
    if target is not None and any(isinstance(atom, Obj) and atom.cls == "file" for atom in target.options):
        return write_to_handle(machine, Site("print", (target, site.args[0] if len(site.args) == 1 else ANY)))
    machine.show(site.args)
    return NOTHING


def stdin(machine: Machine) -> Value:
    """``sys.stdin``."""
    return machine.given(Obj("stdin"))


def stdin_text(machine: Machine, site: Site) -> Value:
    """What is read from ``sys.stdin``."""
    text = machine.stdin if machine.stdin is not None else UNKNOWN
    return machine.given(s.lines(text) if site.name.endswith("readlines") else text)


def edited(machine: Machine, site: Site) -> Value:
    """``fileinput.input``: reads files, and with ``inplace`` what is printed goes into them."""
    files = Sink(Action.READ, names=("files",))
    if enabled(argument(site, 1, ("inplace",))):
        machine.perform(Sink(Action.WRITE, to=-1, names=("files",), flags=Flag.IN_PLACE), site)
    return machine.perform(files, site)


def extracted(machine: Machine, site: Site) -> Value:
    """An archive is unpacked into a folder, by default the one that the program runs in."""
    folder = argument(site, 1, ("path", "extract_dir")) or of(machine.cwd)
    return machine.perform(Sink(Action.WRITE, to=-1, flags=Flag.RECURSIVE | Flag.CREATE), Site(site.name, (folder,)))
