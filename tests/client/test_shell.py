"""The client runs commands in the shell that ``CLAUDE_CODE_SHELL`` names, and what fails there comes with placeholders."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mcp_answers
from answering_socket import AnsweringSocket
from checkrein.enforce.hooks import command, shell
from checkrein.prove.api import ToolUse
from plain_redactor import SHAPE, placeholder

pytestmark = pytest.mark.client

VALUE = "hush-value4711"
STANDIN = placeholder(VALUE)
BASH = Path(shutil.which("bash") or "/bin/bash")
PRINTED = "that-is-all"
SHOWN = "cat $(find ~/tmp -name '*.output')"
SEEN = "until test -e seen; do sleep 0.1; done"
"""What runs in the background ends only after its output was read."""


def run(words: str, **more: Any) -> tuple[ToolUse]:
    return (ToolUse("Bash", {"command": words, "description": "a step", **more}),)


@pytest.fixture
def service() -> Iterator[AnsweringSocket]:
    folder = Path(tempfile.mkdtemp(prefix="crs"))

    def answer(body: bytes) -> bytes:
        piece = body.split(b"\0", 2)[2].decode("latin-1")
        return b"=" + SHAPE.sub(lambda match: placeholder(match[0]), piece).encode("latin-1")

    made = AnsweringSocket(folder, answer)
    yield made
    made.close()
    shutil.rmtree(folder)


@pytest.fixture
def wrapped(world: Any, service: AnsweringSocket) -> Any:
    program = command.write_shell(service.socket.parent, BASH, service.socket, service.token_file)
    world.settings({"env": {"CLAUDE_CODE_SHELL": str(program)}})
    (world.project / "key.txt").write_text(f"{VALUE}\n")
    (world.project / "sub").mkdir()
    return world


def test_what_fails_or_runs_in_the_background_comes_with_placeholders(wrapped: Any, service: AnsweringSocket) -> None:
    outcome = wrapped.play(
        [
            run("cat key.txt; exit 3"),
            run("cat key.txt >&2; kill -9 $$"),
            run(f"cat key.txt; sleep 0.2; cat key.txt; echo {PRINTED}; {SEEN}; exit 4", run_in_background=True),
            run(f"until {SHOWN} | grep -qx {PRINTED}; do sleep 0.1; done; {SHOWN} key.txt; touch seen"),
        ]
    )
    assert outcome.result(0).text == f"Exit code 3\n{STANDIN}"
    assert outcome.result(1).is_error
    assert STANDIN in outcome.result(1).text
    assert outcome.result(3).text.count(STANDIN) >= 3
    assert not outcome.api.sent(VALUE)
    output = "".join(file.read_text() for file in (wrapped.home / "tmp").rglob("*.output"))
    assert VALUE not in output
    session = outcome.run.result()["session_id"]
    assert all(body.startswith(f"{session}\0".encode()) for body in service.bodies)


def test_the_working_folder_and_the_environment_are_tracked_as_ever(wrapped: Any) -> None:
    outcome = wrapped.play([run("cd sub"), run("pwd; echo $SHELL"), run("cd .. && ls")])
    assert outcome.result(1).text == f"{wrapped.project}/sub\n{BASH}"
    assert "key.txt" in outcome.result(2).text


def test_permissions_are_matched_with_the_command_as_it_was_given(wrapped: Any) -> None:
    shown = json.loads((wrapped.home / ".claude/settings.json").read_text())
    rules = {"allow": ["Bash(python3 -c:*)"], "deny": ["Bash(ls:*)"]}
    wrapped.settings({**shown, "permissions": rules})
    outcome = wrapped.play([run("python3 -c 'print(7)'"), run("ls"), run("python3 key.txt")], mode="default")
    assert (outcome.result(0).is_error, outcome.result(0).text) == (False, "7")
    assert outcome.result(1).is_error
    assert outcome.result(2).is_error


def test_without_the_service_the_output_is_withheld(wrapped: Any, service: AnsweringSocket) -> None:
    service.close()
    outcome = wrapped.play([run("cat key.txt; exit 3")])
    assert "Exit code 3" in outcome.result().text
    assert "checkrein withheld" in outcome.result().text
    assert not outcome.api.sent(VALUE)


def test_only_commands_are_run_in_it(world: Any, tmp_path: Path) -> None:
    """Hooks and MCP servers are not, and the client asks it for its variables in the way that the shell lets through."""
    log, program = tmp_path / "log", tmp_path / "bash"
    program.write_text(f'#!/bin/sh\nprintf "%s\\0" "$@" >>{log}\nprintf "\\n" >>{log}\nexec {BASH} "$@"\n')
    program.chmod(0o755)
    hook = {"matcher": "*", "hooks": [{"type": "command", "command": "echo the-hook >&2"}]}
    world.settings({"env": {"CLAUDE_CODE_SHELL": str(program)}, "hooks": {"PreToolUse": [hook]}})
    (world.project / "key.txt").write_text("x\n")
    servers = {"t": {"command": sys.executable, "args": ["-I", "-S", mcp_answers.__file__, str(world.project / "key.txt")]}}
    world.play([run("echo the-command")], arguments=["--mcp-config", json.dumps({"mcpServers": servers})])
    calls = [call.split("\0") for call in log.read_text().split("\0\n")]
    assert shell.ENVIRONMENT in calls
    assert "the-command" in log.read_text()
    assert "the-hook" not in log.read_text()
    assert "mcp_answers" not in log.read_text()


@pytest.mark.parametrize("rule", ["allow", "deny"])
def test_a_command_that_a_hook_rewrites_is_matched_in_its_new_form(world: Any, hooks: Any, rule: str) -> None:
    """Why commands are not wrapped by a hook: the person's own rules would be passed over."""
    output = {"hookEventName": "PreToolUse", "updatedInput": {"command": "python3 -c 'print(7)'", "description": "x"}}
    hooks.answers["PreToolUse"] = 200, json.dumps({"hookSpecificOutput": output}).encode()
    subscribed = {"PreToolUse": [{"matcher": "*", "hooks": [hooks.hook("PreToolUse")]}]}
    world.settings({"hooks": subscribed, "permissions": {rule: ["Bash(touch:*)"]}})
    outcome = world.play([run("touch a")], mode="default" if rule == "allow" else "bypassPermissions")
    assert outcome.result().is_error is (rule == "allow")
