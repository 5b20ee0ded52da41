"""Special functions, constants and values that several languages' tables share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checkrein.core.effect import UNKNOWN, Flag
from checkrein.detect.shell.model import ScriptFile
from checkrein.detect.shell.snippets.arguments import argument, paths
from checkrein.detect.shell.snippets.calls import call
from checkrein.detect.shell.snippets.dialect import Site
from checkrein.detect.shell.snippets.values import ANY, NOTHING, Atom, Closure, Obj, Pattern, Seq, Value, of, texts

if TYPE_CHECKING:
    from checkrein.detect.shell.snippets.machine import Machine


def chdir(machine: Machine, site: Site) -> Value:
    """Go to a folder, home where none is given; a block that is given runs there, and the way leads back."""
    around = machine.cwd
    blocks = [value for value in site.args if isinstance(value.sole, Closure)]
    target = argument(site, 0, ("path",))
    found = [(machine.world.home, Flag.NONE)] if target is None or target in blocks else paths(machine, target)
    if machine.certain:
        machine.cwd = found[0][0] if len(found) == 1 else f"/{UNKNOWN}"
    for block in blocks:
        call(machine, block, [of(machine.cwd)])
        machine.cwd = around
    return NOTHING


def patterns(site: Site) -> Value:
    """What a function finds that takes glob patterns as its first argument."""
    return of(Seq((Value(tuple(Pattern(text) for text in texts(argument(site, 0) or ANY))),)))


def at_home(machine: Machine, text: str) -> str:
    """A path with ``~`` at its beginning expanded; another person's home is not known."""
    if text == "~" or text.startswith("~/"):
        return machine.world.home + text[1:]
    return f"/{UNKNOWN}/{text.partition('/')[2]}" if text.startswith("~") else text


def load_files(machine: Machine, site: Site, unknown: str) -> None:
    """Files of code that are loaded, where nobody vouches for them. ``unknown`` says what is the matter with other names."""
    for path, _ in paths(machine, argument(site, 0)):
        if UNKNOWN in path:
            machine.unresolved(unknown)
        elif machine.world.script(path) is not None:
            machine.emit(ScriptFile(path, machine.dialect.language))


def words(machine: Machine) -> Value:
    """The words behind the code or script."""
    return machine.given(Seq(tuple(of(word) for word in machine.args)))


def environ(_machine: Machine) -> Value:
    """The whole environment."""
    return Value((Obj("environ"),), frozenset(("env:*",)))


def working_folder(machine: Machine, *_: Site) -> Value:
    """The folder that the code runs in."""
    return of(machine.cwd)


def home(machine: Machine, *_: Site) -> Value:
    """The home folder."""
    return of(machine.world.home)


def first_line(machine: Machine, *_: Site) -> Value:
    """A line from standard input."""
    return machine.given(UNKNOWN if machine.stdin is None else machine.stdin.split("\n", 1)[0])


def standard_input(machine: Machine, *_: Site) -> Value:
    """All of standard input."""
    return machine.given(UNKNOWN if machine.stdin is None else machine.stdin)


def database(_machine: Machine, site: Site) -> Value:
    """A connection to a database; its first argument may name a file."""
    return of(Obj("database", site.args[:1]))


def first_argument(_machine: Machine, site: Site) -> Value:
    """A function that gives back what it is given."""
    return argument(site, 0) or ANY


def first_of(items: Atom, *_: Atom) -> Atom:
    """The first element of a list."""
    return items.items[0].sole if isinstance(items, Seq) and items.items else UNKNOWN


def last_of(items: Atom, *_: Atom) -> Atom:
    """The last element of a list."""
    return items.items[-1].sole if isinstance(items, Seq) and items.items else UNKNOWN
