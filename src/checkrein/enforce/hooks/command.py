"""The command that the client runs as a hook: the native helper where it could be built, else the Python client."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from checkrein import locations

SOURCE = Path(__file__).parent / "native" / "checkrein-hook.c"
PYTHON_CLIENT = Path(__file__).parent / "client.py"
PYTHON_SHELL = Path(__file__).parent / "shell.py"
NAME = "checkrein-hook"
SHELL_FOLDER = "shell"
"""Where programs that ``write_shell`` writes stand, in the folder of what is installed for this user."""

SHELL_VARIABLE = "CLAUDE_CODE_SHELL"
"""What tells the client which program to run commands in."""

SHELLS = ("zsh", "bash")
"""The shells that the client knows, in the order in which it looks for them."""

_SYSTEM_PATH = "/bin:/usr/bin:/usr/local/bin:/opt/homebrew/bin"
_FLAGS = ("-O2", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-Wl,-z,relro,-z,now", "-s")
_BUILD_SECONDS = 60


def words(socket: Path, token_file: Path, helper: Path | None, event: str) -> tuple[str, ...]:
    """The hook's command for ``event`` as a list of words, all paths absolute."""
    program = (str(helper),) if helper is not None else (sys.executable, "-I", "-S", str(PYTHON_CLIENT))
    return (*program, event, str(socket), str(token_file))


def real_shell(variables: Mapping[str, str]) -> Path | None:
    """The shell in which the client would run commands by itself: the one that it was told to take, the person's own where it
    is bash or zsh, else the first that is there."""
    for name in (SHELL_VARIABLE, "SHELL"):
        own = Path(variables.get(name, ""))
        if own.name in SHELLS and own.is_absolute() and os.access(own, os.X_OK):
            return own
    return next((Path(path) for name in SHELLS if (path := shutil.which(name, path=_SYSTEM_PATH))), None)


def write_shell(dest: Path, shell: Path, socket: Path, token_file: Path) -> Path:
    """Write the program that ``CLAUDE_CODE_SHELL`` names into the folder ``dest``: it runs ``shell`` with its output redacted.

    It bears the shell's own name, by which the client knows what it can do. The file appears whole or not at all.
    """
    words = shlex.join((sys.executable, "-I", "-S", str(PYTHON_SHELL)))
    run = f'{words} "$shell" {shlex.join((str(socket), str(token_file)))} "$@"'
    return _script(dest / shell.name, f"shell={shlex.quote(str(shell))}", run)


def plain_shell(program: Path) -> None:
    """Let a program that ``write_shell`` wrote be the shell and nothing more: a session that still runs may start it."""
    lines = program.read_text().splitlines()
    _script(program, lines[1], '"$shell" "$@"')


def is_our_shell(path: str) -> bool:
    """Whether ``path`` is that of a program that ``write_shell`` wrote into a folder of ours."""
    return Path(path).parts[-3:-1] == (locations.NAME, SHELL_FOLDER) and Path(path).name in SHELLS


def _script(target: Path, setting: str, run: str) -> Path:
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        made = Path(scratch) / target.name
        made.write_text(f"#!/bin/sh\n{setting}\nexec {run}\n")
        made.chmod(0o700)
        made.replace(target)
    return target


def build(dest: Path) -> Path | None:
    """Compile the native helper into the folder ``dest``; None where there is no compiler, or what it made does not run.

    Static where the C library can be linked so (LD_PRELOAD has no hold on it then), else dynamic. The file appears whole, with
    its SHA-256 beside it (``.sha256``), or not at all.
    """
    compiler = next((path for name in ("cc", "gcc", "clang") if (path := shutil.which(name))), None)
    if compiler is None:
        return None
    target = dest / NAME
    with tempfile.TemporaryDirectory(dir=dest) as scratch:
        made = Path(scratch) / NAME
        for link in (("-static",), ()):
            if _compiled((compiler, *_FLAGS, *link, "-o", str(made), str(SOURCE))) and _works(made):
                made.chmod(0o700)
                digest = hashlib.sha256(made.read_bytes()).hexdigest()
                made.replace(target)
                target.with_suffix(".sha256").write_text(f"{digest}\n")
                return target
    return None


def intact(helper: Path) -> bool:
    """Whether ``helper`` is still the program that was built."""
    try:
        return hashlib.sha256(helper.read_bytes()).hexdigest() == helper.with_suffix(".sha256").read_text().strip()
    except OSError:
        return False


def _compiled(command: Sequence[str]) -> bool:
    env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    try:
        done = subprocess.run(command, capture_output=True, env=env, timeout=_BUILD_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _works(program: Path) -> bool:
    """Whether it runs and refuses, as it must where there is no service."""
    missing = str(program.parent / "none")
    try:
        done = subprocess.run(
            [str(program), "PreToolUse", missing, missing], input=b"{}", capture_output=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 2 and not done.stdout and b"checkrein" in done.stderr
