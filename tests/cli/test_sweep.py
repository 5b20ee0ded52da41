"""``checkrein sweep`` over the copies in a temporary home folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from checkrein.cli import _vault
from checkrein.cli import sweep as module
from checkrein.detect.secrets.examples import expand
from checkrein.service.person import Refusal
from checkrein.sweep import Place, places

TOKEN = expand("ghp_{alnum:36}")
PASSWORD = expand("{alnum:18}", 3)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder, and a person at the terminal. Nothing outside of it is looked at."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (
        "XDG_STATE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_RUNTIME_DIR",
        "XDG_CACHE_HOME",
        "CLAUDE_CONFIG_DIR",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLAUDE_CODE_TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(_vault, "require_person", lambda *_: None)

    def below(env: dict[str, str], uid: int) -> tuple[Place, ...]:
        return tuple(place for place in places(env, uid) if place.path.startswith(str(tmp_path)))

    monkeypatch.setattr(module, "places", below)
    return tmp_path


def transcript(home: Path, *records: object) -> Path:
    path = home / ".claude/projects/-p/s.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def run(*words: str) -> Result:
    result = CliRunner().invoke(module.sweep, words)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert TOKEN not in result.output
    assert PASSWORD not in result.output
    return result


def test_nothing(home: Path) -> None:
    assert run().output == "0 findings in 0 files of 0 (0 B)\n"


def test_found_then_fixed_then_nothing(home: Path) -> None:
    path = transcript(home, {"text": f"push with {TOKEN}"}, {"toolUseResult": {"stdout": TOKEN}})
    found = run()
    assert found.exit_code == 1
    assert f"{path.parent.parent} (transcripts" in found.output
    assert "2 findings in 1 file: GITHUB_TOKEN 2" in found.output
    assert (
        "GitHub personal access token (classic) (GitHub), at https://github.com/settings/tokens: 1 value, 2 times"
        in found.output
    )
    fixed = run("--fix")
    assert fixed.exit_code == 0
    assert "1 redacted" in fixed.output
    assert TOKEN not in path.read_text()
    assert run().exit_code == 0


def test_what_the_sessions_project_keeps_secret_is_known(home: Path) -> None:
    project = home / "project"
    project.mkdir()
    (project / ".env").write_text(f"SESSION_SECRET={PASSWORD}\n")
    path = transcript(home, {"type": "user", "cwd": str(project)}, {"text": f"it printed {PASSWORD} there"})
    assert run().exit_code == 1
    run("--fix")
    assert PASSWORD not in path.read_text()
    assert PASSWORD in (project / ".env").read_text()


def test_as_json(home: Path) -> None:
    path = transcript(home, {"text": TOKEN})
    told = json.loads(run("--json").stdout)
    assert [each["path"] for each in told["files"]] == [str(path)]
    assert told["files"][0]["found"] == {"GITHUB_TOKEN": 1}
    assert told["values"] == [{"rule": "secret.github-token", "label": "GITHUB_TOKEN", "times": 1, "files": [str(path)]}]


def test_only_a_person_changes_files(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise Refusal("no terminal")

    monkeypatch.setattr(_vault, "require_person", refuse)
    path = transcript(home, {"text": TOKEN})
    assert "Only a person" in str(CliRunner().invoke(module.sweep, ["--fix"]).exception)
    assert TOKEN in path.read_text()
    assert run().exit_code == 1


def test_a_projects_broken_policy_is_told(home: Path) -> None:
    project = home / "project"
    project.mkdir()
    (project / "checkrein.yaml").write_text("version: 1\nredaction: {dictionary: 7}\n")
    transcript(home, {"type": "user", "cwd": str(project)}, {"text": TOKEN})
    found = run()
    assert f"not done: {project} (its policy is broken" in found.output
    assert "1 finding in 1 file" in found.output
