from __future__ import annotations

from pathlib import Path

import pytest

from checkrein.cli._files import write_whole
from checkrein.core import UsageError


def test_a_file_is_written_over_what_stood_there(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_text("before, and longer")
    write_whole(target, b"now", 0o600)
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("now", 0o600)
    write_whole(target, b"then", 0o644)
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("then", 0o644)
    assert list(tmp_path.iterdir()) == [target]


def test_where_it_fails_nothing_changes_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "folder" / "full").mkdir(parents=True)
    with pytest.raises(UsageError, match="cannot write"):
        write_whole(tmp_path / "folder", b"now", 0o600)
    with pytest.raises(UsageError, match="cannot write"):
        write_whole(tmp_path / "none" / "a", b"now", 0o600)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["folder", "full"]
