"""The certificate of the port: what it says, when it is made anew, and that the port speaks nothing but TLS with it."""

from __future__ import annotations

import datetime
import os
import signal
import socket
import ssl
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from checkrein.core import ServiceError
from checkrein.service import certificate, manage
from checkrein.service.paths import ServicePaths


@pytest.fixture
def paths(tmp_path: Path) -> ServicePaths:
    made = ServicePaths(tmp_path / "state", tmp_path / "run")
    made.prepare()
    return made


def test_it_is_made_once_and_is_private(paths: ServicePaths) -> None:
    assert certificate.ensure(paths)
    first = paths.certificate_file.read_bytes()
    assert stat.S_IMODE(paths.certificate_file.stat().st_mode) == 0o600
    assert not certificate.ensure(paths)
    assert paths.certificate_file.read_bytes() == first


def test_it_vouches_for_one_address_and_for_no_other_certificate(paths: ServicePaths) -> None:
    certificate.ensure(paths)
    assert "PRIVATE" not in certificate.public(paths)
    found = x509.load_pem_x509_certificate(certificate.public(paths).encode()).extensions
    assert list(found.get_extension_for_class(x509.SubjectAlternativeName).value) == [x509.IPAddress(certificate.ADDRESS)]
    assert not found.get_extension_for_class(x509.BasicConstraints).value.ca


@pytest.mark.parametrize("content", [b"", b"-----BEGIN CERTIFICATE-----\n", b"\0" * 99, "halves"])
def test_a_damaged_one_is_made_anew(paths: ServicePaths, content: bytes | str) -> None:
    certificate.ensure(paths)
    if content == "halves":  # a key and a certificate that do not belong together
        key = paths.certificate_file.read_bytes().partition(b"-----BEGIN CERTIFICATE")[0]
        now = datetime.datetime.now(datetime.UTC)
        content = key + b"-----BEGIN CERTIFICATE" + certificate.make(now).partition(b"-----BEGIN CERTIFICATE")[2]
    paths.certificate_file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert certificate.ensure(paths)
    certificate.serving(paths)


@pytest.mark.parametrize(("left", "renewed"), [(364, True), (366, False)])
def test_one_that_ends_is_made_anew(paths: ServicePaths, left: int, renewed: bool) -> None:
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=left)
    paths.certificate_file.touch(0o600)
    paths.certificate_file.write_bytes(certificate.make(ends - certificate.LASTS))
    assert certificate.ensure(paths) is renewed


def test_one_that_others_could_read_is_refused(paths: ServicePaths) -> None:
    certificate.ensure(paths)
    paths.certificate_file.chmod(0o640)
    with pytest.raises(ServiceError, match="not private"):
        certificate.ensure(paths)
    with pytest.raises(ServiceError, match="not private"):
        certificate.serving(paths)


def test_without_one_there_is_nothing_to_serve_or_call_with(paths: ServicePaths) -> None:
    with pytest.raises(ServiceError, match="cannot be used"):
        certificate.serving(paths)
    with pytest.raises(ServiceError, match="cannot be read"):
        certificate.calling(paths)


def test_the_port_speaks_tls_with_it(service: Any) -> None:
    with service.connect() as connection:
        assert connection.version() == "TLSv1.3"
        connection.sendall(service.request(b"{}"))
        assert connection.recv(12) == b"HTTP/1.1 200"


def test_plain_http_gets_no_answer_and_nothing_is_judged(service: Any) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as plain:
        plain.sendall(service.request(b"{}"))
        try:
            answer = plain.recv(1000)
        except ConnectionResetError:
            answer = b""
    assert b"HTTP" not in answer
    assert service.records == []


def test_a_caller_with_another_certificate_turns_away(service: Any, paths: ServicePaths) -> None:
    certificate.ensure(paths)
    plain = socket.create_connection(("127.0.0.1", service.port), timeout=20)
    with plain, pytest.raises(ssl.SSLCertVerificationError):
        certificate.calling(paths).wrap_socket(plain, server_hostname="127.0.0.1")


def test_a_certificate_made_anew_is_served_by_a_new_worker(service: Any) -> None:
    before = manage.status(service.paths).health["pid"]
    service.paths.certificate_file.unlink()
    assert service.start().health["pid"] != before
    service.connect().close()


def test_a_service_without_a_certificate_refuses_and_says_why(service: Any) -> None:
    service.paths.certificate_file.write_bytes(b"")
    os.kill(manage.status(service.paths).health["pid"], signal.SIGKILL)
    found = manage.status(service.paths)
    assert not found.healthy
    assert "certificate cannot be used" in found.trouble
    assert service.start().healthy


def test_no_two_certificates_have_one_name() -> None:
    now = datetime.datetime.now(datetime.UTC)
    made = [x509.load_pem_x509_certificates(certificate.make(now))[0] for _ in range(2)]
    assert made[0].subject != made[1].subject
