"""Python's functions that load or call something: imports, attributes by name, native libraries, functions given as values."""

from __future__ import annotations

from checkrein.core.effect import UNKNOWN, EffectKind
from checkrein.detect.shell.model import ScriptFile, absolute
from checkrein.detect.shell.snippets import strings as s
from checkrein.detect.shell.snippets.arguments import argument, paths
from checkrein.detect.shell.snippets.calls import call
from checkrein.detect.shell.snippets.dialect import Site, Special
from checkrein.detect.shell.snippets.machine import Machine
from checkrein.detect.shell.snippets.names import attribute, symbol
from checkrein.detect.shell.snippets.values import (
    ANY,
    NOTHING,
    Atom,
    Map,
    Obj,
    Seq,
    Value,
    element_of,
    join,
    lift,
    of,
    texts,
)

GUARD = "checkrein"
"""Our own package: whoever imports it in a snippet could change or permit what only a person may."""


def import_module(machine: Machine, site: Site) -> Value:
    """A module that is imported, and the name that stands for it."""
    found = []
    for name in texts(argument(site, 0, ("name", "mod_name")) or ANY):
        load_module(machine, name)
        found.append(symbol(machine, name.split(".", 1)[0] if site.name.endswith("__import__") else name))
    return join(found)


def load_module(machine: Machine, name: str) -> None:
    """A module of the snippet's own folder that was written here runs when it is imported."""
    if UNKNOWN in name:
        machine.unresolved("imports a module that cannot be known")
        return
    if name.split(".", 1)[0] == GUARD:
        machine.effect(EffectKind.EXECUTE, f"module:{name}", "import")
    for folder in (machine.cwd, *machine.search):
        stem = absolute(name.replace(".", "/"), folder)
        for path in (f"{stem}.py", f"{stem}/__init__.py"):
            if machine.world.script(path) is not None:
                machine.emit(ScriptFile(path, "python"))


def search_in(machine: Machine, site: Site) -> Value:
    """``sys.path.insert(0, folder)`` and its kin."""
    for value in site.args:
        machine.search += [path for path, _ in paths(machine, value) if UNKNOWN not in path]
    return NOTHING


def get_attribute(machine: Machine, site: Site) -> Value:
    """``getattr``."""
    base = argument(site, 0) or ANY
    found = [attribute(machine, base, name) for name in texts(argument(site, 1) or ANY)]
    return join([*found, *site.args[2:3]])


def make_dict(_machine: Machine, site: Site) -> Value:
    """``dict(...)``: its keywords, and what another dictionary holds."""
    given = site.args[0] if site.args else of(Map(()))
    base = given.sole if isinstance(given.sole, Map) else Map((), more=True)
    origins = given.origins.union(*(value.origins for value in site.named.values()))
    return Value((Map((*base.pairs, *site.named.items()), base.more),), origins)


def apply(machine: Machine, site: Site) -> Value:
    """``map(f, items)`` and ``executor.submit(f, x)``: the first function among the arguments is called with the others."""
    args = list(site.args[1:]) if site.name.startswith(("any.", "str.", "instance.")) else list(site.args)
    if not args:
        return ANY
    if site.name.rsplit(".", 1)[-1] in ("map", "starmap", "filter", "imap"):
        items = args[1].sole if len(args) > 1 else UNKNOWN
        if isinstance(items, (Seq, str, bytes)) and len(args) == 2:
            listed = s.listed(items)
            values = listed.items if isinstance(listed, Seq) else ()
            results = [call(machine, args[0], [item]) for item in values[:256]]
            return of(Seq(tuple(results), more=isinstance(listed, Seq) and (listed.more or len(values) > 256)))
        return of(Seq((call(machine, args[0], [element_of(value) for value in args[1:]]),), more=True))
    return call(machine, args[0], args[1:], site.named, more=site.more)


def thread(machine: Machine, site: Site) -> Value:
    """A thread or a process runs its target."""
    target = argument(site, 1, ("target", "function"))
    given = argument(site, 3, ("args",))
    atom = given.sole if given is not None else Seq(())
    if target is not None:
        call(machine, target, list(atom.items) if isinstance(atom, Seq) else [], more=not isinstance(atom, Seq))
    return ANY


def reduce(machine: Machine, site: Site) -> Value:
    """``functools.reduce``."""
    items = site.args[1].sole if len(site.args) > 1 else UNKNOWN
    if not isinstance(items, Seq) or not items.items or items.more:
        return ANY
    value = site.args[2] if len(site.args) > 2 else items.items[0]
    for item in items.items[0 if len(site.args) > 2 else 1 :]:
        value = call(machine, site.args[0], [value, item])
    return value


def library(machine: Machine, site: Site) -> Value:
    """A native library: one of the system's, whose telling functions are known, or one that nobody has looked into."""
    for name in texts(argument(site, 0, ("name",)) or NOTHING):
        if "/" in name and not name.startswith(("/lib", "/usr/lib")):
            machine.effect(EffectKind.RUN_UNKNOWN, machine.locate(name), site.name, detail="native code")
    return of(Obj("library"))


def attrgetter(machine: Machine, site: Site) -> Value:
    """``operator.attrgetter(name)(obj)``."""
    getter = site.args[0].sole
    names = texts(getter.args[0]) if isinstance(getter, Obj) and getter.args else (UNKNOWN,)
    return join(attribute(machine, argument(site, 1) or ANY, name) for name in names)


def methodcaller(machine: Machine, site: Site) -> Value:
    """``operator.methodcaller(name, *args)(obj)``."""
    caller = site.args[0].sole
    given = list(caller.args[1:]) if isinstance(caller, Obj) else []
    return call(machine, attrgetter(machine, site), given)


def with_keywords(function: s.Callable[..., Atom]) -> Special:
    """A function of values that also takes its first argument by keyword, and further ones that do not matter."""

    def compute(_machine: Machine, site: Site) -> Value:
        value = argument(site, 0, ("s", "data", "obj", "source", "string")) or ANY
        return lift(function, [value], partial=False)

    return compute
