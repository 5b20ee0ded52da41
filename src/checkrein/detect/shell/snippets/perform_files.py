"""What sinks do to files: each function gives the effects of one kind of call, and the value that the call gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checkrein.core.effect import UNKNOWN, EffectKind, Flag
from checkrein.detect.shell.snippets.arguments import argument, called_back, flags_of, option, paths, targets
from checkrein.detect.shell.snippets.calls import call, call_back
from checkrein.detect.shell.snippets.dialect import Sink, Site
from checkrein.detect.shell.snippets.perform_running import feed
from checkrein.detect.shell.snippets.temporary import own
from checkrein.detect.shell.snippets.values import (
    ANY,
    NOTHING,
    Atom,
    Closure,
    Obj,
    Pattern,
    Seq,
    Value,
    as_text,
    of,
    texts,
)
from checkrein.detect.shell.values import sources

if TYPE_CHECKING:
    from checkrein.detect.shell.snippets.machine import Machine


def delete(machine: Machine, sink: Sink, site: Site) -> Value:
    """Delete, unless the snippet made the file or folder for itself."""
    for path, glob in targets(machine, sink, site):
        if not own(path, site):
            machine.effect(EffectKind.DELETE, path, site.name, flags=flags_of(sink, site) | glob)
    return called_back(machine, site)


def write(machine: Machine, sink: Sink, site: Site) -> Value:
    """Write or append to a file."""
    content = argument(site, sink.to, sink.to_names) if sink.to >= 0 else None
    for path, glob in targets(machine, sink, site):
        flags = flags_of(sink, site) | glob
        if as_text(mode.sole).startswith("a") if (mode := option(site, "flag") or option(site, "mode")) else False:
            flags |= Flag.APPEND
        _written(machine, path, site.name, flags, content)
    return called_back(machine, site)


def _written(machine: Machine, path: str, name: str, flags: Flag, content: Value | None) -> None:
    text = None
    reads: tuple[str, ...] = ()
    detail = ""
    if content is not None:
        known = texts(content)
        text = known[0] if len(known) == 1 and UNKNOWN not in known[0] else None
        reads = sources(content.origins)
        detail = next((origin for origin in sorted(content.origins) if origin.startswith("network:")), "")
    machine.effect(EffectKind.WRITE, path, name, flags=flags, text=text, reads=reads, detail=detail)


def read(machine: Machine, sink: Sink, site: Site) -> Value:
    """Read a file."""
    origins: set[str] = set()
    for path, glob in targets(machine, sink, site):
        machine.effect(EffectKind.READ, path, site.name, flags=flags_of(sink, site) | glob)
        origins.add(f"file:{path}")
    for value in site.args:
        call_back(machine, value, frozenset(origins))
    return Value((Obj(sink.gives),) if sink.gives else (UNKNOWN,), frozenset(origins))


def list_folder(machine: Machine, sink: Sink, site: Site) -> Value:
    """List a folder."""
    names: list[Atom] = []
    for path, glob in targets(machine, sink, site):
        machine.effect(EffectKind.LIST, path, site.name, flags=flags_of(sink, site) | glob)
        names.append(Pattern("*" if not sink.mode else path.rstrip("/") + sink.mode))
    entries = Value(tuple(dict.fromkeys(names)))
    for value in site.args:
        if isinstance(value.sole, Closure):
            call(machine, value, [entries] if len(value.sole.node.params) == 1 else [NOTHING, of(Seq((entries,), more=False))])
    return of(Seq((entries,)))


def open_file(machine: Machine, sink: Sink, site: Site) -> Value:
    """Open a file: its mode says whether it is read or written. The mode of a sink stands in for one that is not given."""
    mode = argument(site, sink.to, sink.to_names) if sink.to >= 0 else None
    modes = [sink.mode or "r"] if mode is None or mode == NOTHING else [as_text(atom) for atom in mode.options]
    target = argument(site, sink.at, sink.names)
    origins: set[str] = set()
    for path, glob in paths(machine, target):
        for how in modes:
            if any(letter in how for letter in "wax>c") or UNKNOWN in how:
                flags = (Flag.APPEND if "a" in how or ">>" in how else Flag.NONE) | (Flag.CREATE if "x" in how else Flag.NONE)
                machine.effect(EffectKind.WRITE, path, site.name, flags=flags | glob)
            elif "+" in how:
                machine.effect(EffectKind.WRITE, path, site.name, flags=Flag.IN_PLACE | glob)
            if "r" in how or "+" in how or "<" in how or UNKNOWN in how:
                machine.effect(EffectKind.READ, path, site.name, flags=glob)
                origins.add(f"file:{path}")
    handle = Value((Obj("file", (target or ANY,)),), frozenset(origins))
    for value in site.args:
        if isinstance(value.sole, Closure):
            call(machine, value, [handle])
    return handle


def write_to_handle(machine: Machine, site: Site) -> Value:
    """``f.write(text)``: what is known of the content of an opened file; a program gets it as its input."""
    content = argument(site, 1, ("input",)) or ANY
    feed(machine, site.args[0], content)
    for atom in site.args[0].options:
        if isinstance(atom, Obj) and atom.cls == "file":
            known = texts(content)
            text = known[0] if len(known) == 1 and UNKNOWN not in known[0] and machine.certain else None
            for path, _ in paths(machine, atom.args[0]):
                if content.origins:
                    _written(machine, path, site.name, Flag.APPEND, content)
                machine.written.setdefault(path, []).append(text)
    return NOTHING


def move(machine: Machine, sink: Sink, site: Site) -> Value:
    """Move or rename."""
    targets = paths(machine, argument(site, sink.to, sink.to_names))
    for path, glob in paths(machine, argument(site, sink.at, sink.names)):
        for to, _ in targets:
            machine.effect(EffectKind.MOVE, path, site.name, flags=glob, to=to)
            machine.effect(EffectKind.WRITE, to, site.name, reads=(path,))
    return called_back(machine, site)


def copy(machine: Machine, sink: Sink, site: Site) -> Value:
    """Copy, unpack or pack."""
    sources = paths(machine, argument(site, sink.at, sink.names))
    flags = flags_of(sink, site)
    for path, glob in sources:
        machine.effect(EffectKind.READ, path, site.name, flags=flags | glob)
    for to, _ in paths(machine, argument(site, sink.to, sink.to_names)):
        machine.effect(EffectKind.WRITE, to, site.name, flags=flags, reads=tuple(path for path, _ in sources))
    return called_back(machine, site)


def chmod(machine: Machine, sink: Sink, site: Site) -> Value:
    """Change a mode or an owner."""
    mode = argument(site, sink.to, sink.to_names)
    atom = mode.sole if mode is not None else UNKNOWN
    detail = f"{atom:o}" if isinstance(atom, int) and sink.mode != "owner" else as_text(atom)
    for path, glob in targets(machine, sink, site):
        machine.effect(EffectKind.CHMOD, path, site.name, flags=flags_of(sink, site) | glob, detail=detail)
    return called_back(machine, site)


def link(machine: Machine, sink: Sink, site: Site) -> Value:
    """Make a link."""
    for path, _ in paths(machine, argument(site, sink.to, sink.to_names)):
        folder = path.rsplit("/", 1)[0] or "/"
        for to in texts(argument(site, sink.at, sink.names) or ANY):
            there = to if to.startswith(("/", UNKNOWN)) or sink.mode == "hard" else f"{folder}/{to}"
            machine.effect(EffectKind.LINK, path, site.name, to=machine.locate(there))
    return called_back(machine, site)
