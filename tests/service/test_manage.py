from __future__ import annotations

import os
import socket
from typing import Any

import pytest

from checkrein.core import ServiceError
from checkrein.service import manage


def test_start_twice_changes_nothing(service: Any) -> None:
    first = manage.status(service.paths)
    token = service.paths.token()
    again = service.start()
    assert (again.pid, again.port, again.health["pid"]) == (first.pid, first.port, first.health["pid"])
    assert service.paths.token() == token


def test_stop_frees_the_sockets_and_start_takes_the_same_port(service: Any) -> None:
    port = service.port
    manage.stop(service.paths, env=service.env)
    manage.stop(service.paths, env=service.env)
    found = manage.status(service.paths)
    assert not found.running
    assert not service.paths.socket.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    assert service.start().port == port


def test_a_port_taken_by_another_program_is_named(stopped: Any) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        stopped.paths.port_file.write_text(str(other.getsockname()[1]))
        with pytest.raises(ServiceError, match="Another program holds our port") as caught:
            stopped.start()
    assert "ss -ltnp" in caught.value.fix


def test_another_version_hands_over(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = manage.status(service.paths)
    health = manage.status(service.paths).health["pid"]
    real = manage.status

    def old_at_first(paths: Any) -> manage.Status:
        found = real(paths)
        if found.health.get("pid") == health:
            return manage.Status(True, True, found.pid, found.port, found.socket, {**found.health, "version": "0.0.0"})
        return found

    monkeypatch.setattr(manage, "status", old_at_first)
    after = service.start()
    assert after.pid == first.pid
    assert after.health["pid"] != health


def test_status_of_a_damaged_install_says_what_is_wrong(service: Any) -> None:
    service.paths.token_file.chmod(0o644)
    found = manage.status(service.paths)
    assert not found.healthy
    assert "not private" in found.trouble
    service.paths.token_file.chmod(0o600)


def test_reload_without_a_service(stopped: Any) -> None:
    with pytest.raises(ServiceError, match="does not run"):
        manage.reload(stopped.paths)


@pytest.mark.parametrize(
    "text", ["", "x", "1 2 3", "-1 5", pytest.param(f"{os.getpid()} 1", id="this process, another start"), "4194305 7"]
)
def test_a_lock_file_that_names_no_living_supervisor(stopped: Any, text: str) -> None:
    stopped.paths.lock.write_text(text)
    assert manage.running_pid(stopped.paths) is None


def test_trouble_stands_on_one_line() -> None:
    error = ServiceError("The service does not answer.", why="refused", fix="Run `checkrein up`.")
    assert manage._one_line(str(error)) == "The service does not answer; refused; Run `checkrein up`"
    assert manage._one_line("") == ""
