"""What is remembered of a session."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from checkrein.decide import sessions
from checkrein.decide.sessions import SessionStore, project_of


def test_a_session_is_the_same_each_time() -> None:
    store = SessionStore(None)
    assert store.get("a") is store.get("a")
    assert store.get("a") is not store.get("b")
    assert len(store) == 2


def test_across_restarts(tmp_path: Path) -> None:
    first = SessionStore(tmp_path / "s")
    session = first.get("a-1_B")
    for path in ("/p/one", "/p/with\nbreak", '/p/"quoted"', "/p/ünï", "/p/one"):
        first.note_written(session, path)
    again = SessionStore(tmp_path / "s").get("a-1_B")
    assert (again.started, list(again.written)) == (session.started, ["/p/one", "/p/with\nbreak", '/p/"quoted"', "/p/ünï"])


def test_files_are_private(tmp_path: Path) -> None:
    SessionStore(tmp_path / "s").get("a")
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "s" / "a.jsonl").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["../evil", "a/b", "", "a" * 129, "a\0b", "..", "a.b"])
def test_an_id_that_is_no_file_name_is_kept_in_memory(tmp_path: Path, name: str) -> None:
    store = SessionStore(tmp_path / "s")
    store.note_written(store.get(name), "/p/x")
    assert list(store.get(name).written) == ["/p/x"]
    assert [path.name for path in tmp_path.rglob("*")] == ["s"]


@pytest.mark.parametrize("text", ["", "not json\n", "[]\n", '"text"\n', "null\n", "\0\n"])
def test_a_broken_file_is_a_new_session(tmp_path: Path, text: str) -> None:
    (tmp_path / "s").mkdir(mode=0o700)
    (tmp_path / "s" / "a.jsonl").write_text(text)
    session = SessionStore(tmp_path / "s").get("a")
    assert session.written == {}
    assert session.started > 0
    assert session.may_have_written("/anything")


@pytest.mark.parametrize("torn", ['["/p/tw', "[1, 2]", "{}", "7", "\0\0", "\udcff"])
def test_a_torn_line_is_not_the_whole_session(tmp_path: Path, torn: str) -> None:
    store = SessionStore(tmp_path / "s")
    session = store.get("a")
    store.note_written(session, "/p/one", "http://h/one")
    with (tmp_path / "s" / "a.jsonl").open("ab") as file:
        file.write(torn.encode(errors="surrogateescape") + b"\n")
    store.note_written(session, "/p/three")
    again = SessionStore(tmp_path / "s").get("a")
    assert (again.started, again.written) == (session.started, {"/p/one": "http://h/one", "/p/three": ""})
    assert again.may_have_written("/p/two")


def test_what_came_with_a_new_folder(tmp_path: Path) -> None:
    store = SessionStore(tmp_path / "s")
    store.note_written(store.get("a"), "/h/x")
    for session in (store.get("a"), SessionStore(tmp_path / "s").get("a")):
        assert session.may_have_written("/h/x/install.sh")
        assert session.may_have_written("/h/x/deep/er")
        assert not session.may_have_written("/h/xy")
        assert not session.may_have_written("/h")


def test_in_a_folder_that_stood_before_what_changed_counts(tmp_path: Path) -> None:
    file = tmp_path / "y" / "install.sh"
    file.parent.mkdir()
    file.touch()
    store = SessionStore(tmp_path / "s")
    store.note_folder(store.get("a"), str(tmp_path / "y"))
    for session in (store.get("a"), SessionStore(tmp_path / "s").get("a")):
        session.started = file.stat().st_ctime - 1
        assert session.may_have_written(str(file))
        assert not session.may_have_written(f"{tmp_path}/s/a.jsonl")
        session.started = file.stat().st_ctime + 1
        assert not session.may_have_written(str(file))
        assert not session.may_have_written(f"{tmp_path}/y/none")


def test_old_sessions_are_removed_and_those_in_use_are_not(tmp_path: Path) -> None:
    earlier = SessionStore(tmp_path / "s")
    for name in ("old", "used", "new"):
        earlier.get(name)
    for name in ("old", "used"):
        os.utime(tmp_path / "s" / f"{name}.jsonl", (1.0, 1.0))
    store = SessionStore(tmp_path / "s")
    store.get("used")
    assert store.prune() == 1
    assert sorted(path.stem for path in (tmp_path / "s").iterdir()) == ["new", "used"]
    assert SessionStore(None).prune() == 0


def test_a_link_in_the_folder_is_not_followed(tmp_path: Path) -> None:
    store = SessionStore(tmp_path / "s")
    victim = tmp_path / "victim"
    victim.write_text("")
    (tmp_path / "s" / "a.jsonl").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic links"):
        store.get("a")
    assert victim.read_text() == ""


def test_memory_is_bounded_and_the_rest_comes_back_from_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "REMEMBERED", 2)
    store = SessionStore(tmp_path / "s")
    store.note_written(store.get("a"), "/p/x")
    for name in ("b", "c", "d"):
        store.get(name)
    assert len(store) == 2
    assert list(store.get("a").written) == ["/p/x"]


def test_paths_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_WRITTEN", 2)
    store = SessionStore(None)
    for name in ("/1", "/2", "/3"):
        store.note_written(store.get("a"), name)
    assert list(store.get("a").written) == ["/1", "/2"]
    assert store.get("a").may_have_written("/3")


def test_what_was_written_is_known() -> None:
    session = SessionStore(None).get("a")
    session.written["/1"] = None
    assert session.may_have_written("/1")
    assert not session.may_have_written("/2")


def test_fifty_threads(tmp_path: Path) -> None:
    store = SessionStore(tmp_path / "s")
    start = threading.Barrier(50)

    def one(number: int) -> None:
        start.wait()
        session = store.get("a")
        store.note_written(session, f"/p/{number}")
        store.note_written(session, "/p/same")

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(one, range(50)))
    again = SessionStore(tmp_path / "s").get("a")
    assert set(again.written) == {f"/p/{number}" for number in range(50)} | {"/p/same"}


class TestProject:
    def test_other_processes_learn_where_a_session_was_opened(self, tmp_path: Path) -> None:
        store = SessionStore(tmp_path)
        store.note_project(store.get("s-1"), "/srv/a b\udcff")
        assert project_of(tmp_path, "s-1") == "/srv/a b\udcff"
        store.note_project(store.get("s-1"), "/srv/c")
        assert project_of(tmp_path, "s-1") == "/srv/c"
        assert (tmp_path / "s-1.project").stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize("session", ["", "unknown", "../s-1", "a/b", "x" * 200])
    def test_a_session_that_no_hook_told_of(self, tmp_path: Path, session: str) -> None:
        store = SessionStore(tmp_path / "sessions")
        (tmp_path / "s-1.project").write_text("/elsewhere")
        store.note_project(store.get("../s-1"), "/x")
        assert project_of(tmp_path / "sessions", session) == ""

    def test_it_is_forgotten_with_its_session(self, tmp_path: Path) -> None:
        store = SessionStore(tmp_path)
        store.note_project(store.get("s"), "/a")
        assert SessionStore(tmp_path).prune(keep_days=-1) == 1
        assert list(tmp_path.iterdir()) == []
