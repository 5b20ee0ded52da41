"""Every tool's output, rewritten as ``outputs`` does it, is what the model receives: on the wire of the real client."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import mcp_answers
from checkrein.core import Decision, Event, Verdict
from checkrein.enforce.hooks import outputs
from checkrein.enforce.hooks.protocol import HookProtocol
from checkrein.enforce.hooks.redaction import HookRedaction
from checkrein.prove.api import Text, ToolUse, call_id
from plain_redactor import OneRedaction, PlainRedactor, placeholder

pytestmark = pytest.mark.client

VALUE = "hush-value4711"
STANDIN = placeholder(VALUE)
NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "id": "c1",
            "metadata": {},
            "execution_count": 1,
            "source": [f"key = '{VALUE}'"],
            "outputs": [{"output_type": "stream", "name": "stdout", "text": [f"{VALUE}\n"]}],
        }
    ],
    "metadata": {"language_info": {"name": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}
TOOLS = (
    *(
        "Bash",
        "Read",
        "Edit",
        "Write",
        "NotebookEdit",
        "Grep",
        "Glob",
        "Agent",
        "TaskCreate",
        "TaskGet",
        "TaskList",
        "TaskUpdate",
    ),
    *("WebSearch", "ListMcpResourcesTool", "ReadMcpResourceTool"),
)
WRITING = frozenset({"Bash", "Write", "NotebookEdit"})
"""Tools whose input gets the value back. What others are given goes to the model in more ways than their result."""


@dataclass(frozen=True)
class Case:
    """One call. ``shown``: the placeholder is in what the model is told; else only in what the client keeps."""

    tool: str
    given: dict[str, Any]
    shown: bool = True


@dataclass
class Played:
    """What became of each case, by its name."""

    texts: dict[str, str]
    responses: dict[str, Any]
    sent_in_clear: bool
    results_kept: str
    error: str
    results: dict[str, bool] = field(default_factory=dict)


def cases(project: Path) -> dict[str, Case]:
    """All of them. Where a call holds the value, the model gives the placeholder and a hook puts the value back."""
    path = str(project)
    return {
        "bash": Case("Bash", {"command": "cat key.txt; cat key.txt >&2", "description": "x"}),
        "bash-long": Case("Bash", {"command": "head -n 350 long.txt", "description": "x"}),
        "bash-too-long": Case("Bash", {"command": "cat long.txt long.txt", "description": "x"}),
        "read": Case("Read", {"file_path": f"{path}/key.txt"}),
        "read-part": Case("Read", {"file_path": f"{path}/long.txt", "offset": 3, "limit": 2}),
        "read-long": Case("Read", {"file_path": f"{path}/long.txt"}),
        "read-notebook": Case("Read", {"file_path": f"{path}/n.ipynb"}),
        "notebook-edit": Case("NotebookEdit", {"notebook_path": f"{path}/n.ipynb", "cell_id": "c1", "new_source": STANDIN}),
        "grep": Case("Grep", {"pattern": "hush", "path": f"{path}/key.txt", "output_mode": "content"}),
        "grep-files": Case("Grep", {"pattern": "name", "output_mode": "files_with_matches"}),
        "grep-count": Case("Grep", {"pattern": "name", "output_mode": "count"}),
        "glob": Case("Glob", {"pattern": "hush*"}),
        "edit": Case("Edit", {"file_path": f"{path}/key.txt", "old_string": "two", "new_string": "three"}, shown=False),
        "write": Case("Write", {"file_path": f"{path}/new.txt", "content": STANDIN}, shown=False),
        "write-again": Case("Write", {"file_path": f"{path}/new.txt", "content": f"{STANDIN}\nmore"}, shown=False),
        "agent": Case("Agent", {"description": "d", "prompt": "go on", "subagent_type": "general-purpose"}, shown=False),
        "mcp-list": Case("ListMcpResourcesTool", {}),
        "mcp-read": Case("ReadMcpResourceTool", {"server": "t", "uri": "res://a"}),
        **{f"mcp-{name}": Case(f"mcp__t__{name}", {}) for name in ("text", "blocks", "structured", "image", "resource")},
    }


def prepare(project: Path) -> None:
    (project / "key.txt").write_text(f"one {VALUE}\ntwo\n")
    (project / "name.txt").write_text("name\n")
    (project / f"{VALUE}.txt").write_text("name\n")
    (project / "long.txt").write_text("".join(f"line {number} {VALUE} and some more words\n" for number in range(600)))
    (project / "n.ipynb").write_text(json.dumps(NOTEBOOK))


class Point:
    def decide(self, _event: Event) -> Decision:
        return Decision("d1", Verdict.NONE)

    at_once = decide


class Record:
    def append(self, *_: object) -> None:
        """Nothing is kept."""


def restored(given: Any) -> Any:
    """A tool's input with the value."""
    return json.loads(json.dumps(given).replace(STANDIN, VALUE))


def answer_hooks(hooks: Any, tools: Collection[str] = WRITING) -> None:
    """Let the hook server put values back into calls, and answer results as the product does."""
    protocol = HookProtocol(Point(), Record(), HookRedaction(OneRedaction(PlainRedactor())))

    def before(call: Any) -> tuple[int, bytes]:
        if call.payload["tool_name"] == "Read":
            return after(call)
        if call.payload["tool_name"] not in tools:
            return 200, b"{}"
        output = {"hookEventName": "PreToolUse", "updatedInput": restored(call.payload["tool_input"])}
        return 200, json.dumps({"hookSpecificOutput": output}).encode()

    def after(call: Any) -> tuple[int, bytes]:
        return 200, protocol.handle(call.event, json.dumps(call.payload).encode())

    hooks.answers.update(PreToolUse=before, PostToolUse=after, PostToolBatch=after, UserPromptSubmit=after)


def subscribe(hooks: Any) -> dict[str, Any]:
    events = ("PreToolUse", "PostToolUse", "PostToolUseFailure", "PostToolBatch", "UserPromptSubmit")
    return {"hooks": {event: [{"matcher": "*", "hooks": [hooks.hook(event)]}] for event in events}}


def kept_results(home: Path) -> str:
    """The results in the client's transcripts, its structured copies of them, and its files of large ones."""
    folder = home / ".claude/projects"
    lines = [json.loads(line) for file in folder.rglob("*.jsonl") for line in file.read_text().splitlines()]
    kept = [(line.get("message"), line.get("toolUseResult")) for line in lines if line.get("type") == "user"]
    results = json.dumps(kept)
    return results + "".join(file.read_text() for file in folder.rglob("tool-results/*.txt"))


def mcp_arguments(file: Path) -> list[str]:
    words = ["-I", "-S", mcp_answers.__file__, str(file)]
    return ["--mcp-config", json.dumps({"mcpServers": {"t": {"command": sys.executable, "args": words}}})]


@pytest.fixture(scope="module")
def played(client: Any, tmp_path_factory: pytest.TempPathFactory, new_world: Any, new_hooks: Any) -> Iterator[Played]:
    """One session with all calls, and a subagent."""
    hooks = new_hooks()
    world = new_world(client, tmp_path_factory.mktemp("outputs"))
    prepare(world.project)
    answer_hooks(hooks)
    world.settings(subscribe(hooks))
    named = cases(world.project)
    outcome = world.play(
        [(ToolUse(case.tool, case.given),) for case in named.values()],
        subagents={"go on": [(ToolUse("Bash", {"command": "cat key.txt", "description": "x"}),), (Text(f"It is {STANDIN}"),)]},
        arguments=["--tools", ",".join(TOOLS), *mcp_arguments(world.project / "key.txt")],
    )
    results = outcome.api.results()
    after = {call.payload["tool_use_id"]: call.payload["tool_response"] for call in hooks.calls if call.event == "PostToolUse"}
    ids = {name: call_id(turn, 0) for turn, name in enumerate(named)}
    yield Played(
        {name: results[identity].text for name, identity in ids.items()},
        {name: after.get(identity) for name, identity in ids.items()},
        outcome.api.sent(VALUE),
        kept_results(world.home),
        outcome.run.stderr,
        {name: results[identity].is_error for name, identity in ids.items()},
    )
    hooks.close()


@pytest.mark.parametrize("name", cases(Path("/")))
def test_the_model_gets_the_output_that_was_made_for_it(name: str, played: Played) -> None:
    assert not played.results[name], played.texts[name]
    assert name in ("agent", "grep-count") or VALUE in json.dumps(played.responses[name]), "the test shows nothing"
    assert VALUE not in played.texts[name]
    assert not cases(Path("/"))[name].shown or STANDIN in played.texts[name] or name == "grep-count"


def test_nothing_went_out_in_clear(played: Played) -> None:
    assert not played.sent_in_clear


def test_results_are_kept_as_they_were_sent(played: Played) -> None:
    """Not all that the client keeps: what hooks answered is there as well, with values that they put back."""
    assert STANDIN in played.results_kept
    assert VALUE not in played.results_kept


def test_a_long_output_arrives_whole(played: Played) -> None:
    assert len(played.texts["bash-long"]) > 20_000
    assert len(played.texts["read-long"]) > 20_000


def test_without_being_shortened_a_long_part_of_a_file_is_sent_to_be_counted(world: Any, hooks: Any) -> None:
    prepare(world.project)
    answer_hooks(hooks)
    del hooks.answers["PreToolUse"]
    world.settings(subscribe(hooks))
    outcome = world.play([(ToolUse("Read", {"file_path": str(world.project / "long.txt")}),)])
    assert VALUE not in outcome.result().text
    assert [request.path for request in outcome.api.requests if VALUE.encode() in request.body] == ["/v1/messages/count_tokens"]


@pytest.mark.parametrize(("kilobytes", "counted"), [(48, False), (60, True)])
def test_a_long_answer_of_an_mcp_server_is_sent_to_be_counted(world: Any, hooks: Any, kilobytes: int, counted: bool) -> None:
    file = world.project / "answer.txt"
    file.write_text(f"{VALUE} {'words ' * (kilobytes * 1000 // 6)}")
    answer_hooks(hooks)
    world.settings(subscribe(hooks))
    outcome = world.play([(ToolUse("mcp__t__text", {}),)], arguments=mcp_arguments(file))
    assert outcome.api.sent(VALUE) is counted


def test_a_too_long_output_is_a_preview_of_what_was_made_for_the_model(played: Played) -> None:
    assert "persisted-output" in played.texts["bash-too-long"]
    assert STANDIN in played.texts["bash-too-long"]


def test_tools_of_the_clients_own_take_a_new_output_too(world: Any, hooks: Any) -> None:
    """Their results only: the client sends what such a tool is *given* by other ways as well (see ``WRITING``)."""
    tools = ["TaskCreate", "TaskList", "TaskGet", "WebSearch"]
    given = ({"subject": STANDIN, "description": STANDIN}, {}, {"taskId": "1"}, {"query": STANDIN})
    answer_hooks(hooks, tools)
    world.settings(subscribe(hooks))
    calls = [(ToolUse(tool, each),) for tool, each in zip(tools, given, strict=True)]
    outcome = world.play(calls, arguments=["--tools", ",".join(tools)])
    responses = [json.dumps(call.payload["tool_response"]) for call in hooks.calls if call.event == "PostToolUse"]
    assert all(VALUE in response for response in responses)
    assert len(responses) == len(tools)
    for turn in range(len(tools)):
        assert STANDIN in outcome.result(turn).text
        assert VALUE not in outcome.result(turn).text


def test_an_output_of_another_shape_is_passed_over(world: Any, hooks: Any) -> None:
    """What ``outputs`` is for: the client says nothing, and the original goes out."""
    prepare(world.project)
    output = {"hookEventName": "PostToolUse", "updatedToolOutput": STANDIN}
    hooks.answers["PostToolUse"] = 200, json.dumps({"hookSpecificOutput": output}).encode()
    world.settings(subscribe(hooks))
    outcome = world.play([(ToolUse("Bash", {"command": "cat key.txt", "description": "x"}),)])
    assert VALUE in outcome.result().text


def test_a_withheld_output_is_taken_too(world: Any, hooks: Any) -> None:
    prepare(world.project)

    def withhold(call: Any) -> tuple[int, bytes]:
        made = outputs.withheld(call.payload["tool_response"], "not to be seen")
        output = {"hookEventName": "PostToolUse", "updatedToolOutput": made}
        return 200, json.dumps({"decision": "block", "reason": "r", "hookSpecificOutput": output}).encode()

    hooks.answers["PostToolUse"] = withhold
    world.settings(subscribe(hooks))
    file = {"file_path": str(world.project / "key.txt")}
    outcome = world.play([(ToolUse("Bash", {"command": "cat key.txt", "description": "x"}),), (ToolUse("Read", file),)])
    assert not outcome.api.sent(VALUE)
    assert "not to be seen" in outcome.result(0).text
    assert "not to be seen" in outcome.result(1).text


@pytest.mark.parametrize(
    ("tool", "given"),
    [
        pytest.param("Bash", {"command": "cat key.txt; exit 3", "description": "x"}, id="command"),
        pytest.param("mcp__t__failing", {}, id="mcp-error"),
        pytest.param("mcp__t__broken", {}, id="mcp-protocol-error"),
    ],
)
def test_what_a_failed_call_says_stops_the_request(world: Any, hooks: Any, tool: str, given: dict[str, Any]) -> None:
    """No answer rewrites it: the last look stops the request, and that holds until the session is continued."""
    prepare(world.project)
    answer_hooks(hooks)
    world.settings(subscribe(hooks))
    outcome = world.play([(ToolUse(tool, given),), (Text("went on"),)], arguments=mcp_arguments(world.project / "key.txt"))
    assert not outcome.api.sent(VALUE)
    assert len(outcome.api.messages()) == 1
    assert outcome.run.result()["terminal_reason"] == "hook_stopped"


def test_a_prompt_with_a_value_is_stopped_and_not_sent_later(world: Any, hooks: Any) -> None:
    answer_hooks(hooks)
    world.settings(subscribe(hooks))
    outcome = world.play([(Text("went on"),)], prompt=f"use {VALUE}")
    assert outcome.api.messages() == []
    assert "TEST_KEY in line 1" in outcome.run.stdout
    later = world.play([(Text("went on"),)], prompt="hello", arguments=["--continue"])
    assert not later.api.sent(VALUE)
