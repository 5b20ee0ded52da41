"""The real parts, put together twice as at a restart."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from checkrein.core import Event, EventKind, Verdict
from checkrein.locations import state_dir
from checkrein.service import parts
from checkrein.service.controls import ServiceControls
from checkrein.service.paths import ServicePaths


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    home = os.path.realpath(tmp_path)
    (tmp_path / "project").mkdir()
    return {"HOME": home, "XDG_RUNTIME_DIR": f"{home}/run"}


def test_what_was_stopped_before_a_restart_can_still_be_named(env: dict[str, str]) -> None:
    project = f"{env['HOME']}/project"
    event = Event(EventKind.TOOL_CALL, "s", project, project, name="PreToolUse", tool="Bash", input={"command": "rm -rf /"})
    paths = ServicePaths.of_user(env)
    paths.prepare()
    first = parts.build(env, paths)
    decision = first.point.decide(event)
    first.recorder.append(event, decision, 1)
    assert first.close is not None
    first.close()
    second = parts.build(env, paths)
    try:
        assert decision.verdict is Verdict.DENY
        assert isinstance(second.controls, ServiceControls)
        assert "rm -rf /" in second.controls.approver.describe(decision.id)
    finally:
        assert second.close is not None
        second.close()


def test_old_sessions_go_when_the_service_starts_its_upkeep(env: dict[str, str]) -> None:
    paths = ServicePaths.of_user(env)
    paths.prepare()
    made = parts.build(env, paths)
    old = state_dir(env) / "sessions" / "old.jsonl"
    old.touch()
    os.utime(old, (1.0, 1.0))
    try:
        assert made.upkeep is not None
        made.upkeep()
        assert not old.exists()
    finally:
        assert made.close is not None
        made.close()
