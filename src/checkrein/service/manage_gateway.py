"""Start, stop and look at the gateway of this machine. Its supervisor is another than that of the service which decides."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson

from checkrein import __version__
from checkrein.core import ServiceError
from checkrein.locations import private_folder
from checkrein.service import certificate, supervisor
from checkrein.service.gateway import DRAIN_SECONDS
from checkrein.service.launch import Runner, Unit, clean_environment
from checkrein.service.manage import START_SECONDS
from checkrein.service.paths import ServicePaths
from checkrein.setup.install import GATEWAY_MOUNT as MOUNT

UNIT = "checkrein-gateway.service"
SILENCE_SECONDS = 30.0  # a worker that did not beat for so long hangs; a scan of a large body keeps it busy for a while
STOP_SECONDS = 10
WORKER = (sys.executable, "-I", "-m", "checkrein.service.gateway")
NETWORK = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS")
"""Variables by which the gateway finds its way out, as the client would by itself. They may be spelt in lower case too."""

_ALLOCATOR = {"MALLOC_ARENA_MAX": "1"}  # glibc's: with one for each thread, up to 9 MB stay with a worker that nobody uses

_FIX = "Run `checkrein status`, then `checkrein up`."


@dataclass(frozen=True, slots=True)
class Route:
    """What the gateway was put on with. ``upstream`` is the base URL of the API, ``network`` the variables of ``NETWORK``.

    ``workers`` is their number, ``version`` the one that they were started by, ``since`` when it was put on (epoch seconds).
    ``store`` changes where the address of the database does, which itself may hold a password.
    """

    upstream: str
    network: Mapping[str, str]
    workers: int
    store: str = ""
    version: str = __version__
    since: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class Status:
    """How the gateway stands. ``route`` is None where it was not put on; ``trouble`` says why it is not healthy."""

    route: Route | None
    running: bool
    healthy: bool
    pid: int | None
    port: int | None
    workers: tuple[int, ...] = ()
    trouble: str = ""


def network_of(env: Mapping[str, str]) -> dict[str, str]:
    """The variables of ``env`` by which a program finds its way out, in upper case. The lower-case one counts where both stand,
    as it does for most programs."""
    found = {name: env[name] for name in NETWORK if env.get(name)}
    return found | {name: env[name.lower()] for name in NETWORK if env.get(name.lower())}


def route_of(upstream: str, variables: Mapping[str, str], workers: int, store: str) -> Route:
    """The route for a client that has these ``variables``; ``store`` is the address of the database."""
    mark = hashlib.sha256(store.encode()).hexdigest()[:16] if store else ""
    return Route(upstream, network_of(variables), workers, mark)


def address(port: int) -> str:
    """The base URL that the client is given."""
    return f"https://127.0.0.1:{port}{MOUNT}"


def read_route(paths: ServicePaths) -> Route | None:
    """What the gateway was put on with; None where it is off. ServiceError where that cannot be read."""
    try:
        return Route(**orjson.loads(paths.gateway_file.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise ServiceError(
            f"{paths.gateway_file} cannot be read.", why=type(error).__name__, fix="Run `checkrein up --gateway`."
        ) from error


def reserve(paths: ServicePaths) -> int:
    """The gateway's port, chosen where there is none yet."""
    paths.prepare()
    return paths.gateway_port() or unit_of(paths).choose_port()


def start(
    paths: ServicePaths,
    route: Route,
    *,
    env: Mapping[str, str] = os.environ,
    worker: Sequence[str] = (),
    runner: Runner | None = None,
) -> Status:
    """Make sure that the gateway runs by ``route``, and wait until it is ready. Idempotent.

    Workers of another version or route hand over to new ones; answers that are under way go on. ``worker`` replaces the
    workers' command. ServiceError says what stands in the way.
    """
    paths.prepare()
    renewed = certificate.ensure(paths)
    before = status(paths)
    kept = before.route
    if before.healthy and kept == route and not renewed:
        return before
    write_route(paths, route, time.time() if kept is None else kept.since)
    if before.running and kept is not None and kept.workers == route.workers and before.pid is not None:
        os.kill(before.pid, signal.SIGHUP)
        return _wait(paths, frozenset(before.workers))
    unit = unit_of(paths)
    unit.end(env)
    shutil.rmtree(paths.gateway_metrics, ignore_errors=True)
    private_folder(paths.gateway_metrics)
    port = reserve(paths)
    words = command(paths, port, route.workers, worker or worker_command(paths))
    unit.launch(words, port, clean_environment(env) | _ALLOCATOR, runner)
    return _wait(paths, frozenset())


def stop(paths: ServicePaths, *, env: Mapping[str, str] = os.environ) -> None:
    """Stop the gateway: answers that are under way get a moment, then they are cut off. Idempotent."""
    unit_of(paths).end(env)
    paths.gateway_file.unlink(missing_ok=True)


def status(paths: ServicePaths) -> Status:
    """How things stand now. Never raises for a gateway that is down or damaged: ``trouble`` says what is wrong."""
    pid = unit_of(paths).running_pid()
    try:
        route, port = read_route(paths), paths.gateway_port()
        told = _ask(paths, port) if pid is not None and port is not None else {}
    except ServiceError as error:
        return Status(None, pid is not None, healthy=False, pid=pid, port=None, trouble=error.what.rstrip("."))
    if pid is None:
        return Status(route, running=False, healthy=False, pid=None, port=port, trouble="the gateway does not run")
    healthy = told.get("status") == "ready"
    trouble = "" if healthy else str(told.get("why") or "it does not answer").rstrip(".")
    return Status(route, running=True, healthy=healthy, pid=pid, port=port, workers=serving(paths), trouble=trouble)


def unit_of(paths: ServicePaths) -> Unit:
    """The gateway, as a supervised program."""
    log = paths.state / "gateway-supervisor.log"
    return Unit(UNIT, "Checkrein: the gateway to the model", paths.gateway_lock, log, paths.gateway_port_file, STOP_SECONDS)


def worker_command(paths: ServicePaths) -> tuple[str, ...]:
    """The command that runs one worker."""
    return (*WORKER, "--metrics", str(paths.gateway_metrics))


def command(paths: ServicePaths, port: int, workers: int, worker: Sequence[str]) -> list[str]:
    """The command line of the gateway's supervisor."""
    places = ["--lock", str(paths.gateway_lock), "--log", str(unit_of(paths).log), "--board", str(paths.gateway_board)]
    return [*supervisor_words(port, workers, DRAIN_SECONDS), *places, "--", *worker]


def supervisor_words(port: int, workers: int, drain: int) -> list[str]:
    """How a supervisor of gateway workers is called, but for its files. ``drain`` is the workers' own limit, in seconds."""
    program = [sys.executable, "-I", "-S", str(Path(supervisor.__file__))]
    times = ["--silence", str(SILENCE_SECONDS), "--drain", str(drain + 5)]
    return [*program, "--port", str(port), "--workers", str(workers), *times]


def _ask(paths: ServicePaths, port: int) -> Mapping[str, object]:
    """What the gateway says of itself; empty where nobody answers with our certificate."""
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=5.0, context=certificate.calling(paths))
    try:
        connection.request("GET", f"{MOUNT}/ready")
        told: Mapping[str, object] = orjson.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return {}
    finally:
        connection.close()
    return told


def serving(paths: ServicePaths) -> tuple[int, ...]:
    """The process ids of the workers that serve."""
    try:
        return tuple(int(line) for line in paths.gateway_board.read_text().split())
    except (OSError, ValueError):
        return ()


def write_route(paths: ServicePaths, route: Route, since: float) -> None:
    """Keep what the gateway is put on with, and since when."""
    new = paths.gateway_file.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "w") as file:
        file.write(json.dumps({**asdict(route), "since": since}))
    new.replace(paths.gateway_file)


def _wait(paths: ServicePaths, before: frozenset[int]) -> Status:
    """The status once nobody of ``before`` serves any more, and all that are to do. ServiceError where that takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        found = status(paths)
        wanted = 0 if found.route is None else found.route.workers
        new = len(found.workers) == wanted and before.isdisjoint(found.workers)
        if new and found.healthy:
            return found
        if time.monotonic() > deadline:
            log = f"See {unit_of(paths).log} and {paths.gateway_log}."
            raise ServiceError("The gateway does not come up.", why=found.trouble, fix=log)
        time.sleep(0.05)
