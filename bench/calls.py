"""Hook calls as the client makes them: payloads, and one exchange with a service over loopback."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bench.worlds import Serving
from checkrein.core import Example
from checkrein.rules import load_rules

ANSWER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Case:
    """One tool call. ``stops`` is what its rule's example says of it; None where nobody says."""

    tool: str
    input: Mapping[str, Any]
    stops: bool | None = None


def own_cases() -> list[Case]:
    """The rules' own examples that need no files of their own, bad and good."""
    rules = load_rules().values()
    bad = [(example, True) for rule in rules for example in rule.bad]
    good = [(example, False) for rule in rules for example in rule.good]
    return [Case(example.tool, example.input, stops) for example, stops in bad + good if _plain(example)]


def _plain(example: Example) -> bool:
    return not example.files and not example.tracked


def commands_of(path: Path) -> list[Case]:
    """The commands of a file of JSON lines. ValueError where a line has none."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    if not all(isinstance(row, dict) and isinstance(row.get("command"), str) for row in rows):
        raise ValueError(f"{path}: not every line is a JSON object with a command")
    return [Case("Bash", {"command": row["command"]}) for row in rows]


def payload(case: Case, session: str, cwd: Path, event: str = "PreToolUse", **more: Any) -> bytes:
    """The hook JSON for ``case``, in the client's form."""
    return orjson.dumps(
        {
            "hook_event_name": event,
            "session_id": session,
            "transcript_path": "",
            "cwd": str(cwd),
            "permission_mode": "default",
            "tool_name": case.tool,
            "tool_input": dict(case.input),
            "tool_use_id": f"toolu_{session}",
            **more,
        }
    )


def request(service: Serving, body: bytes, event: str = "PreToolUse") -> bytes:
    """The HTTP request that carries ``body``, as the client sends it: on a connection that it keeps."""
    head = (
        f"POST /hook/{event} HTTP/1.1\r\nhost: 127.0.0.1:{service.port}\r\ncontent-type: application/json\r\n"
        f"x-checkrein-token: {service.token}\r\nx-checkrein-entrypoint: cli\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@contextmanager
def line(service: Serving) -> Iterator[Callable[[bytes], bytes]]:
    """A connection that is kept, as a function from a request to the body of its answer.

    RuntimeError where an answer is not a 200 with a JSON object: the call was lost.
    """
    plain = socket.create_connection(("127.0.0.1", service.port), timeout=ANSWER_SECONDS)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with service.tls.wrap_socket(plain, server_hostname="127.0.0.1") as connection, connection.makefile("rb") as answers:

        def call(sent: bytes) -> bytes:
            connection.sendall(sent)
            status = answers.readline()
            length = 0
            while (header := answers.readline().strip().lower()) != b"":
                name, _, value = header.partition(b":")
                length = int(value) if name == b"content-length" else length
            body = answers.read(length)
            if not status.startswith(b"HTTP/1.1 200") or not isinstance(orjson.loads(body or b"0"), dict):
                raise RuntimeError(f"a hook call was lost: {status!r}")
            return body

        yield call


def exchange(service: Serving, sent: bytes) -> bytes:
    """The body of one answer, over a connection of its own."""
    with line(service) as call:
        return call(sent)


def denies(answer: bytes) -> bool:
    """Whether an answer to PreToolUse stops the call or asks for it."""
    output = orjson.loads(answer).get("hookSpecificOutput") or {}
    return output.get("permissionDecision") in ("deny", "ask")


def in_sessions(cases: Sequence[Case], length: int) -> Iterator[tuple[str, Case]]:
    """The cases with the name of a session each, ``length`` of them to one session."""
    return ((f"bench-{number // length}", case) for number, case in enumerate(cases))
