"""Files that several processes open at once."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from checkrein.sqlitefiles import use_wal


def test_it_waits_for_who_holds_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN EXCLUSIVE")
    timer = threading.Timer(0.3, lambda: holder.execute("COMMIT"))
    timer.start()
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    use_wal(other, 20)
    timer.join()
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()
    holder.close()


def test_who_never_lets_go_is_told(tmp_path: Path) -> None:
    holder = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    other = sqlite3.connect(tmp_path / "a.db", timeout=0, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        use_wal(other, 0)
    other.close()
    holder.close()
