"""What is assigned to a name."""

from __future__ import annotations

import pytest

from checkrein.detect.secrets.generic.reader import Operator, value_after


def read(text: str, name: str = "pw") -> tuple[Operator, str, str] | None:
    """Operator, content and scheme of what is assigned to the first ``name`` in ``text``."""
    value = value_after(text, text.index(name), text.index(name) + len(name))
    return (value.operator, value.literal.content, value.scheme) if value else None


@pytest.mark.parametrize(
    ("text", "operator"),
    [
        ('pw = "v"', Operator.ASSIGN),
        ('pw := "v"', Operator.ASSIGN),
        ('pw ?= "v"', Operator.ASSIGN),
        ('pw => "v"', Operator.ASSIGN),
        ('pw <- "v"', Operator.ASSIGN),
        ('pw == "v"', Operator.COMPARE),
        ('pw !== "v"', Operator.COMPARE),
        ('"pw": "v"', Operator.COLON),
        ("pw: v", Operator.COLON),
        ("pw: String = 'v'", Operator.COLON),
        ('pw string = "v"', Operator.ASSIGN),
        ('pw[8] = "v"', Operator.ASSIGN),
        ("pw('v')", Operator.CALL),
        ("f('pw', 'v')", Operator.COMMA),
        ("<pw>v</pw>", Operator.MARKUP),
        ("| pw | v |", Operator.TABLE),
        ("the pw is v", Operator.WORD),
        ("pw for me: v", Operator.WORD),
        ("--pw v", Operator.SPACE),
        ("ENV pw v", Operator.SPACE),
        ("PASSWORD 'v'".replace("PASSWORD", "pw"), Operator.SPACE),
        ('<a name="pw" value="v">', Operator.ASSIGN),
        ('name: pw\nvalue: "v"', Operator.ASSIGN),
        ("${pw:-v}", Operator.ASSIGN),
        ("pw = getenv('PW', 'v')", Operator.ASSIGN),
        ("pw = env['PW'] or 'v'", Operator.ASSIGN),
        ("pw = other or 'v'", Operator.ASSIGN),
        ("pw = wrap('v')", Operator.ASSIGN),
        ("pw: |\n  v", Operator.COLON),
    ],
)
def test_operators(text: str, operator: Operator) -> None:
    assert read(text) == (operator, "v", "")


@pytest.mark.parametrize(
    "text",
    [
        "pw",
        "pw()",
        "pw(v)",
        "f(pw, v)",
        "f('pw', v)",
        "pw == v",
        "pw = getenv('v')",
        "pw = env['v']",
        "pw = f(v)",
        "see pw v",
        "pw://v",
        "pw, v",
        "arn:aws:pw:v",
        "pw |v",
        "pw = get('PW') or v",
        "pw\n\nv",
    ],
)
def test_nothing_is_assigned(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize("scheme", ["Bearer", "basic", "Token"])
@pytest.mark.parametrize("text", ["pw: {} v", '"pw": "{} v"', "pw: {}%20v", '-H "pw: {} v"'])
def test_schemes_of_authorization(text: str, scheme: str) -> None:
    found = read(text.format(scheme))
    assert found == (Operator.COLON, "v", scheme.lower())


def test_names_of_the_environment() -> None:
    assert read("PW=v", "PW") == (Operator.ENVIRONMENT, "v", "")
    assert read("pw=v") == (Operator.ASSIGN, "v", "")
