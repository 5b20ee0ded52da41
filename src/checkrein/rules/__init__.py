"""The rules' metadata: data files, and the functions that read them.

``commands``, ``paths`` and ``data`` hold lists of rules, ``notices`` what the guard says of itself; ``programs`` says what
command-line programs do (read by ``detect.shell.table.handler``), ``secrets`` and ``pii`` what credentials and personal data
look like (read by the catalogues in ``detect.secrets`` and ``detect.pii``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import cache
from importlib import resources
from typing import Any, TypeVar

from checkrein.core import Action, Descriptor, Example, Notice, Rule, Severity, Threat
from checkrein.rules.entries import Entry, listed

D = TypeVar("D", bound=Descriptor)

_COMMON = frozenset(field.name for field in fields(Descriptor))
_RULE = _COMMON | {"bad", "good"}
_NOTICE = _COMMON | {"when", "not_when"}


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


def _by_id(folders: Iterable[str], made: Callable[[object, str], D]) -> Mapping[str, D]:
    """What ``made`` makes of each entry of the files in ``folders``."""
    found: dict[str, D] = {}
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


def _rule(given: object, where: str) -> Rule:
    entry = Entry(given, where, _RULE | {"suggests", "references"})
    entry.check_fields(_RULE)
    return Rule(
        **_common(entry),
        references=entry.texts("references"),
        bad=_examples(entry, "bad"),
        good=_examples(entry, "good"),
        suggests=entry.texts("suggests"),
    )


def _notice(given: object, where: str) -> Notice:
    entry = Entry(given, where, _NOTICE)
    entry.check_fields(_NOTICE)
    return Notice(**_common(entry), when=entry.texts("when"), not_when=entry.texts("not_when"))


def _common(entry: Entry) -> Mapping[str, Any]:
    """The fields of a ``Descriptor``."""
    return {
        **{name: entry.text(name) for name in ("id", "title", "why", "instead")},
        "threat": entry.choice("threat", Threat),
        "severity": entry.choice("severity", Severity),
        "action": entry.choice("action", Action),
    }


def _examples(entry: Entry, name: str) -> tuple[Example, ...]:
    cases = entry.value(name, ())
    if not isinstance(cases, list) or not cases:
        raise ValueError(f"{entry.where}: {name} is not a list of examples")
    return tuple(_example(case, entry.where) for case in cases)


def _example(case: object, where: str) -> Example:
    if isinstance(case, str):
        return Example("Bash", {"command": case}, {})
    if not isinstance(case, dict) or not {"input", "command"} & case.keys():
        raise ValueError(f"{where}: an example is a command, or a mapping with a command or the input of a tool: {case}")
    given = case["input"] if "input" in case else {"command": case["command"]}
    return Example(case.get("tool", "Bash"), given, case.get("files", {}), tuple(case.get("tracked", ())))
