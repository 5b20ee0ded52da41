"""Arithmetic expressions of numbers alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core.effect import EffectKind
from checkrein.detect.shell.expansion.arithmetic import constant


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), (" 4140+1 ", 4141), ("2*(3-1)", 4), ("-1", -1), ("1 -\n1", 0), ("-(2+3)*2", -10)],
)
def test_what_is_known(text: str, value: int) -> None:
    assert constant(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x+1",
        "010",
        "0x10",
        "1/0",
        "2**9",
        "1,2",
        "()",
        "1(2)",
        "1 2",
        "9223372036854775808",
        "9999999999*9999999999",
        "1+" * 100 + "1",
    ],
)
def test_what_is_not(text: str) -> None:
    assert constant(text) is None


@given(st.text(alphabet="019+-*() ", max_size=30))
def test_any_text(text: str) -> None:
    found = constant(text)
    assert found is None or isinstance(found, int)


@pytest.mark.parametrize("command", ["rm -rf /tmp/a$((1+1))", "n=1; rm -rf /tmp/a$(($n+1))"])
def test_in_a_word(judge: Any, command: str) -> None:
    assert judge(command).of(EffectKind.DELETE) == ["/tmp/a2"]
