"""The rules' metadata: data files, and the functions that read them.

``commands``, ``paths`` and ``data`` hold lists of rules, ``notices`` what the guard says of itself; ``programs`` says what
command-line programs do (read by ``detect.shell.table.handler``), ``secrets`` and ``pii`` what credentials and personal data
look like (read by the catalogues in ``detect.secrets`` and ``detect.pii``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from importlib import resources
from typing import Any, TypeVar

from checkrein.core import Action, Example, Notice, Rule, Severity, Threat
from checkrein.rules.entries import listed

M = TypeVar("M", Rule, Notice)

_COMMON = frozenset({"id", "title", "threat", "severity", "action", "why", "instead"})


def data_files(folder: str) -> Mapping[str, str]:
    """The text of each YAML file in a folder of this package, by its name without the ending, in the order of file names."""
    files = (file for file in (resources.files(__name__) / folder).iterdir() if file.name.endswith(".yaml"))
    return {file.name.removesuffix(".yaml"): file.read_text("utf-8") for file in sorted(files, key=lambda entry: entry.name)}


@cache
def load_rules() -> Mapping[str, Rule]:
    """Every rule by its id. Raises ValueError, naming file and rule, where a data file is not as it has to be."""
    return _by_id(("commands", "paths", "data"), _rule)


@cache
def load_notices() -> Mapping[str, Notice]:
    """Every notice by its id. Raises ValueError, naming file and notice, where a data file is not as it has to be."""
    return _by_id(("notices",), _notice)


def _by_id(folders: Iterable[str], made: Callable[[Mapping[str, Any], str], M]) -> Mapping[str, M]:
    """What ``made`` makes of each entry of the files in ``folders``."""
    found: dict[str, M] = {}
    for folder in folders:
        for name, text in data_files(folder).items():
            where = f"{folder}/{name}.yaml"
            for entry in listed(text, where):
                each = made(entry, where)
                if each.id in found:
                    raise ValueError(f"{where}: {each.id} is defined twice")
                found[each.id] = each
    return found


@cache
def pii_kinds() -> Mapping[str, bool]:
    """The id of every kind of personal data, and whether it is looked for without being asked to (``pii/*.yaml``)."""
    return {
        entry["id"]: entry["default"] for name, text in data_files("pii").items() for entry in listed(text, f"pii/{name}.yaml")
    }


def _check(entry: Mapping[str, Any], where: str, required: AbstractSet[str], optional: AbstractSet[str] = frozenset()) -> None:
    unknown, missing = set(entry) - required - optional, required - set(entry)
    if unknown or missing:
        raise ValueError(f"{where}: rule {entry.get('id')}: unknown fields {sorted(unknown)}, missing fields {sorted(missing)}")


def _rule(entry: Mapping[str, Any], where: str) -> Rule:
    _check(entry, where, _COMMON | {"bad", "good"}, {"suggests", "references"})
    return Rule(
        id=entry["id"],
        title=entry["title"],
        threat=Threat(entry["threat"]),
        severity=Severity(entry["severity"]),
        action=Action.parse(entry["action"]),
        why=entry["why"],
        instead=entry["instead"],
        references=tuple(entry.get("references", ())),
        bad=tuple(_example(case) for case in entry["bad"]),
        good=tuple(_example(case) for case in entry["good"]),
        suggests=tuple(entry.get("suggests", ())),
    )


def _notice(entry: Mapping[str, Any], where: str) -> Notice:
    _check(entry, where, _COMMON | {"when", "not_when"})
    return Notice(
        id=entry["id"],
        title=entry["title"],
        threat=Threat(entry["threat"]),
        severity=Severity(entry["severity"]),
        action=Action.parse(entry["action"]),
        why=entry["why"],
        instead=entry["instead"],
        when=tuple(entry["when"]),
        not_when=tuple(entry["not_when"]),
    )


def _example(case: str | Mapping[str, Any]) -> Example:
    if isinstance(case, str):
        return Example("Bash", {"command": case}, {})
    tool = case.get("tool", "Bash")
    given = case["input"] if "input" in case else {"command": case["command"]}
    return Example(tool, given, case.get("files", {}), tuple(case.get("tracked", ())))
