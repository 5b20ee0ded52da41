"""PHP's functions: which have effects, which make values. Names are in lower case: PHP does not tell cases apart."""

from __future__ import annotations

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.options import listed
from checkrein.detect.shell.snippets import strings as s
from checkrein.detect.shell.snippets.arguments import argument, option, paths
from checkrein.detect.shell.snippets.calls import call
from checkrein.detect.shell.snippets.dialect import Action, Constant, Dialect, Sink, Site, Special
from checkrein.detect.shell.snippets.machine import Machine
from checkrein.detect.shell.snippets.names import attribute, environment
from checkrein.detect.shell.snippets.perform_files import write_to_handle
from checkrein.detect.shell.snippets.php.sinks import LOOSE, SINKS
from checkrein.detect.shell.snippets.php.values import PURE
from checkrein.detect.shell.snippets.specials import (
    chdir,
    environ,
    first_argument,
    load_files,
    patterns,
    standard_input,
    working_folder,
)
from checkrein.detect.shell.snippets.temporary import makes, temporary_folder
from checkrein.detect.shell.snippets.values import (
    ANY,
    NOTHING,
    Obj,
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
    """``fopen``, ``file_get_contents`` and ``file``: files, URLs and the streams of PHP itself."""
    results: list[Value] = []
    target = argument(site, 0) or ANY
    for atom in target.options:
        text = as_text(atom)
        one = Site(site.name, (Value((atom,), target.origins), *site.args[1:]), site.named, site.more)
        if text.startswith("php://"):
            piped = text == "php://stdin"
            results.append(machine.given(machine.stdin or UNKNOWN) if piped else of(UNKNOWN))
        elif text.startswith(("http://", "https://", "ftp://")):
            content = option(site, "content")
            posted = Sink(Action.REQUEST, to=-1, mode="post" if content is not None else "")
            results.append(machine.perform(posted, one))
        elif site.name.lower() == "fopen":
            results.append(machine.perform(Sink(Action.OPEN), one))
        else:
            results.append(machine.perform(Sink(Action.READ), one))
    return join(results)


def _curl_option(machine: Machine, site: Site) -> Value:
    which = as_text((argument(site, 1) or ANY).sole)
    value = argument(site, 2) or ANY
    names = [atom.name.lower() for atom in (site.args[1].options if len(site.args) > 1 else ()) if isinstance(atom, Sym)]
    if "curlopt_url" in names:
        machine.fields["\0url"] = value
        return machine.perform(Sink(Action.REQUEST, to=-1), Site(site.name, (value,)))
    if "curlopt_postfields" in names or which == UNKNOWN:
        url = machine.fields.get("\0url", ANY)
        return machine.perform(Sink(Action.REQUEST, to=1, mode="post"), Site(site.name, (url, value)))
    return NOTHING


def _curl_init(machine: Machine, site: Site) -> Value:
    if not site.args:
        return of(Obj("curl"))
    machine.fields["\0url"] = site.args[0]
    return machine.perform(Sink(Action.REQUEST, to=-1, gives="curl"), site)


DIRECTLY = frozenset(
    listed(
        "call_user_func register_shutdown_function forward_static_call register_tick_function ob_start set_error_handler "
        "spl_autoload_register"
    )
)
"""Functions that call the first argument with the others."""


def _apply(machine: Machine, site: Site) -> Value:
    """Functions that call the one they are given: by name or as a closure."""
    name = site.name.lower().lstrip("\\")
    at = (
        1
        if name
        in (
            "array_filter",
            "array_walk",
            "usort",
            "array_reduce",
            "uasort",
            "uksort",
            "iterator_apply",
            "preg_replace_callback",
            "array_walk_recursive",
            "array_udiff",
        )
        else 0
    )
    func = argument(site, at) or ANY
    if isinstance(func.sole, Seq) and len(func.sole.items) == 2:  # [object, 'method']
        func = join(attribute(machine, func.sole.items[0], one) for one in texts(func.sole.items[1]))
    rest = [value for index, value in enumerate(site.args) if index != at]
    if name in DIRECTLY:
        return call(machine, func, rest, more=site.more)
    listed = rest[0].sole if rest else UNKNOWN
    if name.endswith("_array"):
        return call(machine, func, list(listed.items) if isinstance(listed, Seq) else [], more=not isinstance(listed, Seq))
    items = list(listed.items[:256]) if isinstance(listed, Seq) and listed.items else [element_of(rest[0])] if rest else []
    results = [call(machine, func, [item, *(element_of(value) for value in rest[1:])]) for item in items]
    return of(Seq(tuple(results), more=not isinstance(listed, Seq) or listed.more))


def _replace(machine: Machine, site: Site) -> Value:
    """``preg_replace`` with the modifier ``e`` runs its replacement (PHP 5)."""
    for pattern in texts(argument(site, 0) or ANY):
        if pattern and "e" in pattern.rpartition(PAIRS.get(pattern[0], pattern[0]))[2]:
            machine.perform(Sink(Action.CODE, at=1), site)
    return ANY


def _invoke_list(machine: Machine, site: Site) -> Value:
    """``$f->invokeArgs([...])``."""
    listed = site.args[1].sole if len(site.args) > 1 else UNKNOWN
    return call(machine, site.args[0], list(listed.items) if isinstance(listed, Seq) else [], more=not isinstance(listed, Seq))


def _all_shown(machine: Machine, _: Site) -> Value:
    """``phpinfo``: prints the environment among much else."""
    machine.show([environ(machine)])
    return NOTHING


def _getenv(machine: Machine, site: Site) -> Value:
    if not site.args:
        return environ(machine)
    return environment(machine, as_text(site.args[0].sole))


def _database(_machine: Machine, site: Site) -> Value:
    first = as_text((argument(site, 0) or ANY).sole)
    return of(Obj("database", (of(first.removeprefix("sqlite:")),)))


def _load(machine: Machine, site: Site) -> Value:
    load_files(machine, site, "includes a file whose name cannot be known")
    for url in texts(argument(site, 0) or ANY):
        if url.startswith(("http://", "https://", "data:")):
            machine.perform(Sink(Action.CODE), Site(site.name, (Value((UNKNOWN,), frozenset((f"network:{url}",))),)))
    return ANY


def _pack(_machine: Machine, site: Site) -> Value:
    return lift(s.unpacked, list(site.args), partial=False)


SPECIAL: dict[str, Special] = {
    "fopen": _open,
    "file_get_contents": _open,
    "file": _open,
    "stream_get_contents": lambda _, site: site.args[0] if site.args else ANY,
    "curl_setopt": _curl_option,
    "curl_init": _curl_init,
    **dict.fromkeys(
        (
            "call_user_func",
            "call_user_func_array",
            "array_map",
            "array_walk",
            "array_filter",
            "register_shutdown_function",
            "usort",
            "forward_static_call",
            "preg_replace_callback",
            "array_reduce",
            "uasort",
            "uksort",
            "iterator_apply",
            "array_walk_recursive",
            "register_tick_function",
            "ob_start",
            "set_error_handler",
            "spl_autoload_register",
            "forward_static_call_array",
        ),
        _apply,
    ),
    "glob": lambda _, site: patterns(site),
    "chdir": chdir,
    "getenv": _getenv,
    "tempnam": makes(1, 0),
    "sys_get_temp_dir": lambda machine, _: of(temporary_folder(machine)),
    "preg_replace": _replace,
    "reflectionfunction": first_argument,
    "str.invoke": lambda machine, site: call(machine, site.args[0], list(site.args[1:])),
    "str.invokeArgs": _invoke_list,
    "phpinfo": _all_shown,
    "getcwd": working_folder,
    "pdo": _database,
    "mysqli": _database,
    "sqlite3": _database,
    "mysqli_connect": _database,
    "fwrite": write_to_handle,
    "fputs": write_to_handle,
    "include": _load,
    "pack": _pack,
    "curl_exec": lambda _, site: Value((UNKNOWN,), site.args[0].origins if site.args else frozenset()),
    "realpath": lambda machine, site: Value(tuple(path for path, _ in paths(machine, argument(site, 0)))),
    "define": lambda _, __: NOTHING,
}


def _argv(machine: Machine) -> Value:
    return machine.given(Seq((of("Standard input code"), *(of(word) for word in machine.args))))


CONSTANTS: dict[str, Constant] = {
    "$argv": _argv,
    "$_env": environ,
    "$_server": environ,
    "__dir__": working_folder,
    "directory_separator": lambda _: of("/"),
    "php_eol": lambda _: of("\n"),
    "stdin": standard_input,
}


PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">"}
"""Delimiters of patterns that differ at the end."""


def canonical(name: str) -> str:
    """Names without namespace, in lower case."""
    return name.rsplit("\\", 1)[-1].lower()


PHP = Dialect(
    language="php",
    program="php",
    sinks=SINKS,
    pure=PURE,
    special=SPECIAL,
    constants=CONSTANTS,
    loose=LOOSE,
    roots=frozenset(),
    canonical=canonical,
    mutators={"[]=": "append"},
    changes_first={
        "array_push": "append",
        "array_unshift": "prepend",
        "array_shift": "drop",
        "array_pop": "drop-last",
        **dict.fromkeys(("array_splice", "sort", "rsort", "usort", "shuffle", "array_walk", "settype"), "change"),
    },
    called_by_name=True,
)
