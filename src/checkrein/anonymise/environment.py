"""A ``.env`` file without its secrets: names, comments, order and harmless values stay; ``<GITHUB_TOKEN>`` stands for a value.

Everything that is not replaced stays byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from checkrein.core.sensitive import Certainty, Sensitive, merged
from checkrein.detect.dotenv import assignments
from checkrein.detect.secrets.known import Known, KnownValues
from checkrein.detect.sensitive import Detector
from checkrein.observe.credentials.credentials import label_of
from checkrein.observe.credentials.formats import is_secret

_NAME = re.compile(r"[\w.-]+")
"""In comments, words before a sign of equality are mostly none."""
_REFERENCES = ("${", "$(", "{{", "<")
_HARMLESS = frozenset(("true", "false", "yes", "no", "on", "off", "none", "null", "0", "1"))


@dataclass(frozen=True, slots=True)
class Replaced:
    """What was replaced: the line (from 1) on which it began, and the placeholder."""

    line: int
    placeholder: str


@dataclass(frozen=True, slots=True)
class Example:
    """The text without secrets."""

    text: str
    replaced: tuple[Replaced, ...]


def example(text: str, search: Detector) -> Example:
    """``text`` as an example that may be shared: what ``search`` finds, or a name says to be secret, is replaced.

    Of an address only the password is. Raises what ``search`` raises.
    """
    found = merged(_secrets(text, search))
    known = KnownValues(Known(each.label, text[each.start : each.end], "") for each in found)
    parts: list[str] = []
    replaced: list[Replaced] = []
    at = 0
    for each in merged((*found, *known.scan(text))):
        placeholder = f"<{each.label}>"
        parts += [text[at : each.start], placeholder]
        replaced.append(Replaced(text.count("\n", 0, each.start) + 1, placeholder))
        at = each.end
    return Example("".join((*parts, text[at:])), tuple(replaced))


def _secrets(text: str, search: Detector) -> Iterator[Sensitive]:
    """What is found anywhere in ``text``, and the values whose names say enough. A value is named by its own kind, else by
    the name that it is assigned to."""
    found = search.scan(text)
    given = [each for each in assignments(text) if _NAME.fullmatch(each.name)]
    for each in found:
        inside = next((one for one in given if one.start <= each.start and each.end <= one.end), None)
        if inside is None or each.certainty is Certainty.SPECIFIC:
            yield each
        else:
            yield Sensitive(each.rule, label_of(inside.name), each.start, each.end, each.certainty)
    for one in given:
        value = text[one.start : one.end]
        if _is_secret(one.name, value) and not any(one.start <= each.start < one.end for each in found):
            yield Sensitive("secret.named", label_of(one.name), one.start, one.end, Certainty.GENERIC)


def _is_secret(name: str, value: str) -> bool:
    if not value or value.startswith(_REFERENCES) or value.lower() in _HARMLESS or "://" in value:
        return False
    return is_secret(name, value)
