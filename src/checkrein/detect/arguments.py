"""The arguments of a tool that is known by its name alone: which of them are commands, code, SQL and paths.

The words of the tool's name say what is done to a path; where none of them is known, it may be read and written. Nothing in the
arguments is passed over: what cannot be looked at is an UNRESOLVED effect.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from checkrein.core import Effect, EffectKind, Flag
from checkrein.detect.shell.databases.sql import sql_effects
from checkrein.detect.shell.databases.sqltext import looks_like_sql
from checkrein.detect.shell.frame import Budget
from checkrein.detect.shell.interpreter import Analysis, analyse
from checkrein.detect.shell.model import World, absolute

MAX_DEPTH = 6
MAX_PATH = 4096

PATH_NAMES = frozenset(("source", "src", "destination", "dest", "target", "from", "to", "root", "cwd", "output", "uri", "uris"))
PATH_ENDINGS = ("path", "file", "dir", "folder", "directory", "filename", "paths", "files", "dirs", "folders", "directories")
NO_PATHS = frozenset(("profile", "xpath", "jsonpath"))
PLACES = frozenset(("cwd", "root", "workdir", "workingdir", "workingdirectory", "repopath", "projectpath", "projectroot"))
"""Keys that say where something is done, not to what."""
HOSTED = tuple(map(frozenset, (("owner", "repo"), ("workspace", "reposlug"), ("projectid", "branch"), ("projectid", "ref"))))
"""Keys that together name a repository on a code host: a relative path beside them is one in there, not on this machine."""
SOURCES = frozenset(("source", "src", "from", "oldpath", "sourcepath", "inputpath"))
CONTENT = frozenset(("content", "contents", "text", "data", "filetext", "newcontent"))

COMMANDS = frozenset(("command", "cmd", "shellcommand", "commandline", "bash", "shell", "program", "executable"))
COMMAND_LISTS = frozenset(("commands", "cmds"))
ARGUMENTS = ("args", "arguments", "argv")
SQL = frozenset(("sql", "q", "query", "queries", "statement", "statements"))
CODE = frozenset(("code", "script", "python", "javascript", "snippet"))
LANGUAGE_KEYS = ("language", "lang", "runtime", "interpreter")
RUNNERS = {
    **dict.fromkeys(("python", "python3", "py", "ipython", "jupyter", "pyodide"), ("python3", "-c")),
    **dict.fromkeys(("javascript", "js", "node", "nodejs", "repl", "typescript"), ("node", "-e")),
    **dict.fromkeys(("bash", "shell", "sh", "zsh", "terminal"), ("bash", "-c")),
    "ruby": ("ruby", "-e"),
    "perl": ("perl", "-e"),
    "php": ("php", "-r"),
}
"""How code of a language is run, by the words that name the language."""

DELETING = frozenset(
    {
        *("delete", "remove", "unlink", "rmdir", "trash", "destroy", "purge", "erase", "rm", "del", "shred", "wipe"),
        *("truncate",),
    }
)
MOVING = frozenset(("move", "rename", "mv"))
COPYING = frozenset(("copy", "cp", "duplicate"))
WRITING = frozenset(
    {
        *("write", "edit", "create", "update", "append", "save", "put", "patch", "insert", "replace", "mkdir"),
        *("touch", "set", "apply", "modify", "overwrite", "store", "chmod", "chown", "restore", "extract", "unzip"),
        *("generate",),
    }
)
READING = frozenset(
    {
        *("read", "get", "cat", "open", "view", "fetch", "load", "search", "grep", "show", "head", "tail", "find"),
        *("query", "status", "diff", "log", "send", "describe", "inspect", "analyze", "count", "lint", "validate"),
        *("check", "lsp", "summarize"),
    }
)
LISTING = frozenset(("list", "ls", "tree", "stat", "info", "exists", "glob"))


def arguments_analysis(tool: str, given: Mapping[str, Any], world: World, cwd: str) -> Analysis:
    """The effects of a tool call that only its name and the names of its arguments explain."""
    return _Reader(tool, given, world, cwd).analysis


def expanded(path: str, world: World, cwd: str) -> str:
    """A path as the client's tools open it: ``~`` is the home folder, relative ones start at ``cwd``."""
    path = path.replace("\0", "")
    if path == "~" or path.startswith("~/"):
        path = world.home + path[1:]
    return absolute(path, cwd)


def words_of(name: str) -> frozenset[str]:
    """The words of a tool's name, in lower case: ``deleteFile``, ``delete_file`` and ``delete-file`` have the same two."""
    return frozenset(word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+[0-9]*", name))


class _Reader:
    """One call's arguments, read from the outside in."""

    def __init__(self, tool: str, given: Mapping[str, Any], world: World, cwd: str) -> None:
        self.analysis = Analysis()
        self._tool, self._world, self._cwd = tool, world, cwd
        self._budget = Budget()
        self._words = words_of(tool.rsplit("__", 1)[-1])
        self._all_words = words_of(tool)
        contents = (value for key, value in given.items() if _plain(key) in CONTENT and isinstance(value, str))
        self._text = next(contents, None)
        keys = {_plain(key) for key in given}
        self._hosted = any(keys >= names for names in HOSTED)
        self._mapping(given, 0)

    def _value(self, key: str, value: object, depth: int) -> None:
        if isinstance(value, str):
            self._string(key, value)
        elif isinstance(value, (Mapping, list, tuple)) and value:
            if depth >= MAX_DEPTH:
                self._unresolved(key, f"the arguments are nested more than {MAX_DEPTH} deep")
            elif isinstance(value, Mapping):
                self._mapping(value, depth)
            else:
                for item in value:
                    self._value(key, item, depth + 1)

    def _mapping(self, given: Mapping[Any, Any], depth: int) -> None:
        plain = {_plain(name): value for name, value in given.items()}
        arguments: list[str] = next(([*plain[key]] for key in ARGUMENTS if _is_words(plain.get(key))), [])
        places = [value for key, value in plain.items() if key in PLACES and isinstance(value, str) and value]
        cwd = expanded(places[0], self._world, self._cwd) if places else self._cwd
        language = next((str(plain[key]).lower() for key in LANGUAGE_KEYS if key in plain), "")
        if not COMMANDS & plain.keys() and _is_words(plain.get("argv")):
            self._shell(shlex.join(plain["argv"]), cwd)
        for key, value in plain.items():
            if key in COMMANDS | COMMAND_LISTS:
                self._commands(key, value, arguments, cwd, depth + 1)
            elif key in CODE and isinstance(value, str):
                self._code(key, value, language, cwd)
            else:
                self._value(key, value, depth + 1)

    def _commands(self, key: str, value: object, arguments: list[str], cwd: str, depth: int) -> None:
        """One command as a line or as words, or several. What is none of these cannot be told."""
        match value:
            case None | bool() | []:
                return
            case str():
                self._command(f"{value} {shlex.join(arguments)}" if arguments else value, cwd)
            case Mapping() | list() | tuple() if depth >= MAX_DEPTH:
                self._value(key, value, depth)
            case Mapping():
                self._mapping({**({"args": arguments} if arguments else {}), **value}, depth)
            case list() | tuple() if key in COMMANDS and all(isinstance(word, (str, int, float)) for word in value):
                self._shell(shlex.join((*map(str, value), *arguments)), cwd)
            case list() | tuple():
                for item in value:
                    self._commands("command", item, arguments, cwd, depth + 1)
            case _:
                self._unresolved(key, f"{key} is no text")

    def _command(self, text: str, cwd: str) -> None:
        self._shell(text, cwd)
        if {"powershell", "pwsh"} & self._all_words or {"power", "shell"} <= self._all_words:
            self._unresolved("command", "PowerShell's own commands are not looked into")

    def _code(self, key: str, text: str, language: str, cwd: str) -> None:
        named = next((RUNNERS[word] for word in (language, key, *sorted(self._all_words)) if word in RUNNERS), None)
        runner = named or (("bash", "-c") if key == "script" else ("python3", "-c"))
        self._shell(shlex.join((*runner, text)), cwd)

    def _shell(self, text: str, cwd: str) -> None:
        inner = analyse(text, self._world, cwd, self._budget)
        self.analysis.effects += inner.effects
        self.analysis.programs += inner.programs
        self.analysis.environments += inner.environments
        self.analysis.problems += inner.problems
        self.analysis.made.update(inner.made)

    def _string(self, key: str, value: str) -> None:
        if key in SQL and " " in value:
            if looks_like_sql(value):
                self.analysis.effects += sql_effects(value)
            return
        named = _names_path(key, value)
        if not named and not value.startswith(("/", "~/", "./", "../", "file://")):
            return
        if not named and "\n" in value.strip():
            return  # lines of text that begin with a slash
        if key in CONTENT or _is_address(value):
            return
        if len(value) > MAX_PATH:
            self._unresolved(key, f"{key} is longer than the {MAX_PATH} characters of a path")
            return
        if self._hosted and not value.startswith(("/", "~", "file://")) and ".." not in value.split("/"):
            self.analysis.effects += self._hosted_path(self._local(value))
            return
        for path in dict.fromkeys((value, value.strip())):
            if path or not value:
                self.analysis.effects += self._path(key, self._local(path), named=named)

    def _local(self, value: str) -> str:
        if value.startswith("file://"):
            value = unquote(urlsplit(value).path)
        return expanded(value, self._world, self._cwd)

    def _hosted_path(self, path: str) -> Iterator[Effect]:
        """What is written to a repository elsewhere is judged by its name. Nothing here changes; its history keeps the rest."""
        if self._words & WRITING or not self._words & (READING | LISTING | DELETING | MOVING):
            yield Effect(EffectKind.WRITE, path, self._tool, flags=Flag.CREATE, text=self._text)

    def _path(self, key: str, path: str, *, named: bool) -> Iterator[Effect]:
        words, tool = self._words, self._tool
        read = Effect(EffectKind.READ, path, tool, flags=Flag.CONTENT_OUT)
        write = Effect(EffectKind.WRITE, path, tool, flags=Flag.IN_PLACE, text=self._text)
        if words & DELETING:
            yield Effect(EffectKind.DELETE, path, tool, flags=Flag.RECURSIVE)
        elif words & MOVING:
            gone = key in SOURCES or key == "path"
            yield Effect(EffectKind.MOVE if gone else EffectKind.WRITE, path, tool)
        elif key in PLACES:
            yield read
        elif words & (WRITING | COPYING):
            yield read if key in SOURCES else write
        elif words & LISTING:
            yield Effect(EffectKind.LIST, path, tool)
        elif words & READING or not named:
            yield read
        else:
            yield from (read, write)

    def _unresolved(self, key: str, why: str) -> None:
        effect = Effect(EffectKind.UNRESOLVED, f"{self._tool} {key[:60]}", self._tool, detail=why)
        if effect not in self.analysis.effects:
            self.analysis.effects.append(effect)


def _plain(key: Any) -> str:
    """``relativePath``, ``relative_path`` and ``relative-path`` are one key."""
    return "".join(letter for letter in str(key).lower() if letter.isalnum())


def _is_words(value: object) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(word, str) for word in value)


def _names_path(key: str, value: str) -> bool:
    if key in ("name", "names"):
        return "/" in value or value.startswith((".", "~"))
    return key in PATH_NAMES or (key.endswith(PATH_ENDINGS) and key not in NO_PATHS)


def _is_address(value: str) -> bool:
    scheme, colon, _ = value.partition("://")
    return bool(colon) and scheme.isascii() and scheme.replace("+", "").isalnum() and scheme != "file"
