"""Passwords that a call takes by their place: ``login("me", "PASSWORD")``, ``auth=("me", "PASSWORD")``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect.secrets.generic.judge import is_password
from checkrein.detect.secrets.generic.literals import Form, Literal, quoted
from checkrein.detect.secrets.generic.names import Kind

_ARGUMENT = re.compile(r"[ \t]*(?:[\w$.:>-]+(?=[ \t]*,))?")  # a variable, where it is not a string
_COMMA = re.compile(r"[ \t]*,[ \t]*(?:\r?\n[ \t]*)?")
_MOST = 5


def arguments(text: str, ends: Iterable[int]) -> Iterator[Sensitive]:
    """The strings behind the first argument that are passwords, of the calls whose opening parentheses end at ``ends``."""
    for end in ends:
        for literal in _behind_first(text, end):
            if is_password(literal.content):
                yield Sensitive(Kind.PASSWORD.rule, Kind.PASSWORD.label, literal.start, literal.end, Certainty.GENERIC)
                break


def _behind_first(text: str, at: int) -> Iterator[Literal]:
    for number in range(_MOST):
        found = _ARGUMENT.match(text, at)
        at = found.end() if found else at
        literal = quoted(text, at)
        if literal is not None:
            if literal.form is not Form.QUOTED:
                return
            if number:
                yield literal
            at = literal.end + 1
        comma = _COMMA.match(text, at)
        if comma is None:
            return
        at = comma.end()
