"""What proves a value: checksums, ranges, dates. A kind names its validator in ``rules/pii/*.yaml``.

``stdnum.<module>`` is the ``is_valid`` of that module of python-stdnum, the field's own library for such numbers; the others
stand in the modules of this folder.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from functools import cache

from checkrein.detect.pii.validators import america, asia, dates, europe, money, network, phone

Validator = Callable[[str], int]
"""How many characters of the value, from its begin, are what they seem to be; 0 where none are."""

OWN: Mapping[str, Callable[[str], bool]] = {
    **america.VALIDATORS,
    **asia.VALIDATORS,
    **dates.VALIDATORS,
    **europe.VALIDATORS,
    **money.VALIDATORS,
    **network.VALIDATORS,
    **phone.VALIDATORS,
}
LIBRARY = "stdnum."


def is_validator(name: object) -> bool:
    """Whether ``name`` is one; the library's module is looked for, not loaded."""
    if not isinstance(name, str):
        return False
    if not name.startswith(LIBRARY):
        return name in OWN or name in MEASURES
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


MEASURES: Mapping[str, Validator] = {"iban": money.iban_length, "example-iban": money.published_iban_length}
"""Those that may find less of the value to be valid than was put to them."""


@cache
def validator(name: str) -> Validator:
    """The validator ``name``, which may be "" for what has none. KeyError where there is no such."""
    if not name:
        return len
    if name in MEASURES:
        return MEASURES[name]
    if name.startswith(LIBRARY):
        confirms: Callable[[str], bool] = importlib.import_module(name).is_valid
    else:
        confirms = OWN[name]
    return lambda value: len(value) if confirms(value) else 0
