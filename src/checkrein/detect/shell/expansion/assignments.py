"""Assignments, and the variables that a command refers to."""

from __future__ import annotations

import re
from collections.abc import Iterable

from checkrein.detect.shell.expansion.expand import Expander
from checkrein.detect.shell.expansion.fields import bounded
from checkrein.detect.shell.frame import Cost
from checkrein.detect.shell.syntax.nodes import Arithmetic, Assignment, Literal, Parameter, Part, Simple
from checkrein.detect.shell.values import Value


def assign(assignments: Iterable[Assignment], expander: Expander, *, lasting: bool) -> dict[str, Value]:
    """Evaluate assignments; lasting ones change the shell, others are the environment of one command."""
    state = expander.state
    environment: dict[str, Value] = {}
    for item in assignments:
        expander.spend(Cost.WORD)
        index = expander.parts(item.subscript).strip() if item.subscript else ""
        expander.evaluate(index)
        if item.items is not None:
            _assign_array(item, expander)
            continue
        value = expander.single(item.value)
        if item.name in state.integers:
            expander.evaluate(value.text)
        if item.append:
            before = expander.parameter(Parameter(item.name, index=item.index, subscript=item.subscript))
            known = before[0] if item.name in state.variables or item.name in state.arrays else Value("")
            value = bounded(Value(known.text + value.text, origins=known.origins | value.origins))
        if item.index:
            state.set_element(item.name, index, value)
        elif lasting:
            state.set(item.name, value)
        else:
            environment[item.name] = value
    return environment


def _assign_array(item: Assignment, expander: Expander) -> None:
    state = expander.state
    values = expander.fields(item.items or ())
    held = state.arrays.get(state.resolved(item.name), {}) if item.append else {}
    if not item.append:
        state.set_array(item.name, ())
    at = max(held, default=-1) + 1
    for value in values:
        keyed = re.fullmatch(r"\[(.*?)\]=(.*)", value.text, re.DOTALL)
        if keyed:
            state.set_element(item.name, keyed[1], Value(keyed[2], value.glob, value.origins))
            at = int(keyed[1][:6]) + 1 if keyed[1].isdecimal() else at
            continue
        state.set_element(item.name, str(at), value)
        at += 1


def variables_of(node: Simple) -> list[str]:
    """The variables that a simple command's words refer to."""
    names: dict[str, None] = {}
    pending: list[Part] = [part for word in node.words for part in word.parts if not isinstance(part, Literal)]
    pending += [part for item in node.assignments for part in item.value.parts]
    pending += [part for item in node.assignments for word in item.items or () for part in word.parts]
    pending += [part for redirect in node.redirects for part in redirect.target.parts]
    pending += [part for redirect in node.redirects if redirect.heredoc for part in redirect.heredoc.body.parts]
    while pending:
        part = pending.pop()
        if isinstance(part, Parameter):
            names[part.name] = None
            if part.argument is not None:
                pending.extend(part.argument.parts)
        elif isinstance(part, Arithmetic):
            pending.extend(part.parts)
    return list(names)
