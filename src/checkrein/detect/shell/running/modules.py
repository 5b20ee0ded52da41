"""Which file an interpreter runs for a word: a folder's own program, a file without its ending, a module by its name.

Sources: Node's "Modules: CommonJS modules", and Python's ``__main__``, ``runpy`` and the pages of the modules named here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from checkrein.detect.shell.model import Argv, Invocation, Outcome, ScriptFile, Snippet, World, absolute
from checkrein.detect.shell.options import first_operand, listed, parse_options

NODE_ENDINGS = ("", ".js", ".cjs", ".mjs", ".ts", "/index.js", "/index.cjs", "/index.mjs")


def program_file(word: str, language: str, invocation: Invocation) -> str:
    """The file that is run where ``word`` is given as the program; the word itself where nothing tells another."""
    path = absolute(word, invocation.cwd)
    candidates: tuple[str, ...] = ()
    if language == "javascript":
        candidates = tuple(node_files(path, invocation.world))
    elif language == "python" and invocation.world.is_dir(path):
        candidates = (f"{path}/__main__.py",)
    return next((file for file in candidates if file != path and invocation.world.script(file) is not None), word)


def node_files(path: str, world: World) -> Iterator[str]:
    """The files that Node tries for a path: as it is, with an ending, and what a folder's package.json names."""
    yield from (f"{path}{ending}" for ending in NODE_ENDINGS)
    try:
        main = json.loads(world.read_text(f"{path}/package.json") or "{}").get("main")
    except (ValueError, AttributeError):
        return
    if isinstance(main, str):
        yield from (f"{absolute(main, path)}{ending}" for ending in NODE_ENDINGS)


RUNNING_MODULES: Mapping[str, tuple[str, ...]] = {
    "pdb": ("-c", "--command"),
    **dict.fromkeys(("cProfile", "profile"), listed("-o -s --outfile --sort")),
    "trace": listed("-f -C --file --coverdir --ignore-module --ignore-dir"),
    "doctest": ("-o", "--option"),
    "debugpy": listed("--listen --connect --log-to"),
    **dict.fromkeys(("kernprof", "pyinstrument", "scalene", "viztracer", "memray", "line_profiler"), listed("-o -r --outfile")),
    **dict.fromkeys(listed("runpy memory_profiler faulthandler"), ()),
}  # fmt: skip
"""Modules of Python that run the file, or behind ``-m`` the module, that they are given; and their options with values."""


def module_outcomes(args: tuple[str, ...], invocation: Invocation) -> Iterator[Outcome]:
    """``python -m MODULE ARG...`` where the module, or a file that it runs, is one of the project's own."""
    module, rest = args[0], args[1:]
    if module in RUNNING_MODULES:
        start = rest.index("-m") if "-m" in rest else first_operand(list(rest), RUNNING_MODULES[module])
        start += rest[start : start + 1] == ("run",)
        if rest[start:]:
            yield Argv(("python3", *rest[start:]))
    elif module == "timeit":
        options = parse_options(rest, values=listed("-n -r -s -u --number --repeat --setup --unit"), permute=False)
        yield from (Snippet("python", code) for code in (*options.given.get("-s", ()), *options.given.get("--setup", ())))
        yield from (Snippet("python", code) for code in options.words)
    parts = module.split(".")
    stems = [absolute("/".join(parts[:count]), invocation.cwd) for count in range(1, len(parts) + 1)]
    for path in (*(f"{stem}/__init__.py" for stem in stems), f"{stems[-1]}.py", f"{stems[-1]}/__main__.py"):
        if invocation.world.script(path) is not None:
            yield ScriptFile(path, "python", rest)
