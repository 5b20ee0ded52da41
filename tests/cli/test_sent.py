from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from checkrein.cli.sent import sent
from checkrein.core import CheckreinError, PolicyError, UsageError
from checkrein.ledger.egress import EgressStore, Sent, Verdict
from checkrein.locations import config_dir, egress_dir


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)


def row(session: str, **fields: Any) -> Sent:
    given: dict[str, Any] = {
        "at": time.time(),
        "method": "POST",
        "path": "/v1/messages",
        "model": "claude-x",
        "host": "api.anthropic.com",
        "verdict": Verdict.SENT,
        "bytes_in": 10,
        "bytes_out": 10,
    }
    return Sent(session=session, **{**given, **fields})


@pytest.fixture
def recorded() -> None:
    with EgressStore.open(egress_dir()) as store:
        store.begin(row("abc-1", found={("pii.email", "EMAIL"): 2}, files=("/p/a.py",)))
        store.begin(row("abc-2", at=time.time() - 7200))
        store.begin(row("xyz-3", host="127.0.0.1:4000"))


def run(*args: str) -> Result:
    return CliRunner().invoke(sent, args, catch_exceptions=False)


def hosts(*args: str) -> dict[str, Any]:
    result = run(*args, "--json")
    return {each["host"]: each for each in orjson.loads(result.stdout)["hosts"]}


@pytest.mark.usefixtures("recorded")
def test_all_that_left() -> None:
    result = run()
    assert result.exit_code == 0
    assert "to api.anthropic.com" in result.stdout
    assert "\n\nto 127.0.0.1:4000" in result.stdout
    assert "EMAIL  replaced up to 2 times in one request" in result.stdout
    assert hosts()["api.anthropic.com"]["requests"] == 2


@pytest.mark.usefixtures("recorded")
def test_one_session_by_the_beginning_of_its_id() -> None:
    assert hosts("--session", "xyz").keys() == {"127.0.0.1:4000"}
    assert hosts("--session", "abc-2")["api.anthropic.com"]["requests"] == 1
    with pytest.raises(UsageError, match="2 sessions begin with abc"):
        run("--session", "abc")
    with pytest.raises(UsageError, match="no request of a session nope"):
        run("--session", "nope")


@pytest.mark.usefixtures("recorded")
def test_since_a_time() -> None:
    assert hosts("--since", "1h")["api.anthropic.com"]["requests"] == 1
    result = run("--since", "2099-01-01")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "nothing that matches" in result.stderr


@pytest.mark.usefixtures("recorded")
def test_the_account_of_the_policy() -> None:
    config_dir().mkdir(parents=True)
    (config_dir() / "checkrein.yaml").write_text("version: 1\ngateway:\n  account: enterprise\n")
    assert "(Enterprise plan, as the policy says" in run().stdout
    assert orjson.loads(run("--json").stdout)["kept"]["account"] == "enterprise"


def test_without_a_record_it_says_how_to_get_one() -> None:
    with pytest.raises(UsageError, match="no record") as caught:
        run()
    assert "checkrein up --gateway" in caught.value.fix
    assert not egress_dir().exists()


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(("file", "text"), [("policy", "version: 1\ngateway: 7\n"), ("record", "no database")])
def test_what_is_broken_is_named(file: str, text: str) -> None:
    if file == "policy":
        config_dir().mkdir(parents=True)
        (config_dir() / "checkrein.yaml").write_text(text)
        with pytest.raises(PolicyError):
            run()
    else:
        for path in egress_dir().iterdir():
            path.write_text(text * 1000)
        with pytest.raises(CheckreinError):
            run()
