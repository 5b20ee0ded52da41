"""A repository with two files, and git to go on with."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Git = Callable[..., None]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    def call(*words: str, cwd: Path | None = None) -> None:
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "GIT_CONFIG_NOSYSTEM": "1"}
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always")
        subprocess.run(["git", *identity, *words], cwd=cwd or tmp_path / "repo", env=env, check=True, capture_output=True)

    return call


@pytest.fixture
def repo(tmp_path: Path, git: Git) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    git("init", "-q", "-b", "main")
    (folder / "a.txt").write_text("one\n")
    (folder / "sub").mkdir()
    (folder / "sub/b.txt").write_text("two\n")
    (folder / ".gitignore").write_text("*.log\nbuild/\n")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    return folder
