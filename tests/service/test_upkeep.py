"""What is cleared away, and what is said of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from checkrein.decide import SessionStore
from checkrein.service.upkeep import Upkeep
from checkrein.undo import SnapshotStore, store


@pytest.fixture
def made(world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Upkeep, list[tuple[str, Mapping[str, Any]]]]:
    """Two snapshots, one of them 31 days old, and an old session."""
    snapshots = SnapshotStore(tmp_path / "undo")
    world.write("a", "content")
    now = store.time.time()
    for name, at in (("old", now - 31 * 86_400), ("new", now)):
        monkeypatch.setattr(store.time, "time", lambda at=at: at)
        snapshots.take(["a"], public_id=name, root=world.project, reason="r", max_bytes=1000)
    monkeypatch.undo()
    SessionStore(tmp_path / "sessions").get("s")
    os.utime(tmp_path / "sessions" / "s.jsonl", (1.0, 1.0))
    notes: list[tuple[str, Mapping[str, Any]]] = []
    sessions = SessionStore(tmp_path / "sessions")
    policies = world.point.stores.policies
    return Upkeep(snapshots, sessions, policies, str(world.home), lambda *given: notes.append(given)), notes


def test_what_is_old_goes_and_is_noted(made: Any) -> None:
    upkeep, notes = made
    upkeep.run()
    assert [snapshot.id for snapshot in upkeep.snapshots.all()] == ["new"]
    assert notes == [("pruned", {"snapshots": "old", "bytes": 0, "keep_days": 30}), ("pruned", {"sessions": 1})]
    upkeep.run()
    assert len(notes) == 2


def test_the_policy_says_how_long(world: Any, made: Any) -> None:
    upkeep, _ = made
    world.policy("undo: {keep_days: 60}", layer="user")
    upkeep.run()
    assert len(upkeep.snapshots.all()) == 2


def test_a_broken_snapshot_keeps_all_and_is_logged(made: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    upkeep, notes = made
    (tmp_path / "undo" / "snapshots" / "broken.json").write_text("{")
    upkeep.run()
    assert (tmp_path / "undo" / "snapshots" / "old.json").exists()
    assert "old snapshots were not cleared away" in caplog.text
    assert [fields for _, fields in notes] == [{"sessions": 1}]
