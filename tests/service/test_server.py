"""The worker over real sockets."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest

from checkrein.enforce.hooks import client
from checkrein.service.caller import call


def decision(result: dict[str, Any]) -> str:
    return str(result.get("hookSpecificOutput", {}).get("permissionDecision", "none"))


def test_verdicts_come_back(service: Any) -> None:
    for command, wanted in (("ls", "none"), ("deny x", "deny"), ("ask x", "ask"), ("approve", "allow"), ("boom", "deny")):
        status, result = service.hook(command)
        assert (status, decision(result)) == (200, wanted)


def test_the_entrypoint_header_tells_whether_a_person_is_there(service: Any) -> None:
    body = payload_of(service, "ask x")
    assert decision(service.exchange(service.request(body, x_checkrein_entrypoint="sdk-cli"))[1]) == "deny"
    assert decision(service.exchange(service.request(body, x_checkrein_entrypoint="cli"))[1]) == "ask"


def payload_of(service: Any, command: str) -> bytes:
    fields = {"hook_event_name": "PreToolUse", "session_id": "s", "cwd": "/tmp", "tool_name": "Bash"}
    return orjson.dumps({**fields, "tool_input": {"command": command}})


@pytest.mark.parametrize(
    "headers",
    [
        {"x_checkrein_token": ""},
        {"x_checkrein_token": "0" * 64},
        {"x_checkrein_token": "é"},
        {"host": "evil.example"},
        {"host": "evil.example:80"},
        {"host": ""},
        {"origin": "http://127.0.0.1"},
        {"origin": "null"},
    ],
)
def test_strangers_get_403_and_a_denial_and_are_recorded(service: Any, headers: dict[str, str]) -> None:
    status, result = service.exchange(service.request(payload_of(service, "approve"), **headers))
    assert (status, decision(result)) == (403, "deny")
    assert "guard.stranger" in service.records[-1]


def test_the_token_of_the_tcp_side_does_not_open_the_socket(service: Any) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(service.paths.socket))
        connection.sendall(service.request(payload_of(service, "approve")))
        assert b" 403 " in connection.recv(1 << 16).split(b"\r\n")[0]


def test_strangers_cannot_fill_the_record(service: Any) -> None:
    for _ in range(60):
        status, result = service.exchange(service.request(b"{}", x_checkrein_token="x"))
        assert (status, decision(result)) == (403, "deny")
    assert len(service.records) <= 40
    assert call(service.paths, "/health").body["turned_away"] == 60


@pytest.mark.parametrize(
    "data",
    [b"garbage\r\n\r\n", b"\x16\x03\x01\x02\0\x01", b"GET\r\n\r\n", b"POST /hook/PreToolUse HTTP/1.1\r\nbad header\r\n\r\n"],
)
def test_what_is_not_http_is_denied(service: Any, data: bytes) -> None:
    status, result = service.exchange(data)
    assert (status, decision(result)) == (400, "deny")


@pytest.mark.parametrize("body", [b"", b"nonsense", b"\xff", b"[]", b'{"a":1,"a":1}', b"x" * (10 << 20), b" " * (17 << 20)])
def test_bad_bodies_are_denied_and_recorded(service: Any, body: bytes) -> None:
    status, result = service.exchange(service.request(body))
    assert (status, decision(result)) == (200, "deny")
    assert len(service.records) == 1
    assert "guard.unreadable" in service.records[0]


def test_other_methods_and_encodings_are_denied(service: Any) -> None:
    body = payload_of(service, "approve")
    assert decision(service.exchange(service.request(body, method="PUT"))[1]) == "deny"
    assert decision(service.exchange(service.request(body, content_encoding="gzip"))[1]) == "deny"


def test_a_chunked_body_is_read(service: Any) -> None:
    body = payload_of(service, "deny")
    request = service.request(b"", content_length="", transfer_encoding="chunked")
    assert decision(service.exchange(request + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))[1]) == "deny"


def test_an_unknown_event_is_blocked(service: Any) -> None:
    status, result = service.exchange(service.request(payload_of(service, "approve"), name="Later"))
    assert (status, decision(result)) == (200, "deny")


def test_a_large_input_is_judged(service: Any) -> None:
    assert decision(service.hook("deny " + "x" * (8 << 20))[1]) == "deny"
    assert decision(service.hook("ls " + "x" * (8 << 20))[1]) == "none"


def test_a_decision_past_the_deadline_is_denied_and_recorded(service: Any) -> None:
    _, result = service.hook("sleep 3")
    assert decision(result) == "deny"
    assert "guard.too-slow" in service.records[0]
    assert decision(service.hook("ls", session_id="other")[1]) == "none"


def test_what_cannot_be_recorded_is_denied(service: Any) -> None:
    (service.paths.state / "fail-record").touch()
    assert decision(service.hook("approve")[1]) == "deny"


def test_two_hundred_at_once_none_lost_and_none_allowed_by_mistake(service: Any) -> None:
    def one(number: int) -> tuple[int, str]:
        command = "deny" if number % 2 else "ls"
        _, result = service.hook(command, session_id=f"s{number % 7}", tool_use_id=f"t{number}")
        return number, decision(result)

    with ThreadPoolExecutor(200) as pool:
        answers = dict(pool.map(one, range(200)))
    assert all(answers[number] == ("deny" if number % 2 else "none") for number in range(200))
    assert sorted(line.rsplit("|", 1)[1] for line in service.records) == sorted(f"t{number}" for number in range(200))


def test_slow_decisions_of_one_session_do_not_hold_up_another(service: Any) -> None:
    with ThreadPoolExecutor(4) as pool:
        slow = [pool.submit(service.hook, "sleep 0.6", session_id="slow") for _ in range(2)]
        assert decision(service.hook("ls", session_id="quick")[1]) == "none"
        assert sorted(decision(future.result()[1]) for future in slow) == [
            "deny",
            "none",
        ]  # the second waited past its deadline


def test_control_is_not_reachable_over_tcp(service: Any) -> None:
    data = service.request(b"{}").replace(b"/hook/PreToolUse", b"/control/policy/reload")
    assert service.exchange(data)[0] == 404
    assert call(service.paths, "/control/policy/reload").body == {"policy": "read"}


def test_health_needs_the_token(service: Any) -> None:
    good = service.request(b"", method="GET").replace(b"/hook/PreToolUse", b"/health")
    assert service.exchange(good)[1]["version"]
    assert service.exchange(good.replace(service.paths.token().encode(), b"0" * 64))[0] == 403


def test_a_process_without_a_terminal_cannot_permit_anything(service: Any) -> None:
    reply = call(service.paths, "/control/allow", {"id": "d1", "span": "once"})
    assert reply.status == 400
    assert "person" in reply.body["error"]


def test_the_watched_folder_is_reported(stopped: Any) -> None:
    folder: Path = stopped.paths.state / "claude"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    stopped.start()
    stopped.hook("ls")
    assert any("guard.client-folder" in line for line in stopped.records)


def test_nothing_of_a_payload_is_logged(service: Any) -> None:
    service.hook("boom marker-in-command")
    service.exchange(service.request(b"marker-in-body"))
    text = service.paths.log.read_text() if service.paths.log.exists() else ""
    assert "marker" not in text + "".join(service.records)


class TestOutput:
    """Pieces of a command's output, as the shell asks for them."""

    BODY = b"s\0/srv/app\0some output\n"

    def test_who_knows_the_token_gets_an_answer(self, service: Any) -> None:
        answer = client.exchange(b"/output", str(service.paths.socket), service.paths.token().encode(), self.BODY)
        assert answer == b"!"  # this service has no redaction

    def test_who_does_not_gets_none(self, service: Any) -> None:
        with pytest.raises(client.TroubleError):
            client.exchange(b"/output", str(service.paths.socket), b"0" * 64, self.BODY)

    def test_it_is_not_to_be_had_on_the_port(self, service: Any) -> None:
        status, _ = service.exchange(service.request(self.BODY).replace(b"/hook/PreToolUse", b"/output"))
        assert status == 404
