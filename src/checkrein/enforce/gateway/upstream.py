"""The way to the Messages API: a pool of connections to one base URL, over HTTP/1.1 or HTTP/2, through a proxy if there is one.

HTTP/1.1 goes first (``http1pool.py``): it costs a request and its first event least, and hosts that offer HTTP/2 offer it too.
httpcore, the transport of httpx, takes what is left: a proxy, and a host that does not agree to HTTP/1.1 in the TLS handshake,
because it speaks HTTP/2 alone or does not say what it speaks. Both send and give headers and bytes as they are, without a user
agent, cookies, redirects or decoding of their own.
"""

from __future__ import annotations

import ipaddress
import math
import ssl
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import SplitResult, unquote, urlsplit

import certifi
import httpcore

from checkrein.core import ServiceError
from checkrein.enforce.gateway import http1pool
from checkrein.enforce.gateway.gathered import gathered
from checkrein.enforce.gateway.http1 import Headers, head_of
from checkrein.enforce.gateway.http1pool import CONNECT_SECONDS, CONNECTIONS, IDLE, KEEPALIVE_SECONDS, READ_SECONDS

AGAIN_SECONDS = 300.0
"""How long HTTP/1.1 is not tried with a host that did not agree to it: one odd handshake may be an accident."""

_TIMEOUTS = {"connect": CONNECT_SECONDS, "read": READ_SECONDS, "write": READ_SECONDS, "pool": CONNECT_SECONDS}


@dataclass(frozen=True, slots=True)
class Base:
    """Where requests go. ``prefix`` is the path of the base URL without a slash at its end."""

    scheme: str
    host: str
    port: int
    prefix: str

    @classmethod
    def parsed(cls, url: str) -> Base:
        """Raises ServiceError where ``url`` is no base URL."""
        try:
            parts = urlsplit(url)
            port = parts.port
            (parts.hostname or "").encode("idna")
        except ValueError as error:
            raise _no_base(url, str(error)) from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise _no_base(url, "it does not begin with https:// and a host")
        if parts.query or parts.fragment or parts.username is not None:
            raise _no_base(url, "it holds a query, a fragment or a user name")
        return cls(parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80), parts.path.rstrip("/"))

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return host if self.port == usual else f"{host}:{self.port}"


class Response(Protocol):
    """An answer of the API. It is closed when it was read, and closed early where nobody wants the rest."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Headers:
        """As they came."""

    def pieces(self) -> AsyncGenerator[bytes, None]:
        """The body: all that has arrived since the last piece was taken, as soon as there is any. Raises what httpcore raises,
        after the bytes that came before."""

    async def aclose(self) -> None:
        """Nothing more is read."""


class Upstream:
    """Sends requests to the base URL. Use as an async context manager, or ``close`` it."""

    def __init__(self, url: str, environment: Mapping[str, str]) -> None:
        """``environment`` as of the client: HTTP_PROXY, HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE, SSL_CERT_DIR and
        NODE_EXTRA_CA_CERTS are honoured. Raises ServiceError where one of them, or ``url``, cannot be used.
        """
        self.base = Base.parsed(url)
        self._host = self.base.host.encode("idna") if not self.base.host.isascii() else self.base.host.encode()
        proxy = _proxy(self.base, environment)
        secure = self.base.scheme == "https"
        self._http1 = None
        if proxy is None:
            self._http1 = http1pool.Pool(self._host.decode(), self.base.port, _trust(environment) if secure else None)
        self._http1_from = -math.inf  # by ``time.monotonic``
        self._general = httpcore.AsyncConnectionPool(
            ssl_context=_trust(environment) if secure else None,  # its own: each pool sets what it offers in the handshake
            proxy=proxy,
            max_connections=CONNECTIONS,
            max_keepalive_connections=IDLE,
            keepalive_expiry=KEEPALIVE_SECONDS,
            http1=True,
            http2=secure,
            retries=1,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        if self._http1 is not None:
            await self._http1.close()
        await self._general.aclose()

    async def send(self, method: str, target: bytes, headers: Headers, body: bytes | None) -> Response:
        """Send a request; the answer's head, with its body still to be read and to be closed.

        ``target`` is path and query as the client sent them. Raises what httpcore raises.
        """
        target = self.base.prefix.encode() + target
        length = [(b"Content-Length", str(len(body)).encode())] if body is not None else []
        headers = [(b"Host", self.base.authority.encode()), *headers, *length]
        if self._http1 is not None and time.monotonic() >= self._http1_from:
            try:
                return await self._http1.ask(head_of(method, target, headers), body or b"", bodiless=method == "HEAD")
            except http1pool.OtherProtocolError:
                self._http1_from = time.monotonic() + AGAIN_SECONDS
        url = httpcore.URL(scheme=self.base.scheme.encode(), host=self._host, port=self.base.port, target=target)
        request = httpcore.Request(method, url, headers=headers, content=body or b"", extensions={"timeout": _TIMEOUTS})
        return General(await self._general.handle_async_request(request))


class General:
    """An answer that comes through httpcore."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response
        self.status = response.status
        self.headers = response.headers

    def pieces(self) -> AsyncGenerator[bytes, None]:
        """See ``Response``."""
        return gathered(self._response.aiter_stream())

    async def aclose(self) -> None:
        """See ``Response``."""
        await self._response.aclose()


def _no_base(url: str, why: str) -> ServiceError:
    scheme_and_host = url.partition("?")[0].rpartition("@")[2][:200]
    return ServiceError(
        f"{scheme_and_host!r} is no base URL of an API",
        why=why,
        fix="set gateway.upstream in the policy to one such as https://api.anthropic.com",
    )


def _trust(environment: Mapping[str, str]) -> ssl.SSLContext:
    """Whom to believe: the system's authorities, or those of SSL_CERT_FILE and SSL_CERT_DIR; and NODE_EXTRA_CA_CERTS."""
    file, folder = environment.get("SSL_CERT_FILE"), environment.get("SSL_CERT_DIR")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if file or folder:
            context.load_verify_locations(cafile=file or None, capath=folder or None)
        else:
            context.load_default_certs()
            paths = ssl.get_default_verify_paths()
            if not context.cert_store_stats()["x509_ca"] and not paths.capath:
                context.load_verify_locations(cafile=certifi.where())
        if extra := environment.get("NODE_EXTRA_CA_CERTS"):
            context.load_verify_locations(cafile=extra)
    except (OSError, ssl.SSLError) as error:
        raise ServiceError(
            "a file of certificate authorities cannot be read",
            why=str(error),
            fix="correct SSL_CERT_FILE, SSL_CERT_DIR or NODE_EXTRA_CA_CERTS",
        ) from error
    return context


def _proxy(base: Base, environment: Mapping[str, str]) -> httpcore.Proxy | None:
    """The proxy for this base URL, by the variables that curl and the client read; lower case counts first."""
    lowered = {name.lower(): value for name, value in environment.items() if name.endswith("_PROXY")}
    lowered.update({name: value for name, value in environment.items() if name.endswith("_proxy")})
    url = lowered.get(f"{base.scheme}_proxy") or lowered.get("all_proxy")
    if not url or _passed_by(base, lowered.get("no_proxy", "")):
        return None
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port
    except ValueError as error:
        raise _no_proxy(str(error)) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _no_proxy("only http:// and https:// proxies are known")
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username is not None else None
    address = httpcore.URL(
        scheme=parts.scheme.encode(), host=parts.hostname.encode(), port=port or _default_port(parts), target=b"/"
    )
    return httpcore.Proxy(address, auth=auth, ssl_context=_trust(environment) if parts.scheme == "https" else None)


def _passed_by(base: Base, excepted: str) -> bool:
    """Whether NO_PROXY names this host. Loopback never goes through a proxy: what stands there is on this machine."""
    if base.host in ("localhost", "127.0.0.1", "::1"):
        return True
    return any(_names(entry.strip().lower(), base) for entry in excepted.replace(" ", ",").split(","))


def _names(entry: str, base: Base) -> bool:
    """Whether an entry of NO_PROXY names this host: ``*``, a host or a domain with or without a port, a network."""
    if entry == "*":
        return True
    name, colon, port = entry.rpartition(":")
    if colon and port.isdigit() and (name.endswith("]") or ":" not in name):
        return int(port) == base.port and _names(name, base)
    name = entry.strip("[]").removeprefix("*").removeprefix(".")
    if not name:
        return False
    if base.host == name or base.host.endswith(f".{name}"):
        return True
    try:
        return ipaddress.ip_address(base.host) in ipaddress.ip_network(name, strict=False)
    except ValueError:
        return False


def _default_port(parts: SplitResult) -> int:
    return 443 if parts.scheme == "https" else 80


def _no_proxy(why: str) -> ServiceError:
    fix = "correct HTTPS_PROXY, or name the host in NO_PROXY"
    return ServiceError("the proxy for the API cannot be used", why=why, fix=fix)
