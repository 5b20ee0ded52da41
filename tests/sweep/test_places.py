"""Which files are copies, and what is passed over with a word."""

from __future__ import annotations

import os
from pathlib import Path

from checkrein.sweep import Copy, Place, copies, places, projects


def listed(place: Place, uid: int | None = None) -> tuple[list[Copy], list[tuple[str, str]]]:
    notes: list[tuple[str, str]] = []
    found = list(copies(place, os.geteuid() if uid is None else uid, lambda path, why: notes.append((path, why))))
    return found, notes


def test_only_what_is_there(tmp_path: Path) -> None:
    (tmp_path / ".claude/projects").mkdir(parents=True)
    (tmp_path / ".claude/history.jsonl").touch()
    env = {"HOME": str(tmp_path), "CLAUDE_CODE_TMPDIR": str(tmp_path / "tmp")}
    found = [place.path for place in places(env, 4_000_000_000)]
    assert found == [str(tmp_path / ".claude/projects"), str(tmp_path / ".claude/history.jsonl")]


def test_a_cache_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "cache/claude-cli-nodejs").mkdir(parents=True)
    env = {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "cache"), "CLAUDE_CODE_TMPDIR": str(tmp_path)}
    assert [place.path for place in places(env, 4_000_000_000)] == [str(tmp_path / "cache/claude-cli-nodejs")]


def test_folders_files_and_modes(tmp_path: Path) -> None:
    (tmp_path / "p/a").mkdir(parents=True)
    (tmp_path / "p/a/1").write_text("12")
    (tmp_path / "p/a/1").chmod(0o640)
    (tmp_path / "p/b").write_text("")
    (tmp_path / "p/b").chmod(0o600)
    found, notes = listed(Place(str(tmp_path / "p"), ""))
    assert notes == []
    assert [(Path(each.path).name, each.is_dir) for each in found] == [("p", True), ("a", True), ("1", False), ("b", False)]
    assert [(each.size, each.is_open) for each in found if not each.is_dir] == [(2, True), (0, False)]


def test_what_is_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    found, notes = listed(Place(str(tmp_path), ""))
    assert [each.path for each in found] == [str(tmp_path)]
    assert notes == [(str(tmp_path / "link"), "it is a link"), (str(tmp_path / "pipe"), "it is no regular file")]
    assert listed(Place(str(tmp_path), ""), uid=os.geteuid() + 1) == ([], [(str(tmp_path), "it belongs to another user")])
    assert listed(Place(str(tmp_path / "none"), ""))[0] == []


def test_the_projects_of_transcripts(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    lines = {
        "a.jsonl": f'{{"type":"queue-operation"}}\nbroken\n{{"cwd":"{project}"}}\n',
        "b.jsonl": f'{{"cwd":"{project}"}}\n',
        "c.jsonl": '{"cwd":"/no/longer/there"}\n',
        "d.jsonl": '{"cwd":"relative"}\n[]\n',
        "e.txt": f'{{"cwd":"{tmp_path}"}}\n',
    }
    for name, text in lines.items():
        (tmp_path / name).write_text(text)
    found, _ = listed(Place(str(tmp_path), ""))
    assert projects(found) == (str(project),)
