"""Words of a builtin: its operands and options."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.values import Stream, Value

if TYPE_CHECKING:
    from checkrein.detect.shell.execution import Execution
    from checkrein.detect.shell.frame import Frame

Builtin = Callable[["Execution", Sequence[Value], "Frame", Mapping[str, Value]], Stream | None]


def one(values: Sequence[Value] | None, default: str) -> str:
    """The text of a variable that has one value, ``default`` where it is not set."""
    return default if not values else values[0].text if len(values) == 1 else UNKNOWN


def operands(argv: Sequence[Value], *, with_value: str) -> list[str]:
    """The words that are no options; ``with_value`` are the letters whose value is the next word."""
    names: list[str] = []
    skip = False
    for value in argv[1:]:
        text = value.text
        if skip:
            skip = False
        elif text.startswith("-") and len(text) > 1:
            skip = text[-1] in with_value and not text.startswith("--")
        else:
            names.append(text)
    return names


def option(argv: Sequence[Value], letter: str) -> str:
    """The value of a single-letter option, "" where it is not given."""
    for at, value in enumerate(argv[:-1]):
        if value.text.startswith("-") and value.text.endswith(letter):
            return argv[at + 1].text
    return ""
