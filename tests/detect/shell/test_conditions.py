"""What a test for a file says of it."""

from __future__ import annotations

import pytest

from checkrein.detect.shell.conditions import missing_where
from checkrein.detect.shell.syntax.nodes import Literal
from checkrein.detect.shell.syntax.parser import parse


def missing(text: str, *, passed: bool) -> str | None:
    word = missing_where(parse(text), passed=passed)
    return None if word is None else "".join(part.text for part in word.parts if isinstance(part, Literal))


@pytest.mark.parametrize("text", ["[ -f .env ]", "test -e .env", "[[ -f .env ]]", "[ -a '.env' ]", "! ! [ -f .env ]"])
def test_a_test_that_fails(text: str) -> None:
    assert missing(text, passed=False) == ".env"
    assert missing(text, passed=True) is None


@pytest.mark.parametrize("text", ["[ ! -f .env ]", "test ! -e .env", "[[ ! -f .env ]]", "! [ -f .env ]", "! test -e .env"])
def test_a_negated_test_that_is_passed(text: str) -> None:
    assert missing(text, passed=True) == ".env"
    assert missing(text, passed=False) is None


@pytest.mark.parametrize(
    "text", ["[ -s .env ]", "[ -d x ]", "[ -f a -o -f b ]", "ls .env", "true; [ -f x ]", "[ x = y ]", "A=1", "[ -f$X .env ]"]
)
def test_what_says_nothing(text: str) -> None:
    assert missing(text, passed=False) is None
    assert missing(text, passed=True) is None
