from __future__ import annotations

import multiprocessing
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checkrein import sqlitefiles
from checkrein.core import LedgerError
from checkrein.ledger import egress
from checkrein.ledger.egress import MAX_FILES, EgressStore, Sent, Verdict


def sent(**fields: Any) -> Sent:
    given: dict[str, Any] = {
        "at": time.time(),
        "session": "s-1",
        "method": "POST",
        "path": "/v1/messages",
        "model": "claude",
        "host": "api.example",
        "verdict": Verdict.REDACTED,
        "bytes_in": 100,
        "bytes_out": 90,
    }
    return Sent(**{**given, **fields})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EgressStore]:
    with EgressStore.open(tmp_path / "egress") as opened:
        yield opened


FULL = {
    "files": ("/p/a.py", "/p/\u00e9 \U0001f600"),
    "kinds": {"text": 2, "image": 1},
    "found": {("secret.github-token", "GITHUB_TOKEN"): 2, ("pii.email", "EMAIL"): 1},
    "reason": "because",
}


def test_what_is_written_is_read(store: EgressStore) -> None:
    first, second = sent(at=time.time() - 5, **FULL), sent(session="s-2")
    numbers = [store.begin(second), store.begin(first)]
    assert numbers[0] != numbers[1]
    assert list(store.rows()) == [first, second]
    assert [row.status for row in store.rows()] == [None, None]
    store.finish(numbers[0], 200, 5000)
    assert [(row.status, row.bytes_back) for row in store.rows()] == [(None, 0), (200, 5000)]


def test_rows_are_chosen_by_session_and_time(store: EgressStore) -> None:
    now = time.time()
    for age, session in ((100, "abc-1"), (50, "abc-2"), (10, "x%_")):
        store.begin(sent(at=now - age, session=session))
    assert [row.session for row in store.rows(since=now - 60)] == ["abc-2", "x%_"]
    assert [row.session for row in store.rows(session="abc-1")] == ["abc-1"]
    assert list(store.rows(session="abc-1", since=now - 60)) == []
    assert store.sessions("abc") == ["abc-1", "abc-2"]
    assert store.sessions("x%") == ["x%_"]
    assert store.sessions("%") == []
    assert store.sessions("") == ["abc-1", "abc-2", "x%_"]


def test_files_beyond_the_bound_are_counted(store: EgressStore) -> None:
    store.begin(sent(files=tuple(map(str, range(MAX_FILES + 7)))))
    (row,) = store.rows()
    assert (len(row.files), row.more_files) == (MAX_FILES, 7)


def test_text_that_no_database_takes_is_kept_as_far_as_it_goes(store: EgressStore) -> None:
    store.begin(sent(session="a\ud800\0b", files=("\udc80",)))
    (row,) = store.rows()
    assert (row.session, row.files) == ("a?\ufffdb", ("?",))


def test_what_is_too_old_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "_PRUNE_EVERY", 3)
    old = time.time() - 3 * 86_400
    with EgressStore.open(tmp_path / "e", keep_days=2) as store:
        for _ in range(2):
            store.begin(sent(at=old))
        assert len(list(store.rows())) == 2
        store.begin(sent())
        assert len(list(store.rows())) == 1
        store.begin(sent(at=old))
    with EgressStore.open(tmp_path / "e", keep_days=2) as store:
        assert len(list(store.rows())) == 1


def test_the_file_is_the_users_alone(tmp_path: Path) -> None:
    folder = tmp_path / "egress"
    with EgressStore.open(folder) as store:
        store.begin(sent())
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert set(modes.values()) == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def write_many(folder: Path, name: str, count: int) -> None:
    """Run in a process of its own."""
    with EgressStore.open(folder) as store:
        for _ in range(count):
            store.finish(store.begin(sent(session=name)), 200, 1)


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_many, args=(tmp_path / "e", f"s{number}", 50)) for number in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    with EgressStore.open(tmp_path / "e") as store:
        rows = list(store.rows())
    assert len(rows) == 150
    assert {row.status for row in rows} == {200}


def test_a_store_that_is_locked_says_so(store: EgressStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlitefiles, "BUSY_SECONDS", 0.05)
    with EgressStore.open(tmp_path / "egress") as other:
        holder = sqlite3.connect(tmp_path / "egress" / "egress.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="cannot be used") as caught:
            other.begin(sent())
        assert "locked" in caught.value.why
        holder.execute("ROLLBACK")
        holder.close()
        other.begin(sent())
    assert len(list(store.rows())) == 1


def test_a_full_disk_says_so(store: EgressStore) -> None:
    with vars(store)["_engine"].connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
    with pytest.raises(LedgerError) as caught:
        store.begin(sent(files=("x" * 10_000,)))
    assert "full" in caught.value.why


def test_a_broken_file_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "e"
    folder.mkdir(mode=0o700)
    (folder / "egress.db").write_bytes(b"no database" * 100)
    with pytest.raises(LedgerError, match="cannot be used"):
        EgressStore.open(folder)


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "e"
    folder.mkdir(mode=0o700)
    (folder / "egress.db").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LedgerError, match="cannot make"):
        EgressStore.open(folder)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("url", ["nonsense", "nosuch://x", "postgresql+psycopg://u:hunter2@127.0.0.1:1/x?connect_timeout=1"])
def test_a_database_that_cannot_be_used_is_named_without_its_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as caught:
        EgressStore.open(tmp_path, url)
    assert "hunter2" not in str(caught.value)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server of its own."""
    pgserver = pytest.importorskip("pgserver")
    try:
        server = pgserver.get_server(tmp_path_factory.mktemp("pg"))
    except (OSError, RuntimeError, AssertionError, subprocess.SubprocessError) as error:
        pytest.skip(f"no PostgreSQL server starts here: {type(error).__name__}")
    yield str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


def test_in_postgresql(postgres: str, tmp_path: Path) -> None:
    with EgressStore.open(tmp_path, postgres) as store, EgressStore.open(tmp_path, postgres) as other:
        first = sent(at=time.time() - 5, **FULL)
        store.finish(store.begin(first), 200, 7)
        other.begin(sent(session="a\ud800\0b"))
        rows = list(store.rows())
        assert [(row.status, row.bytes_back, row.found) for row in rows] == [(200, 7, FULL["found"]), (None, 0, {})]
        assert store.sessions("s-") == ["s-1"]
        assert len(list(other.rows(since=time.time() - 2))) == 1
    assert list(tmp_path.iterdir()) == []
