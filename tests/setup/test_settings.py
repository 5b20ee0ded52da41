"""What is added to settings, and that taking it away again leaves exactly the rest."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core import SettingsError
from checkrein.enforce.hooks import command
from checkrein.setup.install import CommandForm, Install, Scope, Transport, is_gateway
from checkrein.setup.settings import build_settings, is_ours, our_handlers, revert, strip, subscribed

HELPER = Path("/opt/x/checkrein-hook")
INSTALL = Install(
    base_url="https://127.0.0.1:4711",
    token="not-a-real-token",
    socket=Path("/run/x/service.sock"),
    token_file=Path("/state/token"),
    trust=Path("/state/checkrein-trust.pem"),
    helper=HELPER,
    transport=Transport.HTTP,
    form=CommandForm.WORDS,
    deny_read=(".env", "~/.ssh/id_rsa"),
)
THEIRS = {"type": "command", "command": "my-linter --fix"}

handlers = st.fixed_dictionaries({"type": st.just("command"), "command": st.sampled_from(["a", "b c", "checkrein scan"])})
groups = st.fixed_dictionaries({"matcher": st.sampled_from(["*", "Bash"]), "hooks": st.lists(handlers, max_size=2)})
bases = st.fixed_dictionaries(
    {},
    optional={
        "model": st.just("opus"),
        "hooks": st.dictionaries(st.sampled_from(["PreToolUse", "Stop", "Odd"]), st.lists(groups, max_size=2), max_size=2),
        "permissions": st.fixed_dictionaries(
            {},
            optional={"deny": st.lists(st.sampled_from(["Read(.env)", "Bash(x)"]), max_size=2), "allow": st.just(["Bash(ls)"])},
        ),
        "allowedHttpHookUrls": st.lists(st.sampled_from(["https://x.test/*", "https://y.test/*"]), max_size=2),
        "env": st.dictionaries(
            st.sampled_from(["A", "NODE_EXTRA_CA_CERTS", "ANTHROPIC_BASE_URL"]), st.just("/x/corporate.pem"), max_size=2
        ),
        "respondToBashCommands": st.booleans(),
        "disableSkillShellExecution": st.booleans(),
    },
)
installs = st.builds(
    dataclasses.replace,
    st.just(INSTALL),
    transport=st.sampled_from(Transport),
    form=st.sampled_from(CommandForm),
    helper=st.sampled_from([HELPER, None]),
    scope=st.sampled_from(Scope),
    gateway=st.sampled_from(["", "https://127.0.0.1:4712/checkrein"]),
)


@given(bases, installs)
def test_building_twice_changes_nothing_and_drops_nothing(base: dict[str, Any], install: Install) -> None:
    before = copy.deepcopy(base)
    built = build_settings(base, install)
    assert base == before
    assert build_settings(built, install) == built
    for event, present in base.get("hooks", {}).items():
        assert [group for group in built["hooks"][event] if group in present] == present
    for rule in base.get("permissions", {}).get("deny", []):
        assert rule in built["permissions"]["deny"]
    for url in base.get("allowedHttpHookUrls", []):
        assert url in built["allowedHttpHookUrls"]


@given(bases, installs)
def test_reverting_gives_back_what_was_there(base: dict[str, Any], install: Install) -> None:
    built = build_settings(base, install)
    assert revert(base, built, built) == strip(base)


@given(bases, installs, st.dictionaries(st.sampled_from(["theme", "model"]), st.text(max_size=3), min_size=1))
def test_reverting_keeps_edits_made_meanwhile(base: dict[str, Any], install: Install, edit: dict[str, str]) -> None:
    built = build_settings(base, install)
    edited = copy.deepcopy(built) | edit
    edited["hooks"]["PreToolUse"][-1]["hooks"].append(THEIRS)
    edited.setdefault("permissions", {}).setdefault("deny", []).append("Bash(curl:*)")
    left = revert(base, built, edited)
    assert not list(our_handlers(left))
    assert left | edit == left
    assert THEIRS in [handler for group in left["hooks"]["PreToolUse"] for handler in group["hooks"]]
    assert left["permissions"]["deny"][-1] == "Bash(curl:*)"
    assert left["permissions"]["deny"][:-1] == base.get("permissions", {}).get("deny", [])


def types(built: dict[str, Any], event: str) -> list[str]:
    return [handler["type"] for handler in built["hooks"][event][0]["hooks"]]


def test_http_hooks_ask_for_all_but_what_begins_a_session() -> None:
    built = build_settings({}, INSTALL)
    commands = {event.name for event in subscribed() if types(built, event.name) == ["command"]}
    assert commands == {"SessionStart", "Setup", "UserPromptSubmit"}
    assert all(types(built, event.name) == ["http"] for event in subscribed() if event.name not in commands)


def test_an_http_hook() -> None:
    built = build_settings({}, INSTALL)
    assert built["hooks"]["PostToolUse"] == [
        {
            "matcher": "*",
            "hooks": [
                {
                    "type": "http",
                    "url": "https://127.0.0.1:4711/hook/PostToolUse",
                    "headers": {"X-Checkrein-Token": "not-a-real-token", "X-Checkrein-Entrypoint": "$CLAUDE_CODE_ENTRYPOINT"},
                    "allowedEnvVars": ["CLAUDE_CODE_ENTRYPOINT"],
                    "timeout": 20,
                    "onFailure": "block",
                }
            ],
        }
    ]
    assert built["allowedHttpHookUrls"] == ["https://127.0.0.1:4711/hook/*"]
    assert built["permissions"] == {"deny": ["Read(.env)", "Read(~/.ssh/id_rsa)"]}
    assert built["disableSkillShellExecution"] is True
    assert built["respondToBashCommands"] is False
    assert built["env"] == {"NODE_EXTRA_CA_CERTS": "/state/checkrein-trust.pem"}


def test_every_event_has_a_hook_and_session_start_only_a_command() -> None:
    built = build_settings({}, INSTALL)
    assert set(built["hooks"]) == {event.name for event in subscribed()}
    assert {"PreToolUse", "PostToolUse", "ConfigChange", "UserPromptSubmit", "SessionStart"} <= set(built["hooks"])
    assert [h["type"] for h in built["hooks"]["SessionStart"][0]["hooks"]] == ["command"]
    assert built["hooks"]["SessionEnd"][0]["hooks"][0]["timeout"] == 1
    assert "onFailure" not in built["hooks"]["Stop"][0]["hooks"][0]


WORDS = ["/opt/x/checkrein-hook", "PreToolUse", "/run/x/service.sock", "/state/token"]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (CommandForm.WORDS, {"command": WORDS[0], "args": WORDS[1:]}),
        (CommandForm.SH, {"command": "/bin/sh", "args": ["-c", '"$0" "$@" || exit 2', *WORDS]}),
        (CommandForm.LINE, {"command": "/opt/x/checkrein-hook PreToolUse /run/x/service.sock /state/token || exit 2"}),
    ],
)
def test_the_forms_of_a_command_hook(form: CommandForm, expected: dict[str, Any]) -> None:
    install = dataclasses.replace(INSTALL, transport=Transport.COMMAND, form=form)
    handler = build_settings({}, install)["hooks"]["PreToolUse"][0]["hooks"][0]
    assert handler == {"type": "command", **expected, "timeout": 20, "onFailure": "block"}
    assert is_ours(handler)


def test_the_python_client_is_known_as_ours_too() -> None:
    install = dataclasses.replace(INSTALL, transport=Transport.COMMAND, form=CommandForm.LINE, helper=None)
    built = build_settings({}, install)
    assert str(command.PYTHON_CLIENT) in built["hooks"]["Stop"][0]["hooks"][0]["command"]
    assert "|| exit 2" not in built["hooks"]["Stop"][0]["hooks"][0]["command"]
    assert strip(built)["disableSkillShellExecution"] is True
    assert "hooks" not in strip(built)


def test_both_transports_stand_side_by_side() -> None:
    built = build_settings({}, dataclasses.replace(INSTALL, transport=Transport.BOTH))
    assert [handler["type"] for handler in built["hooks"]["PreToolUse"][0]["hooks"]] == ["http", "command"]


def test_a_command_installation_writes_no_token() -> None:
    install = dataclasses.replace(INSTALL, transport=Transport.COMMAND)
    assert INSTALL.token not in str(build_settings({}, install))
    assert "allowedHttpHookUrls" not in build_settings({}, install)
    assert "env" not in build_settings({}, install)


def test_other_addresses_stay_allowed() -> None:
    theirs = {"hooks": {"Stop": [{"hooks": [{"type": "http", "url": "https://x.test/a"}]}]}}
    assert build_settings(theirs, INSTALL)["allowedHttpHookUrls"] == ["https://127.0.0.1:4711/hook/*", "https://x.test/a"]
    listed = {"allowedHttpHookUrls": ["https://x.test/*"], "httpHookAllowedEnvVars": ["A"]}
    built = build_settings(listed, INSTALL)
    assert built["allowedHttpHookUrls"] == ["https://x.test/*", "https://127.0.0.1:4711/hook/*"]
    assert built["httpHookAllowedEnvVars"] == ["A", "CLAUDE_CODE_ENTRYPOINT"]


def test_a_new_port_replaces_the_old_one() -> None:
    moved = dataclasses.replace(INSTALL, base_url="https://127.0.0.1:5000", token="another-token")
    assert build_settings(build_settings({}, INSTALL), moved)["hooks"] == build_settings({}, moved)["hooks"]
    assert build_settings(build_settings({}, INSTALL), moved)["allowedHttpHookUrls"] == ["https://127.0.0.1:5000/hook/*"]


def test_managed_settings_pin_the_environment() -> None:
    built = build_settings({"env": {"A": "1"}}, dataclasses.replace(INSTALL, scope=Scope.MANAGED, transport=Transport.COMMAND))
    assert built["env"] == {"A": "1", "CLAUDE_CODE_SIMPLE": "0", "CLAUDE_CODE_SHELL_PREFIX": "", "LD_PRELOAD": ""}


@pytest.mark.parametrize("broken", [{"hooks": []}, {"hooks": {"PreToolUse": {}}}, {"permissions": {"deny": "x"}}])
def test_refuses_what_it_cannot_add_to(broken: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="in the client's settings is not"):
        build_settings(broken, INSTALL)


@pytest.mark.parametrize("handler", [THEIRS, {"type": "command", "command": "checkrein scan"}, {"command": 'a "b'}, "x", {}])
def test_other_hooks_are_not_ours(handler: object) -> None:
    assert not is_ours(handler)


def test_the_client_is_sent_to_the_gateway_and_believes_it() -> None:
    install = dataclasses.replace(INSTALL, gateway="https://127.0.0.1:4712/checkrein", transport=Transport.COMMAND)
    assert build_settings({"env": {"A": "1"}}, install)["env"] == {
        "A": "1",
        "NODE_EXTRA_CA_CERTS": "/state/checkrein-trust.pem",
        "ANTHROPIC_BASE_URL": "https://127.0.0.1:4712/checkrein",
    }


@pytest.mark.parametrize(
    ("address", "ours"),
    [
        ("https://127.0.0.1:4712/checkrein", True),
        ("https://127.0.0.1:9/checkrein/", True),
        ("https://127.0.0.1:4712", False),
        ("https://example.com/checkrein", False),
        ("https://127.0.0.1.example.com/checkrein", False),
        ("", False),
        ("https://[", False),
    ],
)
def test_our_gateway_is_known_by_its_address(address: str, ours: bool) -> None:
    assert is_gateway(address) is ours
    assert strip({"env": {"ANTHROPIC_BASE_URL": address}}) == ({} if ours else {"env": {"ANTHROPIC_BASE_URL": address}})
