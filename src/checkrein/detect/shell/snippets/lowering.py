"""What all lowerings share."""

from __future__ import annotations

from dataclasses import dataclass

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.snippets import ir

MARK = "ꙮ"
"""Stands in source text for UNKNOWN while it is parsed: a letter, so that it may stand in a name as well as in a text."""


@dataclass(frozen=True, slots=True)
class Lowered:
    """A program, and what a person has to know that could not be read of it."""

    program: tuple[ir.Node, ...]
    problems: tuple[str, ...] = ()


def const_text(text: str) -> str:
    """A literal's text, with UNKNOWN where the source had it."""
    return text.replace(MARK, UNKNOWN) if MARK in text else text


def deep() -> ir.Node:
    """What stands for code below the depth that is followed."""
    return ir.Unreadable("the code is nested too deeply to be followed")


def compared(sides: tuple[ir.Node, ...]) -> ir.Node:
    """A comparison: true or false, which tells nothing of what was compared."""
    return ir.Block((*sides, ir.Choice((ir.Const(value=True), ir.Const(value=False)))))
