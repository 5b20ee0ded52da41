"""Questions about the arguments of a call: which one it is, which paths and flags it comes to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from checkrein.core.effect import UNKNOWN, Flag
from checkrein.detect.shell.snippets.arithmetic import is_pattern
from checkrein.detect.shell.snippets.calls import call_back
from checkrein.detect.shell.snippets.dialect import Sink, Site
from checkrein.detect.shell.snippets.values import (
    ANY,
    NOTHING,
    NOWHERE,
    Map,
    Seq,
    Value,
    as_text,
    unfolded,
)

if TYPE_CHECKING:
    from checkrein.detect.shell.snippets.machine import Machine


def argument(site: Site, at: int, names: Iterable[str] = ()) -> Value | None:
    """An argument by keyword, else by position; unknown where unknown arguments follow; None where it is not given."""
    for name in names:
        if name in site.named:
            return site.named[name]
    if at < len(site.args):
        return site.args[at]
    return ANY if site.more else None


def option(site: Site, name: str) -> Value | None:
    """A named argument, or a key of a dictionary that is given as an argument."""
    if name in site.named:
        return site.named[name]
    for value in site.args:
        for atom in value.options:
            if isinstance(atom, Map) and (found := atom.get(name)) is not None:
                return found
    return None


def enabled(value: Value | None) -> bool:
    """True where an option may be true."""
    return value is not None and any(atom not in (False, None, 0, "") for atom in value.options)


def paths(machine: Machine, value: Value | None) -> list[tuple[str, Flag]]:
    """The absolute paths that a value may be, a list as its elements, with GLOB where it is a pattern."""
    found: dict[tuple[str, Flag], None] = {}
    for atom in unfolded(value or ANY):
        if isinstance(atom, Seq):
            for item in atom.items:
                found.update(dict.fromkeys(paths(machine, item)))
            if atom.more:
                found[machine.locate(UNKNOWN), Flag.NONE] = None
            continue
        if atom is None and value is not None and len(value.options) > 1:
            continue
        text = as_text(atom)
        text = text.removeprefix("file://") if text.startswith("file:///") else text
        found[machine.locate(text or "."), Flag.GLOB if is_pattern(atom) else Flag.NONE] = None
    return list(found)


def targets(machine: Machine, sink: Sink, site: Site) -> list[tuple[str, Flag]]:
    """The paths that a sink is about; every argument from ``at`` on where it takes several."""
    if not sink.every:
        return paths(machine, argument(site, sink.at, sink.names))
    found = [pair for value in site.args[sink.at :] if not isinstance(value.sole, Map) for pair in paths(machine, value)]
    if site.more or not found:
        found += paths(machine, ANY)
    return found


def flags_of(sink: Sink, site: Site) -> Flag:
    """The flags that a sink always has, and those that options of this call add."""
    flags = sink.flags
    for name, flag in sink.options:
        if enabled(option(site, name)):
            flags |= flag
    return flags


def called_back(machine: Machine, site: Site) -> Value:
    """Callbacks are called; the value itself is nothing that matters."""
    for value in site.args:
        call_back(machine, value, NOWHERE)
    return NOTHING
