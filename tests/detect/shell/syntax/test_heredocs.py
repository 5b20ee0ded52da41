"""Where a here-document ends."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from checkrein.detect.shell.syntax.escapes import unquoted
from checkrein.detect.shell.syntax.parser import parse

DELIMITERS = [
    *("E", "'E F'", 'a"b"c', "E\\OF", "$'E\\x41'", '$"EOF"'),
    *("$X", '"$X"', "${X}", '"${X}"', "$((1+2))", "'a'$b", '"a\\$b"', "$'a'$X", '"a\\"$X"', "$X'q'", "\\$X$Y"),
    *("`x`", "$(x)", '$(x "y")', '"$(x)"', '"$(x "y")"', '`x "y"`', "$(echo \\y)"),
]


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash to compare with")
@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_nothing_in_a_delimiter_is_expanded(delimiter: str) -> None:
    code = f": <<{delimiter}\ntext\n"
    told = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=False, env={"LC_ALL": "C"}).stderr
    line = told.partition("wanted `")[2].rpartition("')")[0]
    assert line
    script = parse(f"{code}{line}\nrm x")
    assert len(script.commands) == 2
    assert not script.problems


@pytest.mark.parametrize(
    ("text", "bare"),
    [("a'b'c", "abc"), ('"a\\$\\b"', "a$\\b"), ("$'a\\tb'", "a\tb"), ("a\\ b", "a b"), ("$(x)", "$(x)"), ("'", "'")],
)
def test_quotes_are_taken_away(text: str, bare: str) -> None:
    assert unquoted(text) == bare
