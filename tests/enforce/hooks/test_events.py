from checkrein.core import EventKind
from checkrein.enforce.hooks.events import EVENTS, Stop, unknown


def test_all_events_of_the_protocol_are_known() -> None:
    assert len(EVENTS) == 31


def test_what_would_act_can_be_stopped() -> None:
    acting = ("PreToolUse", "PermissionRequest", "UserPromptSubmit", "UserPromptExpansion", "ConfigChange", "PostToolBatch")
    assert all(EVENTS[name].stop is not Stop.NEVER for name in acting)


def test_blocking_is_never_used_where_it_would_drive_the_agent_on() -> None:
    assert all(EVENTS[name].stop is Stop.NEVER for name in ("Stop", "SubagentStop", "TeammateIdle", "TaskCompleted"))


def test_only_one_event_is_a_tool_call() -> None:
    assert [event.name for event in EVENTS.values() if event.kind is EventKind.TOOL_CALL] == ["PreToolUse"]


def test_unknown_event_can_be_stopped() -> None:
    assert unknown("Later").stop is Stop.BLOCK
