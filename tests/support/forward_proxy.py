"""An HTTP proxy on loopback that hands plain requests on, and refuses tunnels (CONNECT), which it keeps."""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from checkrein.prove.api import read_body


class ForwardProxy:
    """``tunnels`` are the addresses to which one was asked for. Use it as a context manager."""

    def __init__(self) -> None:
        self.tunnels: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: object) -> None:
                """Nothing."""

            def do_CONNECT(self) -> None:
                """Refuse."""
                outer.tunnels.append(self.path)
                self.send_error(502)

            def do_POST(self) -> None:
                """Hand the request on, and the whole answer back."""
                to = urlsplit(self.path)
                onward = http.client.HTTPConnection(to.hostname or "", to.port or 80)
                kept = {name: value for name, value in self.headers.items() if name.lower() in ("content-type", "x-api-key")}
                onward.request(self.command, f"{to.path}?{to.query}", read_body(self), kept)
                answer = onward.getresponse()
                data = answer.read()
                self.send_response(answer.status)
                self.send_header("content-type", answer.headers["content-type"])
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)
                onward.close()

            do_GET = do_HEAD = do_POST  # noqa: N815 - the base class looks methods up by these names

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign] # a caller that turns away is no error
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
