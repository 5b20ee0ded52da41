"""Words are added to one command of a line, and nothing else changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.detect.shell.syntax.insertion import MAX_TEXT, inserted, simple_commands


@pytest.mark.parametrize(
    ("text", "command", "at", "after"),
    [
        ("grep -r x .", 0, 1, "grep -x '!a' -r x ."),
        ("cd a && grep -r x . | head", 1, 1, "cd a && grep -x '!a' -r x . | head"),
        ('grep "$A" b', 0, 3, "grep \"$A\" b -x '!a'"),
        ('grep "$A"', 0, 2, "grep \"$A\" -x '!a'"),
        ("for d in a; do grep x $d; done", 0, 1, "for d in a; do grep -x '!a' x $d; done"),
        ("grep x <<'E'\ngrep y\nE\n", 0, 1, "grep -x '!a' x <<'E'\ngrep y\nE\n"),
        ("echo 'grep x'; grep x", 1, 1, "echo 'grep x'; grep -x '!a' x"),
    ],
)
def test_where_words_go(text: str, command: int, at: int, after: str) -> None:
    assert inserted(text, command, at, ("-x", "'!a'")) == after


def test_the_commands_of_a_line_are_counted_in_substitutions_too() -> None:
    assert simple_commands("a b; x=$(c 'd') | e") == [("a", "b"), (), ("c", None), ("e",)]


@pytest.mark.parametrize("text", ["grep 'x", "grep x " + "y" * MAX_TEXT, "a | b c"])
def test_no_place(text: str) -> None:
    assert inserted(text, 0, 4, ("-x",)) is None


@given(st.lists(st.sampled_from(["grep", "a", "'b c'", "|", ";", "$x", '"$(grep d)"', "&&", "(", ")", ">f"]), max_size=8))
def test_the_other_words_stay(pieces: list[str]) -> None:
    text = " ".join(pieces)
    before = simple_commands(text)
    for number, words in enumerate(before):
        if words[:1] == ("grep",) and (changed := inserted(text, number, 1, ("--new",))) is not None:
            after = simple_commands(changed)
            assert after[number] == ("grep", "--new", *words[1:])
            assert after[:number] + after[number + 1 :] == before[:number] + before[number + 1 :]
