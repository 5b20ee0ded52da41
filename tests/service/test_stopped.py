"""What was stopped can be named later, also by the service's next process."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkrein.service import stopped
from checkrein.service.stopped import StoppedActions


def actions(folder: Path, key: bytes = b"k") -> StoppedActions:
    return StoppedActions(folder / "stopped.jsonl", key, lambda name: f"summary of {name}")


def test_what_is_stopped_can_be_found_and_nothing_else_also_after_a_restart(tmp_path: Path) -> None:
    first = actions(tmp_path)
    first.note("d1", "aa")
    for known in (first, actions(tmp_path)):
        found = known.find("d1")
        assert found is not None
        assert (found.fingerprint, found.summary) == ("aa", "summary of d1")
        assert known.find("d2") is None
    assert (tmp_path / "stopped.jsonl").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "line", ["", "torn", "[]", "{}", "[1, 2, 3]", '["d2", "bb", ""]', '["d2", "bb", "\udc80"]', "[" * 99999]
)
def test_lines_that_are_not_ours_do_not_count(tmp_path: Path, line: str) -> None:
    actions(tmp_path).note("d1", "aa")
    with (tmp_path / "stopped.jsonl").open("ab") as file:
        file.write(line.encode(errors="surrogateescape") + b"\n")
    again = actions(tmp_path)
    assert again.find("d1") is not None
    assert again.find("d2") is None


def test_one_action_cannot_take_the_place_of_another(tmp_path: Path) -> None:
    first = actions(tmp_path)
    first.note("d1", "aa")
    first.note("d2", "bb")
    file = tmp_path / "stopped.jsonl"
    file.write_text(file.read_text().replace("d1", "d0").replace("d2", "d1"))
    assert actions(tmp_path).find("d1") is None
    assert actions(tmp_path, b"another key").find("d1") is None


def test_memory_and_file_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopped, "REMEMBERED", 4)
    first = actions(tmp_path)
    for number in range(30):
        first.note(f"d{number}", "aa")
        assert len((tmp_path / "stopped.jsonl").read_text().splitlines()) <= 8
    for known in (first, actions(tmp_path)):
        assert [number for number in range(30) if known.find(f"d{number}")] == [26, 27, 28, 29]
    assert len((tmp_path / "stopped.jsonl").read_text().splitlines()) == 4


def test_a_link_is_not_followed_and_a_full_disk_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "victim").write_text("x")
    (tmp_path / "stopped.jsonl").symlink_to(tmp_path / "victim")
    known = actions(tmp_path)
    known.note("d1", "aa")
    assert known.find("d1") is not None
    assert (tmp_path / "victim").read_text() == "x"
    assert "cannot be kept" in caplog.text
