"""The supervisor with real workers: killed, hung, crashing, handing over."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from checkrein.core import ServiceError
from checkrein.service import manage, supervisor
from checkrein.service.caller import call
from waiting import until


def worker_pid(service: Any) -> int:
    return int(call(service.paths, "/health", timeout=15.0).body["pid"])


def test_a_killed_worker_is_replaced_and_no_call_is_refused(service: Any) -> None:
    first = worker_pid(service)
    os.kill(first, signal.SIGKILL)
    for _ in range(20):
        assert service.hook("deny")[1]["hookSpecificOutput"]["permissionDecision"] == "deny"
    assert worker_pid(service) != first


def test_a_worker_that_dies_while_it_decides_answers_nothing_and_is_replaced(service: Any) -> None:
    with service.connect() as connection:
        connection.sendall(
            service.request(
                b'{"hook_event_name":"PreToolUse","session_id":"s","cwd":"/","tool_name":"B","tool_input":{"command":"die"}}'
            )
        )
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(100) == b""
    assert service.hook("deny")[1]["hookSpecificOutput"]["permissionDecision"] == "deny"


def test_a_hung_worker_is_replaced_and_callers_wait_for_the_next(service: Any) -> None:
    first = worker_pid(service)
    os.kill(first, signal.SIGSTOP)
    assert service.hook("deny")[1]["hookSpecificOutput"]["permissionDecision"] == "deny"
    assert worker_pid(service) != first
    assert "hangs" in (service.paths.state / "supervisor.log").read_text()


def test_a_worker_whose_threads_are_all_caught_is_replaced(service: Any) -> None:
    first = worker_pid(service)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: service.hook("sleep 60", session_id=str(n)), range(8)))
    assert all(result["hookSpecificOutput"]["permissionDecision"] == "deny" for _, result in answers)
    until(lambda: manage.status(service.paths).health.get("pid") not in (None, first))


def test_a_worker_that_crashes_at_start_is_tried_again(stopped: Any) -> None:
    (stopped.paths.state / "crashes").write_text("3")
    assert stopped.start().healthy
    assert (stopped.paths.state / "supervisor.log").read_text().count("ended with 1") == 3


def test_callers_wait_while_no_worker_serves(stopped: Any) -> None:
    stopped.start()
    (stopped.paths.state / "crashes").write_text("3")
    os.kill(worker_pid(stopped), signal.SIGKILL)
    assert stopped.hook("deny")[1]["hookSpecificOutput"]["permissionDecision"] == "deny"


def test_handover_refuses_and_loses_nothing(service: Any) -> None:
    failures: list[BaseException] = []
    count = 0
    over = threading.Event()

    def keep_calling() -> None:
        nonlocal count
        while not over.is_set():
            try:
                assert service.hook("deny")[1]["hookSpecificOutput"]["permissionDecision"] == "deny"
                count += 1
            except (OSError, ValueError, LookupError, AssertionError) as error:
                failures.append(error)

    threads = [threading.Thread(target=keep_calling) for _ in range(4)]
    for thread in threads:
        thread.start()
    first = worker_pid(service)
    for _ in range(3):
        manage.reload(service.paths)
    over.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert count > 20
    assert len(service.records) == count
    assert worker_pid(service) != first
    assert (service.paths.state / "closed").exists()


def test_a_new_worker_that_fails_leaves_the_old_one_in_place(service: Any) -> None:
    first = worker_pid(service)
    (service.paths.state / "crashes").write_text("1")
    pid = manage.running_pid(service.paths)
    assert pid is not None
    os.kill(pid, signal.SIGHUP)
    log = service.paths.state / "supervisor.log"
    until(lambda: "the old one goes on" in log.read_text())
    assert worker_pid(service) == first


def test_the_port_is_never_free_for_another_program(service: Any) -> None:
    os.kill(worker_pid(service), signal.SIGKILL)
    for reuse in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        with socket.socket() as squatter:
            squatter.setsockopt(socket.SOL_SOCKET, reuse, 1)
            try:
                squatter.bind(("127.0.0.1", service.port))
                squatter.listen()
            except OSError:
                continue
            raise AssertionError("another program took the port")


def test_the_worker_ends_with_its_supervisor(service: Any) -> None:
    worker, pid = worker_pid(service), manage.running_pid(service.paths)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: not supervisor.start_time(worker))
    assert not manage.status(service.paths).running
    assert service.start().healthy


def test_a_second_supervisor_does_not_start(service: Any, tmp_path: Path) -> None:
    words = manage.supervisor_command(service.paths, service.port, ("true",))
    assert supervisor.main(words[words.index("--port") :]) == 3
    assert service.hook("deny")[0] == 200


def test_a_worker_without_its_parts_serves_refusals_that_say_why(stopped: Any) -> None:
    (stopped.paths.state / "broken").touch()
    with pytest.raises(ServiceError, match="does not come up") as caught:
        stopped.start()
    assert "policy.yaml:3" in caught.value.why
    result = stopped.hook("approve")[1]["hookSpecificOutput"]
    assert result["permissionDecision"] == "deny"
    assert "policy.yaml:3" in result["permissionDecisionReason"]
    (stopped.paths.state / "broken").unlink()
    assert manage.reload(stopped.paths).healthy


def test_start_time_of_no_process_is_zero() -> None:
    assert supervisor.start_time(2**22 + 1) == 0
    assert supervisor.start_time(os.getpid()) > 0


def test_what_has_ended_has_no_start_time_though_nobody_collects_it() -> None:
    ended = subprocess.Popen(["true"])
    until(lambda: Path(f"/proc/{ended.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z")
    assert supervisor.start_time(ended.pid) == 0
    ended.wait()


def test_the_log_is_private_and_bounded(tmp_path: Path) -> None:
    log = supervisor.Log(tmp_path / "x.log")
    for _ in range(25):
        log("y" * 100_000)
    assert (tmp_path / "x.log").stat().st_size <= supervisor.LOG_BYTES + 200_000
    assert (tmp_path / "x.old").stat().st_mode & 0o777 == 0o600
