"""The gateway's workers under their supervisor: who is served, crashes, handovers without a gap, and the end."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from checkrein.core import ServiceError
from checkrein.service import certificate, manage_gateway, supervisor
from checkrein.service.launch import Runner
from checkrein.service.manage_gateway import Route
from checkrein.service.paths import ServicePaths
from waiting import until

FAKE = Path(__file__).with_name("fake_gateway.py")
ROUTE = Route("https://api.example", {}, 2)


@dataclass
class Gateway:
    paths: ServicePaths
    env: dict[str, str]

    def start(self, route: Route = ROUTE, *words: str) -> manage_gateway.Status:
        worker = (sys.executable, "-I", str(FAKE), str(self.paths.state), str(self.paths.runtime), *words)
        worker += ("--metrics", str(self.paths.gateway_metrics))
        return manage_gateway.start(self.paths, route, env=self.env, worker=worker, runner=Runner.BACKGROUND)

    def stop(self) -> None:
        manage_gateway.stop(self.paths, env=self.env)

    @property
    def status(self) -> manage_gateway.Status:
        return manage_gateway.status(self.paths)

    @property
    def port(self) -> int:
        port = self.paths.gateway_port()
        assert port is not None
        return port

    def connect(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=certificate.calling(self.paths))

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        with contextlib.closing(self.connect()) as connection:
            connection.request("GET", path, headers=headers)
            reply = connection.getresponse()
            return reply.status, reply.read()


@pytest.fixture
def stopped() -> Iterator[Gateway]:
    folder = Path(tempfile.mkdtemp(prefix="crg"))
    gateway = Gateway(ServicePaths(folder / "state", folder / "run"), {"HOME": str(folder), "PATH": "/usr/bin:/bin"})
    gateway.paths.prepare()
    try:
        yield gateway
    finally:
        gateway.stop()
        shutil.rmtree(folder)


@pytest.fixture
def gateway(stopped: Gateway) -> Gateway:
    stopped.start()
    return stopped


class TestServing:
    def test_requests_are_handed_on_as_they_are(self, gateway: Gateway) -> None:
        assert gateway.get("/checkrein/v1/messages?beta=true") == (200, b"/checkrein/v1/messages beta=true")

    def test_large_bodies_that_arrive_together_stay_apart(self, gateway: Gateway) -> None:
        def sent(number: int) -> bool:
            body = random.Random(number).randbytes(1_500_000 + number)
            with contextlib.closing(gateway.connect()) as connection:
                connection.request("POST", "/checkrein/digest", body)
                return connection.getresponse().read().endswith(hashlib.sha256(body).hexdigest().encode())

        with ThreadPoolExecutor(8) as threads:
            assert all(threads.map(sent, range(16)))

    def test_its_own_addresses(self, gateway: Gateway) -> None:
        assert gateway.get("/checkrein/health") == (200, b'{"status":"ok"}')
        assert gateway.get("/checkrein/ready") == (200, b'{"status":"ready"}')
        assert gateway.get("/checkrein/metrics") == (200, b"requests_total 1\n")

    def test_not_ready_says_why(self, gateway: Gateway) -> None:
        (gateway.paths.state / "not-ready").touch()
        status, body = gateway.get("/checkrein/ready")
        assert (status, json.loads(body)) == (503, {"status": "not ready", "why": "the vault is locked", "fix": ""})
        assert gateway.status.trouble == "the vault is locked"

    def test_it_speaks_tls_only_and_with_our_certificate(self, gateway: Gateway) -> None:
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as plain:
            plain.sendall(b"GET /checkrein/health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            with contextlib.suppress(ConnectionResetError):
                assert not plain.recv(100).startswith(b"HTTP")
        with (
            socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as plain,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            ssl.create_default_context().wrap_socket(plain, server_hostname="127.0.0.1")

    @pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"host": "evil.example"}])
    def test_web_pages_and_other_hosts_are_turned_away(self, gateway: Gateway, headers: dict[str, str]) -> None:
        for path in ("/checkrein/v1/messages", "/checkrein/metrics", "/checkrein/health"):
            status, body = gateway.get(path, **headers)
            assert (status, json.loads(body)["error"]["type"]) == (403, "permission_error")

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
    def test_another_user_is_turned_away_everywhere(self, gateway: Gateway, tmp_path: Path) -> None:
        pem = tmp_path / "public.pem"
        pem.write_text(certificate.public(gateway.paths))
        "".encode("idna")  # which is loaded for addresses, and could not be by that user
        for path in ("/checkrein/v1/messages", "/checkrein/metrics", "/checkrein/health", "/checkrein/ready"):
            with contextlib.closing(gateway.connect()) as connection:
                os.seteuid(65534)  # whose socket it is, is settled when it is made
                try:
                    connection.connect()
                finally:
                    os.seteuid(0)
                connection.request("GET", path)
                reply = connection.getresponse()
                assert (reply.status, b"belongs to another user" in reply.read()) == (403, True)


class TestKeepingAlive:
    def test_a_killed_worker_is_replaced_and_every_request_is_answered(self, gateway: Gateway) -> None:
        first = gateway.status.workers
        assert len(first) == 2
        os.kill(first[0], signal.SIGKILL)
        for _ in range(10):
            assert gateway.get("/checkrein/a")[0] == 200
        until(lambda: len(gateway.status.workers) == 2 and first[0] not in gateway.status.workers)

    def test_nobody_else_gets_the_port_while_no_worker_lives(self, gateway: Gateway) -> None:
        for worker in gateway.status.workers:
            os.kill(worker, signal.SIGKILL)
        with socket.socket() as squatter:
            squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with pytest.raises(OSError, match="in use"):
                squatter.bind(("127.0.0.1", gateway.port))

    def test_what_cannot_be_put_together_is_served_as_a_refusal(
        self, stopped: Gateway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(manage_gateway, "START_SECONDS", 3.0)
        (stopped.paths.state / "broken").touch()
        with pytest.raises(ServiceError, match="does not come up") as caught:
            stopped.start()
        assert caught.value.why == "the vault's key is lost"
        status, body = stopped.get("/checkrein/v1/messages")
        assert status == 403
        assert json.loads(body)["error"]["message"] == "Checkrein: the vault's key is lost. restore it."
        assert stopped.get("/checkrein/health")[0] == 200

    def test_workers_end_with_their_supervisor(self, gateway: Gateway) -> None:
        found = gateway.status
        assert found.pid is not None
        os.kill(found.pid, signal.SIGKILL)
        until(lambda: not any(supervisor.start_time(worker) for worker in found.workers))
        assert gateway.status.trouble == "the gateway does not run"
        assert gateway.start().healthy


class TestHandover:
    def test_start_twice_changes_nothing(self, gateway: Gateway) -> None:
        first = gateway.status
        assert gateway.start() == first

    def test_another_route_takes_over_and_a_running_stream_is_not_cut(self, gateway: Gateway) -> None:
        first = gateway.status
        failures: list[Exception] = []
        over = threading.Event()

        def keep_calling() -> None:
            while not over.is_set():
                try:
                    assert gateway.get("/checkrein/a")[0] == 200
                except (OSError, http.client.HTTPException, AssertionError) as error:
                    failures.append(error)

        with ThreadPoolExecutor(3) as pool:
            stream = pool.submit(gateway.get, "/checkrein/stream/30")
            calls = [pool.submit(keep_calling) for _ in range(2)]
            time.sleep(0.3)
            after = gateway.start(Route("https://other.example", {}, 2))
            over.set()
            status, body = stream.result()
            for call in calls:
                call.result()
        assert failures == []
        assert (status, body.splitlines()[:30]) == (200, [b"%d" % number for number in range(30)])
        assert after.pid == first.pid
        assert after.port == first.port
        assert set(after.workers).isdisjoint(first.workers)
        assert after.route is not None
        assert after.route.upstream == "https://other.example"
        until((gateway.paths.state / "closed").exists)

    def test_another_number_of_workers(self, gateway: Gateway) -> None:
        assert len(gateway.start(Route("https://api.example", {}, 1)).workers) == 1

    def test_another_version_hands_over(self, gateway: Gateway) -> None:
        first = gateway.status
        told = json.loads(gateway.paths.gateway_file.read_text())
        gateway.paths.gateway_file.write_text(json.dumps({**told, "version": "0.0.0"}))
        assert set(gateway.start().workers).isdisjoint(first.workers)


class TestStopping:
    def test_stop_frees_the_port_and_forgets_the_route(self, gateway: Gateway) -> None:
        port = gateway.port
        gateway.stop()
        gateway.stop()
        assert gateway.status.route is None
        assert not gateway.paths.gateway_board.exists()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        assert gateway.start().port == port

    def test_a_stream_gets_a_moment_to_end(self, gateway: Gateway) -> None:
        with ThreadPoolExecutor(1) as pool:
            stream = pool.submit(gateway.get, "/checkrein/stream/15")
            time.sleep(0.3)
            gateway.stop()
            assert b"14\n" in stream.result()[1]

    def test_what_never_ends_is_cut_off(self, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(manage_gateway, "STOP_SECONDS", 1)
        with ThreadPoolExecutor(1) as pool:
            stream = pool.submit(gateway.get, "/checkrein/stream/100000")
            time.sleep(0.3)
            gateway.stop()
            with pytest.raises((OSError, http.client.HTTPException)):
                stream.result()


class TestRoute:
    def test_a_damaged_file_is_named(self, stopped: Gateway) -> None:
        stopped.paths.gateway_file.write_text("{")
        with pytest.raises(ServiceError, match="cannot be read"):
            manage_gateway.read_route(stopped.paths)
        assert "cannot be read" in stopped.status.trouble

    def test_it_is_private(self, gateway: Gateway) -> None:
        assert gateway.paths.gateway_file.stat().st_mode & 0o077 == 0
        assert manage_gateway.read_route(gateway.paths) == ROUTE

    def test_it_tells_one_store_from_another_without_naming_it(self) -> None:
        one, other = (manage_gateway.route_of("https://a", {}, 1, f"postgresql://me:{word}@db/x") for word in ("pw1", "pw2"))
        assert one != other
        assert "pw1" not in repr(one)
        assert manage_gateway.route_of("https://a", {"no_proxy": "x"}, 1, "") == Route("https://a", {"NO_PROXY": "x"}, 1)

    def test_the_variables_of_the_way_out(self) -> None:
        env = {"https_proxy": "a", "HTTPS_PROXY": "b", "NO_PROXY": "c", "HOME": "/h", "SSL_CERT_FILE": "", "ALL_PROXY": "d"}
        assert manage_gateway.network_of(env) == {"HTTPS_PROXY": "a", "NO_PROXY": "c", "ALL_PROXY": "d"}
