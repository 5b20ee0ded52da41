"""A value put into a command line arrives as one piece of text, whatever is in it and whatever quotes stand around."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkrein.detect.shell.syntax.replacement import replaced

MARK = "PLACE"
VALUES = [
    "plain-Value_1",
    "a b",
    "it's",
    'say "x"',
    "$HOME",
    "`id`",
    "$(id)",
    "a\\b",
    "; rm x",
    "*",
    "~",
    "a\nb",
    "#x",
    "!",
    "{a,b}",
    "",
]
ALLOWED = ["plain-Value_1", "a.b/c:d@e%f+g,h"]
PLACES = [
    "printf %s PLACE",
    "printf %s 'PLACE'",
    'printf %s "PLACE"',
    'printf %s "x${HOME:+y}PLACE$(printf %s z)"',
    "printf %s $'PLACE'",
    "printf %s x'y'PLACE\"z\"",
    'X="PLACE"; printf %s "$X"',
    'X=PLACE; printf %s "$X"',
    "printf %s \"$(printf %s 'PLACE')\"",
    "cat <<EOF\nPLACE\nEOF",
    "cat <<'EOF'\nPLACE\nEOF",
    "cat <<<PLACE",
    "if true; then printf %s PLACE; fi",
    "f() { printf %s 'PLACE'; }; f",
    'printf %s "a" | cat - >/dev/null && printf %s "PLACE"',
]


def put(text: str, value: str) -> str | None:
    at = text.index(MARK)
    return replaced(text, at, at + len(MARK), value)


def output(command: str) -> str:
    """What bash prints. Every command here only prints."""
    done = subprocess.run(
        ["bash", "--norc", "-c", command],
        capture_output=True,
        text=True,
        env={"HOME": "/h", "PATH": "/usr/bin:/bin"},
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("value", ["plain-Value_1", 'it\'s "$HOME" `id` \\ $(id)', "a\\'b", "*~{a,b}"])
def test_bash_reads_the_value_as_it_is(place: str, value: str) -> None:
    changed = put(place, value)
    if changed is None:
        assert place.startswith(("cat <<EOF", "printf %s $'")), "everything else can be written"
        return
    assert output(changed) == output(place).replace(MARK, value)


@pytest.mark.parametrize("value", VALUES[:-1])
def test_every_value_can_be_written(value: str) -> None:
    for place in ("printf %s PLACE", "printf %s 'PLACE'", 'printf %s "PLACE"', 'X="PLACE"'):
        assert put(place, value) is not None, place
    changed = put("printf %s PLACE x", value)
    assert changed is not None
    assert shlex.split(changed) == ["printf", "%s", value, "x"]


@settings(max_examples=60)
@given(st.text(alphabet="ab'\"$`\\ (){};*\n", min_size=1, max_size=8), st.sampled_from(PLACES[:8]))
def test_nothing_of_a_value_is_read_as_syntax(value: str, place: str) -> None:
    changed = put(place, value)
    assert changed is None or output(changed) == output(place).replace(MARK, value)


@pytest.mark.parametrize(
    "place",
    [
        "echo $PLACE",
        "echo ${PLACE}",
        "echo ${x[PLACE]}",
        "echo $((PLACE + 1))",
        "PLACE=1 env",
        "for PLACE in a b; do echo; done",
        "PLACE() { :; }",
        "echo 'PLACE",
        'echo "$(PLACE',
    ],
)
def test_where_no_text_can_stand(place: str) -> None:
    assert put(place, "value") is None


@pytest.mark.parametrize("value", ["a\nEOF\nrm x", "\0"])
def test_what_cannot_be_written_there(value: str) -> None:
    assert put("cat <<'EOF'\nPLACE\nEOF", value) is None


def test_only_this_place_is_replaced() -> None:
    text = "echo PLACE PLACE"
    assert replaced(text, 11, 16, "a b") == "echo PLACE 'a b'"


def test_a_plain_value_is_written_as_it_is() -> None:
    for value in ALLOWED:
        assert put('curl -H "A: PLACE" https://x', value) == f'curl -H "A: {value}" https://x'
