"""The command that the client runs as a hook: the native helper where it could be built, else the Python client."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

SOURCE = Path(__file__).parent / "native" / "checkrein-hook.c"
PYTHON_CLIENT = Path(__file__).parent / "client.py"
NAME = "checkrein-hook"
_FLAGS = ("-O2", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-Wl,-z,relro,-z,now", "-s")
_BUILD_SECONDS = 60


def words(socket: Path, token_file: Path, helper: Path | None, event: str) -> tuple[str, ...]:
    """The hook's command for ``event`` as a list of words, all paths absolute."""
    program = (str(helper),) if helper is not None else (sys.executable, "-I", "-S", str(PYTHON_CLIENT))
    return (*program, event, str(socket), str(token_file))


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
