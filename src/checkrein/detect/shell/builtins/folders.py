"""cd, pushd and popd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.builtins.words import one
from checkrein.detect.shell.expansion.expand import GLOB
from checkrein.detect.shell.links import lexical
from checkrein.detect.shell.model import absolute, joined
from checkrein.detect.shell.values import SILENT, Stream, Value

if TYPE_CHECKING:
    from checkrein.detect.shell.execution import Execution
    from checkrein.detect.shell.frame import Frame


def cd(shell: Execution, argv: Sequence[Value], frame: Frame, env: Mapping[str, Value]) -> Stream:
    """``cd`` and ``chdir``."""
    state = frame.state
    targets = [value.text for value in argv[1:] if value.text == "-" or not value.text.startswith("-")]
    home = one(state.variables.get("HOME"), shell.world.home)
    target = targets[0] if targets else home
    before = state.cwd
    if target == "-":
        target = one(state.variables.get("OLDPWD"), UNKNOWN)
    state.cwd, *others = _places(shell, target, frame, env)
    if "P" in state.options or any(value.text == "-P" for value in argv[1:]):
        state.cwd = shell.world.real(absolute(target, before))
    state.stayed = () if target == "-" or _is_there(shell, state.cwd) else (before,)
    state.folders_too = (*state.folders_too, *others)
    state.set("OLDPWD", Value(before))
    return SILENT


def _is_there(shell: Execution, folder: str) -> bool:
    """True for a folder that is on disk or was made before in this line, for a pattern that matches, and for one not known."""
    if UNKNOWN in folder or folder in shell.made_here or shell.world.is_dir(folder):
        return True
    return bool(GLOB.intersection(folder)) and bool(shell.world.glob(folder))


def _places(shell: Execution, target: str, frame: Frame, env: Mapping[str, Value]) -> list[str]:
    """Where ``cd target`` may lead: by way of CDPATH, and to the folder that a variable holds (``cdable_vars``)."""
    state = frame.state
    if target.startswith(UNKNOWN):
        return [f"/{UNKNOWN}"]
    plain = lexical(joined(target, state.cwd))
    if target.partition("/")[0] in ("", ".", ".."):
        return [plain]
    search = env["CDPATH"].text if "CDPATH" in env else one(state.variables.get("CDPATH"), shell.world.variable("CDPATH") or "")
    places = [lexical(joined(f"{folder}/{target}", state.cwd)) for folder in search.split(":") if folder]
    places += [lexical(joined(value.text, state.cwd)) for value in state.variables.get(target, ())]
    there = [place for place in places if UNKNOWN in place or shell.world.is_dir(place)]
    return list(dict.fromkeys((*there, plain))) if not there or shell.world.is_dir(plain) else there


def pushd(shell: Execution, argv: Sequence[Value], frame: Frame, env: Mapping[str, Value]) -> Stream:
    """``pushd FOLDER``."""
    frame.state.folders = (*frame.state.folders, frame.state.cwd)
    return cd(shell, argv, frame, env)


def popd(_: Execution, __: Sequence[Value], frame: Frame, ___: Mapping[str, Value]) -> Stream:
    """``popd``."""
    if frame.state.folders:
        frame.state.cwd = frame.state.folders[-1]
        frame.state.folders = frame.state.folders[:-1]
    return SILENT
