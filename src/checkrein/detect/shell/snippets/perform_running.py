"""What sinks do that run programs or code: the shell text, words or code to judge in turn."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from itertools import islice, product
from typing import TYPE_CHECKING

from checkrein.core.effect import UNKNOWN, EffectKind
from checkrein.detect.shell.model import Argv, ScriptFile, ShellText, Snippet
from checkrein.detect.shell.snippets.arguments import argument, enabled, option, paths
from checkrein.detect.shell.snippets.arithmetic import is_pattern
from checkrein.detect.shell.snippets.calls import call, call_back
from checkrein.detect.shell.snippets.dialect import Sink, Site
from checkrein.detect.shell.snippets.values import (
    ANY,
    MAX_OPTIONS,
    NOTHING,
    NOWHERE,
    Atom,
    Closure,
    Map,
    Obj,
    Seq,
    Value,
    as_text,
    is_unknown,
    of,
    texts,
    unfolded,
)
from checkrein.detect.shell.values import files_in

if TYPE_CHECKING:
    from checkrein.detect.shell.snippets.machine import Machine


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


def shell(machine: Machine, sink: Sink, site: Site) -> Value:
    """Run shell code."""
    command = argument(site, sink.at, sink.names) or ANY
    _run_shell(machine, command, site)
    child = Value((Obj("child", (command,)),), frozenset(origin for origin in command.origins if origin.startswith("file:")))
    return _begun(machine, child, site)


def _begun(machine: Machine, child: Value, site: Site) -> Value:
    """A program has begun: it gets its input, a block gets the program."""
    given = option(site, "input") or option(site, "stdin_data")
    if given is not None and given != NOTHING:
        feed(machine, child, given)
    for value in site.args:
        for atom in value.options:
            if isinstance(atom, Closure):
                machine.weak += 1
                call(machine, of(atom), [child], more=True)
                machine.weak -= 1
    return child


def feed(machine: Machine, child: Value, content: Value) -> None:
    """Text goes to a program's standard input, which may be code to it."""
    for atom in child.options:
        if not (isinstance(atom, Obj) and atom.cls == "child" and atom.args):
            continue
        commands = texts(atom.args[0])
        for command, text in islice(product(commands, texts(content)), MAX_OPTIONS):
            origins = content.origins | atom.args[0].origins
            machine.emit(ShellText(f"printf %s {shlex.quote(text)} | {command}", origins=origins))


def _run_shell(machine: Machine, command: Value, site: Site) -> None:
    folder = _folder(machine, site)
    origins = command.origins
    _text_source(machine, command, site.name, lambda text: machine.emit(ShellText(text, cwd=folder, origins=origins)), "shell")


def spawn(machine: Machine, sink: Sink, site: Site) -> Value:
    """A program from a list or a text; ``shell`` or a sole text in a language whose mode is "text" goes through a shell.

    Modes: ``list`` (Python's subprocess: a text is one program name unless shell), ``text`` (a sole text is shell code, several
    are words), ``one`` (``text``, of the first argument only), ``file`` (program, then a list of words), ``words`` (program and
    words are arguments of their own).
    """
    shell = option(site, "shell")
    given = [value for value in site.args[sink.at :] if not isinstance(value.sole, (Map, Closure))]
    first = next((value for name in (*sink.names, "cmd") if (value := option(site, name)) is not None), None)
    first = first or (given[0] if given else ANY)
    executable = option(site, "executable")
    if (sink.mode in ("text", "words") and len(given) > 1) or (sink.mode == "text" and site.more):
        _run_words(machine, of(Seq(tuple(given), site.more)), site)
    elif sink.mode == "file":
        words = given[1] if len(given) > 1 and isinstance(given[1].sole, Seq) else of(Seq((), more=len(given) > 1))
        words = option(site, "args") or words
        atom = words.sole
        listed = of(Seq((first, *atom.items), atom.more)) if isinstance(atom, Seq) else of(Seq((first,), more=True))
        first = listed
        if enabled(shell):
            _run_shell(machine, _spoken(listed), site)
        else:
            _run_words(machine, listed, site)
    else:
        if executable is not None and executable != NOTHING and not enabled(shell) and isinstance(first.sole, Seq):
            first = of(Seq((executable, *first.sole.items[1:]), first.sole.more))
        _spawn_one(machine, sink, site, first, may_shell=enabled(shell))
    return _begun(machine, of(Obj("child", (_spoken(first, quoted=True) if isinstance(first.sole, Seq) else first,))), site)


def _spawn_one(machine: Machine, sink: Sink, site: Site, first: Value, *, may_shell: bool) -> None:
    for atom in first.options:
        value = Value((atom,), first.origins)
        if isinstance(atom, Seq):
            if may_shell:
                _run_shell(machine, atom.items[0] if atom.items else ANY, site)
            else:
                _run_words(machine, value, site)
        elif may_shell or sink.mode in ("text", "one"):
            _run_shell(machine, value, site)
        elif is_unknown(value):
            _run_unknown(machine, value.origins, site.name, "shell")
        elif " " in as_text(atom):  # one word with spaces names no program; on Windows it is a command line
            _run_shell(machine, value, site)
        else:
            machine.emit(Argv((as_text(atom),), cwd=_folder(machine, site)))


def _spoken(words: Value, *, quoted: bool = False) -> Value:
    """Words as a command line."""
    atom = words.sole
    if not isinstance(atom, Seq):
        return ANY
    parts = [as_text(item.sole) for item in atom.items] + ([UNKNOWN] if atom.more else [])
    parts = [shlex.quote(part) for part in parts] if quoted else parts
    return Value((" ".join(parts),), words.origins.union(*(item.origins for item in atom.items)))


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
            env, origins = _environment(site), words.origins.union(*(item.origins for item in atom.items))
            machine.emit(Argv(argv, cwd=_folder(machine, site), more=atom.more, env=env, globs=globs, origins=origins))
    if not atom.items and atom.more:
        _run_unknown(machine, words.origins, site.name, "shell")


def _columns(item: Value) -> list[Atom]:
    atoms: list[Atom] = [atom for atom in unfolded(item) if atom is not None]
    return atoms or list[Atom]((UNKNOWN,))


def program(machine: Machine, sink: Sink, site: Site) -> Value:
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


def code(machine: Machine, sink: Sink, site: Site) -> Value:
    """``eval`` and its kin: the code is judged in its own right."""
    language = sink.mode or machine.dialect.language
    for value in site.args[sink.at :] if sink.every else (argument(site, sink.at, sink.names) or ANY,):
        if any(isinstance(atom, Closure) for atom in value.options):
            call_back(machine, value, NOWHERE)
            continue
        if isinstance(value.sole, Obj) and value.sole.cls == "code":
            continue  # judged where it was compiled
        _text_source(machine, value, site.name, lambda text: machine.emit(Snippet(language, text, machine.args)), language)
    return of(Obj(sink.gives)) if sink.gives else ANY


def code_file(machine: Machine, sink: Sink, site: Site) -> Value:
    """Run a file of code."""
    value = argument(site, sink.at, sink.names) or ANY
    for path, _ in paths(machine, value):
        if UNKNOWN in path:
            machine.effect(EffectKind.RUN_UNKNOWN, path, site.name, detail="a file whose name is not known before it runs")
        else:
            machine.emit(ScriptFile(path, sink.mode or machine.dialect.language))
    return ANY
