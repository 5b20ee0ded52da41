from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.detect.dotenv import assignments

READ = [
    ("A=b", [("A", "b", "", False)]),
    ("export A=b\r\nB = c", [("A", "b", "", False), ("B", "c", "", False)]),
    ("A=b # c\nB=b#c\nC=b\t# c", [("A", "b", "", False), ("B", "b#c", "", False), ("C", "b", "", False)]),
    ("A='b # c' # d\nB=c", [("A", "b # c", "'", False), ("B", "c", "", False)]),
    ('A="b\nB=c" # d\nC=e', [("A", "b\nB=c", '"', False), ("C", "e", "", False)]),
    ('A="b\\"c"', [("A", 'b\\"c', '"', False)]),
    ("A='b\\'\nB=c", [("A", "b\\", "'", False), ("B", "c", "", False)]),
    ("A=`b`", [("A", "b", "`", False)]),
    ("A='b\nB=c", [("A", "b", "'", False), ("B", "c", "", False)]),
    ("A=\nB=", [("A", "", "", False), ("B", "", "", False)]),
    ("# A=b\n#export B='c'\nC=d", [("A", "b", "", True), ("B", "c", "'", True), ("C", "d", "", False)]),
    ("# it='s\nA=b\nB='c'", [("it", "s\nA=b\nB=", "'", True), ("A", "b", "", False), ("B", "c", "'", False)]),
    ("\n# text\nno assignment\n=b\n", []),
]


@pytest.mark.parametrize(("text", "found"), READ)
def test_assignments(text: str, found: list[tuple[str, str, str, bool]]) -> None:
    assert [(each.name, text[each.start : each.end], each.quote, each.commented) for each in assignments(text)] == found


@given(st.text(alphabet="A=#'\"\\ \n\r`x", max_size=40))
def test_values_stand_in_the_text_and_those_in_force_apart(text: str) -> None:
    end = 0
    for each in assignments(text):
        assert 0 <= each.start <= each.end <= len(text)
        if not each.commented:
            assert each.start >= end
            end = each.end
