from __future__ import annotations

import asyncio
import datetime
import ipaddress
import re
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h2.config
import h2.connection
import h2.events
import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from checkrein.core import ServiceError
from checkrein.enforce.gateway import http1pool
from checkrein.enforce.gateway import upstream as module
from checkrein.enforce.gateway.upstream import Base, General, Response, Upstream
from gateway_world import Api, plain


@pytest.mark.parametrize(
    ("url", "expected", "authority"),
    [
        ("https://api.anthropic.com", Base("https", "api.anthropic.com", 443, ""), "api.anthropic.com"),
        ("https://a.example/anthropic/", Base("https", "a.example", 443, "/anthropic"), "a.example"),
        ("http://127.0.0.1:4000", Base("http", "127.0.0.1", 4000, ""), "127.0.0.1:4000"),
        ("http://[::1]:4000/x/y", Base("http", "::1", 4000, "/x/y"), "[::1]:4000"),
        ("https://A.Example:443", Base("https", "a.example", 443, ""), "a.example"),
    ],
)
def test_a_base_url(url: str, expected: Base, authority: str) -> None:
    assert Base.parsed(url) == expected
    assert Base.parsed(url).authority == authority


@pytest.mark.parametrize(
    "url", ["", "api.anthropic.com", "ftp://x", "https://", "https://h?x=1", "https://h#f", "https://user:pw@h", "https://h:x"]
)
def test_what_is_no_base_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ServiceError) as caught:
        Base.parsed(url)
    assert "pw" not in str(caught.value)


def target(base: str, environment: Mapping[str, str]) -> str:
    """Where a request to ``base`` would connect to: the proxy's address, or "" for the host itself."""
    proxy = vars(Upstream(base, environment))["_general"]._proxy
    return "" if proxy is None else f"{proxy.url.scheme.decode()}://{proxy.url.host.decode()}:{proxy.url.port}"


API = "https://api.example"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ""),
        ({"HTTPS_PROXY": "http://p:3128"}, "http://p:3128"),
        ({"https_proxy": "http://low:1", "HTTPS_PROXY": "http://up:2"}, "http://low:1"),
        ({"HTTP_PROXY": "http://p:3128"}, ""),
        ({"ALL_PROXY": "p:8080"}, "http://p:8080"),
        ({"HTTPS_PROXY": "https://p"}, "https://p:443"),
        ({"HTTPS_PROXY": "http://p"}, "http://p:80"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "api.example"}, ""),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "other, .example"}, ""),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*.example"}, ""),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "api.example:443"}, ""),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "api.example:444"}, "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": "*"}, ""),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "ample,pi.example,."}, "http://p:1"),
    ],
)
def test_the_proxy(environment: dict[str, str], expected: str) -> None:
    assert target(API, environment) == expected


@pytest.mark.parametrize(
    ("url", "excepted", "direct"),
    [
        ("http://127.0.0.1:1", "", True),
        ("http://localhost:1", "", True),
        ("http://[::1]:1", "", True),
        ("http://10.1.2.3", "10.0.0.0/8", True),
        ("http://10.1.2.3", "11.0.0.0/8", False),
        ("http://[fd00::1]", "fd00::/8", True),
        ("http://[fd00::1]:8080", "[fd00::1]:8080", True),
    ],
)
def test_addresses_that_no_proxy_is_used_for(url: str, excepted: str, direct: bool) -> None:
    assert (target(url, {"HTTP_PROXY": "http://p:1", "NO_PROXY": excepted}) == "") is direct


@pytest.mark.parametrize("proxy", ["socks5://p:1", "http://", "http://p:x"])
def test_a_proxy_that_cannot_be_used_is_named(proxy: str) -> None:
    with pytest.raises(ServiceError, match="proxy"):
        Upstream(API, {"HTTPS_PROXY": proxy})


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"])
@pytest.mark.parametrize("proxy", [{}, {"HTTPS_PROXY": "http://p:1"}], ids=["direct", "proxy"])
def test_authorities_that_cannot_be_read_are_named(name: str, proxy: dict[str, str], tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    if name == "SSL_CERT_DIR":
        Upstream(API, {name: str(tmp_path)})
        return
    for path in (broken, tmp_path / "missing.pem"):
        with pytest.raises(ServiceError, match="authorities"):
            Upstream(API, {name: str(path), **proxy})


async def whole(response: Response) -> bytes:
    """The body of an answer, which is closed then."""
    try:
        return b"".join([piece async for piece in response.pieces()])
    finally:
        await response.aclose()


def test_a_request_goes_as_it_is() -> None:
    async def main() -> None:
        api = Api()
        await api.start()
        api.answer = plain(b"hi", "418 Teapot", x_a="1")
        async with Upstream(f"{api.url}/chained/", {"HTTP_PROXY": "http://192.0.2.1:9"}) as upstream:
            response = await upstream.send("PUT", b"/a%20b//c?x=%2F", [(b"X-Key", b"v")], b"body")
            assert (response.status, await whole(response)) == (418, b"hi")
            assert (b"x-a", b"1") in response.headers
            await whole(await upstream.send("GET", b"/", [], None))
        await api.stop()
        first, second = api.arrivals
        assert (first.method, first.target, first.body) == ("PUT", "/chained/a%20b//c?x=%2F", b"body")
        assert first.headers == {"host": api.url.removeprefix("http://"), "x-key": "v", "content-length": "4"}
        assert (second.method, second.target, "content-length" in second.headers) == ("GET", "/chained/", False)

    asyncio.run(main())


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_file, key_file


def test_a_request_goes_through_the_proxy() -> None:
    async def main() -> None:
        proxy = Api()
        await proxy.start()
        proxy.answer = plain(b"hi")
        async with Upstream("http://api.example/x", {"HTTP_PROXY": proxy.url.replace("//", "//me:word@")}) as upstream:
            assert await whole(await upstream.send("POST", b"/v1/messages", [], b"body")) == b"hi"
        await proxy.stop()
        (arrival,) = proxy.arrivals
        assert (arrival.target, arrival.body) == ("http://api.example:80/x/v1/messages", b"body")
        assert arrival.headers["host"] == "api.example"
        assert arrival.headers["proxy-authorization"].startswith("Basic ")

    asyncio.run(main())


async def speak_http2(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, got: list[Any]) -> None:
    """Answer each request on one HTTP/2 connection with its own body."""
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    connection.initiate_connection()
    bodies: dict[int, bytes] = {}
    while data := await reader.read(65536):
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                got.append(dict(event.headers))
                bodies[event.stream_id] = b""
            elif isinstance(event, h2.events.DataReceived):
                bodies[event.stream_id] += event.data
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                connection.send_headers(event.stream_id, [(":status", "200"), ("x-h2", "yes")])
                connection.send_data(event.stream_id, bodies[event.stream_id], end_stream=True)
        writer.write(connection.data_to_send())
        await writer.drain()
    writer.close()


async def speak_http1(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, got: list[Any]) -> None:
    """Answer each request on one connection of HTTP/1.1 with its own body."""
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while head := await reader.readuntil(b"\r\n\r\n"):
            got.append(head)
            found = re.search(rb"(?i)content-length: (\d+)", head)
            body = await reader.readexactly(int(found[1]) if found else 0)
            writer.write(b"HTTP/1.1 200 OK\r\nx-h1: yes\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
    writer.close()


@asynccontextmanager
async def tls_api(folder: Path, offered: list[str], got: list[Any]) -> AsyncIterator[tuple[str, Path]]:
    """An API by TLS that offers these protocols, and takes the first of them that the client offers too; its URL and its
    certificate. One that offers none speaks HTTP/1.1."""
    cert_file, key_file = certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert_file, key_file)
    if offered:
        context.set_alpn_protocols(offered)

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        speaking = speak_http2 if chosen == "h2" or offered == ["h2"] else speak_http1
        with suppress(ConnectionError):
            await speaking(reader, writer, got)

    server = await asyncio.start_server(speak, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", cert_file


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"])
def test_http2_over_tls_that_is_verified(variable: str, tmp_path: Path) -> None:
    got: list[Any] = []

    async def main() -> None:
        async with tls_api(tmp_path, ["h2"], got) as (url, cert_file), Upstream(url, {variable: str(cert_file)}) as upstream:
            body = b"x" * 10_000
            for _ in range(2):
                response = await upstream.send("POST", b"/v1/messages?beta=true", [(b"x-api-key", b"k")], body)
                assert isinstance(response, General)
                assert (response.status, await whole(response)) == (200, body)

    asyncio.run(main())
    assert got[0][b":path"] == b"/v1/messages?beta=true"
    assert got[0][b"x-api-key"] == b"k"


@pytest.mark.parametrize("offered", [["h2", "http/1.1"], ["http/1.1"], []], ids=["both", "one", "none"])
def test_http1_over_tls_that_is_verified(offered: list[str], tmp_path: Path) -> None:
    got: list[Any] = []

    async def main() -> None:
        async with tls_api(tmp_path, offered, got) as (url, cert_file):
            async with Upstream(url, {"SSL_CERT_FILE": str(cert_file)}) as upstream:
                body = b"x" * 1_000_000
                for _ in range(2):
                    response = await upstream.send("POST", b"/v1/messages?beta=true", [(b"x-api-key", b"k")], body)
                    assert isinstance(response, General) is not offered
                    assert (response.status, await whole(response)) == (200, body)
            async with Upstream(url, {}) as stranger:
                with pytest.raises(httpcore.ConnectError):
                    await stranger.send("GET", b"/", [], None)

    asyncio.run(main())
    assert [head.split(b"\r\n")[0] for head in got] == [b"POST /v1/messages?beta=true HTTP/1.1"] * 2


def test_after_one_odd_handshake_http1_is_tried_again_later(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    now = [1000.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))

    async def main() -> None:
        async with (
            tls_api(tmp_path, ["h2", "http/1.1"], []) as (url, cert_file),
            Upstream(url, {"SSL_CERT_FILE": str(cert_file)}) as upstream,
        ):
            pool = upstream._http1
            assert pool is not None

            async def odd(*_: object, **__: object) -> Response:
                raise http1pool.OtherProtocolError

            async def general() -> bool:
                response = await upstream.send("GET", b"/", [], b"x")
                assert await whole(response) == b"x"
                return isinstance(response, General)

            with monkeypatch.context() as patch:
                patch.setattr(pool, "ask", odd)
                assert await general()
            now[0] += module.AGAIN_SECONDS - 1
            assert await general()
            now[0] += 1
            assert not await general(), "what httpcore offers is not what this pool offers"

    asyncio.run(main())


def test_a_host_that_ends_the_handshake_for_its_protocol_is_told_from_one_that_cannot_be_reached() -> None:
    async def refused(_connection: object, *, sock: socket.socket, **_options: object) -> None:
        sock.close()
        error = ssl.SSLError(1, "tlsv1 alert no application protocol")
        error.reason = "TLSV1_ALERT_NO_APPLICATION_PROTOCOL"
        raise error

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.create_connection = refused  # type: ignore[method-assign, assignment]
        server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
        pool = http1pool.Pool("127.0.0.1", server.sockets[0].getsockname()[1], ssl.create_default_context())
        async with server:
            with pytest.raises(http1pool.OtherProtocolError):
                await pool.ask(b"", b"", bodiless=False)

    asyncio.run(main())


def test_a_host_without_a_name_is_no_base_url() -> None:
    with pytest.raises(ServiceError, match="no base URL"):
        Upstream(f"https://{chr(0xE9) * 70}.example", {})
