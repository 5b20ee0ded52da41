"""Which fields void a settings file. Each row was measured on clients 2.1.197 and 2.1.330."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checkrein.setup.validate import Void, voids


def hook(**fields: Any) -> dict[str, Any]:
    return {"hooks": {"PreToolUse": [{"hooks": [fields]}]}}


VOID = [
    {"permissions": {"defaultMode": "allowEdits"}},
    {"permissions": {"defaultMode": "delegate"}},
    {"permissions": {"deny": "x"}},
    {"permissions": {"allow": 3}},
    {"permissions": []},
    {"permissions": {"additionalDirectories": [1]}},
    {"permissions": {"disableBypassPermissionsMode": True}},
    {"sandbox": {"network": {"httpProxyPort": None}}},
    {"sandbox": {"enabled": "yes"}},
    {"sandbox": {"filesystem": {"denyRead": "x"}}},
    {"disableAllHooks": "no"},
    {"disableAllHooks": None},
    {"env": []},
    {"model": 1},
    {"cleanupPeriodDays": 0},
    {"cleanupPeriodDays": 1.5},
    {"allowedHttpHookUrls": "x"},
    {"allowedHttpHookUrls": [1]},
    {"hooks": []},
    {"hooks": {"PreToolUse": {"hooks": []}}},
    {"hooks": {"PreToolUse": [{"matcher": "*"}]}},
    {"hooks": {"PreToolUse": [{"matcher": 1, "hooks": []}]}},
    hook(type="cmd", command="true"),
    hook(type="command"),
    hook(type="command", command="true", timeout="5"),
    hook(type="command", command="true", timeout=0),
    hook(type="command", command="true", args="x"),
    hook(type="command", command="true", onFailure="stop"),
    hook(type="http"),
    hook(type="http", url="notaurl"),
    hook(type="http", url="http://"),
    hook(type="http", url="http://a/", headers={"A": 1}),
    hook(type="prompt"),
    {"statusLine": "x"},
    {"includeCoAuthoredBy": "x"},
    {"$schema": 1},
]
KEPT = [
    {},
    {"noSuchKey": 1},
    {"env": {"A": 1, "B": None, "C": {}}},
    {"hooks": {"NoSuchEvent": "x"}},
    {"hooks": {"PreToolUse": None}},
    {"permissions": {"deny": ["Read((", 1], "read": {"deny": []}, "defaultMode": "auto"}},
    {"sandbox": {"foo": 1, "network": {"httpProxyPort": 80.5}}},
    {"deniedMcpServers": [{}], "allowedMcpServers": "x", "forceLoginMethod": "x"},
    hook(type="command", command="true", timeout=0.5, onFailure="continue", args=["a"]),
    hook(type="http", url="a:b"),
]


@pytest.mark.parametrize("settings", VOID, ids=json.dumps)
def test_these_void_the_file(settings: dict[str, Any]) -> None:
    assert voids(json.dumps(settings))


@pytest.mark.parametrize("settings", KEPT, ids=json.dumps)
def test_these_do_not(settings: dict[str, Any]) -> None:
    assert voids(json.dumps(settings)) == ()


@pytest.mark.parametrize(
    ("text", "void"),
    [
        ('{\n "permissions": {\n\n  "deny": "x"}}', Void(4, "permissions.deny", "must be a list")),
        ('{"disableAllHooks": "no"}', Void(1, "disableAllHooks", "must be true or false")),
        ('{\n"hooks": {"Stop": [{"hooks": [\n{"type": "command"}]}]}}', Void(3, "hooks.Stop.0.hooks.0", "lacks command")),
        ('{"cleanupPeriodDays": 0}', Void(1, "cleanupPeriodDays", "must be at least 1")),
        ('{"cleanupPeriodDays": 1.5}', Void(1, "cleanupPeriodDays", "must be a whole number")),
        (
            json.dumps(hook(type="command", command="x", timeout=0)),
            Void(1, "hooks.PreToolUse.0.hooks.0.timeout", "must be more than 0"),
        ),
        (
            json.dumps(hook(type="http", url="x")),
            Void(1, "hooks.PreToolUse.0.hooks.0.url", "must be an address such as http://127.0.0.1:8080/"),
        ),
        (
            '{"permissions": {"disableBypassPermissionsMode": 1}}',
            Void(1, "permissions.disableBypassPermissionsMode", 'must be "disable"'),
        ),
        ("[]", Void(1, "the file", "must be an object")),
    ],
)
def test_says_where_and_what(text: str, void: Void) -> None:
    assert voids(text) == (void,)
