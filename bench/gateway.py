"""The gateway between a client and an API that answers at once: what it adds, beside another proxy that only passes on."""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import ssl
import string
import subprocess
import sys
import sysconfig
import tempfile
import time
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.api_stub import stamp_of
from bench.measure import Spread, alternate, quantile
from bench.section import Options, Section, Table, Target, milli
from bench.worlds import serving_of, world
from checkrein.ledger.egress import EgressStore, Verdict
from checkrein.locations import config_dir, egress_dir
from checkrein.prove.protection import Protection, protected
from checkrein.prove.world import World
from checkrein.service import manage_gateway
from checkrein.setup.install import Scope, Transport

ROOT = Path(__file__).parent.parent
LITELLM = ROOT / ".cache/peers/litellm"
ROUNDS = 200
WARM = 10
REQUESTS = 10_000
STREAMS = 100
LIMITS = {"100 KB, all of it new": 2.0, "100 KB, one new block": 2.0, "1 MB, one new block": 5.0}
FIRST_BYTE = 1.0
GROWTH = 1.10
START_SECONDS = 120.0
_KEY = "x-api-key: bench\r\nanthropic-version: 2023-06-01\r\ncontent-type: application/json"


@dataclass(frozen=True)
class Question:
    """A body of a request, and the session that the client says it is from."""

    session: str
    body: bytes


@dataclass
class Way:
    """One way to the API: an address, a connection that is kept, and the times of the last request in milliseconds."""

    name: str
    host: str
    prefix: str
    tls: ssl.SSLContext | None = None
    first_byte: list[float] = field(default_factory=list)
    _socket: socket.socket | None = None

    def send(self, question: Question, query: str = "beta=true") -> float:
        """Milliseconds until the whole answer is there. RuntimeError where it is none."""
        start = time.perf_counter_ns()
        connection = self._connected()
        connection.sendall(self.request(question, query))
        answer = bytearray()
        while not answer.endswith(b"0\r\n\r\n"):
            part = connection.recv(1 << 16)
            if not answer or b"message_start" not in answer:
                self._note_first(bytes(answer) + part)
            answer += part
            if not part or not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"{self.name} answered {bytes(answer[:300])!r}")
        return (time.perf_counter_ns() - start) / 1e6

    def request(self, question: Question, query: str) -> bytes:
        """The request as it goes over the wire."""
        host = self.host.rpartition("//")[2]
        head = (
            f"POST {self.prefix}/v1/messages?{query} HTTP/1.1\r\nhost: {host}\r\n{_KEY}\r\n"
            f"x-claude-code-session-id: {question.session}\r\ncontent-length: {len(question.body)}\r\n\r\n"
        )
        return head.encode() + question.body

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self) -> socket.socket:
        if self._socket is None:
            host, _, port = self.host.rpartition("//")[2].partition(":")
            plain = socket.create_connection((host, int(port)), timeout=60)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = self.tls.wrap_socket(plain, server_hostname=host) if self.tls else plain
        return self._socket

    def _note_first(self, answer: bytes) -> None:
        now = time.monotonic_ns()
        if (sent := stamp_of(answer)) is not None:
            self.first_byte.append((now - sent) / 1e6)


class Conversation:
    """Requests of one session: each is the one before, with one more turn. ``size`` is that of the first, in bytes."""

    def __init__(self, size: int, seed: int) -> None:
        self._random = random.Random(seed)
        self._session = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        self._messages: list[dict[str, Any]] = []
        made = 0
        while made < size:
            self._grow()
            made += len(json.dumps(self._messages[-2:]))

    def next(self) -> Question:
        """The next request."""
        self._grow()
        system = [{"type": "text", "text": "You are a coding assistant. Working directory: /srv/project"}]
        body = {"model": "m", "max_tokens": 99, "stream": True, "system": system, "messages": self._messages}
        return Question(self._session, json.dumps(body).encode())

    def _grow(self) -> None:
        """One turn: a tool call, and what the tool found; now and then a secret stands in it."""
        call = f"toolu_{self._random.getrandbits(64):016x}"
        text = self._random.choice(_source())
        at = self._random.randrange(max(1, len(text) - 4000))
        found = text[at : at + 4000]
        if self._random.random() < 0.1:
            found += f"\nGITHUB_TOKEN={_token(self._random)}\n"
        use = {"type": "tool_use", "id": call, "name": "Read", "input": {"file_path": f"/srv/project/{call}.py"}}
        result = {"type": "tool_result", "tool_use_id": call, "content": [{"type": "text", "text": found}]}
        self._messages += [{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]


def _token(source: random.Random) -> str:
    """What looks like a GitHub token, its checksum included: CRC-32 of its letters, in base 62."""
    body = "".join(source.choices(_BASE62, k=30))
    rest, checksum = zlib.crc32(body.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        checksum = _BASE62[digit] + checksum
    return f"ghp_{body}{checksum}"


_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_TEXTS: list[str] = []


def _source() -> list[str]:
    """Texts as coding sessions hold them: the standard library's own."""
    if not _TEXTS:
        files = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
        _TEXTS.extend(file.read_text("utf-8", "replace") for file in files[:120])
    return _TEXTS


def run(options: Options) -> Section:
    """All of it, on one gateway from beginning to end."""
    with ExitStack() as stack:
        port = stack.enter_context(_stub())
        made = stack.enter_context(world())
        protection, ours = stack.enter_context(_gateway("ours, redacting", made, port))
        relaying = stack.enter_context(world())
        policy = config_dir(relaying.environment()) / "checkrein.yaml"
        policy.parent.mkdir(parents=True)
        policy.write_text("version: 1\nredaction:\n  enabled: false\n", "utf-8")
        _, off = stack.enter_context(_gateway("ours, redaction off", relaying, port))
        direct = Way("direct", f"http://127.0.0.1:{port}", "")
        other = stack.enter_context(_litellm(port, install=options.litellm))
        tls_port = stack.enter_context(_stub(str(protection.paths.certificate_file)))
        encrypted = Way("direct, by TLS", f"http://127.0.0.1:{tls_port}", "", ours.tls)
        ways = [direct, encrypted, off, ours, *([other] if other else [])]
        added = {name: _times(make, ways) for name, make in _loads().items()}
        first = {way.name: Spread.of(way.first_byte) for way in ways}
        workers = manage_gateway.serving(protection.paths)
        memory = _memory(ours, workers)
        begun = time.time()
        mixed = asyncio.run(_streams(ours))
        with EgressStore.open(egress_dir(made.environment())) as egress:
            redacted = sum(row.verdict is Verdict.REDACTED for row in egress.rows(since=begun))
    return Section(
        title="The gateway",
        measured=(
            "time from the first byte of a request until the last byte of the answer, over a connection that is kept; and the"
            " time between the moment when the API sends the first event and that when it arrives. What a way adds is the"
            " difference of the medians to asking the API itself"
        ),
        compared=f"asking the API itself{_litellm_version()}, all in turns",
        data=(
            "sessions of tool calls and results (Python sources of the standard library, a GitHub token in every tenth);"
            f" {ROUNDS} requests each; those with one new block are turns of conversations that grow by a fifth at most, each"
            " of them begun with a request that is not timed;"
            " the gateway has one process, speaks TLS to the client and records every request: what it adds includes the TLS of"
            " both sides, also that of the client, which is Python here (`direct, by TLS`: the same API behind TLS and nothing"
            " else), and `ours, redaction off` is the same gateway where a policy says that nothing is to be searched;"
            " LiteLLM has one process, speaks plain HTTP and records nothing"
        ),
        not_shown="the API's own time, TLS and HTTP/2 to the API, several clients at once (but for the streams below)",
        tables=(
            *(_table(name, found) for name, found in added.items()),
            Table(
                "First event of an answer, from the API to the client:",
                ("way", "p50", "p99"),
                tuple((name, milli(spread.p50), milli(spread.p99)) for name, spread in first.items()),
            ),
            Table("Memory of the worker, one session after the other:", ("requests", "resident"), _memory_rows(memory)),
        ),
        targets=(*_targets(added, first, memory), _streams_target(mixed, redacted)),
    )


@dataclass(frozen=True)
class Load:
    """Requests that are timed, and what is sent before them: to warm up, or so that what they begin with is known."""

    before: list[Question]
    timed: list[Question]


def _loads() -> Mapping[str, Callable[[], Iterator[Load]]]:
    def fresh() -> Iterator[Load]:
        questions = [Conversation(95_000, 1000 + number).next() for number in range(WARM + ROUNDS)]
        yield Load(questions[:WARM], questions[WARM:])

    def growing(size: int, turns: int) -> Callable[[], Iterator[Load]]:
        def each() -> Iterator[Load]:
            for number in range(ROUNDS // turns):
                conversation = Conversation(size, size + number)
                yield Load([conversation.next()], [conversation.next() for _ in range(turns)])

        return each

    return {
        "100 KB, all of it new": fresh,
        "100 KB, one new block": growing(90_000, turns=5),
        "1 MB, one new block": growing(950_000, turns=20),
    }


def _times(make: Callable[[], Iterator[Load]], ways: list[Way]) -> dict[str, list[float]]:
    """What each way took for each request that is timed, all ways in turn."""
    found: dict[str, list[float]] = {way.name: [] for way in ways}
    for load in make():
        for way in ways:
            way.close()  # making the requests took so long that a server may have closed a connection by now
            known = len(way.first_byte)
            for question in load.before:
                way.send(question)
            del way.first_byte[known:]
        pending = {way.name: iter(load.timed) for way in ways}
        send = {way.name: lambda way=way, pending=pending: way.send(next(pending[way.name])) for way in ways}
        for name, times in alternate(len(load.timed), send).items():
            found[name] += times
    return found


def _memory(ours: Way, workers: tuple[int, ...]) -> dict[int, float]:
    """Resident memory of the workers in MB after so many requests."""
    found: dict[int, float] = {}
    sent = 0
    while sent < REQUESTS:
        conversation = Conversation(8_000, sent)
        for _ in range(20):
            ours.send(conversation.next())
            sent += 1
            if sent in (REQUESTS // 10, REQUESTS // 2, REQUESTS):
                found[sent] = sum(_resident(pid) for pid in workers)
    return found


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmRSS:"))


async def _streams(ours: Way) -> int:
    """Ask for so many answers at once, each of which repeats its own question; how many came back otherwise."""
    source = random.Random()
    asked = [f"{number} " * 50 + f"GITHUB_TOKEN={_token(source)} " + f"{number} " * 50 for number in range(STREAMS)]
    answers = await asyncio.gather(*(_ask(ours, text) for text in asked))
    return sum(answer != text for answer, text in zip(answers, asked, strict=True))


async def _ask(ours: Way, text: str) -> str:
    host, _, port = ours.host.rpartition("//")[2].partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), ssl=ours.tls, server_hostname=host)
    body = {"model": "m", "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": text}]}
    writer.write(ours.request(Question(str(uuid.uuid4()), json.dumps(body).encode()), "echo=1"))
    answer = bytearray()
    while not answer.endswith(b"0\r\n\r\n"):
        part = await reader.read(1 << 16)
        if not part:
            break
        answer += part
    writer.close()
    events = [json.loads(line[6:]) for line in bytes(answer).split(b"\n") if line.startswith(b"data: ")]
    return "".join(event["delta"]["text"] for event in events if event["type"] == "content_block_delta")


@contextmanager
def _gateway(name: str, made: World, upstream: int) -> Iterator[tuple[Protection, Way]]:
    """A gateway in front of the API at that port, and the way through it."""
    with protected(made, None, Scope.USER, Transport.HTTP, None, upstream=f"http://127.0.0.1:{upstream}") as protection:
        address = manage_gateway.address(protection.paths.gateway_port() or 0)
        host, _, prefix = address.rpartition("/")
        yield protection, Way(name, host, f"/{prefix}", serving_of(protection).tls)


@contextmanager
def _stub(*certificate: str) -> Iterator[int]:
    """The API that answers at once, by TLS where a certificate is given."""
    port = _free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.api_stub", str(port), *certificate], cwd=ROOT)
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _litellm(port: int, *, install: bool) -> Iterator[Way | None]:
    """LiteLLM's proxy, which passes ``/anthropic/...`` on to the API as it is; None where it is not installed."""
    program = LITELLM / "bin/litellm"
    if install and not program.exists():
        subprocess.run([sys.executable, "-m", "venv", str(LITELLM)], check=True)
        subprocess.run([str(LITELLM / "bin/pip"), "install", "-q", "litellm[proxy]"], check=True)
    if not program.exists():
        print(f"without LiteLLM, which is not installed in {LITELLM}: `python -m bench gateway --litellm` installs it")
        yield None
        return
    own = _free_port()
    env = {
        "PATH": f"{LITELLM}/bin:{os.environ['PATH']}",
        "HOME": os.environ["HOME"],
        "ANTHROPIC_API_BASE": f"http://127.0.0.1:{port}",
        "ANTHROPIC_API_KEY": "bench",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_MODE": "PRODUCTION",
        "LITELLM_LOG": "ERROR",
        "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",  # so it checks no key, which only makes it faster
    }
    with tempfile.TemporaryFile() as log:
        words = [str(program), "--host", "127.0.0.1", "--port", str(own), "--num_workers", "1", "--telemetry", "False"]
        process = subprocess.Popen(words, env=env, stdout=log, stderr=log, cwd=os.environ["HOME"])
        try:
            _wait_for(own, process)
            yield Way("LiteLLM, passing on", f"http://127.0.0.1:{own}", "/anthropic")
        finally:
            process.terminate()
            process.wait()


def _litellm_version() -> str:
    found = next(LITELLM.glob("lib/python*/site-packages/litellm-*.dist-info"), None)
    return f", and LiteLLM {found.name.split('-')[1].removesuffix('.dist')} that only passes on" if found else ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{process.args!r} does not listen on port {port}") from error
            time.sleep(0.05)
        else:
            return


def _added(found: Mapping[str, list[float]], name: str) -> float:
    return quantile(found[name], 0.5) - quantile(found["direct"], 0.5)


def _table(name: str, found: Mapping[str, list[float]]) -> Table:
    rows = tuple(
        (way, milli(Spread.of(times).p50), milli(Spread.of(times).p99), "" if way == "direct" else milli(_added(found, way)))
        for way, times in found.items()
    )
    return Table(f"{name}:", ("way", "p50", "p99", "adds to the median"), rows)


def _memory_rows(memory: Mapping[int, float]) -> tuple[tuple[str, str], ...]:
    return tuple((f"{requests:,}", f"{size:.0f} MB") for requests, size in memory.items())


def _targets(
    added: Mapping[str, Mapping[str, list[float]]], first: Mapping[str, Spread], memory: Mapping[int, float]
) -> tuple[Target, ...]:
    ours, other = "ours, redacting", "LiteLLM, passing on"
    targets = []
    for name, limit in LIMITS.items():
        found = _added(added[name], ours)
        targets.append(Target(f"adds at most {limit:g} ms to a request of {name}", milli(found), found <= limit))
    late = first[ours].p50 - first["direct"].p50
    targets.append(Target(f"delays the first event by at most {FIRST_BYTE:g} ms", milli(late), late <= FIRST_BYTE))
    for name, times in added.items() if other in first else ():
        mine, theirs = quantile(times[ours], 0.5), quantile(times[other], 0.5)
        targets.append(
            Target(f"{name}: faster than LiteLLM that redacts nothing", f"{milli(mine)} against {milli(theirs)}", mine < theirs)
        )
    early, *_, late_size = memory.values()
    targets.append(
        Target(
            f"memory after {REQUESTS:,} requests at most {GROWTH:g} times that after {REQUESTS // 10:,}",
            f"{late_size:.0f} MB against {early:.0f} MB",
            late_size <= GROWTH * early,
        )
    )
    return tuple(targets)


def _streams_target(mixed: int, redacted: int) -> Target:
    found = f"{mixed} mixed up, {redacted} requests redacted"
    return Target(f"{STREAMS} streams at once, each with a secret, none mixed up", found, mixed == 0 and redacted == STREAMS)
