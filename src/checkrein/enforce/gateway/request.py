"""One request on its way out: read from the client, searched, judged, recorded. What leaves here may be sent."""

from __future__ import annotations

import logging
import re
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from checkrein.core import CheckreinError, RedactionError
from checkrein.enforce.gateway import encoding
from checkrein.enforce.gateway.body import BATCHES, COUNT, MESSAGES, Reader
from checkrein.enforce.gateway.facts import Facts
from checkrein.enforce.gateway.http1 import Headers
from checkrein.enforce.gateway.jsonbody import BodyError
from checkrein.enforce.gateway.memory import Memory
from checkrein.enforce.gateway.ports import Caller, Outgoing, Ports, Settings
from checkrein.enforce.gateway.refuse import Refusal, RefusedError, forbidden, refuse_clouds, unreadable, unsafe
from checkrein.ledger.egress import Sent, Verdict

log = logging.getLogger("checkrein.gateway")

_HOP = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection"),
        *(b"te", b"trailer", b"transfer-encoding", b"upgrade"),
    }
)
"""Headers that are for the next hop only (RFC 9110, 7.6.1), beside those that Connection names."""

_ELSEWHERE = frozenset({b"alt-svc"})
"""Headers of an answer by which a client would go to the API by itself."""

_OURS_OUT = _HOP | {b"host", b"content-length", b"content-encoding", b"accept-encoding", b"expect"}
_PUBLIC = frozenset({MESSAGES, COUNT, BATCHES, "/v1/files", "/v1/models"})
"""Paths that hold nothing of their own, and are recorded even where nothing could be searched."""
_NAME_LENGTH = 1000  # characters of a file's name on record
_NOT_SEARCHED = re.compile(
    rb"accept.*|anthropic-.*|content-.*|cookie|forwarded|via|x-forwarded-.*|x-real-ip|"
    rb".*(?:auth|authorization|credential|key|token|secret)"
)
"""Headers that the API needs, that name the way a request came, and by which a client proves who it is."""
_REASON_LENGTH = 2000  # characters of why a request was refused
_SESSION = b"x-claude-code-session-id"
_SESSION_FORM = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Receive(Protocol):
    """ASGI's receive."""

    async def __call__(self) -> dict[str, Any]:
        """The next event."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request as the client sent it. ``target`` is path and query below the mount; ``headers`` have names in lower case."""

    at: float
    method: str
    path: str
    target: bytes
    headers: Headers
    named: Mapping[bytes, bytes]

    @property
    def session(self) -> str:
        """The client's id of its session, as its header says; "" without one."""
        return self.named.get(_SESSION, b"").decode("latin-1")[:200]


@dataclass(frozen=True, slots=True)
class Ready:
    """A request that may be sent. ``number`` is that of its record, ``made`` the placeholders that were put into it."""

    body: bytes | None
    headers: Headers
    number: int
    sent: Sent
    made: frozenset[str]


class ClientGoneError(Exception):
    """The client went away before its request was there."""


def arrived(scope: Mapping[str, Any], mount: str) -> Arrived:
    """The request of an ASGI scope. Raises RefusedError where it is not below ``mount``, or not for us."""
    raw = bytes(scope.get("raw_path") or scope["path"].encode())
    prefix = mount.encode()
    if prefix and raw != prefix and not raw.startswith(prefix + b"/"):
        raise RefusedError(Refusal.FORBIDDEN, "this gateway serves only those whom `checkrein up` told how to reach it.")
    path = raw[len(prefix) :] or b"/"
    query = scope["query_string"]
    headers: Headers = scope["headers"]
    named: dict[bytes, bytes] = {}
    for name, value in headers:
        named[name] = named[name] + b", " + value if name in named else value
    request = Arrived(
        time.time(),
        scope["method"],
        path.decode("latin-1"),
        path + (b"?" + query if query else b""),
        headers,
        named,
    )
    if request.method not in _METHODS:
        raise RefusedError(Refusal.METHOD, f"nothing was sent. A request is one of {', '.join(sorted(_METHODS))} here.")
    refuse_clouds(request.path, named)
    return request


async def read_body(request: Arrived, receive: Receive, max_bytes: int) -> bytes:
    """The body. Raises RefusedError where it is too large, ClientGoneError where the client goes."""
    announced = request.named.get(b"content-length", b"")
    if announced.isdigit() and int(announced) > max_bytes:
        raise _too_large(max_bytes)
    pieces: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise ClientGoneError
        piece = event.get("body", b"")
        size += len(piece)
        if size > max_bytes:
            raise _too_large(max_bytes)
        pieces.append(piece)
        if not event.get("more_body"):
            return b"".join(pieces)


class Preparer:
    """Makes requests ready. Called from several threads."""

    def __init__(self, settings: Settings, ports: Ports, host: str, memory: Memory) -> None:
        self._settings = settings
        self._ports = ports
        self._host = host
        self._memory = memory

    def ready(self, request: Arrived, body: bytes) -> Ready:
        """What may be sent in place of it, on record. Raises RefusedError, which is on record as well as far as that works."""
        reader = None
        try:
            reader = self._reader(request)
            out = reader.rewritten(self._decoded(request, body), request.path, _content_type(request))
            path = _searched(request, reader)  # after the body, which may show that something in a header is a value
            session = _session_on_record(reader, request.session)
            reader.keep()
            self._judge(request, reader.facts)
        except Exception as error:
            refused = _refused(error)
            self._note_refusal(request, len(body), refused, reader)
            raise refused from error
        try:
            sent = self._sent(request, path, session, reader, len(body), len(out))
            number = self._ports.record.begin(sent)
        except Exception as error:
            raise _unrecorded(error) from error
        headers = [(name, value) for name, value in request.headers if name not in _left_out(request.named, _OURS_OUT)]
        headers.append((b"accept-encoding", b"identity"))
        has_body = bool(out) or b"content-length" in request.named or b"transfer-encoding" in request.named
        return Ready(out if has_body else None, headers, number, sent, frozenset(reader.facts.made))

    def _reader(self, request: Arrived) -> Reader:
        caller, ports = Caller(request.session), self._ports
        return Reader(ports.redactor(caller), ports.attachments(caller), self._memory, request.session)

    def _decoded(self, request: Arrived, body: bytes) -> bytes:
        name = request.named.get(b"content-encoding", b"").decode("latin-1")
        if encoding.is_identity(name) or not body:
            return body
        try:
            return encoding.decoded(body, name, self._settings.max_bytes)
        except encoding.TooLargeError as error:
            raise _too_large(self._settings.max_bytes) from error
        except encoding.EncodingError as error:
            raise RefusedError(
                Refusal.ENCODING, f"nothing was sent, because the request's compressed body cannot be searched: {error}."
            ) from error

    def _judge(self, request: Arrived, facts: Facts) -> None:
        """Raises RefusedError where what would leave may not."""
        outgoing = Outgoing(
            Caller(request.session), request.method, request.path, tuple(facts.folders), tuple(facts.files), facts.found
        )
        if reasons := tuple(self._ports.classify(outgoing)):
            raise forbidden(reasons)

    def _sent(self, request: Arrived, path: str, session: str, reader: Reader, bytes_in: int, bytes_out: int) -> Sent:
        facts = reader.facts
        return Sent(
            at=request.at,
            session=session or _session_on_record(reader, reader.named_session),
            method=request.method,
            path=path[:500],
            model=reader.shown(reader.model)[:200],
            host=self._host,
            verdict=Verdict.REDACTED if facts.found else Verdict.SENT,
            bytes_in=bytes_in,
            bytes_out=bytes_out,
            files=tuple(dict.fromkeys(name[:_NAME_LENGTH] for name in facts.files.values())),
            kinds=dict(facts.kinds),
            found=dict(facts.found),
        )

    def _note_refusal(self, request: Arrived, bytes_in: int, refused: RefusedError, reader: Reader | None) -> None:
        """``reader`` is None where there is none that works."""
        sent = Sent(
            at=request.at,
            session=_searched_or_nothing(reader, lambda each: _session_on_record(each, request.session)),
            method=request.method,
            path=request.path[:500] if request.path in _PUBLIC else "",
            model="",
            host=self._host,
            verdict=Verdict.REFUSED,
            bytes_in=bytes_in,
            bytes_out=0,
            reason=self._reason(refused, reader)[:_REASON_LENGTH],
        )
        try:
            self._ports.record.finish(self._ports.record.begin(sent), refused.status, 0)
        except CheckreinError as error:
            log.error("a refusal is not on record: %s", error.what)

    def _reason(self, refused: RefusedError, reader: Reader | None) -> str:
        """The message as it may be recorded: what a policy forbids is named in it. All others are made of our own words."""
        if refused.refusal is not Refusal.FORBIDDEN:
            return refused.message
        return _searched_or_nothing(reader, lambda each: each.shown(refused.message))


def kept_headers(headers: Headers, *, without: frozenset[bytes] = frozenset()) -> list[tuple[bytes, bytes]]:
    """The headers of an answer that go to the client, names in lower case."""
    lowered = [(name.lower(), value) for name, value in headers]
    left_out = _left_out(dict(lowered), _HOP | _ELSEWHERE | without)
    return [(name, value) for name, value in lowered if name not in left_out]


def _searched(request: Arrived, reader: Reader) -> str:
    """The path, which may be recorded.

    Raises RefusedError where the address or a header holds what must not leave: they stay as they are.
    """
    if not reader.is_clean(request.target.decode("latin-1")):
        raise RefusedError(
            Refusal.FORBIDDEN,
            "nothing was sent, because the address of the request, its path or what follows the ?, holds something "
            "sensitive. Send it in the body, where it can be replaced.",
        )
    for name, value in request.headers:
        if name in _OURS_OUT or _NOT_SEARCHED.fullmatch(name):
            continue
        shown = name.decode("latin-1")
        if not (reader.is_clean(shown) and reader.is_clean(value.decode("latin-1"))):
            raise RefusedError(
                Refusal.FORBIDDEN,
                f"nothing was sent, because the header {shown} of the request holds something sensitive. Take it out "
                "(ANTHROPIC_CUSTOM_HEADERS sets headers), or send it in the body, where it can be replaced.",
            )
    return request.path


def _session_on_record(reader: Reader, session: str) -> str:
    """The session as it may be recorded; "" for what has not the form of an id."""
    shown = reader.shown(session) if session else ""
    return shown if _SESSION_FORM.fullmatch(shown) and reader.is_clean(shown) else ""


def _searched_or_nothing(reader: Reader | None, shown: Callable[[Reader], str]) -> str:
    """A text for the record; "" where it cannot be searched. A refusal is recorded all the same."""
    if reader is None:
        return ""
    try:
        return shown(reader)
    except (CheckreinError, BodyError):
        return ""


def _left_out(named: Mapping[bytes, bytes], always: frozenset[bytes]) -> frozenset[bytes]:
    connection = named.get(b"connection", b"")
    return always | {name.strip().lower() for name in connection.split(b",")} if connection else always


def _content_type(request: Arrived) -> str:
    return request.named.get(b"content-type", b"").decode("latin-1")


def _refused(error: Exception) -> RefusedError:
    """The refusal for whatever went wrong. Nothing that is raised lets a request pass."""
    if isinstance(error, RefusedError):
        return error
    if isinstance(error, BodyError):
        return unreadable(error)
    if isinstance(error, RecursionError):
        return unreadable(BodyError("it is nested too deeply"))
    if isinstance(error, RedactionError):
        return unsafe(error)
    log.error("a request could not be made safe to leave: %s", places(error))
    return RefusedError(
        Refusal.UNSAFE,
        f"nothing was sent, because looking at it failed ({type(error).__name__}). `checkrein status` shows the service's log.",
    )


def places(error: BaseException) -> str:
    """The type of an error and where it was raised. Never its message, which may hold what was looked at."""
    where = traceback.extract_tb(error.__traceback__)[-3:]
    return f"{type(error).__name__} at {', '.join(f'{Path(each.filename).name}:{each.lineno}' for each in where)}"


def _unrecorded(error: Exception) -> RefusedError:
    why = f"{error.what} ({error.why})" if isinstance(error, CheckreinError) else type(error).__name__
    log.error("a request could not be recorded: %s", why)
    return RefusedError(Refusal.UNSAFE, f"nothing was sent, because it could not be put on record: {why}.")


def _too_large(max_bytes: int) -> RefusedError:
    return RefusedError(
        Refusal.TOO_LARGE,
        f"nothing was sent: a request may have {max_bytes // (1024 * 1024)} MiB here. "
        "Use /compact, or leave large files and images out.",
    )
