"""find's expressions: what an action is carried out on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.detect.shell.files.expression import ACTIONS, Expression, Literal, globs_of, read


def cases(expression: Expression) -> dict[str, set[frozenset[str]]]:
    """The cases of each action, written as find has them."""
    found: dict[str, set[frozenset[str]]] = {}
    for leaf, reached in expression.actions:
        found.setdefault(leaf.name, set()).update(frozenset(map(written, case)) for case in reached)
    return found


def written(literal: Literal) -> str:
    words = f"{literal.name} {literal.value}".strip() or "?"
    return words if literal.holds else f"! {words}"


@pytest.mark.parametrize(
    ("line", "action", "expected"),
    [
        ("-name a -delete", "-delete", ["-name a"]),
        ("-name a -o -name b -delete", "-delete", ["! -name a|-name b"]),
        ("( -name a -o -name b ) -delete", "-delete", ["-name a", "-name b"]),
        ("( -name a , -name b ) -delete", "-delete", ["-name b"]),
        ("-not ( -name a -o -name b ) -delete", "-delete", ["! -name a|! -name b"]),
        ("! ( -name a -a -type f ) -delete", "-delete", ["! -name a", "! -type f"]),
        ("! ! -name a -delete", "-delete", ["-name a"]),
        ("-name a -prune -exec rm {} +", "-exec", ["-name a"]),
        ("-name a -prune -o -type f -exec rm {} ;", "-exec", ["! -name a|-type f"]),
        ("-name a -exec grep -q x {} ; -delete", "-delete", ["-name a|?"]),
        ("-false -delete -o -name b -delete", "-delete", ["-name b"]),
        ("-name * -delete", "-delete", [""]),
        ("! -name . -delete", "-delete", [""]),
        ("-empty -type d -delete", "-delete", ["-empty|-type d"]),
        ("-name a -unheard-of -delete", "-delete", ["-name a"]),
        ("-name a ) -delete", "-delete", ["-name a"]),
        ("-name a -o -name b", "-print", ["-name a", "! -name a|-name b"]),
        ("-name a -prune -o -name b -print", "-print", ["! -name a|-name b"]),
    ],
)
def test_when_an_action_is_reached(line: str, action: str, expected: list[str]) -> None:
    found = cases(read(line.split()))[action]
    if action == "-print" and line.endswith("b"):
        found = {frozenset(word for word in case if not (len(case) > 1 and word.startswith("!"))) for case in found}
        expected = [text.rpartition("|")[2] for text in expected]
    assert found == {frozenset(filter(None, text.split("|"))) for text in expected}


def test_options_hold_for_all_of_the_expression() -> None:
    found = read(["src", "-mindepth", "1", "-name", "a", "-maxdepth", "2", "-regextype", "posix-extended", "-depth"])
    assert (found.roots, found.depths, found.extended, found.whole_first) == (("src",), (1, 2), True, True)


@pytest.mark.parametrize(
    ("regex", "extended", "globs"),
    [
        (r".*\.pyc", False, ("*.pyc",)),
        (r".*\.\(pyc\|pyo\)", False, ("*.pyc", "*.pyo")),
        (r".*\.(pyc|pyo)", True, ("*.pyc", "*.pyo")),
        (r"\./a.b", False, ("./a?b",)),
        (r".*\.(pyc|pyo)", False, None),
        (r"a+", True, None),
        (r"a[bc]", True, None),
        (r"a|b", True, None),
        (r"a\d", True, None),
    ],
)
def test_regular_expressions_that_globs_can_say(regex: str, extended: bool, globs: tuple[str, ...] | None) -> None:
    assert globs_of(regex, extended=extended) == globs


WORDS = st.sampled_from([*"().,!;+x1", "{}", "-o", "-a", "-not", "-name", "-exec", "-delete", "-prune", "-maxdepth", "-type"])


@given(st.lists(WORDS, max_size=60))
def test_no_text_is_too_strange_and_no_action_is_overlooked(words: list[str]) -> None:
    found = read(words)
    assert {leaf.name for leaf, _ in found.actions} <= ACTIONS
    if "-delete" in words and not {"-exec", "-name", "-maxdepth", "-type", "-o"} & set(words):
        reached = any(leaf.name == "-delete" for leaf, _ in found.actions)
        assert reached or {"-not", "!"} & set(words)  # `! -delete -delete` ends at the first


LONG = ("( " * 5000 + "-name a", "-name b " + "-o -name a " * 5000, "! " * 5000, "-true " * 5000)


@pytest.mark.parametrize("text", LONG)
def test_length_is_no_way_around(text: str) -> None:
    assert any(leaf.name == "-delete" for leaf, _ in read([*text.split(), "-delete"]).actions)
