"""The page of the controls: what each is for, and the rules that it can raise, read from its source."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from types import ModuleType

from checkrein.controls import CONTROLS, Control
from checkrein.detect.paths import rules_used
from checkrein.detect.shell.table import programs
from checkrein.docs.markdown import document, prose
from checkrein.docs.rules import link
from checkrein.rules import load_rules


@dataclass(frozen=True, slots=True)
class Raises:
    """The rules of one control: ``own`` stand in its source. The other two are asked of others: see ``page``."""

    own: tuple[str, ...]
    of_effects: bool
    of_paths: str  # "read", "protect" or "": which half of a path's classification it uses


def page() -> str:
    """The page: the controls in the order in which they are asked, and what they share."""
    blocks = [
        "# Controls",
        _ORDER,
    ]
    for name, control in CONTROLS:
        blocks.extend(_section(name, control))
    blocks += ["## Rules that a command line names", _EFFECTS, _rules(named_by_detectors())]
    return document(*blocks)


_ORDER = (
    "Each control looks at one event for one kind of trouble, and says what it found in the terms of "
    "[rules](rules/README.md). They are asked in this order; the strictest finding of all decides. A control that fails is "
    "itself a finding, `guard.control-failed`, with the action that the policy's `on_error` names (by default deny)."
)
_EFFECTS = (
    "What these are about is plain from the command alone (`terraform destroy`): the data on programs and the code that reads "
    "their options put the rule on the effect, and a control hands it on."
)


def _section(name: str, control: Control) -> Iterator[str]:
    module = sys.modules[control.__module__]
    raises = raised_by(module)
    yield f"## {name[0].upper()}{name[1:]}"
    yield prose(" ".join((inspect.getdoc(module) or "").split("\n\n")[0].split()))
    yield from (prose(" ".join(part.split())) for part in (inspect.getdoc(module) or "").split("\n\n")[1:])
    if raises.own:
        yield "Rules of its own:"
        yield _rules(raises.own)
    if raises.of_paths:
        patterns = {"read": "files that hold secrets", "protect": "files that are not to be changed lightly"}[raises.of_paths]
        yield f"Rules on {patterns}, by name and place:"
        yield _rules(rule for rule in sorted(rules_used()) if rule.startswith(f"{raises.of_paths}.") and rule not in raises.own)
    if raises.of_effects:
        yield "Also: [rules that a command line names](#rules-that-a-command-line-names)."


def raised_by(module: ModuleType) -> Raises:
    """What the source of a control's module says that it can raise."""
    tree = ast.parse(inspect.getsource(module))
    attributes = {(ast.unparse(node.value), node.attr) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names = {attribute for _, attribute in attributes}
    of_paths = "protect" if "protected" in names else "read" if "sensitive" in names else ""
    return Raises(_known(_strings(tree)), _hands_on(tree), of_paths)


def _hands_on(tree: ast.Module) -> bool:
    """True where a finding takes its rule from the effect."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "context.finding")
    return any(call.args and ast.unparse(call.args[0]) == "effect.rule" for call in calls)


@cache
def named_by_detectors() -> tuple[str, ...]:
    """The rules that stand in the detectors' code and in the data on programs."""
    words = {entry.rule for name in programs.KNOWN for entry in programs.program(name).entries}
    for file in _sources(resources.files("checkrein.detect")):
        words.update(_strings(ast.parse(file.read_text("utf-8"))))
    return tuple(rule for rule in _known(words) if rule not in rules_used())


def _sources(folder: Traversable) -> Iterator[Traversable]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry)
        elif entry.name.endswith(".py"):
            yield entry


def _strings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _known(words: Iterable[str]) -> tuple[str, ...]:
    """Those that are ids of rules, each once, in the order of the rules' data."""
    found = set(words)
    return tuple(rule for rule in load_rules() if rule in found)


def _rules(ids: Iterable[str]) -> str:
    rules = load_rules()
    return "\n".join(f"- {link(rule, 'rules/')}: {prose(rules[rule].title)}" for rule in ids)
