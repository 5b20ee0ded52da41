"""A ``checkrein`` command that the person's shell finds."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from checkrein.locations import NAME, command_link, program, spoken


@dataclass(frozen=True, slots=True)
class Launcher:
    """``command`` is what to type; ``link`` the link that makes it so, where this call made it. ``trouble`` says why there is
    none where one was wanted."""

    command: str
    link: Path | None = None
    trouble: str = ""


def provide(env: Mapping[str, str]) -> Launcher:
    """Link our command into ``~/.local/bin`` where no shell finds it otherwise, and that folder is on the path.

    What stands there stays, unless it is a link that leads nowhere. No failure here keeps protection from being put on.
    """
    command = spoken(env)
    link = command_link(env)
    if command == NAME or str(link.parent) not in env.get("PATH", "").split(os.pathsep):
        return Launcher(command)
    try:
        link.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        if link.is_symlink() and not link.exists():
            link.unlink()
        link.symlink_to(program())
    except OSError as error:
        return Launcher(command, trouble=f"{link}: {error.strerror}")
    command = spoken(env)
    if command != NAME:
        link.unlink()  # another command of this name comes before it on the path
        return Launcher(command, trouble=f"the shell finds another {NAME} first")
    return Launcher(command, link)
