"""The rules' metadata: data files, and the one function that reads them.

``commands/*.yaml`` and ``paths/*.yaml`` hold lists of rules; ``programs/*.yaml`` say what command-line programs do (read by
``detect.shell.table.handler``). The order of ``FILES`` is the order of the generated rule pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

from checkrein.core import Action, Example, Rule, Severity, Threat

FIELDS = {"id", "title", "threat", "severity", "action", "why", "instead", "suggests", "references", "bad", "good"}


@cache
def load_rules() -> Mapping[str, Rule]:
    """Every rule by its id. Raises ValueError, naming file and rule, where a data file is not as it has to be."""
    rules: dict[str, Rule] = {}
    for folder in ("commands", "paths"):
        for file in sorted((resources.files(__name__) / folder).iterdir(), key=lambda entry: entry.name):
            if not file.name.endswith(".yaml"):
                continue
            for entry in yaml.load(file.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # noqa: S506
                rule = _rule(entry, f"{folder}/{file.name}")
                if rule.id in rules:
                    raise ValueError(f"{folder}/{file.name}: rule {rule.id} is defined twice")
                rules[rule.id] = rule
    return rules


def _rule(entry: Mapping[str, Any], where: str) -> Rule:
    unknown = set(entry) - FIELDS
    missing = {"id", "title", "threat", "severity", "action", "why", "instead", "bad", "good"} - set(entry)
    if unknown or missing:
        raise ValueError(f"{where}: rule {entry.get('id')}: unknown fields {sorted(unknown)}, missing fields {sorted(missing)}")
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


def _example(case: str | Mapping[str, Any]) -> Example:
    if isinstance(case, str):
        return Example("Bash", {"command": case}, {})
    tool = case.get("tool", "Bash")
    given = case["input"] if "input" in case else {"command": case["command"]}
    return Example(tool, given, case.get("files", {}), tuple(case.get("tracked", ())))
