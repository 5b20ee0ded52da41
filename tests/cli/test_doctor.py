"""What ``checkrein doctor`` prints, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from checkrein.cli import doctor as module
from checkrein.cli.doctor import render, to_json
from checkrein.setup.doctor import Check, State

CHECKS = (
    Check("service", State.OK, "version 0.1.0 answers, process 7, port 4711"),
    Check("coverage", State.NOTE, "open: @file"),
    Check("file modes", State.WARN, "a\x1b]0;x\x07b is open", "checkrein up"),
    Check("hooks", State.FAIL, "no settings file holds our hooks", "checkrein up"),
)


def test_one_line_per_check() -> None:
    assert list(render(CHECKS)) == [
        "ok    service      version 0.1.0 answers, process 7, port 4711",
        "note  coverage     open: @file",
        "warn  file modes   a\\x1b]0;x\\x07b is open  ->  checkrein up",
        "fail  hooks        no settings file holds our hooks  ->  checkrein up",
        "ok 1, note 1, warn 1, fail 1",
    ]


def test_json_for_programs() -> None:
    data = json.loads(to_json(CHECKS))
    assert data["ok"] is False
    assert data["checks"][3] == {
        "name": "hooks",
        "state": "fail",
        "text": "no settings file holds our hooks",
        "fix": "checkrein up",
    }
    assert json.loads(to_json(CHECKS[:3]))["ok"] is True


def test_an_empty_home_fails_and_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "CLAUDE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(module.doctor, ["--json"])
    assert result.exit_code == 1
    failed = {check["name"] for check in json.loads(result.output)["checks"] if check["state"] == "fail"}
    assert failed >= {"service", "hooks"}
    assert "the check itself failed" not in result.output
    assert list(tmp_path.iterdir()) == []
