"""Temporary files and folders that a snippet makes for itself: to delete them loses nothing of anybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.model import absolute
from checkrein.detect.shell.snippets.arguments import argument, paths
from checkrein.detect.shell.snippets.calls import call
from checkrein.detect.shell.snippets.dialect import Site, Special
from checkrein.detect.shell.snippets.values import ANY, NOTHING, Closure, Map, Obj, Seq, Value, as_text, of

if TYPE_CHECKING:
    from checkrein.detect.shell.snippets.machine import Machine

MADE = "made:"
"""Begins the origin of a path that the snippet made for itself."""


def temporary_folder(machine: Machine) -> str:
    """Where temporary files go."""
    return machine.world.variable("TMPDIR") or "/tmp"  # noqa: S108 - nothing is created


def makes(prefix: int, folder: int = 9, *, whole: bool = False, gives: str = "") -> Special:
    """A function that makes a temporary file or folder. ``prefix`` and ``folder`` are positions of arguments.

    ``whole``: the prefix is a path. ``gives``: "" the path, ``file`` an object with that path, ``pair`` a handle and the path.
    A block that is given gets what is made, a callback an error before it.
    """

    def make(machine: Machine, site: Site) -> Value:
        words = site.args if whole else tuple(value for value in site.args if not isinstance(value.sole, (Closure, Map)))
        given = Site(site.name, words, site.named)
        begin, place = argument(given, prefix, ("prefix",)), argument(given, folder, ("dir",))
        around = machine.cwd if whole else temporary_folder(machine)
        if place is not None and place != NOTHING:
            around = paths(machine, place)[0][0]
        head = "tmp" if begin is None or begin == NOTHING else as_text(begin.sole)
        path = absolute(f"{head}{UNKNOWN}", around)
        origins = frozenset((MADE + path,))
        made = Value((Obj("file", (of(path),)) if gives == "file" else path,), origins)
        for value in site.args:
            if isinstance(value.sole, Closure):
                call(machine, value, [NOTHING, made] if whole else [made])
        return Value((Seq((ANY, made)),)) if gives == "pair" else made

    return make


def own(path: str, site: Site) -> bool:
    """True for a path that the snippet made for itself, or a known one in it. ``site`` is the call that it is given to."""
    for value in (*site.args, *site.named.values()):
        for origin in value.origins:
            made = origin.removeprefix(MADE) if origin.startswith(MADE) else ""
            if made and (path == made or (path.startswith(f"{made}/") and UNKNOWN not in path[len(made) :])):
                return True
    return False
