"""What each kind of sink does: the effects and the code to run that a call comes to, and the value that it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice, product
from typing import TYPE_CHECKING

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.model import Argv, ScriptFile, ShellText, Snippet
from checkrein.detect.shell.snippets.arithmetic import is_pattern
from checkrein.detect.shell.snippets.dialect import Action, Sink, Site
from checkrein.detect.shell.snippets.values import (
    ANY,
    MAX_OPTIONS,
    NOTHING,
    NOWHERE,
    Atom,
    Closure,
    Map,
    Obj,
    Pattern,
    Seq,
    Value,
    as_text,
    element_of,
    is_unknown,
    of,
    texts,
    unfolded,
    unknown,
)

if TYPE_CHECKING:
    from checkrein.detect.shell.snippets.machine import Machine

SQL_VERBS = frozenset(
    [
        "select",
        "insert",
        "update",
        "delete",
        "drop",
        "truncate",
        "alter",
        "create",
        "replace",
        "merge",
        "grant",
        "revoke",
        "pragma",
        "attach",
        "detach",
        "vacuum",
        "copy",
        "exec",
        "call",
        "begin",
        "commit",
        "rollback",
        "set",
        "use",
        "with",
        "reindex",
        "load",
        "rename",
        "lock",
        "flush",
    ]
)
SENDING_METHODS = frozenset(("post", "put", "patch", "delete"))
PAYLOAD = ("data", "json", "body", "files", "params", "content", "form", "form_params", "multipart", "payload", "input")


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


def _targets(machine: Machine, sink: Sink, site: Site) -> list[tuple[str, Flag]]:
    if not sink.every:
        return paths(machine, argument(site, sink.at, sink.names))
    found = [pair for value in site.args[sink.at :] if not isinstance(value.sole, Map) for pair in paths(machine, value)]
    if site.more or not found:
        found += paths(machine, ANY)
    return found


def _flags(sink: Sink, site: Site) -> Flag:
    flags = sink.flags
    for name, flag in sink.options:
        if enabled(option(site, name)):
            flags |= flag
    return flags


def _delete(machine: Machine, sink: Sink, site: Site) -> Value:
    for path, glob in _targets(machine, sink, site):
        machine.effect(EffectKind.DELETE, path, site.name, flags=_flags(sink, site) | glob)
    return _called_back(machine, site)


def _called_back(machine: Machine, site: Site) -> Value:
    """Callbacks are called; the value itself is nothing that matters."""
    for value in site.args:
        machine.call_back(value, NOWHERE)
    return NOTHING


def _write(machine: Machine, sink: Sink, site: Site) -> Value:
    content = argument(site, sink.to, sink.to_names) if sink.to >= 0 else None
    for path, glob in _targets(machine, sink, site):
        flags = _flags(sink, site) | glob
        if as_text(mode.sole).startswith("a") if (mode := option(site, "flag") or option(site, "mode")) else False:
            flags |= Flag.APPEND
        _written(machine, path, site.name, flags, content)
    return _called_back(machine, site)


def _written(machine: Machine, path: str, name: str, flags: Flag, content: Value | None) -> None:
    text = None
    reads: tuple[str, ...] = ()
    detail = ""
    if content is not None:
        known = texts(content)
        text = known[0] if len(known) == 1 and UNKNOWN not in known[0] else None
        reads = files_in(content.origins)
        detail = next((origin for origin in sorted(content.origins) if origin.startswith("network:")), "")
    machine.effect(EffectKind.WRITE, path, name, flags=flags, text=text, reads=reads, detail=detail)


def files_in(origins: frozenset[str]) -> tuple[str, ...]:
    """The paths whose content is among the origins."""
    return tuple(sorted(origin.removeprefix("file:") for origin in origins if origin.startswith("file:")))


def _read(machine: Machine, sink: Sink, site: Site) -> Value:
    origins: set[str] = set()
    for path, glob in _targets(machine, sink, site):
        machine.effect(EffectKind.READ, path, site.name, flags=_flags(sink, site) | glob)
        origins.add(f"file:{path}")
    for value in site.args:
        machine.call_back(value, frozenset(origins))
    return Value((Obj(sink.gives),) if sink.gives else (UNKNOWN,), frozenset(origins))


def _list(machine: Machine, sink: Sink, site: Site) -> Value:
    names: list[Atom] = []
    for path, glob in _targets(machine, sink, site):
        machine.effect(EffectKind.LIST, path, site.name, flags=_flags(sink, site) | glob)
        names.append(Pattern("*" if not sink.mode else path.rstrip("/") + sink.mode))
    entries = Value(tuple(dict.fromkeys(names)))
    for value in site.args:
        if isinstance(value.sole, Closure):
            machine.call(value, [entries] if len(value.sole.node.params) == 1 else [NOTHING, of(Seq((entries,), more=False))])
    return of(Seq((entries,)))


def _open(machine: Machine, sink: Sink, site: Site) -> Value:
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
            machine.call(value, [handle])
    return handle


def write_to_handle(machine: Machine, site: Site) -> Value:
    """``f.write(text)``: what is known of the content of an opened file."""
    content = site.args[1] if len(site.args) > 1 else ANY
    for atom in site.args[0].options:
        if isinstance(atom, Obj) and atom.cls == "file":
            known = texts(content)
            text = known[0] if len(known) == 1 and UNKNOWN not in known[0] and machine.certain else None
            for path, _ in paths(machine, atom.args[0]):
                if content.origins:
                    _written(machine, path, site.name, Flag.APPEND, content)
                machine.written.setdefault(path, []).append(text)
    return NOTHING


def _move(machine: Machine, sink: Sink, site: Site) -> Value:
    targets = paths(machine, argument(site, sink.to, sink.to_names))
    for path, glob in paths(machine, argument(site, sink.at, sink.names)):
        for to, _ in targets:
            machine.effect(EffectKind.MOVE, path, site.name, flags=glob, to=to)
            machine.effect(EffectKind.WRITE, to, site.name, reads=(path,))
    return _called_back(machine, site)


def _copy(machine: Machine, sink: Sink, site: Site) -> Value:
    sources = paths(machine, argument(site, sink.at, sink.names))
    flags = _flags(sink, site)
    for path, glob in sources:
        machine.effect(EffectKind.READ, path, site.name, flags=flags | glob)
    for to, _ in paths(machine, argument(site, sink.to, sink.to_names)):
        machine.effect(EffectKind.WRITE, to, site.name, flags=flags, reads=tuple(path for path, _ in sources))
    return _called_back(machine, site)


def _chmod(machine: Machine, sink: Sink, site: Site) -> Value:
    mode = argument(site, sink.to, sink.to_names)
    atom = mode.sole if mode is not None else UNKNOWN
    detail = f"{atom:o}" if isinstance(atom, int) and sink.mode != "owner" else as_text(atom)
    for path, glob in _targets(machine, sink, site):
        machine.effect(EffectKind.CHMOD, path, site.name, flags=_flags(sink, site) | glob, detail=detail)
    return _called_back(machine, site)


def _link(machine: Machine, sink: Sink, site: Site) -> Value:
    for path, _ in paths(machine, argument(site, sink.to, sink.to_names)):
        folder = path.rsplit("/", 1)[0] or "/"
        for to in texts(argument(site, sink.at, sink.names) or ANY):
            there = to if to.startswith(("/", UNKNOWN)) or sink.mode == "hard" else f"{folder}/{to}"
            machine.effect(EffectKind.LINK, path, site.name, to=machine.locate(there))
    return _called_back(machine, site)


# -- code that is run


def _text_source(machine: Machine, value: Value, name: str, run: Callable[[str], None], language: str) -> None:
    """Run text: what is known of it, and where it came from where nothing is."""
    for text in texts(value):
        if text.strip(UNKNOWN + " \n;"):
            run(text)
        elif UNKNOWN in text:
            _run_unknown(machine, value.origins, name, language)


def _run_unknown(machine: Machine, origins: frozenset[str], name: str, language: str) -> None:
    fetched = [origin.removeprefix("network:") for origin in sorted(origins) if origin.startswith("network:")]
    files = files_in(origins)
    for url in fetched:
        machine.effect(EffectKind.RUN_FETCHED, url, name)
    for path in files:
        machine.emit(ScriptFile(path, language))
    if not fetched and not files:
        machine.effect(EffectKind.RUN_UNKNOWN, machine.label(name), name, detail="code that is made while the program runs")


def _environment(site: Site) -> dict[str, str]:
    value = option(site, "env")
    atom = value.sole if value is not None else None
    return {key: as_text(item.sole) for key, item in atom.pairs} if isinstance(atom, Map) else {}


def _folder(machine: Machine, site: Site) -> str:
    value = option(site, "cwd") or option(site, "chdir")
    if value is None or value == NOTHING:
        return ""
    return paths(machine, value)[0][0]


def _shell(machine: Machine, sink: Sink, site: Site) -> Value:
    command = argument(site, sink.at, sink.names) or ANY
    _run_shell(machine, command, site)
    _called_back(machine, site)
    return Value((Obj("process"),), frozenset(f"file:{path}" for path in files_in(command.origins)))


def _run_shell(machine: Machine, command: Value, site: Site) -> None:
    folder = _folder(machine, site)
    _text_source(machine, command, site.name, lambda text: machine.emit(ShellText(text, cwd=folder)), "shell")


def _spawn(machine: Machine, sink: Sink, site: Site) -> Value:
    """A program from a list or a text; ``shell`` or a sole text in a language whose mode is "text" goes through a shell.

    Modes: ``list`` (Python's subprocess: a text is one program name unless shell), ``text`` (a sole text is shell code, several
    are words), ``file`` (program, then a list of words), ``words`` (program and words are arguments of their own).
    """
    first = argument(site, sink.at, sink.names) or ANY
    shell = option(site, "shell")
    given = [value for value in site.args[sink.at :] if not isinstance(value.sole, (Map, Closure))]
    for value in site.args:
        machine.call_back(value, NOWHERE)
    result = Value((Obj("process"),))
    if (sink.mode in ("text", "words") and len(given) > 1) or (sink.mode == "text" and site.more):
        _run_words(machine, of(Seq(tuple(given), site.more)), site)
    elif sink.mode == "file":
        words = given[1] if len(given) > 1 and isinstance(given[1].sole, Seq) else of(Seq((), more=len(given) > 1))
        atom = words.sole
        listed = of(Seq((first, *atom.items), atom.more)) if isinstance(atom, Seq) else of(Seq((first,), more=True))
        if enabled(shell):
            _run_shell(machine, _spoken(listed), site)
        else:
            _run_words(machine, listed, site)
    else:
        _spawn_one(machine, sink, site, first, may_shell=enabled(shell))
    return result


def _spawn_one(machine: Machine, sink: Sink, site: Site, first: Value, *, may_shell: bool) -> None:
    for atom in first.options:
        value = Value((atom,), first.origins)
        if isinstance(atom, Seq):
            if may_shell:
                _run_shell(machine, atom.items[0] if atom.items else ANY, site)
            else:
                _run_words(machine, value, site)
        elif may_shell or sink.mode == "text":
            _run_shell(machine, value, site)
        elif is_unknown(value):
            _run_unknown(machine, value.origins, site.name, "shell")
        elif " " in as_text(atom):  # one word with spaces names no program; on Windows it is a command line
            _run_shell(machine, value, site)
        else:
            machine.emit(Argv((as_text(atom),), cwd=_folder(machine, site)))


def _spoken(words: Value) -> Value:
    atom = words.sole
    if not isinstance(atom, Seq):
        return ANY
    parts = [as_text(item.sole) for item in atom.items] + ([UNKNOWN] if atom.more else [])
    return Value((" ".join(parts),), words.origins)


def _run_words(machine: Machine, words: Value, site: Site) -> None:
    atom = words.sole
    if not isinstance(atom, Seq):
        _run_unknown(machine, words.origins, site.name, "shell")
        return
    if atom.items and all(text.strip(UNKNOWN) == "" and text for text in texts(atom.items[0])):
        _run_unknown(machine, atom.items[0].origins, site.name, "shell")
    columns = [_columns(item) for item in atom.items]
    for combination in islice(product(*columns), MAX_OPTIONS):
        argv = tuple(as_text(part) for part in combination)
        globs = frozenset(at for at, part in enumerate(combination) if is_pattern(part))
        if argv:
            machine.emit(Argv(argv, cwd=_folder(machine, site), more=atom.more, env=_environment(site), globs=globs))
    if not atom.items and atom.more:
        _run_unknown(machine, words.origins, site.name, "shell")


def _columns(item: Value) -> list[Atom]:
    atoms: list[Atom] = [atom for atom in unfolded(item) if atom is not None]
    return atoms or list[Atom]((UNKNOWN,))


def _program(machine: Machine, sink: Sink, site: Site) -> Value:
    """``os.exec*`` and ``os.spawn*``. Modes: ``l`` words follow (the first is ``argv[0]``), ``v`` a list of them does."""
    file = argument(site, sink.at, sink.names) or ANY
    if sink.mode == "l":
        rest = Value((Seq(site.args[sink.at + 2 :], site.more),))
    else:
        listed = (argument(site, sink.at + 1, ("args", "argv")) or ANY).sole
        rest = of(Seq(listed.items[1:], listed.more) if isinstance(listed, Seq) else Seq((), more=True))
    atom = rest.sole
    items = atom.items if isinstance(atom, Seq) else ()
    _run_words(machine, of(Seq((file, *items), isinstance(atom, Seq) and atom.more)), site)
    return NOTHING


def _code(machine: Machine, sink: Sink, site: Site) -> Value:
    """``eval`` and its kin: the code is judged in its own right."""
    language = sink.mode or machine.dialect.language
    for value in site.args[sink.at :] if sink.every else (argument(site, sink.at, sink.names) or ANY,):
        if any(isinstance(atom, Closure) for atom in value.options):
            machine.call_back(value, NOWHERE)
            continue
        if isinstance(value.sole, Obj) and value.sole.cls == "code":
            continue  # judged where it was compiled
        _text_source(machine, value, site.name, lambda text: machine.emit(Snippet(language, text, machine.args)), language)
    return of(Obj(sink.gives)) if sink.gives else ANY


def _code_file(machine: Machine, sink: Sink, site: Site) -> Value:
    value = argument(site, sink.at, sink.names) or ANY
    for path, _ in paths(machine, value):
        if UNKNOWN in path:
            machine.effect(EffectKind.RUN_UNKNOWN, path, site.name, detail="a file whose name is not known before it runs")
        else:
            machine.emit(ScriptFile(path, sink.mode or machine.dialect.language))
    return ANY


def _sql(machine: Machine, sink: Sink, site: Site) -> Value:
    value = argument(site, sink.at, sink.names)
    receiver = site.args[0].sole if site.args else UNKNOWN
    if isinstance(receiver, Obj) and receiver.args and texts(receiver.args[0]) == (":memory:",):
        return of(receiver)
    for text in texts(value) if value is not None else ():
        words = text.split(None, 1)
        if words and words[0].lower().strip("(;") in SQL_VERBS:
            machine.emit(Snippet("sql", text))
        elif isinstance(receiver, Obj) and receiver.cls == "database" and UNKNOWN in text:
            machine.unresolved("a database statement that cannot be known")
    return Value((receiver,) if isinstance(receiver, Obj) else (UNKNOWN,))


# -- the network


def _request(machine: Machine, sink: Sink, site: Site) -> Value:
    """A request. Mode: the method, "" where an option or the presence of data says so. Argument ``to`` is the body."""
    method = sink.mode or next(
        (text.lower() for name in ("method", "type") for text in texts(option(site, name) or of(""))), ""
    )
    target = argument(site, sink.at, sink.names) or ANY
    urls = _urls(target)
    payload = [value for name in PAYLOAD if (value := option(site, name)) is not None and value != NOTHING]
    body = argument(site, sink.to, sink.to_names) if sink.to >= 0 else None
    if body is not None and body != NOTHING and (method in SENDING_METHODS or not isinstance(body.sole, (Map, Closure))):
        payload.append(body)
    options = [value for value in (*site.args, *site.named.values()) if value not in payload]
    origins = NOWHERE.union(*(value.origins for value in payload)) if payload else NOWHERE
    loose = target.origins.union(*(value.origins for value in options))
    origins |= {origin for origin in loose if origin.startswith("file:") or origin == "env:*"}
    if any("?" in url for url in urls):
        origins |= {origin for origin in target.origins if origin.startswith("env:")}
    sends = bool(payload) or method in SENDING_METHODS or any(not origin.startswith("network:") for origin in origins)
    for url in urls:
        _transfer(machine, url, site.name, origins, sends=sends)
    result = Value((Obj(sink.gives or "response"),), frozenset(f"network:{url}" for url in urls))
    for value in site.args:
        machine.call_back(value, result.origins)
    return result


def _transfer(machine: Machine, url: str, name: str, origins: frozenset[str], *, sends: bool) -> None:
    if not sends:
        machine.effect(EffectKind.FETCH, url, name)
        return
    detail = "environment" if any(origin.startswith("env:") for origin in origins) else ""
    machine.shown.update(origins)
    machine.effect(EffectKind.SEND, url, name, reads=files_in(origins), detail=detail)


def _urls(target: Value) -> list[str]:
    found: list[str] = []
    for atom in target.options:
        if isinstance(atom, Map):
            given = [texts(value)[0] for key in ("url", "uri", "hostname", "host") if (value := atom.get(key)) is not None]
            found.append(given[0] if given else UNKNOWN)
        elif isinstance(atom, Obj) and atom.args:
            found += texts(atom.args[0])
        else:
            found.append(as_text(atom))
    return list(dict.fromkeys(found))


def _download(machine: Machine, sink: Sink, site: Site) -> Value:
    """A URL to a file."""
    for url in _urls(argument(site, sink.at, sink.names) or ANY):
        machine.effect(EffectKind.FETCH, url, site.name)
        for path, _ in paths(machine, argument(site, sink.to, sink.to_names)):
            machine.effect(EffectKind.WRITE, path, site.name, reads=(), detail=f"network:{url}")
    return NOTHING


def _connect(machine: Machine, sink: Sink, site: Site) -> Value:
    """A connection: its object remembers the host, what goes over it is a SEND."""
    target = argument(site, sink.at, sink.names) or ANY
    host = address(target, argument(site, sink.to, sink.to_names))
    if site.name.startswith("socket.") and site.args and isinstance(site.args[0].sole, Obj):
        machine.fields["\0host"] = of(host)
    machine.effect(EffectKind.FETCH, host, site.name, detail="connects")
    connection = Value((Obj("socket", (of(host),)),), frozenset((f"network:{host}",)))
    for value in site.args:
        machine.call_back(value, connection.origins)
    return connection


def address(target: Value, port: Value | None) -> str:
    """Host and port as a person would write them."""
    atom = target.sole
    if isinstance(atom, Seq):
        return ":".join(as_text(item.sole) for item in atom.items)
    if isinstance(atom, Map):
        return ":".join(as_text(value.sole) for key in ("host", "port") if (value := atom.get(key)) is not None) or UNKNOWN
    text = _urls(target)[0]
    return (
        f"{text}:{as_text(port.sole)}"
        if port is not None and isinstance(port.sole, (int, str)) and port.sole != UNKNOWN
        else text
    )


def _transmit(machine: Machine, _sink: Sink, site: Site) -> Value:
    """Data over a connection that exists."""
    receiver = site.args[0] if site.args else ANY
    known = [atom.args[0] for atom in receiver.options if isinstance(atom, Obj) and atom.args]
    host = texts(known[0] if known else machine.fields.get("\0host", ANY))[0]
    payload = site.args[1:]
    origins = NOWHERE.union(*(value.origins for value in payload)) if payload else NOWHERE
    _transfer(machine, host, site.name, origins, sends=True)
    return unknown(frozenset((f"network:{host}",)))


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
    for text in texts(argument(site, sink.at, sink.names) or ANY):
        machine.emit(Effect(kind, text, machine.label(site.name), flags=_flags(sink, site)))
    return NOTHING


Perform = Callable[["Machine", Sink, Site], Value]
ACTIONS: dict[Action, Perform] = {
    Action.DELETE: _delete,
    Action.WRITE: _write,
    Action.READ: _read,
    Action.LIST: _list,
    Action.OPEN: _open,
    Action.MOVE: _move,
    Action.COPY: _copy,
    Action.CHMOD: _chmod,
    Action.LINK: _link,
    Action.SHELL: _shell,
    Action.SPAWN: _spawn,
    Action.PROGRAM: _program,
    Action.CODE: _code,
    Action.CODE_FILE: _code_file,
    Action.SQL: _sql,
    Action.REQUEST: _request,
    Action.CONNECT: _connect,
    Action.TRANSMIT: _transmit,
    Action.DOWNLOAD: _download,
    Action.SIGNAL: _signal,
    Action.PRINT: _print,
    Action.OTHER: _other,
}
__all__ = ["ACTIONS", "address", "argument", "element_of", "enabled", "files_in", "option", "paths", "write_to_handle"]
