"""What kind of file an absolute path names: one that holds secrets, one that is not to be changed lightly, or neither.

Pure: nothing is looked up on disk, so links have to be resolved before. The kinds are rules (``read.dotenv``,
``protect.lockfile``); their patterns stand in ``rules/paths/patterns``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import yaml

from checkrein.detect.paths.table import Table
from checkrein.detect.paths.view import view_of

STATE_RULE = "read.checkrein-state"
OWN_RULE = "protect.checkrein"
SYSTEM_RULES = ("protect.system", "protect.local-programs")


@dataclass(frozen=True, slots=True)
class Places:
    """The folders that a classification depends on, absolute and normalised.

    ``config`` and ``state`` are Checkrein's own: the first may be read, neither may be changed.
    """

    home: str
    project: str
    config: tuple[str, ...] = ()
    state: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Classification:
    """The rule that reading the file falls under, and the one that changing it does; "" for none."""

    sensitive: str = ""
    protected: str = ""


ORDINARY = Classification()


@lru_cache(maxsize=8192)
def classify(path: str, places: Places, *, is_dir: bool = False) -> Classification:
    """What reading and changing ``path`` (absolute; letter case and spelling do not matter) falls under.

    ``is_dir``: the path is known to be a folder, so a name such as ``credentials`` says nothing; a place (``~/.ssh``) does.
    """
    view = view_of(path, places.home)
    if view is None:
        return ORDINARY
    if _inside(path, places.state):
        return Classification(STATE_RULE, OWN_RULE)
    sensitive = _table("sensitive").find(view, by_name=not is_dir, copies=True)
    if _inside(path, places.config):
        return Classification(sensitive, OWN_RULE)
    protected = _table("protected").find(view)
    if protected in SYSTEM_RULES and _is_project_in_system_folder(view.absolute, places.project.lower()):
        protected = ""
    return Classification(sensitive, protected)


def rules_used() -> frozenset[str]:
    """The ids of all rules that ``classify`` can name."""
    found = {entry.rule for name in ("sensitive", "protected") for entry in _table(name).entries}
    return frozenset(found | {STATE_RULE, OWN_RULE})


def _inside(path: str, folders: tuple[str, ...]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def _is_project_in_system_folder(path: str, project: str) -> bool:
    """A session that was opened in a folder such as /usr/src/app has its own files there."""
    return project.strip("/").count("/") >= 1 and _inside(path, (project,))


@cache
def _table(name: str) -> Table:
    text = (resources.files("checkrein.rules") / "paths" / "patterns" / f"{name}.yaml").read_text("utf-8")
    data: Any = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 (the safe one, in C)
    return Table(data["entries"], data.get("harmless", ()))
