"""Python's modules: which calls have effects, which make values."""

from __future__ import annotations

import re

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.snippets import strings as s
from checkrein.detect.shell.snippets.arguments import argument
from checkrein.detect.shell.snippets.dialect import Constant, Dialect, Site, Special
from checkrein.detect.shell.snippets.machine import Machine
from checkrein.detect.shell.snippets.names import environment
from checkrein.detect.shell.snippets.perform_files import write_to_handle
from checkrein.detect.shell.snippets.python.code import (
    apply,
    attrgetter,
    get_attribute,
    import_module,
    library,
    make_dict,
    methodcaller,
    reduce,
    search_in,
    thread,
    with_keywords,
)
from checkrein.detect.shell.snippets.python.files import (
    absolute_path,
    dotenv,
    edited,
    expanduser,
    extracted,
    glob,
    iterdir,
    open_flags,
    print_to,
    stdin,
    stdin_text,
    walk,
)
from checkrein.detect.shell.snippets.python.sinks import LOOSE, SINKS
from checkrein.detect.shell.snippets.python.values import PURE
from checkrein.detect.shell.snippets.specials import (
    chdir,
    environ,
    first_line,
    working_folder,
)
from checkrein.detect.shell.snippets.temporary import makes, temporary_folder
from checkrein.detect.shell.snippets.values import (
    ANY,
    Obj,
    Seq,
    Sym,
    Value,
    as_text,
    element_of,
    join,
    of,
)


def _partial(_machine: Machine, site: Site) -> Value:
    return of(Obj("partial", site.args))


def _namespace(_machine: Machine, _site: Site) -> Value:
    return of(Sym("builtins"))


APPLY = (
    "any.submit",
    "any.callback",
    "any.map",
    "any.apply",
    "any.apply_async",
    "any.run_in_executor",
    "any.call_soon",
    "map",
    "filter",
    "atexit.register",
    "any.starmap",
    "any.imap",
    "asyncio.run",
    "threading.Timer.start",
    "asyncio.to_thread",
)
SPECIAL: dict[str, Special] = {
    "os.path.expanduser": expanduser,
    "Path.expanduser": expanduser,
    "os.path.abspath": absolute_path,
    "os.path.realpath": absolute_path,
    "Path.resolve": absolute_path,
    "Path.absolute": absolute_path,
    "os.getcwd": working_folder,
    "os.getcwdb": working_folder,
    "os.environ.get": lambda machine, site: join(
        [environment(machine, as_text((argument(site, 0) or ANY).sole)), *site.args[1:2]]
    ),
    "environ.get": lambda machine, site: join(
        [environment(machine, as_text((argument(site, 1) or ANY).sole)), *site.args[2:3]]
    ),
    "os.getenv": lambda machine, site: join(
        [environment(machine, as_text((argument(site, 0, ("key",)) or ANY).sole)), *site.args[1:2]]
    ),
    "pathlib.Path.home": lambda machine, _: of(Obj("Path", (of(machine.world.home),))),
    "pathlib.Path.cwd": lambda machine, _: of(Obj("Path", (of(machine.cwd),))),
    "glob.glob": glob,
    "glob.iglob": glob,
    "Path.glob": glob,
    "Path.iterdir": iterdir,
    "Path.rglob": glob,
    "os.walk": walk,
    "os.fwalk": walk,
    "Path.walk": walk,
    "__import__": import_module,
    "importlib.import_module": import_module,
    "importlib.__import__": import_module,
    "importlib.util.find_spec": import_module,
    "runpy.run_module": import_module,
    "pkgutil.resolve_name": import_module,
    "getattr": get_attribute,
    "any.__getattribute__": get_attribute,
    "functools.partial": _partial,
    "threading.Thread": thread,
    "threading.Timer": thread,
    "multiprocessing.Process": thread,
    "dotenv.dotenv_values": dotenv,
    "os.open": open_flags,
    "input": first_line,
    "raw_input": first_line,
    "print": print_to,
    **dict.fromkeys(("child.communicate", "child.write", "child.writelines"), write_to_handle),
    "file.write": write_to_handle,
    "file.writelines": write_to_handle,
    "stdin.read": stdin_text,
    "stdin.readline": first_line,
    "stdin.readlines": stdin_text,
    "tempfile.mkdtemp": makes(1, 2),
    "tempfile.TemporaryDirectory": makes(1, 2, gives="file"),
    "tempfile.mkstemp": makes(1, 2, gives="pair"),
    "tempfile.NamedTemporaryFile": makes(5, 6, gives="file"),
    "tempfile.mktemp": makes(1, 2),
    "tempfile.gettempdir": lambda machine, _: of(temporary_folder(machine)),
    **dict.fromkeys(
        ("ctypes.CDLL", "ctypes.PyDLL", "ctypes.WinDLL", "ctypes.cdll.LoadLibrary", "ctypes.CDLL.LoadLibrary"), library
    ),
    "operator.attrgetter": lambda _, site: of(Obj("attrgetter", site.args)),
    "operator.methodcaller": lambda _, site: of(Obj("methodcaller", site.args)),
    "attrgetter.()": attrgetter,
    "methodcaller.()": methodcaller,
    "fileinput.input": edited,
    "file.extractall": extracted,
    "shutil.unpack_archive": extracted,
    "os.chdir": chdir,
    "functools.reduce": reduce,
    "globals": _namespace,
    "locals": _namespace,
    **dict.fromkeys(("sys.path.insert", "sys.path.append", "sys.path.extend", "site.addsitedir"), search_in),
    "next": lambda _, site: element_of(site.args[0]) if site.args else ANY,
    "dict": make_dict,
    "object.__getattribute__": get_attribute,
    "vars": lambda _, site: site.args[0] if site.args else of(Sym("builtins")),
    "base64.b64decode": with_keywords(s.loose_base64),
    "zlib.decompress": with_keywords(s.inflate),
    **dict.fromkeys(APPLY, apply),
    "itertools.starmap": apply,
    "reduce": reduce,
}


CONSTANTS: dict[str, Constant] = {
    "sys.argv": lambda machine: machine.given(Seq((of("-c"), *(of(word) for word in machine.args)))),
    "os.environ": environ,
    "os.environb": environ,
    "sys.stdin": stdin,
    "sys.stdin.buffer": stdin,
    "os.sep": lambda _: of("/"),
    "sys.executable": lambda _: of("python3"),
    "__name__": lambda _: of("__main__"),
    "os.path.sep": lambda _: of("/"),
    "os.linesep": lambda _: of("\n"),
    "__file__": lambda machine: of(f"{machine.cwd}/{UNKNOWN}"),
    "os.curdir": lambda _: of("."),
    "os.pardir": lambda _: of(".."),
}

RENAMED = {
    "posix": "os",
    "nt": "os",
    "builtins": "",
    "__builtins__": "",
    "__builtin__": "",
    "_io": "io",
    "pathlib.PosixPath": "pathlib.Path",
    "pathlib.PurePath": "pathlib.Path",
    "pathlib.PurePosixPath": "pathlib.Path",
    "path.Path": "pathlib.Path",
    "subprocess32": "subprocess",
    "posixpath": "os.path",
    "ntpath": "os.path",
    "sys.modules": "",
    "imp.load_module": "importlib.import_module",
    "urllib3.PoolManager()": "pool",
    "os.path.os": "os",
    "shutil.os": "os",
    "multiprocess": "multiprocessing",
    "codecs.builtins": "",
    "subprocess.os": "os",
    "glob.os": "os",
}
DUNDER = re.compile(r"\.(?:__dict__|__globals__|__self__|__builtins__|__wrapped__)(?=\.|$)")


def canonical(name: str) -> str:
    """The name that the tables know a global by: aliases of modules undone, ``__dict__`` and ``__call__`` passed through."""
    if "__" in name:
        name = DUNDER.sub("", name).removesuffix(".__call__")
        name = name.replace("__builtins__", "builtins")
    while True:
        for head in (name.split(".", 1)[0], ".".join(name.split(".", 2)[:2])):
            if head in RENAMED and head != name:
                rest = name[len(head) + 1 :]
                name = f"{RENAMED[head]}.{rest}" if RENAMED[head] else rest
                break
            if RENAMED.get(head):
                return RENAMED[head]
        else:
            return name


PYTHON = Dialect(
    language="python",
    program="python",
    sinks=SINKS,
    pure=PURE,
    special=SPECIAL,
    constants=CONSTANTS,
    loose=LOOSE,
    roots=frozenset(
        (
            "os",
            "subprocess",
            "shutil",
            "pathlib",
            "builtins",
            "pty",
            "commands",
            "importlib",
            "runpy",
            "socket",
            "requests",
        )
    ),
    canonical=canonical,
    changes_first={"random.shuffle": "change", "heapq.heappush": "change", "operator.setitem": "change"},
    mutators={
        "append": "append",
        "extend": "extend",
        "insert": "insert",
        "pop": "drop-last",
        "popleft": "drop",
        "remove": "change",
        "sort": "change",
        "clear": "change",
        "update": "merge",
        "setdefault": "change",
        "add": "append",
        "reverse": "reverse",
        "appendleft": "prepend",
    },
)
