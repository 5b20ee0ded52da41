"""What each kind of sink does: one function for each action."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from checkrein.core.effect import UNKNOWN, Effect, EffectKind
from checkrein.detect.shell.model import Snippet
from checkrein.detect.shell.options import listed
from checkrein.detect.shell.snippets import perform_files as files
from checkrein.detect.shell.snippets import perform_network as network
from checkrein.detect.shell.snippets import perform_running as running
from checkrein.detect.shell.snippets.arguments import argument, flags_of
from checkrein.detect.shell.snippets.calls import foreign
from checkrein.detect.shell.snippets.dialect import Action, Sink, Site
from checkrein.detect.shell.snippets.values import (
    ANY,
    NOTHING,
    NOWHERE,
    Obj,
    Value,
    of,
    texts,
)

if TYPE_CHECKING:
    from checkrein.detect.shell.snippets.machine import Machine


SQL_VERBS = frozenset(
    listed(
        "select insert update delete drop truncate alter create replace merge grant revoke pragma attach detach vacuum copy "
        "exec call begin commit rollback set use with reindex load rename lock flush"
    )
)


def _sql(machine: Machine, sink: Sink, site: Site) -> Value:
    """A statement for a database: text that begins like SQL, or anything that goes to what is known to be one."""
    value = argument(site, sink.at, sink.names)
    receiver = site.args[0].sole if site.args else UNKNOWN
    database = isinstance(receiver, Obj) and receiver.cls == "database"
    if isinstance(receiver, Obj) and receiver.args and texts(receiver.args[0]) == (":memory:",):
        return of(receiver)
    for text in texts(value) if value is not None else ():
        words = text.split(None, 1)
        if words and words[0].lower().strip("(;") in SQL_VERBS:
            machine.emit(Snippet("sql", text))
        elif database and UNKNOWN in text:
            machine.unresolved("a database statement that cannot be known")
    result = foreign(machine, NOWHERE, list(site.args), site.named)
    return of(receiver) if database else result


def _signal(machine: Machine, sink: Sink, site: Site) -> Value:
    for pid in texts(argument(site, sink.at, sink.names) or ANY):
        machine.effect(EffectKind.SIGNAL, pid, site.name)
    return NOTHING


def _print(machine: Machine, sink: Sink, site: Site) -> Value:
    machine.show(site.args[sink.at :])
    return NOTHING


def _other(machine: Machine, sink: Sink, site: Site) -> Value:
    """An effect of another kind that ``mode`` names."""
    kind = EffectKind(sink.mode)
    if kind is EffectKind.UNRESOLVED:
        machine.unresolved("goes past the functions that are known, to native code", site.name)
        return ANY
    for text in texts(argument(site, sink.at, sink.names) or ANY):
        machine.emit(Effect(kind, text, machine.label(site.name), flags=flags_of(sink, site)))
    return NOTHING


Perform = Callable[["Machine", Sink, Site], Value]
ACTIONS: dict[Action, Perform] = {
    Action.DELETE: files.delete,
    Action.WRITE: files.write,
    Action.READ: files.read,
    Action.LIST: files.list_folder,
    Action.OPEN: files.open_file,
    Action.MOVE: files.move,
    Action.COPY: files.copy,
    Action.CHMOD: files.chmod,
    Action.LINK: files.link,
    Action.SHELL: running.shell,
    Action.SPAWN: running.spawn,
    Action.PROGRAM: running.program,
    Action.CODE: running.code,
    Action.CODE_FILE: running.code_file,
    Action.SQL: _sql,
    Action.REQUEST: network.request,
    Action.CONNECT: network.connect,
    Action.TRANSMIT: network.transmit,
    Action.DOWNLOAD: network.download,
    Action.SIGNAL: _signal,
    Action.PRINT: _print,
    Action.OTHER: _other,
}
