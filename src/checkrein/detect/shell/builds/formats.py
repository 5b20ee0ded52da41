"""Files of tools that hold commands at known places: task files, compose files, playbooks, recipes of images.

Each reader gets the text and the folder that its commands run in, and gives what they would do. ``READERS`` names them by the
language that ``projects`` gives a file. What cannot be read is said, never passed over.
"""

from __future__ import annotations

import ast
import configparser
import json
import re
import shlex
import tomllib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any
from xml.etree import ElementTree

import yaml

from checkrein.core.effect import UNKNOWN, Flag
from checkrein.detect.shell.builds.buildfiles import (
    cmake_outcomes,
    filled,
    just_outcomes,
    lines_outcomes,
    maven_outcomes,
    ninja_outcomes,
    tcl_outcomes,
    unreadable,
)
from checkrein.detect.shell.builds.foreign import LANGUAGES, NEW_FOLDER, foreign_outcomes
from checkrein.detect.shell.builds.runners import recipes
from checkrein.detect.shell.databases.sql import sql_outcomes
from checkrein.detect.shell.files.editing import sed_outcomes
from checkrein.detect.shell.model import Argv, Outcome, ScriptFile, ShellText, Snippet, absolute
from checkrein.detect.shell.running.powershell import powershell_outcomes
from checkrein.detect.shell.table.mounts import SCRATCH, in_container

Reader = Callable[[str, str], Iterable[Outcome]]
MAX_NODES = 20_000  # of a document, aliases followed
_BROKEN = (
    *(ValueError, TypeError, AttributeError, LookupError, RecursionError),
    *(yaml.YAMLError, configparser.Error, ElementTree.ParseError),
)


def _guarded(name: str, reader: Reader) -> Reader:
    def read(text: str, folder: str) -> Iterator[Outcome]:
        try:
            yield from reader(text, folder)
        except _BROKEN:
            yield unreadable(f"{name} file")

    return read


def _yaml(text: str) -> Any:
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 (the safe one, in C)


def _places(document: Any) -> Iterator[tuple[str, Any]]:
    """Every key of every mapping in a document, with its value. Raises ValueError for one that aliases blow up."""
    pending, seen = deque([document]), 0
    while pending:
        node = pending.popleft()
        seen += 1
        if seen > MAX_NODES:
            raise ValueError("too large")
        if isinstance(node, dict):
            yield from ((str(key), value) for key, value in node.items())
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)


def _texts(value: Any) -> list[str]:
    """A text, or the texts of a list."""
    return (
        [value]
        if isinstance(value, str)
        else [each for each in value if isinstance(each, str)]
        if isinstance(value, list)
        else []
    )


# -- commands at keys


def _at_keys(keys: frozenset[str], parse: Callable[[str], Any], text: str, folder: str) -> Iterator[Outcome]:
    """The values of ``keys``, wherever they stand, are shell code: a text, or a list of them."""
    document = parse(text)
    values = {key: str(value) for key, value in _variables(document).items() if isinstance(value, str | int)}
    for key, value in _places(document):
        if key in keys:
            yield from (ShellText(filled(code, values), cwd=folder) for code in _texts(value))
        elif key in ("tasks", "scripts") and isinstance(value, dict):
            for task in value.values():
                yield from (ShellText(filled(code, values), cwd=folder) for code in _texts(task))


def _variables(document: Any) -> Mapping[str, Any]:
    found = document.get("vars") if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}


def _pre_commit(text: str, folder: str) -> Iterator[Outcome]:
    for key, value in _places(_yaml(text)):
        for hook in value if key == "hooks" and isinstance(value, list) else ():
            if isinstance(hook, dict) and isinstance(hook.get("entry"), str):
                yield ShellText(" ".join((hook["entry"], *map(shlex.quote, _texts(hook.get("args"))))), cwd=folder)


_TOX = frozenset(
    ("commands", "commands_pre", "commands_post", "list_dependencies_command", "package_command", "install_command")
)


def _tox(text: str, folder: str) -> Iterator[Outcome]:
    """tox.ini and the tox part of setup.cfg."""
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(text)
    for section in parser.sections():
        for key, value in parser.items(section) if section.startswith(("testenv", "tox")) else ():
            for line in value.strip().replace("\\\n", " ").splitlines() if key in _TOX else ():
                yield ShellText(_substituted(line.split(": ", 1)[-1].strip().lstrip("-!@ "), folder), cwd=folder)


def _substituted(line: str, folder: str) -> str:
    """tox's own substitutions, as far as they are known: https://tox.wiki/en/latest/config.html."""

    def known(match: re.Match[str]) -> str:
        name, _, rest = match[1].partition(":")
        if name == "env":
            return "${" + rest.replace(":", ":-", 1) + "}"
        if name == "posargs":
            return rest
        return {"toxinidir": folder, "tox_root": folder, "envtmpdir": NEW_FOLDER, "envdir": NEW_FOLDER, "packages": "."}.get(
            name, NEW_FOLDER if name.startswith(("env", "tox", "work")) else UNKNOWN
        )

    return re.sub(r"\{([^{}]*)\}", known, line)


def _pyproject(text: str, folder: str) -> Iterator[Outcome]:
    """The build backend that a project brings along, and the commands that task runners find here."""
    document = tomllib.loads(text)
    build = document.get("build-system", {})
    for place in _texts(build.get("backend-path")):
        module = str(build.get("build-backend", "")).split(":")[0].replace(".", "/")
        yield from (ScriptFile(absolute(f"{place}/{module}{end}", folder), "python") for end in (".py", "/__init__.py"))
    for name in ("poe", "pdm", "hatch", "taskipy", "tox", "rye", "pixi"):
        for key, value in _places({name: document.get("tool", {}).get(name, {})}):
            if key in ("scripts", "tasks", "commands") and isinstance(value, dict | list):
                yield from _commands(value, folder)


def _commands(value: Any, folder: str) -> Iterator[Outcome]:
    """Tasks by name: shell code, a list of that, a list of words, or a mapping that says which."""
    for task in value.values() if isinstance(value, dict) else value:
        if isinstance(task, list) and all(isinstance(word, str) for word in task) and isinstance(value, list):
            yield Argv(tuple(task), cwd=folder)
        elif isinstance(task, dict):
            yield from (ShellText(code, cwd=folder) for key in ("cmd", "shell") for code in _texts(task.get(key)))
        else:
            yield from (ShellText(code, cwd=folder) for code in _texts(task))


_FOLDERS = frozenset(("tmp_path", "tmpdir"))


def _pytest(text: str, _: str) -> Iterator[Outcome]:
    """Tests in Python, with the folders that pytest makes for each of them known. What the file itself calls gets none."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield Snippet("python", text)
        return
    called = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    given = False
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name not in called:
            by_pytest = node.name.startswith("test") or any("fixture" in ast.unparse(each) for each in node.decorator_list)
            for argument in node.args.args if by_pytest else ():
                if argument.arg in _FOLDERS:
                    argument.arg, given = f"_{argument.arg}", True
    folders = f"import pathlib\ntmp_path = tmpdir = pathlib.Path({NEW_FOLDER!r})\n" if given else ""
    yield Snippet("python", folders + ast.unparse(tree) if given else text)


def _plugins(text: str, folder: str) -> Iterator[Outcome]:
    """Plugins that a configuration of pytest loads."""
    for match in re.finditer(r"-p\s*([\w.]+)", text):
        yield ScriptFile(absolute(f"{match[1].replace('.', '/')}.py", folder), "python")


# -- containers


def _compose(text: str, folder: str) -> Iterator[Outcome]:
    """Every service as the ``docker run`` that it stands for, and the files that are included."""
    document = _yaml(text)
    included = document.get("include", ())
    for item in included:
        paths = item["path"] if isinstance(item, dict) else item
        yield from (ScriptFile(absolute(path, folder), "compose") for path in _texts(paths))
    for service in (document.get("services", {}) if included else document["services"]).values():
        words = ["docker", "run"]
        words += ["--privileged"] if service.get("privileged") is True else []
        words += [f"--{key}=host" for key in ("pid", "ipc") if service.get(key) == "host"]
        words += [f"--cap-add={name}" for name in _texts(service.get("cap_add"))]
        words += [f"--device={name}" for name in _texts(service.get("devices"))]
        words += [word for volume in service.get("volumes") or () for word in ("-v", _volume(volume))]
        entry, command = (_words(service.get(key)) for key in ("entrypoint", "command"))
        words += ["-w", str(service["working_dir"])] if service.get("working_dir") else []
        yield Argv((*words, str(service.get("image", "image")), *entry, *command), cwd=folder)
        if service.get("build"):
            build = service["build"] if isinstance(service["build"], dict) else {"context": service["build"]}
            context = absolute(str(build.get("context", ".")), folder)
            yield ScriptFile(f"{context}/{build.get('dockerfile', 'Dockerfile')}", "dockerfile", cwd=context)


def _volume(volume: Any) -> str:
    """A volume as ``-v`` takes it, with the home folder written out as the shell does."""
    if isinstance(volume, dict):
        volume = f"{volume.get('source', '')}:{volume.get('target', '')}{':ro' if volume.get('read_only') else ''}"
    return re.sub(r"\$\{?(\w+)[^}:]*\}?", lambda match: "~" if match[1] == "HOME" else UNKNOWN, str(volume))


def _words(value: Any) -> list[str]:
    return shlex.split(value) if isinstance(value, str) else [str(each) for each in value or ()]


_INSTRUCTION = re.compile(r"\s*(RUN|COPY|ADD|CMD|ENTRYPOINT|HEALTHCHECK)\s+((?:--\S+\s+)*)(.*)", re.IGNORECASE | re.DOTALL)
_HEREDOC = re.compile(r"<<-?\s*[\"']?(\w+)[\"']?")


def _dockerfile(text: str, _: str) -> Iterator[Outcome]:
    """What the RUN instructions of a Dockerfile do, in the image."""
    lines = iter(re.sub(r"\\[ \t]*\n(?:\s*#[^\n]*\n)*", " ", text).splitlines())
    for line in lines:
        match = _INSTRUCTION.match(line)
        if match is None or match[1].upper() != "RUN":
            continue
        code = match[3]
        if end := _HEREDOC.match(code):
            body = []
            for more in lines:
                if more.strip() == end[1]:
                    break
                body.append(more)
            code = "\n".join(body)
        if code.startswith("["):
            yield Argv(tuple(in_container(word) for word in _texts(json.loads(code))), cwd=SCRATCH)
        else:
            yield ShellText(in_container(code), cwd=SCRATCH)


# -- machines


_MODULES = ("shell", "command", "raw", "script", "win_shell", "win_command", "expect")


def _playbook(text: str, folder: str) -> Iterator[Outcome]:
    """Tasks of a playbook: commands, and files that are to be absent, here or on the hosts that it names."""
    for play in _yaml(text) or ():
        local = play.get("connection") == "local" or str(play.get("hosts", "localhost")) in ("localhost", "127.0.0.1")
        for key, value in _places(play):
            where = Flag.NONE if local or key == "local_action" else Flag.REMOTE
            module = key.rpartition(".")[2]
            if module in _MODULES:
                given = value.get("cmd", value.get("argv")) if isinstance(value, dict) else value
                yield from (ShellText(re.sub(r"\{\{.*?\}\}", UNKNOWN, code), flags=where, cwd=folder) for code in _texts(given))
            elif module == "file" and isinstance(value, dict) and value.get("state") == "absent":
                path = re.sub(r"\{\{.*?\}\}", UNKNOWN, str(value.get("path") or value.get("dest") or ""))
                yield Argv(("rm", "-rf", path), where, cwd=folder)


_KEYED: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "taskfile": ("cmds cmd sh status preconditions", _yaml),
    "yaml-run": ("run", _yaml),
    "json-tasks": ("", json.loads),
}
_GUARDED: Mapping[str, Reader] = {
    **{name: partial(_at_keys, frozenset(keys.split()), parse) for name, (keys, parse) in _KEYED.items()},
    "pre-commit": _pre_commit,
    "tox": _tox,
    "pyproject": _pyproject,
    "compose": _compose,
    "dockerfile": _dockerfile,
    "playbook": _playbook,
    "maven": maven_outcomes,
}
READERS: Mapping[str, Reader] = {
    **{name: _guarded(name, reader) for name, reader in _GUARDED.items()},
    **{name: partial(foreign_outcomes, name) for name in LANGUAGES},
    "pytest": _pytest,
    "sql": lambda text, _: sql_outcomes(text),
    "sed": sed_outcomes,
    "make": lambda text, folder: recipes(text, folder, {}),
    "just": just_outcomes,
    "cmake": cmake_outcomes,
    "tcl": tcl_outcomes,
    "powershell": powershell_outcomes,
    "ninja": ninja_outcomes,
    "bazel": partial(lines_outcomes, r"""\bcmd(?:_bash)?\s*=\s*["']+([^"'\n]+)"""),
    "sbt": partial(lines_outcomes, r'"([^"\n]+)"\s*\.?\s*!'),
    "ssh-config": partial(
        lines_outcomes, r"^\s*(?:(?i:ProxyCommand|LocalCommand|KnownHostsCommand)\s*[ =]|(?i:Match).*\sexec)\s*(.+)$"
    ),
    "supervisor": partial(lines_outcomes, r"^command\s*=\s*(.+)$"),
    "screenrc": partial(lines_outcomes, r"^\s*(?:exec|screen|backtick\s+\d+\s+\d+\s+\d+)\s+(.+)$"),
    "pytest-plugins": _plugins,
    "procfile": partial(lines_outcomes, r"^[\w-]+:\s*(.+)$"),
    "go-generate": partial(lines_outcomes, r"^//go:generate\s+(.+)$"),
}
"""What reads a language, where that is no program of one that ``snippets`` knows."""
