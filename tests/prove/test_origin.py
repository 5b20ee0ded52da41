from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from checkrein.core import SettingsError, UsageError
from checkrein.prove import origin
from checkrein.prove.origin import copy_of, safe_settings

SETTINGS = {
    "env": {"ANTHROPIC_BASE_URL": "http://far.example", "https_proxy": "http://p", "APP": "1", "OTEL_LOGS_EXPORTER": "otlp"},
    "apiKeyHelper": "cat key",
    "hooks": {
        "PreToolUse": [
            {"hooks": [{"type": "http", "url": "http://127.0.0.1:9/hook/PreToolUse", "headers": {"X-Checkrein-Token": "t"}}]},
            {"hooks": [{"type": "command", "command": "mine"}]},
        ]
    },
    "permissions": {"deny": ["Read(x)"]},
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    for name, text in {
        ".claude/settings.json": json.dumps(SETTINGS),
        ".config/checkrein/checkrein.yaml": "version: 1\n",
        "project/src/a.py": "x = 1\n",
        "project/.env": "SECRET=1\n",
        "project/.mcp.json": "{}",
        "project/CLAUDE.md": "words\n",
        "project/.claude/settings.local.json": '{"env": {"ANTHROPIC_API_KEY": "k"}}',
    }.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for words in (["init", "-q"], ["add", "src", ".mcp.json"]):
        subprocess.run(["git", *words], cwd=home / "project", check=True, env={"HOME": str(home), "PATH": "/usr/bin:/bin"})
    return home


def test_what_leads_away_is_left_out() -> None:
    safe = safe_settings(SETTINGS)
    assert safe["env"] == {"APP": "1"}
    assert "apiKeyHelper" not in safe
    assert safe["hooks"] == {"PreToolUse": [{"hooks": [{"type": "command", "command": "mine"}]}]}
    assert safe["permissions"] == {"deny": ["Read(x)"]}


def test_settings_policy_and_tracked_files_are_copied(home: Path) -> None:
    found = copy_of({"HOME": str(home)}, home / "project")
    assert set(found.home) == {".claude/settings.json", ".config/checkrein/checkrein.yaml"}
    assert set(found.project) == {"src/a.py", "CLAUDE.md", ".claude/settings.local.json"}
    assert json.loads(found.home[".claude/settings.json"])["env"] == {"APP": "1"}
    assert json.loads(found.project[".claude/settings.local.json"]) == {"env": {}}


@pytest.mark.parametrize("text", ["{", "[]"])
def test_broken_settings_are_named(home: Path, text: str) -> None:
    (home / ".claude/settings.json").write_text(text)
    with pytest.raises(SettingsError, match=r"\.claude/settings\.json"):
        copy_of({"HOME": str(home)}, home / "project")


@pytest.mark.parametrize("limit", ["MAX_FILES", "MAX_BYTES"])
def test_a_project_that_is_too_large_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(origin, limit, 1)
    with pytest.raises(UsageError):
        copy_of({"HOME": str(home)}, home / "project")


def test_links_are_not_followed(home: Path) -> None:
    (home / "project/CLAUDE.md").unlink()
    (home / "project/CLAUDE.md").symlink_to(home / ".claude/settings.json")
    assert "CLAUDE.md" not in copy_of({"HOME": str(home)}, home / "project").project
