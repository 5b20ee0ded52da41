from __future__ import annotations

import stat
from pathlib import Path

import pytest

from checkrein.core import ClientError
from checkrein.prove.client import ClientProgram, ensure_client, identify

NPM = """#!/bin/sh
echo run >> "{log}"
folder=node_modules/@anthropic-ai/claude-code-linux-x64
mkdir -p $folder
printf '#!/bin/sh\\necho "{version} (Claude Code)"\\n' > $folder/claude
chmod +x $folder/claude
exit {code}
"""


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "npm.log"


def fake_npm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, log: Path, version: str, code: int = 0) -> None:
    program(tmp_path / "bin/npm", NPM.format(log=log, version=version, code=code))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")


def test_a_client_is_installed_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, log: Path) -> None:
    fake_npm(monkeypatch, tmp_path, log, "9.9.9")
    cache = tmp_path / "cache"
    first = ensure_client("9.9.9", cache)
    assert first == ensure_client("9.9.9", cache)
    assert log.read_text() == "run\n"
    assert identify(first).version == "9.9.9"


@pytest.mark.parametrize(("reported", "code"), [("9.9.8", 0), ("9.9.9", 1)])
def test_nothing_is_left_where_npm_brings_the_wrong_thing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, log: Path, reported: str, code: int
) -> None:
    fake_npm(monkeypatch, tmp_path, log, reported, code)
    with pytest.raises(ClientError):
        ensure_client("9.9.9", tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["9.9.9.lock"]


def test_without_npm_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClientError, match="npm is not installed") as caught:
        ensure_client("9.9.9", tmp_path / "cache")
    assert "--client" in caught.value.fix


@pytest.mark.parametrize("version", ["", "latest", "../2.1.330", "2.1", "2.1.330 --x"])
def test_only_exact_versions(version: str, tmp_path: Path) -> None:
    with pytest.raises(ClientError):
        ensure_client(version, tmp_path)


def test_what_is_no_client_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClientError):
        identify(tmp_path / "none")
    with pytest.raises(ClientError):
        identify(program(tmp_path / "other", "#!/bin/sh\necho hello\n"))


def test_from_which_version_a_failure_blocks() -> None:
    assert ClientProgram(Path("/x"), "2.1.295").blocks_on_failure
    assert not ClientProgram(Path("/x"), "2.1.294").blocks_on_failure
    assert not ClientProgram(Path("/x"), "2.1.30").blocks_on_failure
