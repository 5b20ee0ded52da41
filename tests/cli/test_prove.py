from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from checkrein.cli import prove as module
from checkrein.cli.prove import chosen, find, prove
from checkrein.core import ClientError, ServiceError, UsageError
from checkrein.prove.scenario import load_all


@pytest.fixture(autouse=True)
def nobody_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a client."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setattr(module, "find_clients", lambda *_: ())


def test_the_list_shows_every_scenario() -> None:
    done = CliRunner().invoke(prove, ["--list"])
    assert done.exit_code == 0
    assert len(done.output.splitlines()) == len(load_all())
    quick = CliRunner().invoke(prove, ["--list", "--quick"])
    assert 4 <= len(quick.output.splitlines()) < len(done.output.splitlines())


def test_scenarios_are_chosen_by_name() -> None:
    assert [each.id for each in chosen(load_all(), ["delete-home"], quick=False)] == ["delete-home"]
    with pytest.raises(UsageError, match="no scenario 'nothing'"):
        chosen(load_all(), ["nothing"], quick=False)


def test_without_a_client_the_error_says_what_to_do() -> None:
    with pytest.raises(ClientError, match="No Claude Code is installed") as caught:
        CliRunner().invoke(prove, [], catch_exceptions=False)
    assert "--quick" in caught.value.fix


def test_quick_without_a_client_and_without_a_service_fails() -> None:
    with pytest.raises(ServiceError, match="nothing is protected"):
        CliRunner().invoke(prove, ["--quick"], catch_exceptions=False)


def test_a_client_is_named_by_its_path(tmp_path: Path) -> None:
    program = tmp_path / "claude"
    program.write_text("#!/bin/sh\necho '2.9.9 (Claude Code)'\n")
    program.chmod(0o755)
    (found,) = find([str(program)], tmp_path / "clients")
    assert (found.path, found.version) == (program, "2.9.9")


def test_a_failure_ends_with_1_and_is_written_down(tmp_path: Path) -> None:
    program = tmp_path / "claude"
    program.write_text("#!/bin/sh\n[ \"$1\" = --version ] && echo '2.1.330 (Claude Code)' || exit 3\n")
    program.chmod(0o755)
    words = [
        "delete-committed-file",
        "--client",
        str(program),
        "--junit",
        str(tmp_path / "j.xml"),
        "--json",
        str(tmp_path / "j.json"),
    ]
    done = CliRunner().invoke(prove, words)
    assert done.exit_code == 1
    assert "FAILED delete-committed-file on 2.1.330" in done.output
    assert "never got there" in done.output
    assert "<failure" in (tmp_path / "j.xml").read_text()
    assert '"FAILED"' in (tmp_path / "j.json").read_text()
