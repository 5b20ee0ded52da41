"""A gateway worker with a scripted application: what it does stands in the path that is asked for, or in its state folder."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from checkrein.core import VaultError
from checkrein.service.front import Receive, Send
from checkrein.service.gateway import Hosting, Served, hosting_of, serve
from checkrein.service.paths import ServicePaths


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    words = scope["path"].strip("/").split("/")
    if words[1] == "die":
        os._exit(1)
    if words[1] == "freeze":
        os.kill(os.getpid(), signal.SIGSTOP)
    told = hashlib.sha256(await _body(receive)).hexdigest() if words[1] == "digest" else scope["query_string"].decode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-worker", b"%d" % os.getpid())]})
    if words[1] == "stream":
        for number in range(int(words[2])):
            await send({"type": "http.response.body", "body": b"%d\n" % number, "more_body": True})
            await asyncio.sleep(0.1)
    await send({"type": "http.response.body", "body": f"{scope['path']} {told}".encode()})


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        event = await receive()
        body, more = body + event["body"], event["more_body"]
        await asyncio.sleep(0.001)  # others have their turn
    return body


def build(_env: Mapping[str, str], paths: ServicePaths, _hosting: Hosting) -> Served:
    if (paths.state / "broken").exists():
        raise VaultError("the vault's key is lost", fix="restore it")

    def ready() -> None:
        if (paths.state / "not-ready").exists():
            raise VaultError("the vault is locked")

    async def close() -> None:
        (paths.state / "closed").touch()

    return Served(app, ready, lambda: b"requests_total 1\n", close)


if __name__ == "__main__":
    places = ServicePaths(Path(sys.argv[1]), Path(sys.argv[2]))
    serve(build, os.environ, places, hosting_of(sys.argv[3:], os.environ))
