from __future__ import annotations

import asyncio
import gzip
import json
import logging
import zlib
from collections.abc import Sequence
from typing import Any

import pytest

from checkrein.core import LedgerError, RedactionError, ScanError, VaultError
from checkrein.enforce.gateway import app, heap
from checkrein.enforce.gateway.ports import Outgoing, Scope, Settings
from checkrein.ledger.egress import Verdict
from checkrein.policy.privacy import Attachments
from gateway_world import (
    RULE,
    Arrival,
    Reply,
    World,
    broken_vault,
    chunk,
    gateway,
    placeholder_of,
    plain,
    run,
    streamed,
)

SECRET = "s3cret-abc123"
MARK = placeholder_of(SECRET)


def message(text: str = f"the key is {SECRET}!", **fields: Any) -> dict[str, Any]:
    return {"model": "claude-x", "max_tokens": 5, **fields, "messages": [{"role": "user", "content": text}]}


def event(kind: str, **fields: Any) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), json.dumps({"type": kind, **fields}).encode())


def answer(*texts: str) -> list[bytes]:
    """A streamed answer in which the model says this."""
    return [
        event("message_start", message={"content": []}),
        event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        *(event("content_block_delta", index=0, delta={"type": "text_delta", "text": text}) for text in texts),
        event("content_block_stop", index=0),
        event("message_stop"),
    ]


def said(reply: Reply) -> str:
    """The text that a client puts together."""
    lines = [json.loads(line[6:]) for line in reply.body.split(b"\n") if line.startswith(b"data: {")]
    return "".join(line["delta"]["text"] for line in lines if line["type"] == "content_block_delta")


def error(reply: Reply) -> tuple[int, str, str]:
    body = reply.json()
    assert body["type"] == "error"
    assert reply.complete
    return reply.status, body["error"]["type"], body["error"]["message"]


def test_a_secret_leaves_as_a_placeholder_and_comes_back() -> None:
    async def work(world: World) -> None:
        world.api.answer = streamed(answer("It is CKR", MARK[3:], "."))
        reply = await world.call(body=message())
        assert world.sent() == message(f"the key is {MARK}!")
        assert (reply.status, reply.complete, said(reply)) == (200, True, f"It is {SECRET}.")

    run(work)


def test_an_answer_that_is_not_streamed_comes_back_restored() -> None:
    async def work(world: World) -> None:
        body = {
            "type": "message",
            "content": [{"type": "text", "text": MARK}, {"type": "tool_use", "id": "t", "input": {"a": MARK}}],
        }
        world.api.answer = plain(json.dumps(body).encode(), request_id="req_1")
        reply = await world.call(body=message())
        assert [reply.json()["content"][0]["text"], reply.json()["content"][1]["input"]] == [SECRET, {"a": MARK}]
        assert reply.headers["request-id"] == "req_1"
        assert "content-length" not in reply.headers

    run(work)


def test_what_holds_nothing_goes_out_as_the_very_bytes_that_came() -> None:
    async def work(world: World) -> None:
        body = b'{ "model":"m","messages":[ {"role":"user","content":"h\\u00e9"} ] ,"temperature":1.0}\n'
        await world.call(body=body)
        assert world.api.arrivals[0].body == body

    run(work)


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("GET", "/v1/models", b"limit=2&after_id=%2F", b""),
        ("HEAD", "/v1/models", b"", b""),
        ("OPTIONS", "/", b"", b""),
        ("DELETE", "/v1/files/file_1", b"", b""),
        ("POST", "/v1/messages", b"beta=true", b"{}"),
        ("POST", "/v1/files", b"", b""),
        ("PATCH", "/unknown/a%20b//c", b"x", b"[1]"),
    ],
)
def test_method_path_query_and_status_are_passed_on(method: str, path: str, query: bytes, body: bytes) -> None:
    async def work(world: World) -> None:
        world.api.answer = plain(b"" if method == "HEAD" else b"{}", "207 Odd", x_y="z")
        reply = await world.call(path, body, method=method, query=query)
        arrival = world.api.arrivals[0]
        target = path + ("?" + query.decode() if query else "")
        assert (arrival.method, arrival.target, arrival.body) == (method, "/base" + target, body)
        assert (reply.status, reply.headers["x-y"], reply.complete) == (207, "z", True)

    run(work, prefix="/base/")


@pytest.mark.parametrize(("path", "query"), [("/v1/files/s3cret-a", b""), ("/v1/files", b"name=s3cret-a")])
def test_an_address_with_a_secret_is_refused(path: str, query: bytes) -> None:
    async def work(world: World) -> None:
        reply = await world.call(path, method="GET", query=query)
        assert (reply.status, world.api.arrivals) == (403, [])
        assert "address of the request" in reply.json()["error"]["message"]
        assert "s3cret" not in repr(world.records)

    run(work)


def test_headers_are_passed_on_but_for_those_of_the_hop() -> None:
    async def work(world: World) -> None:
        headers = {
            "x-api-key": "k" * 20,
            "Authorization": "Bearer t",
            "anthropic-beta": "a,b",
            "accept-encoding": "gzip, br",
            "connection": "keep-alive, x-mine",
            "x-mine": "1",
            "te": "trailers",
            "proxy-authorization": "p",
            "x-custom": "\u00e9",
        }
        world.api.answer = plain(b"{}", keep_alive="timeout=5", retry_after="3", connection="x-theirs", x_theirs="1")
        reply = await world.call(body=b"{}", headers=headers)
        got = world.api.arrivals[0].headers
        assert got["x-api-key"] == "k" * 20
        assert got["authorization"] == "Bearer t"
        assert got["anthropic-beta"] == "a,b"
        assert got["accept-encoding"] == "identity"
        assert got["host"] == world.api.url.removeprefix("http://")
        assert not got.keys() & {"x-mine", "te", "proxy-authorization", "connection"}
        assert reply.headers["retry-after"] == "3"
        assert not reply.headers.keys() & {"keep-alive", "connection", "x-theirs"}

    run(work)


@pytest.mark.parametrize("status", ["400 Bad", "401 No", "429 Slow down", "500 Oops", "529 Overloaded"])
def test_errors_of_the_api_are_passed_on_unchanged(status: str) -> None:
    async def work(world: World) -> None:
        body = b'{"type": "error", "error": {"type": "x", "message": "%s"}}' % MARK.encode()
        world.api.answer = plain(body, status, retry_after="7")
        reply = await world.call(body=message())
        assert (reply.status, reply.body, reply.headers["retry-after"]) == (int(status[:3]), body, "7")

    run(work)


@pytest.mark.parametrize("body", [b"<html>bad gateway</html>", b"", b"CKR_ {"])
def test_an_answer_that_is_no_json_is_passed_on_unchanged(body: bytes) -> None:
    async def work(world: World) -> None:
        world.api.answer = plain(body)
        assert (await world.call(body=message())).body == body

    run(work)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_compressed_request_is_searched(encoding: str) -> None:
    async def work(world: World) -> None:
        data = json.dumps(message()).encode()
        packed = gzip.compress(data) if encoding == "gzip" else zlib.compress(data)
        await world.call(body=packed, headers={"content-encoding": encoding})
        assert world.sent() == message(f"the key is {MARK}!")
        assert "content-encoding" not in world.api.arrivals[0].headers

    run(work)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, br"])
def test_a_request_in_an_encoding_that_cannot_be_read_is_refused(encoding: str) -> None:
    async def work(world: World) -> None:
        reply = await world.call(body=b"xyz", headers={"content-encoding": encoding})
        assert error(reply)[:2] == (415, "invalid_request_error")
        assert world.api.arrivals == []

    run(work)


def test_an_answer_that_is_compressed_all_the_same_is_restored() -> None:
    async def work(world: World) -> None:
        packed = gzip.compress(b"".join(answer(MARK)))
        world.api.answer = plain(packed, content_type="text/event-stream", content_encoding="gzip")
        reply = await world.call(body=message())
        assert said(reply) == SECRET
        assert "content-encoding" not in reply.headers
        world.api.answer = plain(packed, content_type="text/event-stream", content_encoding="br")
        assert b"cannot be read" in (await world.call(body=message())).body
        world.api.answer = plain(packed, content_type="application/json", content_encoding="br")
        assert error(await world.call(body=message()))[0] == 502
        world.api.answer = plain(packed, content_type="application/zip", content_encoding="br")
        reply = await world.call("/v1/files/f/content", method="GET")
        assert (reply.body, reply.headers["content-encoding"]) == (packed, "br")

    run(work)


def test_too_large_a_body_is_refused() -> None:
    async def work(world: World) -> None:
        assert error(await world.call(body=b"x" * 1001))[:2] == (413, "request_too_large")
        assert world.observed.told == [(None, 413)]
        packed = gzip.compress(b"x" * 100_000)
        assert error(await world.call(body=packed, headers={"content-encoding": "gzip"}))[0] == 413
        assert world.api.arrivals == []

    run(work, settings=Settings("", max_bytes=1000))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"a":1,"a":2}', 400),
        (b'{"a":NaN}', 400),
        (b'{"a":"\\udc00"}', 400),
        (b"{", 400),
        (b'"\xff"', 400),
    ],
)
def test_a_body_that_cannot_be_checked_is_refused(body: bytes, status: int) -> None:
    async def work(world: World) -> None:
        assert error(await world.call(body=body))[:2] == (status, "invalid_request_error")
        assert world.api.arrivals == []
        assert [sent.verdict for sent in world.records.begun] == [Verdict.REFUSED]

    run(work)


@pytest.mark.parametrize("depth", [5, 480, 950, 985, 995, 5000])
@pytest.mark.parametrize("parts", [(b'{"a":', b"}"), (b"[", b"]")])
def test_however_deep_a_body_is_it_is_searched_or_refused(depth: int, parts: tuple[bytes, bytes]) -> None:
    async def work(world: World) -> None:
        reply = await world.call(body=parts[0] * depth + b'"%s"' % SECRET.encode() + parts[1] * depth)
        if reply.status == 200:
            assert MARK.encode() in world.api.arrivals[0].body
        else:
            assert error(reply)[:2] == (400, "invalid_request_error")
            assert world.api.arrivals == []
        assert (reply.status == 200) or depth > 400

    run(work)


@pytest.mark.parametrize(
    "failure",
    [
        broken_vault(),
        VaultError("the vault's key is gone"),
        ScanError("the text cannot be searched", why="it broke"),
        RuntimeError(SECRET),
        MemoryError(SECRET),
    ],
    ids=["locked", "lost", "scan", "bug", "memory"],
)
def test_nothing_leaves_where_the_scan_or_the_vault_fails(failure: Exception, caplog: pytest.LogCaptureFixture) -> None:
    async def work(world: World) -> None:
        world.redaction.failure = failure
        status, kind, text = error(await world.call(body=message()))
        lasting = isinstance(failure, RedactionError) and not failure.passing
        assert (status, kind) == ((400, "invalid_request_error") if lasting else (503, "api_error"))
        assert "nothing was sent" in text
        assert SECRET not in text
        assert world.api.arrivals == []
        sent = world.records.begun[0]
        assert (sent.verdict, sent.bytes_out) == (Verdict.REFUSED, 0)
        assert SECRET not in repr(sent)
        world.redaction.failure = None
        assert (await world.call(body=message())).status == 200

    with caplog.at_level(logging.DEBUG):
        run(work)
    assert SECRET not in caplog.text


@pytest.mark.parametrize("failure", [LedgerError("the disk is full", why="no space"), OSError(SECRET)])
def test_nothing_leaves_that_cannot_be_recorded(failure: Exception) -> None:
    async def work(world: World) -> None:
        world.records.failure = failure
        status, _, text = error(await world.call(body=message()))
        assert (status, SECRET in text) == (503, False)
        assert "record" in text
        assert world.api.arrivals == []

    run(work)


def test_data_of_a_class_that_stays_is_refused_with_its_reasons() -> None:
    def reasons(outgoing: Outgoing) -> Sequence[str]:
        return [f"{path} is restricted (checkrein.yaml:7)" for path in outgoing.paths if path.startswith("/secret/")]

    async def work(world: World) -> None:
        call = {"type": "tool_use", "id": "t", "name": "Read", "input": {"file_path": "/secret/plan"}}
        body = {"messages": [{"role": "assistant", "content": [call]}], "system": "<env>\nWorking directory: /p\n</env>"}
        status, kind, text = error(await world.call(body=body, headers={"X-Claude-Code-Session-Id": "s-1"}))
        assert (status, kind) == (403, "permission_error")
        assert "/secret/plan is restricted (checkrein.yaml:7)" in text
        assert world.api.arrivals == []
        outgoing = world.classified[0]
        assert (outgoing.caller.session, outgoing.folders, outgoing.paths) == ("s-1", ("/p",), ("/secret/plan",))
        assert (await world.call(body=message())).status == 200
        assert world.classified[1].found == {RULE: 1}

    run(work, reasons=reasons)


def test_attachments_are_refused_where_the_policy_says_so() -> None:
    async def work(world: World) -> None:
        image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "eA=="}}
        body = {"messages": [{"role": "user", "content": [image]}]}
        assert error(await world.call(body=body))[:2] == (403, "permission_error")
        assert world.api.arrivals == []

    run(work, attachments=Attachments.REFUSE)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/model/anthropic.claude-v2/invoke", {}),
        ("/v1/projects/p/models/claude:streamRawPredict", {}),
        ("/v1/messages", {"authorization": "AWS4-HMAC-SHA256 Credential=AKIA/x"}),
    ],
)
def test_clouds_are_refused_in_clear_words(path: str, headers: dict[str, str]) -> None:
    async def work(world: World) -> None:
        status, kind, text = error(await world.call(path, message(), headers=headers))
        assert (status, kind) == (400, "invalid_request_error")
        assert "ANTHROPIC_BASE_URL" in text
        assert world.api.arrivals == []

    run(work)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/t0ken/v1/messages", 200), ("/t0ken", 200), ("/v1/messages", 403), ("/t0kenx/v1/messages", 403), ("/", 403)],
)
def test_only_who_knows_the_mount_is_served(path: str, expected: int) -> None:
    async def work(world: World) -> None:
        assert (await world.call(path, b"{}")).status == expected
        assert [arrival.target for arrival in world.api.arrivals] == (
            [path.removeprefix("/t0ken") or "/"] if expected == 200 else []
        )

    run(work, settings=Settings("", mount="/t0ken"))


def test_a_request_is_on_record_without_its_values() -> None:
    async def work(world: World) -> None:
        world.api.answer = plain(b'{"x": 12}', "201 Made")
        call = {"type": "tool_use", "id": "t", "name": "Read", "input": {"file_path": f"/p/{SECRET}/a.py"}}
        body = {**message(), "messages": [{"role": "assistant", "content": [call]}, {"role": "user", "content": SECRET}]}
        data = json.dumps(body).encode()
        await world.call(body=data, headers={"X-Claude-Code-Session-Id": "s-1"})
        sent = world.records.begun[0]
        assert (sent.session, sent.method, sent.path, sent.model) == ("s-1", "POST", "/v1/messages", "claude-x")
        assert (sent.host, sent.verdict) == (world.api.url.removeprefix("http://"), Verdict.REDACTED)
        assert (sent.bytes_in, sent.bytes_out) == (len(data), len(world.api.arrivals[0].body))
        assert sent.files == (f"/p/{MARK}/a.py",)
        assert (sent.kinds, sent.found) == ({"tool_use": 1, "text": 1}, {RULE: 2})
        assert SECRET not in repr(sent)
        assert world.observed.told == [(sent, 201)]
        await world.app.close()
        assert world.records.ended == {0: (201, 9)}

    run(work)


def test_a_name_of_any_length_is_recorded_within_bounds() -> None:
    async def work(world: World) -> None:
        call = {"type": "tool_use", "id": "t", "name": "Read", "input": {"file_path": "/" + "x" * 100_000}}
        await world.call("/v1/" + "y" * 1000, {"messages": []})
        await world.call(body={"model": "m" * 128, "messages": [{"role": "assistant", "content": [call]}]})
        first, second = world.records.begun
        assert len(first.path) == 500
        assert [len(name) for name in second.files] == [1000]

    run(work)


@pytest.mark.parametrize("status", ["000 x", "099 x", "600 x", "999 x"])
def test_a_status_that_is_none_is_not_passed_on(status: str) -> None:
    async def work(world: World) -> None:
        world.api.answer = plain(b"{}", status)
        assert (await world.call(body=message())).status == 502

    run(work)


@pytest.mark.parametrize("coding", ["chunked", "chunked ", "Chunked\t"])
def test_a_stream_that_is_cut_in_a_chunk_is_told_as_cut(coding: str) -> None:
    async def answer(_arrival: Arrival, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: {coding}\r\n\r\n"
        writer.write(head.encode() + b"40\r\nevent: x\n")
        await writer.drain()
        writer.close()

    async def work(world: World) -> None:
        world.api.answer = answer
        reply = await world.call(body=message())
        assert b"event: error" in reply.body or not reply.complete

    run(work)


SECRET_NAME = "s3cret-of-a-name"


def test_why_a_request_was_refused_is_on_record_without_its_values() -> None:
    async def work(world: World) -> None:
        reply = await world.call(body=message())
        assert reply.status == 403
        (sent,) = world.records.begun
        assert sent.reason.startswith("nothing was sent")
        assert placeholder_of(SECRET_NAME) in sent.reason
        assert SECRET_NAME not in repr(sent)
        world.redaction.failure = ScanError("the scan failed")
        await world.call(body={"messages": ["new"]}, headers={"x-claude-code-session-id": SECRET_NAME})
        assert "the scan failed" in world.records.begun[1].reason
        assert SECRET_NAME not in repr(world.records.begun[1])

    run(work, reasons=lambda _outgoing: [f"the folder /srv/{SECRET_NAME} is restricted"])


@pytest.mark.parametrize(
    ("session", "recorded"),
    [
        ("00000000-0000-4000-8000-000000000000", "00000000-0000-4000-8000-000000000000"),
        (SECRET_NAME, placeholder_of(SECRET_NAME)),
        ("a text of its own", ""),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_session_is_on_record_by_its_id_alone(session: str, recorded: str) -> None:
    async def work(world: World) -> None:
        await world.call(body=message(), headers={"x-claude-code-session-id": session})
        assert world.records.begun[0].session == recorded
        await world.call(body=message(metadata={"user_id": json.dumps({"session_id": session})}))
        assert world.records.begun[1].session == (recorded if len(session) <= 200 else "")

    run(work)


@pytest.mark.parametrize("name", ["x-note", "user-agent", "x-claude-code-session-id"])
def test_a_header_with_a_secret_is_refused(name: str) -> None:
    async def work(world: World) -> None:
        reply = await world.call(body=message(), headers={name: f"of {SECRET_NAME}"})
        assert reply.status == 403
        assert f"the header {name} " in reply.json()["error"]["message"]
        assert not world.api.arrivals
        reply = await world.call(body=message(), headers={f"x-{SECRET_NAME}": "1"})
        assert reply.status == 403
        assert SECRET_NAME not in repr(world.records.begun)

    run(work)


@pytest.mark.parametrize(
    "name", ["authorization", "x-api-key", "cookie", "x-portkey-api-key", "cf-aig-authorization", "helicone-auth"]
)
def test_what_a_client_proves_itself_with_is_not_looked_at(name: str) -> None:
    async def work(world: World) -> None:
        assert (await world.call(body=message(), headers={name: SECRET_NAME})).status == 200
        assert world.api.arrivals[0].headers[name] == SECRET_NAME

    run(work)


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", f"X-{SECRET_NAME}", "post", ""])
def test_only_methods_that_are_known_are_passed_on(method: str) -> None:
    async def work(world: World) -> None:
        reply = await world.call(body=message(), method=method)
        assert (reply.status, reply.json()["error"]["type"]) == (405, "invalid_request_error")
        assert SECRET_NAME.encode() not in reply.body
        assert not world.api.arrivals
        assert not world.records.begun

    run(work)


def test_the_session_is_taken_from_the_body_where_no_header_names_it() -> None:
    async def work(world: World) -> None:
        await world.call(body=message(metadata={"user_id": '{"session_id": "s-2"}'}))
        assert world.records.begun[0].session == "s-2"

    run(work)


@pytest.mark.parametrize(
    ("settings", "foreign"),
    [
        (Settings(""), "s3cret-of-somebody"),
        (Settings("", scope=Scope.REQUEST), placeholder_of("s3cret-of-somebody")),
    ],
)
def test_whose_placeholders_are_restored(settings: Settings, foreign: str) -> None:
    async def work(world: World) -> None:
        theirs = placeholder_of("s3cret-of-somebody")
        world.redaction.values[theirs] = "s3cret-of-somebody"
        world.api.answer = streamed(answer(f"{MARK} {theirs}"))
        for _ in range(2):
            reply = await world.call(body=message(f"repeat {SECRET} {theirs}"))
            assert said(reply) == f"{SECRET} {foreign}"

    run(work, settings=settings)


def test_an_api_that_is_not_there() -> None:
    async def work(world: World) -> None:
        status, kind, text = error(await world.call(body=message()))
        assert (status, kind) == (502, "api_error")
        assert "127.0.0.1:9" in text
        await world.app.close()
        assert world.records.ended == {0: (502, 0)}

    run(work, settings=Settings("http://127.0.0.1:9"))


def test_an_api_that_goes_away_without_an_answer() -> None:
    async def close(_arrival: Arrival, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def work(world: World) -> None:
        world.api.answer = close
        assert error(await world.call(body=message()))[:2] == (502, "api_error")

    run(work)


def test_an_api_that_speaks_another_protocol() -> None:
    async def nonsense(_arrival: Arrival, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-x\r\n\r\n")
        await writer.drain()

    async def work(world: World) -> None:
        world.api.answer = nonsense
        assert error(await world.call(body=message()))[0] == 502

    run(work)


@pytest.mark.parametrize("cut", range(1, 5))
def test_a_stream_that_breaks_off_ends_with_an_error_event(cut: int) -> None:
    async def work(world: World) -> None:
        world.api.answer = streamed(answer("half of it CKR_AP")[:cut], end=b"")
        reply = await world.call(body=message())
        assert (reply.status, reply.complete) == (200, True)
        assert said(reply) == ("half of it CKR_AP" if cut > 2 else "")
        last = json.loads(reply.body.split(b"data: ")[-1])
        assert last["error"]["type"] == "api_error"
        assert "was cut" in last["error"]["message"]

    run(work)


def test_a_body_that_breaks_off_is_cut_for_the_client_as_well() -> None:
    async def work(world: World) -> None:
        async def half(_arrival: Arrival, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
            writer.close()

        world.api.answer = half
        reply = await world.call("/v1/files/f/content", method="GET")
        assert (reply.status, reply.body, reply.complete) == (200, b"half", False)

    run(work)


def test_a_message_that_breaks_off_is_an_error() -> None:
    async def work(world: World) -> None:
        async def half(_arrival: Arrival, writer: asyncio.StreamWriter) -> None:
            writer.write(b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"a":')
            writer.close()

        world.api.answer = half
        assert error(await world.call(body=message()))[:2] == (502, "api_error")

    run(work)


def test_a_vault_that_fails_on_the_way_back_is_said() -> None:
    async def work(world: World) -> None:
        async def fail_then(arrival: Arrival, writer: asyncio.StreamWriter) -> None:
            world.redaction.failure = broken_vault()
            await streamed(answer("so: ", MARK, "more"))(arrival, writer)

        world.api.answer = fail_then
        reply = await world.call(body=message())
        assert said(reply) == "so: "
        assert b"the vault is locked" in reply.body
        world.redaction.failure = None

        async def fail_whole(arrival: Arrival, writer: asyncio.StreamWriter) -> None:
            world.redaction.failure = broken_vault()
            await plain(json.dumps({"content": [{"type": "text", "text": MARK}]}).encode())(arrival, writer)

        world.api.answer = fail_whole
        assert error(await world.call(body=message()))[:2] == (503, "api_error")

    run(work)


def test_a_client_that_leaves_closes_the_way_to_the_api() -> None:
    async def work(world: World) -> None:
        async def forever(_arrival: Arrival, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            while True:
                writer.write(chunk(event("ping")))
                await writer.drain()
                await asyncio.sleep(0.01)

        world.api.answer = forever
        reply = await world.call(body=message(), leaves=lambda reply: len(reply.pieces) >= 3)
        assert not reply.complete
        await asyncio.wait_for(world.api.cut.wait(), 10)
        await world.app.close()
        assert world.records.ended[0][0] == 200

    run(work)


def test_a_client_that_leaves_before_its_request_is_there_is_forgotten() -> None:
    async def work(world: World) -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.disconnect"}

        async def send(_event: dict[str, Any]) -> None:
            pytest.fail("nothing is sent to who left")

        scope = {"type": "http", "method": "POST", "path": "/v1/messages", "query_string": b"", "headers": []}
        await world.app(scope, receive, send)
        assert world.records.begun == []

    run(work)


@pytest.mark.parametrize("status", ["307 Temporary", "308 Permanent"])
def test_a_redirect_that_would_go_around_the_gateway_is_not_passed_on(status: str) -> None:
    async def work(world: World) -> None:
        world.api.answer = plain(b"", status, location="https://elsewhere.example/v1/messages", alt_svc='h2="elsewhere"')
        code, _, text = error(await world.call(body=message()))
        assert (code, "https://elsewhere.example/v1/messages" in text) == (502, True)
        reply = await world.call("/v1/models", method="GET")
        assert (reply.status, reply.headers["location"]) == (int(status[:3]), "https://elsewhere.example/v1/messages")
        assert "alt-svc" not in reply.headers

    run(work)


def test_the_path_before_the_apis_own_does_not_matter() -> None:
    async def work(world: World) -> None:
        body = message()
        body["messages"].append({"role": "assistant", "content": [{"type": "thinking", "thinking": SECRET, "signature": "x"}]})
        world.api.answer = plain(json.dumps({"content": [{"type": "text", "text": MARK}]}).encode())
        reply = await world.call("/anthropic/v1/messages", body)
        assert world.sent()["messages"][1] == body["messages"][1]
        assert world.sent()["messages"][0]["content"] == f"the key is {MARK}!"
        assert reply.json()["content"][0]["text"] == SECRET

    run(work)


def test_the_first_words_do_not_wait_for_the_last() -> None:
    async def work(world: World) -> None:
        go = asyncio.Event()

        async def in_two(_arrival: Arrival, writer: asyncio.StreamWriter) -> None:
            frames = answer("first ", "last")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            writer.write(chunk(b"".join(frames[:3])))
            await writer.drain()
            await go.wait()
            writer.write(chunk(b"".join(frames[3:])) + b"0\r\n\r\n")
            await writer.drain()

        world.api.answer = in_two

        def look(reply: Reply) -> bool:
            if said(reply) == "first ":
                go.set()
            return False

        reply = await world.call(body=message(), leaves=look)
        assert said(reply) == "first last"

    run(work)


def test_a_hundred_streams_at_once_are_not_mixed_up() -> None:
    async def work(world: World) -> None:
        async def echo(arrival: Arrival, writer: asyncio.StreamWriter) -> None:
            mark = arrival.json()["messages"][0]["content"]
            pieces = [mark[at : at + 7] for at in range(0, len(mark), 7)]
            await streamed(answer(*pieces), pause=0.001)(arrival, writer)

        world.api.answer = echo
        values = [f"s3cret-number-{number}" for number in range(100)]
        replies = await asyncio.gather(*(world.call(body=message(value)) for value in values))
        assert [said(reply) for reply in replies] == values
        assert b"s3cret" not in b"".join(arrival.body for arrival in world.api.arrivals)

    run(work)


def test_a_request_is_a_prefix_of_the_next_one_through_thirty_turns() -> None:
    async def work(world: World) -> None:
        messages: list[Any] = []
        before = b""
        for turn in range(30):
            messages.append({"role": "user", "content": [{"type": "text", "text": f"turn {turn} s3cret-n{turn} \u00e9" * 20}]})
            await world.call(body=json.dumps({"messages": messages}, ensure_ascii=False).encode())
            body = world.api.arrivals[-1].body
            assert body.startswith(before)
            assert b"s3cret" not in body
            before = body.removesuffix(b"]}")
            messages.append({"role": "assistant", "content": [{"type": "thinking", "thinking": "t", "signature": f"{turn}=="}]})

    run(work)


def test_a_gateway_that_closes_records_how_its_exchanges_ended() -> None:
    async def work(world: World) -> None:
        arrived = asyncio.Event()

        async def never(_arrival: Arrival, _writer: asyncio.StreamWriter) -> None:
            arrived.set()
            await asyncio.Event().wait()

        world.api.answer = never
        asking = asyncio.create_task(world.call(body=message()))
        await arrived.wait()
        await world.app.close()
        assert world.records.ended[0][0] == 502
        assert error(await asking)[:2] == (502, "api_error")

    run(work)


def test_a_gateway_that_closes_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "CLOSE_SECONDS", 0.01)

    async def work(world: World) -> None:
        asked = asyncio.Event()

        async def receive() -> dict[str, Any]:
            asked.set()
            await asyncio.Event().wait()
            return {}

        async def send(_event: dict[str, Any]) -> None:
            pass

        scope = {"type": "http", "method": "POST", "path": "/v1/messages", "query_string": b"", "headers": []}
        waiting = asyncio.create_task(world.app(scope, receive, send))
        await asked.wait()
        await world.app.close()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    run(work)


def test_memory_is_given_back_now_and_then_while_nothing_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []

    async def work(world: World) -> None:
        monkeypatch.setattr(heap, "EVERY", 3)
        monkeypatch.setattr(heap, "give_back", lambda: given.append(world.app._running))
        for count in range(1, 8):
            await world.call(body=message())
            await asyncio.get_running_loop().run_in_executor(None, int)
            assert len(given) == count // 3
        await asyncio.gather(*(world.call(body=message()) for _ in range(20)))
        await asyncio.get_running_loop().run_in_executor(None, int)
        assert given == [0, 0, 0]

    run(work)


def test_a_gateway_that_was_closed_sends_nothing() -> None:
    async def work(world: World) -> None:
        await world.app.close()
        assert error(await world.call(body=message()))[:2] == (503, "api_error")
        assert world.api.arrivals == []

    run(work)


def test_lifespan_and_websockets() -> None:
    async def main() -> None:
        async with gateway() as world:
            told: list[dict[str, Any]] = []
            events = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

            async def receive() -> dict[str, Any]:
                return events.pop(0)

            async def send(event: dict[str, Any]) -> None:
                told.append(event)

            await world.app({"type": "websocket"}, receive, send)
            await world.app({"type": "lifespan"}, receive, send)
            assert [each["type"] for each in told] == [
                "websocket.close",
                "lifespan.startup.complete",
                "lifespan.shutdown.complete",
            ]

    asyncio.run(main())
