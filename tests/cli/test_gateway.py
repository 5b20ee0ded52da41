"""``checkrein gateway serve``: what it refuses, what it becomes, and a whole one behind which people share nothing."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from checkrein.cli import gateway as module
from checkrein.core import UsageError
from checkrein.prove.api import Recorded, Script, ScriptedApi, Text
from checkrein.service import certificate
from checkrein.service.gateway import STORE_VARIABLE, hosting_of
from checkrein.service.paths import ServicePaths


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    kept = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "r"), "PATH": os.environ["PATH"]}
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in kept.items():
        monkeypatch.setenv(name, value)
    return kept


@pytest.fixture
def became(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict[str, str]]]:
    found: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr(module, "run", lambda words, env: found.append((words, env)))
    return found


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--upstream", "foo"], "is no base URL of an API"),
        (["--store", "mysql://me:hush@db/x"], "'mysql://me:\\*\\*\\*@db/x' is no store"),
        (["--store", "sqlite:///x"], "is no store"),
        (["--host", "10.99.99.99", "--behind-tls"], "cannot listen on 10.99.99.99:8787"),
    ],
)
def test_what_can_never_serve_is_refused_at_once(
    env: dict[str, str], became: list[tuple[list[str], dict[str, str]]], words: list[str], message: str
) -> None:
    done = CliRunner().invoke(module.gateway, ["serve", *words])
    assert isinstance(done.exception, UsageError)
    assert re.search(message, str(done.exception))
    assert became == []


def test_a_store_without_its_driver(
    env: dict[str, str], became: list[tuple[list[str], dict[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    done = CliRunner().invoke(module.gateway, ["serve", "--store", "postgresql://db/x"])
    assert "psycopg is not installed" in str(done.exception)
    assert became == []


def test_it_becomes_the_supervisor(env: dict[str, str], became: list[tuple[list[str], dict[str, str]]], tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("t")
    words = ["--port", "9000", "--workers", "3", "--upstream", "https://api.example", "--drain", "60"]
    done = CliRunner().invoke(
        module.gateway, ["serve", *words, "--metrics-token-file", str(token), "--store", "postgresql://me:pw@db/x"]
    )
    assert done.exit_code == 0, done.output
    assert done.stderr == "Serving on http://127.0.0.1:9000 with 3 processes.\n"
    ((line, given),) = became
    assert line[line.index("--host") + 1] == "127.0.0.1"
    assert line[line.index("--workers") + 1] == "3"
    assert line[line.index("--log") + 1] == "-"
    assert float(line[line.index("--drain") + 1]) > 60
    assert "pw" not in " ".join(line)
    hosting = hosting_of(line[line.index("checkrein.service.gateway") + 1 :], given)
    assert (hosting.shared, hosting.upstream, hosting.drain) == (True, "https://api.example", 60)
    assert hosting.store == given[STORE_VARIABLE] == "postgresql+psycopg://me:pw@db/x"
    assert hosting.metrics_token == token
    assert hosting.metrics.is_dir()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--host", "0.0.0.0"], "0.0.0.0 would be served without TLS"),
        (["--host", "example.org"], "'example.org' is no address to listen on"),
        (["--tls-cert", "{file}"], "it does not hold both a certificate and its key in PEM form"),
        (["--tls-cert", "{file}", "--tls-key", "{empty}"], "in PEM form"),
        (["--tls-key", "{file}"], "--tls-key needs --tls-cert"),
        (["--tls-key", "{file}", "--behind-tls"], "--tls-key needs --tls-cert"),
        (["--metrics-token-file", "{empty}"], "the file is empty"),
        (["--metrics-token-file", "{raw}"], "it is not text"),
    ],
)
def test_what_it_refuses(
    env: dict[str, str], became: list[tuple[list[str], dict[str, str]]], tmp_path: Path, words: list[str], told: str
) -> None:
    (tmp_path / "file").write_text("no certificate")
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "raw").write_bytes(b"\xff")
    words = [word.format(**{name: tmp_path / name for name in ("file", "empty", "raw")}) for word in words]
    with pytest.raises(UsageError, match=re.escape(told)):
        CliRunner().invoke(module.gateway, ["serve", *words], catch_exceptions=False)
    assert became == []


@pytest.mark.parametrize("words", [["--behind-tls"], ["--tls-cert", "{cert}"]])
def test_every_address_is_served_with_tls_or_behind_it(
    env: dict[str, str], became: list[tuple[list[str], dict[str, str]]], words: list[str]
) -> None:
    paths = ServicePaths.of_user()
    paths.prepare()
    certificate.ensure(paths)
    words = [word.format(cert=paths.certificate_file) for word in words]
    done = CliRunner().invoke(module.gateway, ["serve", "--host", "0.0.0.0", *words])
    assert done.exit_code == 0, done.output
    assert len(became) == 1


@dataclass
class Shared:
    port: int
    api: ScriptedApi
    process: subprocess.Popen[bytes]

    def call(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, bytes]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, {"content-type": "application/json", **headers})
            reply = connection.getresponse()
            return reply.status, reply.read()

    def ask(self, text: str) -> str:
        body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": text}]}
        status, answer = self.call("POST", "/v1/messages", body)
        assert status == 200, answer
        return str(json.loads(answer)["content"][0]["text"])


class Repeating(ScriptedApi):
    """Answers with what it was asked."""

    def answer(self, request: Recorded) -> dict[str, object]:
        text = str(request.json()["messages"][-1]["content"])
        content = [{"type": "text", "text": text}]
        return {**super().answer(request), "content": content}


@pytest.fixture(scope="module")
def shared() -> Iterator[Shared]:
    home = Path(tempfile.mkdtemp(prefix="crs", dir="/var/tmp"))
    (home / "token").write_text("scrape-me\n")
    (home / ".config/checkrein").mkdir(parents=True)
    terms = "[{term: Osprey Industries, label: CUSTOMER}, {term: Heron Industries, label: CUSTOMER}]"
    (home / ".config/checkrein/checkrein.yaml").write_text(f"version: 1\nredaction: {{dictionary: {terms}}}\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with Repeating(Script([(Text("x"),)])) as api:
        words = ["serve", "--port", str(port), "--workers", "2", "--upstream", api.url, "--drain", "5"]
        words += ["--metrics-token-file", str(home / "token")]
        program = [sys.executable, "-I", "-c", "from checkrein.cli.gateway import gateway; gateway()", *words]
        process = subprocess.Popen(program, env={"HOME": str(home), "PATH": "/usr/bin:/bin"}, stderr=subprocess.DEVNULL)
        found = Shared(port, api, process)
        deadline = time.monotonic() + 90
        while True:
            try:
                if found.call("GET", "/checkrein/ready")[0] == 200:
                    break
            except OSError:
                pass
            assert time.monotonic() < deadline, "it does not come up"
            time.sleep(0.1)
        yield found
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    shutil.rmtree(home)


class TestShared:
    def test_what_leaves_is_redacted_and_comes_back(self, shared: Shared) -> None:
        assert shared.ask("an offer for Osprey Industries") == "an offer for Osprey Industries"
        assert not shared.api.sent("Osprey")
        assert shared.api.sent("an offer for CKR_CUSTOMER_")

    def test_nobody_gets_the_value_of_another(self, shared: Shared) -> None:
        shared.ask("an offer for Heron Industries")
        placeholder = str(shared.api.requests[-1].json()["messages"][0]["content"]).removeprefix("an offer for ")
        assert placeholder.startswith("CKR_CUSTOMER_")
        assert shared.ask(f"what is {placeholder}") == f"what is {placeholder}"

    def test_metrics_are_for_who_knows_the_token(self, shared: Shared) -> None:
        shared.ask("an offer for Osprey Industries")
        assert shared.call("GET", "/checkrein/metrics")[0] == 403
        assert shared.call("GET", "/checkrein/metrics", authorization="Bearer wrong")[0] == 403
        status, text = shared.call("GET", "/checkrein/metrics", authorization="Bearer scrape-me")
        assert status == 200
        assert b"checkrein_gateway_requests_total" in text
        assert b"checkrein_gateway_redactions_total" in text

    def test_health_discloses_nothing(self, shared: Shared) -> None:
        assert shared.call("GET", "/checkrein/health") == (200, b'{"status":"ok"}')
        assert shared.call("GET", "/checkrein/ready") == (200, b'{"status":"ready"}')
        assert shared.call("GET", "/checkrein/heath")[0] == 404  # not the API's, which would say 200
