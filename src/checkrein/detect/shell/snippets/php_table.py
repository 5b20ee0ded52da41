"""PHP's functions: which have effects, which make values. Names are in lower case: PHP does not tell cases apart."""

from __future__ import annotations

from checkrein.core.effect import UNKNOWN, Flag
from checkrein.detect.shell.model import ScriptFile
from checkrein.detect.shell.snippets import strings as s
from checkrein.detect.shell.snippets.arithmetic import printf
from checkrein.detect.shell.snippets.dialect import Action, Constant, Dialect, Pure, Sink, Site, Special
from checkrein.detect.shell.snippets.machine import Machine
from checkrein.detect.shell.snippets.perform import ACTIONS, argument, option, paths, write_to_handle
from checkrein.detect.shell.snippets.values import (
    ANY,
    NOTHING,
    Obj,
    Pattern,
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

SHELL = Sink(Action.SHELL)
PRINT = Sink(Action.PRINT)
SINKS: dict[str, Sink] = {
    "unlink": Sink(Action.DELETE),
    "rmdir": Sink(Action.DELETE),
    "ftruncate": Sink(Action.DELETE),
    "file_put_contents": Sink(Action.WRITE),
    "touch": Sink(Action.WRITE, to=-1, flags=Flag.CREATE),
    "mkdir": Sink(Action.WRITE, to=-1, flags=Flag.CREATE),
    "copy": Sink(Action.COPY),
    "rename": Sink(Action.MOVE),
    "move_uploaded_file": Sink(Action.MOVE),
    "chmod": Sink(Action.CHMOD),
    "chown": Sink(Action.CHMOD, mode="owner"),
    "chgrp": Sink(Action.CHMOD, mode="owner"),
    "symlink": Sink(Action.LINK),
    "link": Sink(Action.LINK, mode="hard"),
    "readfile": Sink(Action.READ),
    "highlight_file": Sink(Action.READ),
    "show_source": Sink(Action.READ),
    "parse_ini_file": Sink(Action.READ),
    "php_strip_whitespace": Sink(Action.READ),
    "scandir": Sink(Action.LIST),
    "opendir": Sink(Action.LIST),
    "splfileobject": Sink(Action.OPEN),
    "gzopen": Sink(Action.OPEN),
    "system": SHELL,
    "exec": SHELL,
    "shell_exec": SHELL,
    "passthru": SHELL,
    "popen": SHELL,
    "proc_open": Sink(Action.SPAWN, mode="text"),
    "pcntl_exec": Sink(Action.SPAWN, mode="file"),
    "expect_popen": SHELL,
    "eval": Sink(Action.CODE),
    "assert": Sink(Action.CODE),
    "create_function": Sink(Action.CODE, at=1),
    "virtual": Sink(Action.CODE_FILE),
    "ffi.cdef": Sink(Action.OTHER, mode="unresolved"),
    "fsockopen": Sink(Action.CONNECT),
    "pfsockopen": Sink(Action.CONNECT),
    "stream_socket_client": Sink(Action.CONNECT, to=9),
    "mail": Sink(Action.REQUEST, mode="post", to=2),
    "posix_kill": Sink(Action.SIGNAL),
    "mysqli_query": Sink(Action.SQL, at=1),
    "pg_query": Sink(Action.SQL, at=1),
    "sqlite_query": Sink(Action.SQL, at=1),
    "database.query": Sink(Action.SQL, at=1),
    "database.exec": Sink(Action.SQL, at=1),
    "database.prepare": Sink(Action.SQL, at=1),
    "database.multi_query": Sink(Action.SQL, at=1),
    "mysql_query": Sink(Action.SQL),
    "print": PRINT,
    "printf": PRINT,
    "var_dump": PRINT,
    "print_r": PRINT,
    "var_export": PRINT,
    "echo": PRINT,
    "error_log": PRINT,
    "die": PRINT,
    "exit": PRINT,
    "fpassthru": PRINT,
}
LOOSE = {"query": "database.query", "exec": "database.exec", "multi_query": "database.multi_query"}


def _open(machine: Machine, site: Site) -> Value:
    """``fopen``, ``file_get_contents`` and ``file``: files, URLs and the streams of PHP itself."""
    results: list[Value] = []
    target = argument(site, 0) or ANY
    for atom in target.options:
        text = as_text(atom)
        one = Site(site.name, (Value((atom,), target.origins), *site.args[1:]), site.named, site.more)
        if text.startswith("php://"):
            results.append(of(machine.stdin if machine.stdin is not None and text == "php://stdin" else UNKNOWN))
        elif text.startswith(("http://", "https://", "ftp://")):
            content = option(site, "content")
            posted = Sink(Action.REQUEST, to=-1, mode="post" if content is not None else "")
            results.append(ACTIONS[Action.REQUEST](machine, posted, one))
        elif site.name.lower() == "fopen":
            results.append(ACTIONS[Action.OPEN](machine, Sink(Action.OPEN), one))
        else:
            results.append(ACTIONS[Action.READ](machine, Sink(Action.READ), one))
    return join(results)


def _curl_option(machine: Machine, site: Site) -> Value:
    which = as_text((argument(site, 1) or ANY).sole)
    value = argument(site, 2) or ANY
    names = [atom.name.lower() for atom in (site.args[1].options if len(site.args) > 1 else ()) if isinstance(atom, Sym)]
    if "curlopt_url" in names:
        machine.fields["\0url"] = value
        return ACTIONS[Action.REQUEST](machine, Sink(Action.REQUEST, to=-1), Site(site.name, (value,)))
    if "curlopt_postfields" in names or which == UNKNOWN:
        url = machine.fields.get("\0url", ANY)
        return ACTIONS[Action.REQUEST](machine, Sink(Action.REQUEST, to=1, mode="post"), Site(site.name, (url, value)))
    return NOTHING


def _curl_init(machine: Machine, site: Site) -> Value:
    if not site.args:
        return of(Obj("curl"))
    machine.fields["\0url"] = site.args[0]
    return ACTIONS[Action.REQUEST](machine, Sink(Action.REQUEST, to=-1, gives="curl"), site)


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
        )
        else 0
    )
    func = argument(site, at) or ANY
    if isinstance(func.sole, Seq) and len(func.sole.items) == 2:  # [object, 'method']
        func = join(machine.attribute(func.sole.items[0], one) for one in texts(func.sole.items[1]))
    rest = [value for index, value in enumerate(site.args) if index != at]
    if name in ("call_user_func", "register_shutdown_function", "forward_static_call"):
        return machine.call(func, rest, more=site.more)
    listed = rest[0].sole if rest else UNKNOWN
    if name.endswith("_array"):
        return machine.call(func, list(listed.items) if isinstance(listed, Seq) else [], more=not isinstance(listed, Seq))
    items = list(listed.items[:256]) if isinstance(listed, Seq) and listed.items else [element_of(rest[0])] if rest else []
    results = [machine.call(func, [item, *(element_of(value) for value in rest[1:])]) for item in items]
    return of(Seq(tuple(results), more=not isinstance(listed, Seq) or listed.more))


def _glob(_machine: Machine, site: Site) -> Value:
    return of(Seq((Value(tuple(Pattern(text) for text in texts(argument(site, 0) or ANY))),)))


def _chdir(machine: Machine, site: Site) -> Value:
    found = paths(machine, argument(site, 0))
    if machine.certain:
        machine.cwd = found[0][0] if len(found) == 1 else f"/{UNKNOWN}"
    return NOTHING


def _getenv(machine: Machine, site: Site) -> Value:
    if not site.args:
        return Value((Obj("environ"),), frozenset(("env:*",)))
    return machine.environment(as_text(site.args[0].sole))


def _database(_machine: Machine, site: Site) -> Value:
    first = as_text((argument(site, 0) or ANY).sole)
    return of(Obj("database", (of(first.removeprefix("sqlite:")),)))


def _load(machine: Machine, site: Site) -> Value:
    for path, _ in paths(machine, argument(site, 0)):
        if UNKNOWN in path:
            machine.unresolved("includes a file whose name cannot be known")
        elif machine.world.script(path) is not None:
            machine.emit(ScriptFile(path, "php"))
    for url in texts(argument(site, 0) or ANY):
        if url.startswith(("http://", "https://", "data:")):
            ACTIONS[Action.CODE](
                machine, Sink(Action.CODE), Site(site.name, (Value((UNKNOWN,), frozenset((f"network:{url}",))),))
            )
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
        ),
        _apply,
    ),
    "glob": _glob,
    "chdir": _chdir,
    "getenv": _getenv,
    "getcwd": lambda machine, _: of(machine.cwd),
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
PURE: dict[str, Pure] = {
    "base64_decode": Pure(lambda data, *_: as_text(s.loose_base64(data))),
    "hex2bin": Pure(lambda data: as_text(s.unhex(data))),
    "str_rot13": Pure(s.rot13),
    "strrev": Pure(s.backwards),
    "gzinflate": Pure(lambda data, *_: as_text(s.inflate(data))),
    "gzuncompress": Pure(lambda data, *_: as_text(s.inflate(data))),
    "gzdecode": Pure(lambda data, *_: as_text(s.inflate(data))),
    "urldecode": Pure(s.unquoted),
    "rawurldecode": Pure(s.unquoted),
    "chr": Pure(s.character),
    "ord": Pure(s.ord_of),
    "implode": Pure(s.joined, partial=True),
    "join": Pure(s.joined, partial=True),
    "explode": Pure(lambda separator, text, *_: s.split(text, separator), partial=True),
    "str_split": Pure(s.listed),
    "str_replace": Pure(lambda old, new, text, *_: s.replaced(text, old, new), partial=True),
    "strtolower": Pure(lambda text: as_text(text).lower(), partial=True),
    "strtoupper": Pure(lambda text: as_text(text).upper(), partial=True),
    "substr": Pure(s.substring),
    "trim": Pure(s.stripped, partial=True),
    "rtrim": Pure(s.stripped, partial=True),
    "ltrim": Pure(s.stripped, partial=True),
    "sprintf": Pure(printf, partial=True),
    "dirname": Pure(s.folder_of, partial=True),
    "basename": Pure(s.name_of, partial=True),
    "escapeshellarg": Pure(s.path_text, partial=True),
    "escapeshellcmd": Pure(s.path_text, partial=True),
    "array_reverse": Pure(s.backwards, partial=True),
    "strval": Pure(s.as_string, partial=True),
    "array_merge": Pure(
        lambda *parts: Seq(
            tuple(item for part in parts for item in (part.items if isinstance(part, Seq) else ())),
            any(not isinstance(part, Seq) or part.more for part in parts),
        ),
        partial=True,
    ),
    "convert_uudecode": Pure(lambda data: as_text(s.packed_out("u", data))),
    "bin2hex": Pure(lambda data: s.to_bytes(data).hex()),
    "strtr": Pure(lambda text, old, new: as_text(text).translate(str.maketrans(as_text(old), as_text(new)))),
}


def _argv(machine: Machine) -> Value:
    return of(Seq((of("Standard input code"), *(of(word) for word in machine.args))))


CONSTANTS: dict[str, Constant] = {
    "$argv": _argv,
    "$_env": lambda _: Value((Obj("environ"),), frozenset(("env:*",))),
    "$_server": lambda _: Value((Obj("environ"),), frozenset(("env:*",))),
    "__dir__": lambda machine: of(machine.cwd),
    "directory_separator": lambda _: of("/"),
    "php_eol": lambda _: of("\n"),
    "stdin": lambda machine: of(machine.stdin if machine.stdin is not None else UNKNOWN),
}


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
    called_by_name=True,
)
