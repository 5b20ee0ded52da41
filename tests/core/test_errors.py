"""The error tree: what happened, why, what to do next, and the exit code."""

from __future__ import annotations

import pytest

from checkrein import core
from checkrein.core import CheckreinError

CODES = {
    "UsageError": 2,
    "PolicyError": 2,
    "SettingsError": 2,
    "ServiceError": 3,
    "LedgerError": 3,
    "UndoError": 3,
    "RedactionError": 3,
    "ScanError": 3,
    "VaultError": 3,
    "ClientError": 3,
}


@pytest.mark.parametrize(("name", "code"), list(CODES.items()))
def test_every_error_has_its_exit_code(name: str, code: int) -> None:
    error: type[CheckreinError] = getattr(core, name)
    assert issubclass(error, CheckreinError)
    assert error.exit_code == code


def test_no_error_is_forgotten() -> None:
    def below(error: type[CheckreinError]) -> set[str]:
        return {name for each in error.__subclasses__() for name in (each.__name__, *below(each))}

    assert below(CheckreinError) == set(CODES)


def test_the_text_of_an_error() -> None:
    assert str(CheckreinError("It failed.")) == "It failed."
    assert str(CheckreinError("It failed.", why="no disk", fix="buy one")) == "It failed.\nwhy: no disk\nfix: buy one"
