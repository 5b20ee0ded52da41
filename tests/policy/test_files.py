from __future__ import annotations

import os
from pathlib import Path

import pytest

from checkrein.core import PolicyError
from checkrein.policy.files import file_id, read_text


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert read_text(tmp_path / "x") is None
    assert file_id(tmp_path / "x") is None
    assert file_id(tmp_path / "x" / "y") is None


def test_the_identity_changes_with_the_content(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text("one")
    first = read_text(file)
    assert first is not None
    assert (first.text, first.identity) == ("one", file_id(file))
    os.utime(file, ns=(1, 1))
    assert file_id(file) != first.identity


def test_a_link_is_followed_only_where_that_is_meant(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("one")
    (tmp_path / "link").symlink_to("x")
    assert read_text(tmp_path / "link") is not None
    with pytest.raises(PolicyError, match="symbolic link"):
        read_text(tmp_path / "link", follow_links=False)


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read"):
        file_id(tmp_path / ("x" * 300))
