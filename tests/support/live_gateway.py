"""The gateway of a throw-away home, as processes of its own, and the way to ask it something."""

from __future__ import annotations

import http.client
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from checkrein.locations import private_folder, scan_dir
from checkrein.service import certificate, manage_gateway
from checkrein.service.launch import Runner
from checkrein.service.manage_gateway import Route
from checkrein.service.paths import ServicePaths

_SECONDS = 30


@dataclass
class LiveGateway:
    """Runs while it is entered. ``runtime`` is a folder with a short path, ``upstream`` the API's address.

    ``patterns`` is a scan folder in which all is compiled, so that nothing has to be compiled here.
    """

    home: Path
    runtime: Path
    upstream: str
    patterns: Path

    @property
    def env(self) -> Mapping[str, str]:
        """The environment of its processes."""
        return {"HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.runtime), "PATH": "/usr/local/bin:/usr/bin:/bin"}

    @property
    def paths(self) -> ServicePaths:
        """Where it keeps its files."""
        return ServicePaths.of_user(self.env)

    def __enter__(self) -> Self:
        shutil.copytree(self.patterns, private_folder(scan_dir(self.env)), dirs_exist_ok=True)
        manage_gateway.start(self.paths, Route(self.upstream, {}, 1), env=self.env, runner=Runner.BACKGROUND)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        manage_gateway.stop(self.paths, env=self.env)

    def ask(self, text: str) -> tuple[int, str]:
        """The status of an answer, and the message where it is an error."""
        question = {"model": "m", "max_tokens": 9, "tools": [], "messages": [{"role": "user", "content": text}]}
        headers = {"content-type": "application/json", "x-claude-code-session-id": "s-1"}
        tls, port = certificate.calling(self.paths), self.paths.gateway_port()
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=_SECONDS, context=tls)
        connection.request("POST", f"{manage_gateway.MOUNT}/v1/messages", json.dumps(question), headers)
        answer = connection.getresponse()
        told: dict[str, Any] = json.loads(answer.read())
        connection.close()
        return answer.status, str(told.get("error", {}).get("message", ""))
