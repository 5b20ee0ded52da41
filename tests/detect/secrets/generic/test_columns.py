"""Secrets in the columns of tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.detect.secrets.generic.columns import in_columns
from marked import SEEDS, written

SECRETS = [
    "user,password\nadmin,«{alnum:14}»\n",
    "id;API Key;note\r\n1;«{hex:32}»;x\r\n",
    "name\ttoken\nci\t«{alnum:40}»",
    "name\tnote\ttoken\nci\t\t«{alnum:40}»\n",
    'user,password,mail\n"a, b","«{alnum:14}»",c\n',
    " user  |    password    \n-------+----------------\n admin | «{alnum:14}»\n(1 row)\n",
    "$ show users\n+-------+-----------+\n| user  | password  |\n+-------+-----------+\n| admin | «{alnum:14}» |\n+---+---+\n",
    "| user | password |\n|---|:---|\n| admin | «{alnum:14}» |\n",
    "│ user │ secret │\n├──────┼────┤\n│ x │ «{alnum:20}» │\n",
    ",password,x\n,,\ny,«{alnum:14}»,\n",
]


@pytest.mark.parametrize("template", SECRETS)
def test_exactly_the_cell_is_found(template: str) -> None:
    for seed in SEEDS:
        text, value = written(template, seed)
        assert [text[each.start : each.end] for each in in_columns(text)] == [value]


@pytest.mark.parametrize(
    "template",
    [
        "user,password\nadmin,changeme\nroot,\nguest,password1\n",
        "user,name\nadmin,{alnum:14}\n",
        "password\n{alnum:14}\n",
        "from x import key, token\n\na = f({alnum:14}, 1)\n",
        "password, the user's\nword, {alnum:14}\n",
        "one, two\nuser,password_hint\nadmin,{alnum:14}\n",
        "| user | password |\nno table, {alnum:14}\n",
        "a password\n" * 7 + "user,password\nadmin,{alnum:14}\n",
    ],
)
def test_what_is_no_secret_is_left_alone(template: str) -> None:
    for seed in SEEDS:
        text, _ = written(template, seed)
        assert list(in_columns(text)) == []


def test_long_lines_are_read() -> None:
    value = written("«{alnum:16}»", 1)[1]
    for filler in ("x" * 50_000, " " * 50_000, '"' * 50_001):
        text = f"user,password,note\na,{value},{filler}\n"
        assert [text[each.start : each.end] for each in in_columns(text)] == [value]


def test_every_row_is_read() -> None:
    rows = [written("«{alnum:16}»", seed)[1] for seed in range(50)]
    text = "user,password\n" + "".join(f"u{number},{row}\n" for number, row in enumerate(rows))
    assert len(list(in_columns(text))) >= 45


@given(st.text('ab1,;\t|"\n -+é', max_size=60))
def test_any_text_is_read(rest: str) -> None:
    text = f"user,password\n{rest}"
    assert all(0 <= each.start < each.end <= len(text) for each in in_columns(text))
