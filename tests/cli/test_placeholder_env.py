"""``checkrein placeholder-env`` over a .env file in a temporary folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from checkrein.cli.placeholder_env import placeholder_env
from checkrein.core import UsageError
from checkrein.detect.secrets.examples import expand

TOKEN = expand("ghp_{alnum:36}")
TEXT = f"# ours\nPORT=3000\nGH={TOKEN}\nMAIL_PASSWORD=winter-is-long\n"
SHOWN = "# ours\nPORT=3000\nGH=<GITHUB_TOKEN>\nMAIL_PASSWORD=<MAIL_PASSWORD>\n"


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "project/.env"
    path.parent.mkdir()
    path.write_text(TEXT)
    return path


def run(*words: object) -> str:
    result = CliRunner().invoke(placeholder_env, [str(word) for word in words])
    if result.exception is not None:
        raise result.exception
    assert TOKEN not in result.output
    return result.output


def test_it_is_written_and_told(env: Path) -> None:
    told = run(env)
    assert (env.parent / ".env.example").read_text() == SHOWN
    assert f"{env}:3: <GITHUB_TOKEN>\n{env}:4: <MAIL_PASSWORD>\n2 values replaced in" in told
    assert env.read_text() == TEXT


def test_to_standard_output(env: Path) -> None:
    assert run(env, "-o", "-").startswith(SHOWN)
    assert [each.name for each in env.parent.iterdir()] == [".env"]


def test_nothing_is_overwritten_without_being_told_to(env: Path) -> None:
    there = env.parent / ".env.example"
    there.write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        run(env)
    assert there.read_text() == "mine"
    run(env, "--force")
    assert there.read_text() == SHOWN


def test_the_file_itself_is_never_replaced(env: Path) -> None:
    with pytest.raises(UsageError, match="the file itself"):
        run(env, "-o", env, "--force")
    assert env.read_text() == TEXT


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"A=1\0\n", b"A=1\n" * 300_000])
def test_what_is_no_env_file(env: Path, content: bytes | None) -> None:
    env.unlink()
    if content is not None:
        env.write_bytes(content)
    with pytest.raises(UsageError):
        run(env)
    assert not (env.parent / ".env.example").exists()


def test_a_folder_is_no_file(env: Path) -> None:
    for words in ([env.parent], [env, "-o", env.parent]):
        with pytest.raises(UsageError, match="is a folder"):
            run(*words)
