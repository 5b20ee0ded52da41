"""The value of an arithmetic expression that names no variable (bash(1), ARITHMETIC EVALUATION)."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

MAX_TEXT = 200  # characters
LIMIT = 1 << 63
PLAIN = frozenset("0123456789+-*() \t\n")
OPERATORS: Mapping[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}


def constant(text: str) -> int | None:
    """Sums, differences and products of decimal numbers; None for everything else, and for what overflows."""
    if len(text) > MAX_TEXT or not PLAIN.issuperset(text):
        return None
    try:
        return _value(ast.parse(" ".join(text.split()), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _value(node: ast.expr) -> int:
    match node:
        case ast.Constant(value=int(number)):
            found = number
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            found = OPERATORS[type(op)](_value(left), _value(right))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            found = -_value(operand)
        case _:
            raise ValueError(node)
    if not -LIMIT < found < LIMIT:
        raise ValueError(node)
    return found
