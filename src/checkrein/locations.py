"""Where files of ours stand: four folders by the XDG Base Directory Specification, private to one user, and our command.

Each function computes a path from the environment and changes nothing. ``private_folder`` is the one helper that creates a
folder, and the one that refuses a folder which somebody else could write to.
"""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from checkrein.core import ServiceError

NAME = "checkrein"


def home_dir(env: Mapping[str, str] = os.environ) -> str:
    """The home folder by its real path, as the client names what lies in it; ``/`` where there is none."""
    return os.path.realpath(env.get("HOME") or "/")


def state_dir(env: Mapping[str, str] = os.environ) -> Path:
    """What must survive a restart: the ledger, snapshots, approvals. ``$XDG_STATE_HOME/checkrein``."""
    return _base(env, "XDG_STATE_HOME", ".local/state") / NAME


def config_dir(env: Mapping[str, str] = os.environ) -> Path:
    """What a person writes: the user's policy. ``$XDG_CONFIG_HOME/checkrein``."""
    return _base(env, "XDG_CONFIG_HOME", ".config") / NAME


def data_dir(env: Mapping[str, str] = os.environ) -> Path:
    """What is installed for this user. ``$XDG_DATA_HOME/checkrein``."""
    return _base(env, "XDG_DATA_HOME", ".local/share") / NAME


def runtime_dir(env: Mapping[str, str] = os.environ) -> Path:
    """Sockets and process ids. ``$XDG_RUNTIME_DIR/checkrein``, or ``run`` in the state folder where no such folder is given."""
    given = _absolute(env.get("XDG_RUNTIME_DIR", ""))
    return given / NAME if given else state_dir(env) / "run"


def ledger_dir(env: Mapping[str, str] = os.environ) -> Path:
    """The folder of the record and its keys."""
    return state_dir(env) / "ledger"


def egress_dir(env: Mapping[str, str] = os.environ) -> Path:
    """The folder of the record of what left."""
    return state_dir(env) / "egress"


def undo_dir(env: Mapping[str, str] = os.environ) -> Path:
    """The folder of the snapshots."""
    return state_dir(env) / "undo"


def vault_dir(env: Mapping[str, str] = os.environ) -> Path:
    """The folder of redacted values and their key."""
    return state_dir(env) / "vault"


def scan_dir(env: Mapping[str, str] = os.environ) -> Path:
    """The folder of compiled patterns: what is lost there is made again."""
    return state_dir(env) / "scan"


def approvals_file(env: Mapping[str, str] = os.environ) -> Path:
    """The file of a person's permissions."""
    return state_dir(env) / "approvals.json"


def program() -> Path:
    """Our command, beside the interpreter that runs us."""
    return Path(sysconfig.get_path("scripts")) / NAME


def command_link(env: Mapping[str, str] = os.environ) -> Path:
    """Where a link to our command stands, for shells that do not look where the command itself is."""
    return _home(env) / ".local/bin" / NAME


def spoken(env: Mapping[str, str] = os.environ) -> str:
    """What a person types in a new shell for our command: its name where a shell finds it by that, else its whole path.

    The folder of a virtual environment counts for nothing, since a new shell does not look there.
    """
    own = program()
    folders = [folder for folder in env.get("PATH", os.defpath).split(os.pathsep) if folder]
    if sys.prefix != sys.base_prefix:
        folders = [folder for folder in folders if Path(folder) != own.parent]
    if _absolute(env.get("HOME", "")) and os.path.realpath(link := command_link(env)) == os.path.realpath(own):
        folders.append(str(link.parent))  # it was made because the person's shell looks there
    found = shutil.which(NAME, path=os.pathsep.join(folders)) if folders else None
    return NAME if found and os.path.realpath(found) == os.path.realpath(own) else shlex.quote(str(own))


def private_folder(folder: Path) -> Path:
    """Make ``folder`` (and what is missing above it) with mode 0700, and return it.

    A folder of ours that only lost its mode is tightened to 0700.

    Raises ServiceError where it is a symbolic link, belongs to another user, was writable by others, cannot be made, or
    stands in a folder that others can write to and that is not sticky: whoever may rename it could swap it.
    """
    try:
        _make(folder)
        found = folder.lstat()
        above = folder.parent.stat()
    except OSError as error:
        raise ServiceError(
            f"cannot make the folder {folder}", why=str(error), fix="free the path or set XDG_STATE_HOME"
        ) from error
    if not stat.S_ISDIR(found.st_mode):
        raise ServiceError(f"{folder} is not a folder of its own", why="it is a link or a file", fix="move it away")
    if found.st_uid != os.geteuid():
        raise ServiceError(f"{folder} belongs to another user", why=f"its owner has the id {found.st_uid}", fix="move it away")
    if found.st_mode & 0o022:
        raise ServiceError(
            f"{folder} could be written by other users",
            why=f"its mode is {found.st_mode & 0o7777:04o}",
            fix=f"chmod 0700 {folder}",
        )
    if above.st_mode & 0o002 and not above.st_mode & stat.S_ISVTX:
        raise ServiceError(
            f"{folder.parent} could be written by other users",
            why=f"its mode is {above.st_mode & 0o7777:04o}: they could swap the folder {folder.name}",
            fix=f"chmod o-w {folder.parent}",
        )
    if found.st_mode & 0o077:
        folder.chmod(0o700)
    return folder


def _make(folder: Path) -> None:
    """``mkdir -p`` that gives every folder it makes mode 0700, whatever the umask."""
    if folder.is_dir():
        return
    if not folder.parent.is_dir():
        _make(folder.parent)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return
    folder.chmod(0o700)


def _base(env: Mapping[str, str], variable: str, below_home: str) -> Path:
    return _absolute(env.get(variable, "")) or _home(env) / below_home


def _home(env: Mapping[str, str]) -> Path:
    given = _absolute(env.get("HOME", ""))
    if given is None:
        raise ServiceError("there is no home folder", why="HOME is not set to an absolute path", fix="set HOME")
    return given


def _absolute(text: str) -> Path | None:
    """The path, or None: the specification says that a relative path is to be ignored."""
    return Path(text) if text.startswith("/") else None
