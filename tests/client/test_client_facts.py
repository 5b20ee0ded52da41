"""What the product relies on in the client, proven on each supported version. A new client that differs fails here first."""

from __future__ import annotations

import json
import shlex
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from checkrein.prove.api import Text, ToolUse
from checkrein.prove.otel import OtelSink
from checkrein.service import certificate
from checkrein.service.paths import ServicePaths
from forward_proxy import ForwardProxy
from waiting import until

pytestmark = pytest.mark.client


def on(event: str, *handlers: dict[str, Any], matcher: str | None = "*") -> dict[str, Any]:
    group: dict[str, Any] = {"hooks": list(handlers)}
    if matcher is not None:
        group["matcher"] = matcher
    return {"hooks": {event: [group]}}


def permission(verdict: str, reason: str = "because of the rule", event: str = "PreToolUse") -> tuple[int, bytes]:
    output = {"hookEventName": event, "permissionDecision": verdict, "permissionDecisionReason": reason}
    return 200, json.dumps({"hookSpecificOutput": output}).encode()


def script(folder: Path, code: str) -> list[str]:
    path = folder / "hook.py"
    path.write_text(code)
    return [sys.executable, "-I", "-S", str(path)]


def certificates(folder: Path) -> ServicePaths:
    paths = ServicePaths(folder, folder)
    paths.prepare()
    certificate.ensure(paths)
    return paths


def public_file(paths: ServicePaths) -> Path:
    file = paths.state / "public.pem"
    file.write_text(certificate.public(paths))
    return file


DENY = permission("deny")
GATE = {"onFailure": "block"}


class TestHttpsHooks:
    """Whom the client believes: ``ours`` serves, ``other`` is another certificate for the same address."""

    @pytest.fixture
    def ours(self, hooks: Any, tmp_path: Path) -> Path:
        """Lets the hook server speak TLS; the certificate it has."""
        paths = certificates(tmp_path / "ours")
        hooks.server.socket = certificate.serving(paths).wrap_socket(
            hooks.server.socket, server_side=True, do_handshake_on_connect=False
        )
        hooks.url = hooks.url.replace("http:", "https:")
        return public_file(paths)

    @pytest.fixture
    def other(self, tmp_path: Path) -> Path:
        return public_file(certificates(tmp_path / "other"))

    @staticmethod
    def ask(world: Any, hooks: Any, env: dict[str, str], project: dict[str, str] | None = None) -> bool:
        """Whether the hook arrived, with these variables in the settings of user and project."""
        hook = hooks.hook("PreToolUse", **GATE)
        world.settings({**on("PreToolUse", hook), "env": env})
        if project is not None:
            world.settings({"env": project}, "project")
        outcome = world.play()
        asked = hooks.events() == ["PreToolUse"]
        assert outcome.ran == (asked or not world.client.blocks_on_failure)
        return asked

    def test_a_certificate_named_in_the_settings_is_believed(self, world: Any, hooks: Any, ours: Path, other: Path) -> None:
        both = ours.with_name("both.pem")
        both.write_text(f"# ours\n{ours.read_text()}# theirs\n{other.read_text()}no certificate\n")
        assert self.ask(world, hooks, {"NODE_EXTRA_CA_CERTS": str(both)})

    def test_another_certificate_is_not(self, world: Any, hooks: Any, ours: Path, other: Path) -> None:
        assert not self.ask(world, hooks, {"NODE_EXTRA_CA_CERTS": str(other)})

    def test_settings_beat_the_environment(self, world: Any, hooks: Any, ours: Path, other: Path) -> None:
        world.env["NODE_EXTRA_CA_CERTS"] = str(ours)
        assert not self.ask(world, hooks, {"NODE_EXTRA_CA_CERTS": str(other)})

    def test_a_repository_beats_the_user(self, world: Any, hooks: Any, ours: Path, other: Path) -> None:
        mine, theirs = {"NODE_EXTRA_CA_CERTS": str(other)}, {"NODE_EXTRA_CA_CERTS": str(ours)}
        assert self.ask(world, hooks, mine, theirs)

    def test_a_repository_can_switch_the_check_off(self, world: Any, hooks: Any, ours: Path, other: Path) -> None:
        assert self.ask(world, hooks, {"NODE_EXTRA_CA_CERTS": str(other)}, {"NODE_TLS_REJECT_UNAUTHORIZED": "0"})

    @pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
    def test_a_proxy_takes_hooks_elsewhere(self, world: Any, hooks: Any, ours: Path, name: str) -> None:
        """As what is said to the model, which the proxy hands on here."""
        with ForwardProxy() as proxy:
            world.env.update({name: proxy.url, "HTTP_PROXY": proxy.url})
            assert not self.ask(world, hooks, {"NODE_EXTRA_CA_CERTS": str(ours)})
        assert urlsplit(hooks.url).netloc in proxy.tunnels

    def test_unless_it_is_told_otherwise(self, world: Any, hooks: Any, ours: Path) -> None:
        world.env.update(HTTPS_PROXY="http://127.0.0.1:9", HTTP_PROXY="http://127.0.0.1:9", NO_PROXY="127.0.0.1")
        assert self.ask(world, hooks, {"NODE_EXTRA_CA_CERTS": str(ours)})


class TestHookForms:
    def test_a_command_with_args_runs_without_a_shell(self, world: Any, tmp_path: Path) -> None:
        marker = tmp_path / "a b;c"
        world.settings(on("PreToolUse", {"type": "command", "command": "/usr/bin/touch", "args": [str(marker)]}))
        assert world.play().ran
        assert marker.exists()

    def test_a_command_that_exits_2_stops_the_call_and_its_stderr_reaches_the_model(self, world: Any, tmp_path: Path) -> None:
        words = script(tmp_path, "import sys; sys.stderr.write('the reason'); sys.exit(2)")
        world.settings(on("PreToolUse", {"type": "command", "command": words[0], "args": words[1:]}))
        outcome = world.play()
        assert not outcome.ran
        assert outcome.result().is_error
        assert "the reason" in outcome.result().text

    def test_a_shell_line_that_turns_failure_into_2_stops_the_call(self, world: Any) -> None:
        world.settings(on("PreToolUse", {"type": "command", "command": "/nonexistent/program x || exit 2"}))
        assert not world.play().ran

    def test_a_missing_program_stops_the_call_only_where_onfailure_is_known(self, world: Any) -> None:
        world.settings(on("PreToolUse", {"type": "command", "command": "/nonexistent/program", "args": ["x"], **GATE}))
        assert world.play().ran is not world.client.blocks_on_failure

    def test_http_hook_with_all_its_fields_is_called(self, world: Any, hooks: Any) -> None:
        more = {"headers": {"X-T": "token", "X-E": "$CLAUDE_CODE_ENTRYPOINT"}, "allowedEnvVars": ["CLAUDE_CODE_ENTRYPOINT"]}
        world.settings(on("PreToolUse", hooks.hook("PreToolUse", **more, **GATE)))
        assert world.play().ran
        assert hooks.events() == ["PreToolUse"]
        assert hooks.calls[0].headers["x-t"] == "token"
        assert hooks.calls[0].headers["x-e"] == "sdk-cli"

    def test_an_environment_variable_that_is_not_allowed_is_empty(self, world: Any, hooks: Any) -> None:
        world.settings(on("PreToolUse", hooks.hook("PreToolUse", headers={"X-E": "$CLAUDE_CODE_ENTRYPOINT"})))
        world.play()
        assert hooks.calls[0].headers.get("x-e", "") == ""

    def test_a_repository_that_allows_no_http_hooks_opens_only_the_old_client(self, world: Any, hooks: Any) -> None:
        hooks.answers["PreToolUse"] = DENY
        world.settings(on("PreToolUse", hooks.hook("PreToolUse", **GATE)))
        world.settings({"allowedHttpHookUrls": []}, "project")
        assert world.play().ran is not world.client.blocks_on_failure
        assert hooks.events() == []

    def test_http_hooks_that_the_user_names_stay_on(self, world: Any, hooks: Any) -> None:
        hooks.answers["PreToolUse"] = DENY
        world.settings({**on("PreToolUse", hooks.hook("PreToolUse", **GATE)), "allowedHttpHookUrls": [f"{hooks.url}/hook/*"]})
        world.settings({"allowedHttpHookUrls": []}, "project")
        assert not world.play().ran
        assert hooks.events() == ["PreToolUse"]

    def test_the_settings_that_close_side_doors_do_not_void_the_file(self, world: Any, hooks: Any) -> None:
        closes = {"disableSkillShellExecution": True, "respondToBashCommands": False, "allowedHttpHookUrls": [f"{hooks.url}/*"]}
        world.settings({**on("PreToolUse", hooks.hook("PreToolUse")), **closes})
        world.play()
        assert hooks.events() == ["PreToolUse"]

    def test_an_unknown_event_does_not_void_the_file(self, world: Any, hooks: Any) -> None:
        settings = on("PreToolUse", hooks.hook("PreToolUse"))
        settings["hooks"]["DirectoryAdded"] = settings["hooks"]["NoSuchEvent"] = [{"hooks": [hooks.hook("NoSuchEvent")]}]
        world.settings(settings)
        world.play()
        assert hooks.events() == ["PreToolUse"]


class TestAnswers:
    @pytest.mark.parametrize("verdict", ["deny", "ask"])
    @pytest.mark.parametrize("mode", ["bypassPermissions", "default", "acceptEdits"])
    def test_deny_and_ask_stop_the_call_and_the_reason_reaches_the_model(
        self, world: Any, hooks: Any, verdict: str, mode: str
    ) -> None:
        hooks.answers["PreToolUse"] = permission(verdict, "reason 4711")
        world.settings(on("PreToolUse", hooks.hook("PreToolUse", **GATE)))
        outcome = world.play(mode=mode)
        assert not outcome.ran
        assert outcome.result().is_error
        assert "reason 4711" in outcome.result().text

    def test_allow_spares_the_prompt(self, world: Any, hooks: Any) -> None:
        hooks.answers["PreToolUse"] = permission("allow")
        world.settings(on("PreToolUse", hooks.hook("PreToolUse", **GATE)))
        assert world.play(mode="default").ran

    def test_no_opinion_leaves_the_clients_own_prompt(self, world: Any, hooks: Any) -> None:
        world.settings(on("PreToolUse", hooks.hook("PreToolUse", **GATE)))
        outcome = world.play(mode="default")
        assert not outcome.ran
        assert outcome.result().is_error

    def test_updated_input_replaces_what_the_tool_gets(self, world: Any, hooks: Any) -> None:
        output = {"hookEventName": "PreToolUse", "updatedInput": {"command": "touch other", "description": "x"}}
        hooks.answers["PreToolUse"] = (200, json.dumps({"hookSpecificOutput": output}).encode())
        world.settings(on("PreToolUse", hooks.hook("PreToolUse", **GATE)))
        outcome = world.play()
        assert not outcome.ran
        assert (outcome.project / "other").exists()

    def test_a_prompt_that_is_blocked_is_not_sent(self, world: Any, hooks: Any) -> None:
        hooks.answers["UserPromptSubmit"] = (200, b'{"decision": "block", "reason": "no such prompt"}')
        world.settings(on("UserPromptSubmit", hooks.hook("UserPromptSubmit", **GATE), matcher=None))
        outcome = world.play(prompt="words-not-to-send")
        assert not outcome.ran
        assert not outcome.api.sent("words-not-to-send")

    def test_a_slash_command_that_is_blocked_is_not_sent(self, world: Any, hooks: Any) -> None:
        (world.project / ".claude/commands").mkdir(parents=True)
        (world.project / ".claude/commands/probe.md").write_text("words-of-the-command\n")
        hooks.answers["UserPromptExpansion"] = (200, b'{"decision": "block", "reason": "no such command"}')
        world.settings(on("UserPromptExpansion", hooks.hook("UserPromptExpansion", **GATE), matcher=None))
        outcome = world.play(prompt="/probe")
        assert hooks.events() == ["UserPromptExpansion"]
        assert not outcome.api.sent("words-of-the-command")

    def test_session_start_over_http_is_passed_over(self, world: Any, hooks: Any) -> None:
        world.settings(on("SessionStart", hooks.hook("SessionStart"), matcher=None))
        assert world.play().ran
        assert hooks.events() == []

    @pytest.mark.parametrize("blocked", [True, False])
    def test_a_blocked_config_change_keeps_the_hooks_of_the_running_session(
        self, world: Any, hooks: Any, blocked: bool
    ) -> None:
        """One that is not blocked ends them: so what is seen is the answer's work."""
        if blocked:
            hooks.answers["ConfigChange"] = (200, b'{"decision": "block", "reason": "no"}')
        settings = on("PreToolUse", hooks.hook("PreToolUse", **GATE))
        settings["hooks"]["ConfigChange"] = [{"hooks": [hooks.hook("ConfigChange", **GATE)]}]
        world.settings(settings)
        edit = f"echo '{{\"disableAllHooks\": true}}' > {shlex.quote(str(world.home / '.claude/settings.json'))}"

        def before_turn(turn: int) -> None:
            if turn == 1:
                until(lambda: "ConfigChange" in hooks.events())
                hooks.answers["PreToolUse"] = DENY

        commands = [edit, "true", "touch ran"]  # between the second and the third the client takes the new settings, or none
        outcome = world.play([[ToolUse("Bash", {"command": command})] for command in commands], before_turn=before_turn)
        assert outcome.api.failure is None
        assert outcome.ran is not blocked

    def test_a_subagents_calls_go_through_the_hooks(self, world: Any, hooks: Any) -> None:
        world.settings(on("PreToolUse", hooks.hook("PreToolUse", **GATE)))
        task = {"description": "probe", "prompt": "play the subagent 4711", "subagent_type": "general-purpose"}
        inner = [[ToolUse("Bash", {"command": "touch ran"})], [Text("done")]]
        outcome = world.play([[ToolUse("Agent", task)]], subagents={"play the subagent 4711": inner})
        assert outcome.ran
        assert [(call.payload["tool_name"], bool(call.payload.get("agent_id"))) for call in hooks.calls] == [
            ("Agent", False),
            ("Bash", True),
        ]


class TestTwoTransports:
    @pytest.mark.parametrize("denier", ["http", "command"])
    def test_a_deny_of_either_stops_the_call(self, world: Any, hooks: Any, tmp_path: Path, denier: str) -> None:
        code = "import sys; sys.stdin.read(); print('{}')" if denier == "http" else "import sys; sys.exit(2)"
        words = script(tmp_path, code)
        if denier == "http":
            hooks.answers["PreToolUse"] = DENY
        command = {"type": "command", "command": words[0], "args": words[1:], **GATE}
        world.settings(on("PreToolUse", hooks.hook("PreToolUse", **GATE), command))
        assert not world.play().ran
        assert hooks.events() == ["PreToolUse"]

    def test_a_failure_of_the_http_hook_beside_a_content_command(self, world: Any, hooks: Any, tmp_path: Path) -> None:
        words = script(tmp_path, "print('{}')")
        hooks.answers["PreToolUse"] = (500, b"")
        command = {"type": "command", "command": words[0], "args": words[1:], **GATE}
        world.settings(on("PreToolUse", hooks.hook("PreToolUse", **GATE), command))
        assert world.play().ran is not world.client.blocks_on_failure

    def test_a_failure_of_the_command_beside_a_content_http_hook_stops_the_call(self, world: Any, hooks: Any) -> None:
        command = {"type": "command", "command": "/bin/sh", "args": ["-c", '"$0" "$@" || exit 2', "/nonexistent"], **GATE}
        world.settings(on("PreToolUse", hooks.hook("PreToolUse", **GATE), command))
        assert not world.play().ran


def _slow(_call: object) -> tuple[int, bytes]:
    time.sleep(3)
    return DENY


class TestFailures:
    """What an http hook with ``onFailure: "block"`` does where its server fails. Clients that do not know it go ahead."""

    @pytest.mark.parametrize(
        ("answer", "stops"),
        [
            pytest.param((200, b"{}"), False, id="an-impostor-that-answers-{}"),
            pytest.param((200, b""), False, id="an-empty-answer"),
            pytest.param((500, b""), True, id="500"),
            pytest.param((403, DENY[1]), True, id="403-with-a-deny"),
            pytest.param((200, b'{"hookSpecificOutput": {'), True, id="broken-json"),
            pytest.param((200, b"words"), True, id="no-json"),
            pytest.param(_slow, True, id="too-slow"),
        ],
    )
    def test_onfailure_block(self, world: Any, hooks: Any, answer: Any, stops: bool) -> None:
        hooks.answers["PreToolUse"] = answer
        world.settings(on("PreToolUse", {**hooks.hook("PreToolUse", **GATE), "timeout": 1}))
        assert world.play().ran is not (stops and world.client.blocks_on_failure)

    def test_onfailure_block_with_nobody_on_the_port(self, world: Any, hooks: Any) -> None:
        world.settings(on("PreToolUse", hooks.hook("PreToolUse", **GATE)))
        hooks.close()
        assert world.play().ran is not world.client.blocks_on_failure


class TestTelemetry:
    def test_hook_durations_are_reported(self, world: Any, hooks: Any) -> None:
        world.settings(on("PreToolUse", hooks.hook("PreToolUse", **GATE)))
        with OtelSink() as sink:
            world.env.update(sink.environment())
            world.play()
        (event,) = [event for event in sink.named("hook_execution_complete") if event.attributes["hook_event"] == "PreToolUse"]
        assert event.attributes["num_success"] == "1"
        assert str(event.attributes["total_duration_ms"]).isdecimal()
