"""Settings of the client that would disarm protection."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checkrein.detect.client_settings import HELPERS, LOADERS, REDIRECTS, disarming, rerouting


def found(settings: Any) -> list[str]:
    return list(disarming(json.dumps(settings)))


def test_settings_of_every_day() -> None:
    assert found({}) == []
    assert found({"model": "x", "permissions": {"allow": ["Bash(ls)"]}, "env": {"NODE_ENV": "test"}, "hooks": {}}) == []


def test_hooks_switched_off() -> None:
    assert found({"disableAllHooks": True}) == ["disableAllHooks switches every hook off"]
    assert found({"disableAllHooks": False}) == []
    assert found({"allowedHttpHookUrls": []}) == ["an empty allowedHttpHookUrls shuts http hooks out"]
    assert found({"allowedHttpHookUrls": ["http://127.0.0.1:*"]}) == []


@pytest.mark.parametrize("value", ["1", "true", "yes", 1, True])
def test_the_simple_client(value: Any) -> None:
    assert found({"env": {"CLAUDE_CODE_SIMPLE": value}}) == ["env.CLAUDE_CODE_SIMPLE switches every hook off"]


@pytest.mark.parametrize("value", ["", "0", "false", "No", "off"])
def test_the_simple_client_off(value: str) -> None:
    assert found({"env": {"CLAUDE_CODE_SIMPLE": value}}) == []


@pytest.mark.parametrize("name", sorted(LOADERS))
def test_what_loads_programs(name: str) -> None:
    assert found({"env": {name: "/tmp/x"}}) == [f"env.{name} loads or replaces programs in hooks"]
    assert found({"env": {name.lower(): "/tmp/x"}}) == [f"env.{name.lower()} loads or replaces programs in hooks"]
    assert found({"env": {name: ""}}) == []


@pytest.mark.parametrize("name", sorted(REDIRECTS))
def test_what_sends_requests_elsewhere(name: str) -> None:
    assert found({"env": {name: "http://203.0.113.5"}}) == [f"env.{name} changes where requests and the key go"]


@pytest.mark.parametrize("name", sorted(HELPERS))
def test_programs_that_the_client_runs(name: str) -> None:
    assert found({name: "./x.sh"}) == [f"{name} names a program that the client runs"]


@pytest.mark.parametrize("text", ["", "{", "{'a': 1}", "// comment\n{}", "\0", "[" * 100_000, '{"a": 1,}'])
def test_text_that_the_client_would_drop(text: str) -> None:
    assert list(disarming(text)) == ["the text is not valid JSON, so the client would drop the whole file"]


@pytest.mark.parametrize("text", ["[]", "null", '"x"', "7"])
def test_json_that_is_no_object(text: str) -> None:
    assert list(disarming(text)) == ["the text is no JSON object, so the client would drop the whole file"]


def test_a_byte_order_mark_hides_nothing() -> None:
    assert list(disarming('\ufeff{"disableAllHooks": true}')) == ["disableAllHooks switches every hook off"]


def test_an_env_of_a_wrong_type() -> None:
    assert found({"env": ["PATH"]}) == ["env has a wrong shape, so the client would drop the whole file"]
    assert found({"env": {"PATH": ["/tmp"]}}) == ["env.PATH loads or replaces programs in hooks"]


def test_everything_at_once() -> None:
    assert len(found({"disableAllHooks": True, "env": {"PATH": "/x", "ANTHROPIC_BASE_URL": "x"}, "apiKeyHelper": "x"})) == 4


@pytest.mark.parametrize("entries", [["https://hooks.example/*"], ["", 7]])
def test_addresses_that_shut_our_hooks_out(entries: list[Any]) -> None:
    assert "allowedHttpHookUrls shuts our hooks out" in found({"allowedHttpHookUrls": entries})


@pytest.mark.parametrize("entries", [["*"], ["https://hooks.example/*", "http://127.0.0.1:4747/*"], ["http://localhost:*"]])
def test_addresses_that_leave_our_hooks(entries: list[str]) -> None:
    assert found({"allowedHttpHookUrls": entries}) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"hooks": "x"},
        {"hooks": []},
        {"hooks": {"Stop": {}}},
        {"hooks": {"Stop": [{"matcher": 1, "hooks": []}]}},
        {"hooks": {"Stop": [{"hooks": [{"command": "x"}]}]}},
        {"permissions": []},
        {"permissions": {"deny": "Read(x)"}},
        {"permissions": {"defaultMode": "allowEdits"}},
        {"disableAllHooks": "no"},
        {"allowedHttpHookUrls": "*"},
        {"model": 7},
    ],
)
def test_shapes_that_void_the_file(settings: Any) -> None:
    assert [phrase for phrase in found(settings) if "drop the whole file" in phrase]


def test_shapes_that_do_not() -> None:
    hooks = {"Stop": [{"hooks": [{"type": "command", "command": "x"}]}], "PreToolUse": None}
    assert found({"hooks": hooks, "permissions": {"defaultMode": "plan", "deny": []}, "unknown": 7}) == []


def test_a_shell_of_ours_may_be_named_and_no_other() -> None:
    settings = json.dumps({"env": {"CLAUDE_CODE_SHELL": "/data/shell/bash"}})
    assert list(disarming(settings, ("/data/shell/bash",))) == []
    assert list(disarming(settings, ("/data/shell/zsh",))) != []


OURS = "https://127.0.0.1:4712/checkrein"


@pytest.mark.parametrize(
    ("env", "names"),
    [
        ({"ANTHROPIC_BASE_URL": "https://elsewhere.example"}, ["ANTHROPIC_BASE_URL"]),
        ({"ANTHROPIC_BASE_URL": OURS}, []),
        ({"ANTHROPIC_BASE_URL": f"{OURS}/"}, []),
        ({"ANTHROPIC_BASE_URL": ""}, []),
        (
            {"CLAUDE_CODE_USE_VERTEX": 1, "CLAUDE_CODE_USE_BEDROCK": "true"},
            ["CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX"],
        ),
        ({"CLAUDE_CODE_USE_VERTEX": "0"}, []),
        ([], []),
    ],
)
def test_what_leads_past_the_gateway(env: object, names: list[str]) -> None:
    assert list(rerouting(json.dumps({"env": env}), OURS)) == names


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\ufeff{}"])
def test_settings_that_lead_nowhere(text: str) -> None:
    assert list(rerouting(text, OURS)) == []


def test_our_own_values_disarm_nothing() -> None:
    text = json.dumps({"env": {"ANTHROPIC_BASE_URL": OURS, "NODE_EXTRA_CA_CERTS": "/ours.pem"}})
    assert list(disarming(text, {OURS, "/ours.pem"})) == []
    assert len(list(disarming(text))) == 2
