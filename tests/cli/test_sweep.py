"""``checkrein sweep`` over the copies in a temporary home folder."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from checkrein import locations
from checkrein.cli import _vault
from checkrein.cli import sweep as module
from checkrein.core.sensitive import Sensitive
from checkrein.detect.secrets.examples import expand
from checkrein.ledger.egress import EgressStore, Sent, Verdict
from checkrein.service.person import Refusal
from checkrein.sweep import Place, places

TOKEN = expand("ghp_{alnum:36}")
PASSWORD = expand("{alnum:18}", 3)
SESSION = "8b2c1d94-3e5f-4a67-9c01-d2e3f4a5b6c7"


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
    assert told["values"] == [
        {"rule": "secret.github-token", "label": "GITHUB_TOKEN", "times": 1, "files": [str(path)], "held_back": False}
    ]


def test_a_known_value_is_told_with_where_it_is_taken_back(home: Path) -> None:
    project = home / "project"
    project.mkdir()
    (project / ".env").write_text(f"GITHUB_TOKEN={TOKEN}\nMY_PASS={PASSWORD}\n")
    encoded = base64.b64encode(PASSWORD.encode()).decode()
    transcript(home, {"cwd": str(project)}, {"text": f"{TOKEN} and {PASSWORD} and {encoded}"})
    told = run().output
    assert "GitHub personal access token (classic) (GitHub), at https://github.com/settings/tokens: 1 value, 1 time" in told
    assert "  MY_PASS, where it was given out: 1 value, 2 times" in told


def test_the_folder_that_a_session_is_in_is_no_secret(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = home / "project"
    project.mkdir()
    monkeypatch.setenv("PWD", str(project))
    monkeypatch.setenv("DEPLOY_KEY", str(home / "key.pem"))
    path = transcript(home, {"cwd": str(project)}, {"text": f"in {project} with {home / 'key.pem'}"})
    before = path.read_text()
    assert run().exit_code == 0
    run("--fix")
    assert path.read_text() == before


def routed(home: Path, *, label: str = "GITHUB_TOKEN", verdict: Verdict = Verdict.REDACTED, first: float = 0.0) -> None:
    """The vault knows the token, and the session's requests from then on are on record. ``first``: seconds from now."""
    with _vault.opened() as vault:
        vault.redact(TOKEN, [Sensitive("secret.github-token", "GITHUB_TOKEN", 0, len(TOKEN))])
    now = time.time() + first
    with EgressStore.open(locations.egress_dir()) as egress:
        for at in (now + 5, now + 60):
            sent = Sent(at, SESSION, "POST", "/v1/messages", "m", "h", verdict, 9, 9, found={("vault.known", label): 1})
            egress.begin(sent)


def said(text: str, seconds: float = 3.0) -> dict[str, str]:
    at = datetime.fromtimestamp(time.time() + seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"type": "user", "sessionId": SESSION, "timestamp": at, "text": text}


HELD = "held back in these sessions, as far as the record of the gateway shows"
SENT = "to be taken back, since"


def test_what_the_gateway_put_back_is_told_apart(home: Path) -> None:
    routed(home)
    transcript(home, said(TOKEN), said(TOKEN, 61.0))
    told = run().output
    assert HELD in told
    assert SENT not in told
    assert json.loads(run("--json").stdout)["values"][0]["held_back"] is True
    assert HELD in run("--fix").output


@pytest.mark.parametrize(
    "options",
    [{"label": "API_KEY"}, {"verdict": Verdict.REFUSED}, {"first": -3600.0}, {"first": 3600.0}],
    ids=["label", "refused", "before", "after"],
)
def test_what_is_not_proven_may_have_been_sent(home: Path, options: dict[str, Any]) -> None:
    routed(home, **options)
    transcript(home, said(TOKEN, -3600.0 if options.get("first") == -3600.0 else 3.0))
    told = run().output
    assert SENT in told
    assert HELD not in told


def test_what_stands_in_another_session_may_have_been_sent(home: Path) -> None:
    routed(home)
    transcript(home, said(TOKEN))
    (home / ".claude/history.jsonl").write_text(json.dumps({"display": TOKEN}) + "\n")
    assert HELD not in run().output


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
