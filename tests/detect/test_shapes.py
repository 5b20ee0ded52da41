"""The shapes of the client's own tools."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.detect.shapes import NEEDED, misshapen

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FINE: dict[str, dict[str, Any]] = {
    "Bash": {"command": "ls", "timeout": "5000", "run_in_background": "false", "description": None},
    "Read": {"file_path": "a", "offset": "1", "limit": 5.0},
    "NotebookRead": {"notebook_path": "a.ipynb"},
    "Write": {"file_path": "a", "content": ""},
    "Edit": {"file_path": "a", "old_string": "", "new_string": "x", "replace_all": "true"},
    "MultiEdit": {"file_path": "a", "edits": [{"old_string": "a", "new_string": "b"}]},
    "NotebookEdit": {"notebook_path": "a.ipynb", "edit_mode": "delete", "cell_id": "x"},
    "Grep": {"pattern": "x", "path": None, "glob": None, "-n": True, "head_limit": "5"},
    "Glob": {"pattern": "**/*.py"},
    "LS": {"path": "/p", "ignore": ["x"]},
    "WebFetch": {"url": "https://example.com", "prompt": "x"},
}


@pytest.mark.parametrize(("tool", "given"), FINE.items())
def test_what_the_client_sends(tool: str, given: dict[str, Any]) -> None:
    assert misshapen(tool, given) == ""


@pytest.mark.parametrize("tool", sorted(NEEDED))
def test_nothing_at_all(tool: str) -> None:
    assert misshapen(tool, {}).endswith("is missing")


@pytest.mark.parametrize("value", [7, True, [], ["x"], {}, {"x": 1}, 1.5])
@pytest.mark.parametrize(
    ("tool", "name"),
    [
        ("Bash", "command"),
        ("Read", "file_path"),
        ("Write", "content"),
        ("Edit", "new_string"),
        ("Grep", "glob"),
        ("WebFetch", "url"),
    ],
)
def test_another_type(tool: str, name: str, value: Any) -> None:
    assert misshapen(tool, {**FINE[tool], name: value}) == f"{name} is not text"


@pytest.mark.parametrize("edits", [None, "x", [1], [{"old_string": "a"}], [{"old_string": "a", "new_string": ["b"]}]])
def test_edits_of_another_shape(edits: Any) -> None:
    assert misshapen("MultiEdit", {"file_path": "a", "edits": edits}) == "edits is no list of replacements"


def test_a_nul_character() -> None:
    assert misshapen("Bash", {"command": "ls\0"}) == "command holds a NUL character"


def test_other_tools_are_read_otherwise() -> None:
    assert misshapen("mcp__x__run", {"command": 7}) == ""


@given(st.sampled_from(sorted(NEEDED)), st.dictionaries(st.sampled_from(["command", "file_path", "content", "edits"]), values))
def test_any_value_gets_an_answer(tool: str, given: dict[str, Any]) -> None:
    assert isinstance(misshapen(tool, given), str)
