"""What snippets of each language do, and their harmless twins: ``examples/*.yaml``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from checkrein.detect.shell.snippets import LANGUAGES

EXAMPLES = {
    language: yaml.safe_load((Path(__file__).parent / "examples" / f"{language}.yaml").read_text()) for language in LANGUAGES
}
SCRIPTS = {"/w/helper.py": "pass"}
WORDS = ("A1", "A2")
FOUND = [pytest.param(language, one["code"], one["does"]) for language, told in EXAMPLES.items() for one in told["found"]]
HARMLESS = [(language, code) for language, told in EXAMPLES.items() for code in told["harmless"]]


@pytest.mark.parametrize(("language", "code", "does"), FOUND)
def test_found(brief_of: Callable[..., set[str]], language: str, code: str, does: str | list[str]) -> None:
    expected = {does} if isinstance(does, str) else set(does)
    words = WORDS if any("A1" in text for text in expected) else ()
    assert expected <= brief_of(language, code, words, scripts=SCRIPTS)


@pytest.mark.parametrize(("language", "code"), HARMLESS)
def test_harmless(brief_of: Callable[..., set[str]], language: str, code: str) -> None:
    assert brief_of(language, code) == set()
