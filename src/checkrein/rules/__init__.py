"""The rules' metadata: data files, and the functions that read them.

``commands``, ``paths`` and ``data`` hold lists of rules, ``notices`` what the guard says of itself; ``programs`` says what
command-line programs do (read by ``detect.shell.table.handler``), ``secrets`` and ``pii`` what credentials and personal data
look like (read by the catalogues in ``detect.secrets`` and ``detect.pii``).
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from importlib import resources
from typing import Any

from checkrein.core import Action, Example, Notice, Rule, Severity, Threat
from checkrein.rules.entries import listed

_COMMON = frozenset({"id", "title", "threat", "severity", "action", "why", "instead"})


def data_files(folder: str) -> Mapping[str, str]:
    """The text of each YAML file in a folder of this package, by its name without the ending, in the order of file names."""
    files = (file for file in (resources.files(__name__) / folder).iterdir() if file.name.endswith(".yaml"))
    return {file.name.removesuffix(".yaml"): file.read_text("utf-8") for file in sorted(files, key=lambda entry: entry.name)}


@cache
def load_rules() -> Mapping[str, Rule]:
    """Every rule by its id. Raises ValueError, naming file and rule, where a data file is not as it has to be."""
    rules: dict[str, Rule] = {}
    for folder in ("commands", "paths", "data"):
        for name, text in data_files(folder).items():
            for entry in listed(text, f"{folder}/{name}.yaml"):
                rule = _rule(entry, f"{folder}/{name}.yaml")
                if rule.id in rules:
                    raise ValueError(f"{folder}/{name}.yaml: rule {rule.id} is defined twice")
                rules[rule.id] = rule
    return rules


@cache
def load_notices() -> Mapping[str, Notice]:
    """Every notice by its id. Raises ValueError, naming file and notice, where a data file is not as it has to be."""
    notices: dict[str, Notice] = {}
    for name, text in data_files("notices").items():
        for entry in listed(text, f"notices/{name}.yaml"):
            notice = _notice(entry, f"notices/{name}.yaml")
            if notice.id in notices:
                raise ValueError(f"notices/{name}.yaml: {notice.id} is defined twice")
            notices[notice.id] = notice
    return notices


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
