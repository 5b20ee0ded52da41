"""A request that fails inside the service, on the application itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from checkrein.core import Decision, Event, Verdict
from checkrein.enforce.hooks.protocol import HookProtocol
from checkrein.service.peer import Peer, answer_proof, request_proof
from checkrein.service.server import Application, Reply, Request

TOKEN, NONCE = "ab" * 32, "n" * 32


class Point:
    def decide(self, _event: Event) -> Decision:
        return Decision("d1", Verdict.NONE)

    at_once = decide


class Record:
    def __init__(self) -> None:
        self.kept: list[str] = []

    def append(self, event: Event, _decision: Decision, _micros: int) -> None:
        self.kept.append(event.text)


class Controls:
    def health(self) -> Mapping[str, Any]:
        raise RuntimeError("content that must not be shown")

    def control(self, _action: str, _request: Request) -> Reply:
        raise RuntimeError("content that must not be shown")


def application(record: Record, token: Any = TOKEN) -> Application:
    return Application(HookProtocol(Point(), record), Controls(), token, port=1, uid=1000)


def exchange(app: Application, path: str) -> tuple[int, Any, bool]:
    """Status, body, and whether the answer is proven."""
    sent: list[dict[str, Any]] = []
    body = b"{}"
    proof = request_proof(TOKEN, NONCE, path, body)
    headers = [(b"x-checkrein-nonce", NONCE.encode()), (b"x-checkrein-proof", proof.encode()), (b"content-length", b"2")]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "state": {"peer": Peer(60, 1000)}}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    head, answer = sent
    proven = dict(head["headers"]).get(b"x-checkrein-proof") == answer_proof(TOKEN, NONCE, answer["body"]).encode()
    return head["status"], orjson.loads(answer["body"]), proven


def test_every_caller_gets_the_reason_and_it_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    record = Record()
    app = application(record)
    with caplog.at_level(logging.ERROR):
        answers = [exchange(app, "/health") for _ in range(5)]
    for status, body, proven in answers:
        assert (status, proven) == (500, True)
        assert body["trouble"].startswith("the service failed in test_failing.health, line ")
        assert "content" not in str(body)
    assert len(caplog.records) == len(record.kept) == 1
    assert exchange(app, "/control/allow")[1]["fix"] == "Tell the person: `checkrein up` starts the service anew."
    assert len(record.kept) == 2


def test_a_hook_is_refused_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    app = application(Record())

    async def broken(*_given: object) -> bytes:
        raise KeyError("content that must not be shown")

    monkeypatch.setattr(app, "_twins", type("Twins", (), {"once": broken})())
    status, body, proven = exchange(app, "/hook/PreToolUse")
    assert (status, proven) == (200, True)
    assert body["hookSpecificOutput"]["permissionDecision"] == "deny"
    assert "(KeyError)" in body["hookSpecificOutput"]["permissionDecisionReason"]


def test_where_the_proof_itself_fails_the_answer_has_none() -> None:
    status, body, proven = exchange(application(Record(), token=b"no text"), "/hook/PreToolUse")
    assert (status, proven) == (200, False)
    assert body["hookSpecificOutput"]["permissionDecision"] == "deny"


def test_half_an_answer_is_not_followed_by_another() -> None:
    app = application(Record())
    count = 0

    async def send(_message: dict[str, Any]) -> None:
        nonlocal count
        count += 1
        raise OSError("gone")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}"}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "state": {}}
    with pytest.raises(OSError, match="gone"):
        asyncio.run(app(scope, receive, send))
    assert count == 1
