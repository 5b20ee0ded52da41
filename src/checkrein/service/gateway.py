"""The gateway's worker process: one of several that serve the port which their supervisor holds.

On a person's machine it speaks TLS with the install's certificate, which the client is told to trust, and serves that person
alone. ``checkrein gateway serve`` runs the same for a team (``--shared``): behind a load balancer, without hooks, everybody's
values apart. What cannot be put together is served as a refusal, and tried anew after a while: nothing leaves unredacted.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from checkrein.core import CheckreinError, ServiceError
from checkrein.service import certificate
from checkrein.service.connection import Arriving
from checkrein.service.front import Asgi, Front, GatewayConnection, Refusing
from checkrein.service.inherited import Inherited
from checkrein.service.paths import ServicePaths
from checkrein.service.supervised import Supervised
from checkrein.service.upkeep import EVERY_SECONDS
from checkrein.service.worker import setup_log

log = logging.getLogger("checkrein.service")

DRAIN_SECONDS = 600
"""How long an answer that is under way may go on when another worker takes over: a long answer takes minutes."""

BROKEN_SECONDS = 30.0  # how long refusals are served before all is tried anew
_METRICS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Has prometheus_client keep what a process counts in a file that all of them read. It looks once, when it is loaded."""

STORE_VARIABLE = "CHECKREIN_GATEWAY_STORE"
"""Carries the shared store's address to the workers: everybody sees a command line, on which it would stand otherwise."""


@dataclass(frozen=True, slots=True)
class Hosting:
    """How a worker is run. ``shared``: for many people; ``store`` is then the address of what they share, and ``upstream`` that
    of the API ("" for what the policy says).

    ``cert`` and ``key`` are PEM files; without them a shared worker speaks plain HTTP, to a load balancer that does TLS.
    ``metrics`` is the folder in which the workers count together. ``metrics_token``: the file of the token that opens what they
    counted; None: only the user's own programs read that.
    """

    metrics: Path
    shared: bool = False
    store: str = ""
    upstream: str = ""
    cert: Path | None = None
    key: Path | None = None
    metrics_token: Path | None = None
    drain: int = DRAIN_SECONDS


@dataclass(frozen=True, slots=True)
class Served:
    """What a worker serves. ``ready`` and ``metrics`` as in ``Front``; ``close`` is awaited after the last answer; ``upkeep``
    runs in a thread at the start and then daily."""

    app: Asgi
    ready: Callable[[], object]
    metrics: Callable[[], bytes]
    close: Callable[[], Awaitable[object]]
    upkeep: Callable[[], object] = lambda: None


Build = Callable[[Mapping[str, str], ServicePaths, Hosting], Served]


class GatewayWorker(Supervised):
    """The server of one worker."""

    def __init__(
        self,
        front: Front,
        inherited: Inherited,
        tls: ssl.SSLContext | None,
        drain: int,
        served: Served,
        *,
        lifetime: float | None = None,
    ) -> None:
        super().__init__(front, GatewayConnection, inherited, drain)
        self._tls = tls
        self._served = served
        self._lifetime = lifetime

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve the port. The first beat says that callers are answered from now on, so that an older worker may leave."""
        await super().startup(sockets)
        await self.listen(self._inherited.sockets[0], self._tls)
        self._tasks.append(asyncio.create_task(self._keep_up()))
        if self._lifetime is not None:
            asyncio.get_running_loop().call_later(self._lifetime, self.drain)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close what was opened, once all answers have ended."""
        await super().shutdown(sockets)
        await self._served.close()

    def _protocol(self) -> asyncio.BaseProtocol:
        return Arriving(self._connection())

    async def _keep_up(self) -> None:
        while True:
            try:
                await asyncio.get_running_loop().run_in_executor(None, self._served.upkeep)
            except CheckreinError as error:
                log.error("what is too old was not cleared away: %s", error.what)
            await asyncio.sleep(EVERY_SECONDS)


def serve(build: Build, env: Mapping[str, str], paths: ServicePaths, hosting: Hosting) -> NoReturn:
    """Serve until SIGTERM or until the supervisor is gone. Ends the process."""
    inherited = Inherited.from_environment()
    lifetime: float | None = None
    try:
        served = build(env, paths, hosting)
    except Exception as exc:  # noqa: BLE001 - whatever it is, callers must get a refusal that names it
        log.error("serving refusals only: %s", exc if isinstance(exc, CheckreinError) else type(exc).__name__)
        refusing, lifetime = Refusing(_named(exc)), BROKEN_SECONDS
        served = Served(refusing, refusing.ready, bytes, refusing.close)
    front = Front(
        served.app,
        served.ready,
        served.metrics,
        user=None if hosting.shared else os.geteuid(),
        port=0 if hosting.shared else inherited.sockets[0].getsockname()[1],
        token=token_of(hosting.metrics_token) if hosting.metrics_token else "",
    )
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)  # one request makes thousands of objects, next to none of them in a cycle
    sys.setswitchinterval(0.001)  # the loop's thread gets the interpreter back sooner while a request is searched
    worker = GatewayWorker(front, inherited, _tls(paths, hosting), hosting.drain, served, lifetime=lifetime)
    worker.run(sockets=[])
    logging.shutdown()
    os._exit(0)  # a thread that is caught in a scan would hold up an ordinary exit


def hosting_of(words: list[str], env: Mapping[str, str]) -> Hosting:
    """How the command line ``words`` says that a worker is to be run."""
    parser = argparse.ArgumentParser(prog="checkrein.service.gateway")
    parser.add_argument("--metrics", type=Path, required=True)
    parser.add_argument("--shared", action="store_true")
    parser.add_argument("--upstream", default="")
    parser.add_argument("--cert", type=Path)
    parser.add_argument("--key", type=Path)
    parser.add_argument("--metrics-token-file", type=Path, dest="metrics_token")
    parser.add_argument("--drain", type=int, default=DRAIN_SECONDS)
    return Hosting(store=env.get(STORE_VARIABLE, ""), **vars(parser.parse_args(words)))


def main() -> None:
    """Serve for the user whose environment this is."""
    hosting = hosting_of(sys.argv[1:], os.environ)
    os.environ[_METRICS_VARIABLE] = str(hosting.metrics)
    paths = ServicePaths.of_user()
    if hosting.shared:
        os.umask(0o077)
        logging.basicConfig(level=logging.WARNING, format="%(asctime)s gateway[%(process)d] %(levelname)s %(message)s")
    else:
        setup_log(paths.gateway_log)
    serve(_build, os.environ, paths, hosting)


def _build(env: Mapping[str, str], paths: ServicePaths, hosting: Hosting) -> Served:
    from checkrein.service.gateway_parts import build  # noqa: PLC0415 - so that a module that does not load is told to callers

    return build(env, paths, hosting)


def _named(error: Exception) -> CheckreinError:
    if isinstance(error, CheckreinError):
        return error
    return ServiceError("the gateway could not be put together", why=type(error).__name__, fix="run `checkrein doctor`")


def _tls(paths: ServicePaths, hosting: Hosting) -> ssl.SSLContext | None:
    if not hosting.shared:
        return certificate.serving(paths)
    if hosting.cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(hosting.cert, hosting.key)
    return context


def token_of(file: Path) -> str:
    """The token that a file holds, "" where it is empty. OSError, UnicodeDecodeError."""
    return file.read_text("utf-8").strip()


if __name__ == "__main__":
    main()
