"""Values on their way back into files, by each tool that writes, on the real client behind the gateway."""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from checkrein.core import placeholder
from checkrein.prove.api import Script, Text, ToolResult, ToolUse, Turn, call_id
from checkrein.prove.client import ClientProgram
from checkrein.prove.drive import Drive
from checkrein.prove.protection import protected
from checkrein.prove.scenario import load_all
from checkrein.prove.world import Origin, build
from checkrein.setup.install import Scope
from gateway_site import NOWHERE
from reading_api import ReadingApi, Told

pytestmark = pytest.mark.client

TOOLS = "Bash,Read,Edit,Write,NotebookEdit,MultiEdit"
NAMES = ("one.py", "two.py", "edited.py", "multi.py", "long.py", "n.ipynb")


@dataclass
class Played:
    """What became of each call, by its name. ``before`` and ``after`` are the files' bytes, ``values`` what they hold."""

    values: Mapping[str, str]
    results: Mapping[str, ToolResult]
    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    tools: frozenset[str]
    sent: set[str]


def token(name: str) -> str:
    """The line of a file by which it is told from the others, and under which its value stands."""
    return f"# of {name}"


def texts(values: Mapping[str, str]) -> dict[str, str]:
    """The files."""
    made = {name: f"{token(name)}\ntoken: {value}\nnumber = 1\n" for name, value in values.items()}
    made["long.py"] = "".join(f"line = {number}\n" for number in range(300)) + made["long.py"] + "line = 300\n" * 300
    source = [f"{token('n.ipynb')}\n", f"token: {values['n.ipynb']}\n", "pass"]
    cell = {"cell_type": "code", "id": "c1", "metadata": {}, "execution_count": None, "source": source, "outputs": []}
    made["n.ipynb"] = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)
    return made


def calls(project: Path) -> dict[str, tuple[str, dict[str, Any]]]:
    """Every call, one turn each. What is written is made of the placeholders that were read."""

    def path(name: str) -> str:
        return str(project / name)

    def line(name: str) -> Any:
        return lambda told: told.line_after(token(name))

    def written(name: str, start: str = "") -> Any:
        return lambda told: f"{start}{line(name)(told)}\n"

    def edits(told: Told) -> list[dict[str, str]]:
        both = f"number = 2\n{line('multi.py')(told)}"
        return [{"old_string": "number = 1", "new_string": both}, {"old_string": "# of", "new_string": "# Of"}]

    reads = {f"read {name}": ("Read", {"file_path": path(name)}) for name in NAMES if name != "long.py"}
    return {
        **reads,
        "read a part": ("Read", {"file_path": path("long.py"), "offset": 300, "limit": 5}),
        "read another part": ("Read", {"file_path": path("long.py"), "offset": 290, "limit": 20}),
        "own": ("Write", {"file_path": path("one.py"), "content": written("one.py", "# own\n")}),
        "another's": ("Write", {"file_path": path("two.py"), "content": written("one.py")}),
        "new": ("Write", {"file_path": path("new.py"), "content": written("one.py")}),
        "ignored by git": ("Write", {"file_path": path("mine.local"), "content": written("one.py")}),
        "edit": ("Edit", {"file_path": path("edited.py"), "old_string": "number = 1", "new_string": line("edited.py")}),
        "edit what is hidden": (
            "Edit",
            {"file_path": path("edited.py"), "old_string": line("edited.py"), "new_string": "x = 1"},
        ),
        "several edits": ("MultiEdit", {"file_path": path("multi.py"), "edits": edits}),
        "notebook": ("NotebookEdit", {"notebook_path": path("n.ipynb"), "cell_id": "c1", "new_source": line("n.ipynb")}),
    }


@pytest.fixture(scope="module")
def played(client: ClientProgram, hook_program: Path | None) -> Iterator[Played]:
    """One session with all calls."""
    scenario = next(each for each in load_all() if each.id == "write-source")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # /tmp is temporary to the policy
        world = build(scenario, Path(folder) / "w", Origin())
        values = {name: f"ghp_{secrets.token_hex(18)}" for name in NAMES}
        (world.project / ".gitignore").write_text("*.local\n")
        before = {name: text.encode() for name, text in texts(values).items()}
        for name, data in before.items():
            (world.project / name).write_bytes(data)
        named = calls(world.project)
        turns: list[Turn] = [(ToolUse(tool, given),) for tool, given in named.values()]
        with (
            ReadingApi(Script([*turns, (Text("Done."),)])) as api,
            protected(world, client, Scope.USER, None, hook_program, upstream=api.url),
        ):
            arguments = ("--tools", TOOLS)
            Drive(client.path, world.home, world.project, NOWHERE, "go on", "bypassPermissions", arguments).run()
        assert api.failure is None
        found = api.results()
        offered = {str(tool.get("name")) for request in api.messages() for tool in request.json().get("tools", ())}
        yield Played(
            values,
            {name: found[call_id(turn, 0)] for turn, name in enumerate(named)},
            before,
            {file.name: file.read_bytes() for file in world.project.iterdir() if file.is_file()},
            frozenset(offered),
            {name for name, value in values.items() if api.sent(value)},
        )
        world.remove()


def marks(text: str) -> set[str]:
    """The placeholders in a text."""
    return {found.text for found in placeholder.find(text)}


def test_nothing_left(played: Played) -> None:
    assert played.sent == set()


def test_no_file_holds_a_placeholder(played: Played) -> None:
    assert not [name for name, data in played.after.items() if marks(data.decode())]


def test_parts_of_a_file_hold_the_placeholder_that_another_part_holds(played: Played) -> None:
    part, other = played.results["read a part"].text, played.results["read another part"].text
    assert len(marks(part)) == 1
    assert marks(part) == marks(other)


def test_a_value_goes_back_into_its_own_file(played: Played) -> None:
    assert not played.results["own"].is_error, played.results["own"].text
    assert played.after["one.py"].decode() == f"# own\ntoken: {played.values['one.py']}\n"


@pytest.mark.parametrize(("call", "name"), [("another's", "two.py"), ("new", "new.py")])
def test_a_value_does_not_go_into_another_file(played: Played, call: str, name: str) -> None:
    assert played.results[call].is_error
    assert "vault.restore-elsewhere" in played.results[call].text
    assert played.after.get(name) == played.before.get(name)


def test_a_value_goes_into_a_file_that_git_leaves_out(played: Played) -> None:
    assert not played.results["ignored by git"].is_error, played.results["ignored by git"].text
    assert played.after["mine.local"].decode() == f"token: {played.values['one.py']}\n"


def test_an_edit_puts_a_value_in_and_takes_none_for_what_it_looks_for(played: Played) -> None:
    """The client looks for ``old_string`` before hooks put values back: such an edit fails, and nothing is changed."""
    value = played.values["edited.py"]
    assert not played.results["edit"].is_error, played.results["edit"].text
    assert played.results["edit what is hidden"].is_error
    assert played.after["edited.py"].decode() == f"{token('edited.py')}\ntoken: {value}\ntoken: {value}\n"


def test_several_edits_at_once(played: Played) -> None:
    """A tool of older clients; one that has it no more says so, and changes nothing."""
    result, value = played.results["several edits"], played.values["multi.py"]
    if "MultiEdit" not in played.tools:
        assert result.is_error
        assert played.after["multi.py"] == played.before["multi.py"]
        return
    assert not result.is_error, result.text
    assert played.after["multi.py"].decode() == f"# Of multi.py\ntoken: {value}\nnumber = 2\ntoken: {value}\n"


def test_a_notebook(played: Played) -> None:
    assert not played.results["notebook"].is_error, played.results["notebook"].text
    (cell,) = json.loads(played.after["n.ipynb"])["cells"]
    assert "".join(cell["source"]) == f"token: {played.values['n.ipynb']}"
