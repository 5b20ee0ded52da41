"""The certificate by which the client knows our port: made once for an install, for 127.0.0.1 alone.

It is signed by its own key and may sign no other (``CA:FALSE``). So whoever trusts it trusts one program at one address, and no
authority is left behind that could vouch for anything else. Two more limits would keep the client from believing it (measured):
name constraints for an address (2.1.330), and a key usage without the signing of certificates (2.1.197).
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from checkrein.core import ServiceError
from checkrein.service.paths import ServicePaths, check_private

ADDRESS = ipaddress.IPv4Address("127.0.0.1")
LASTS = datetime.timedelta(days=3650)
RENEWED_BEFORE = datetime.timedelta(days=365)
"""``up`` makes a new one this long before the end, so that hardly anybody ever meets the end."""

_EARLIER = datetime.timedelta(days=1)  # a clock that is set back a little is no trouble


def ensure(paths: ServicePaths) -> bool:
    """Make key and certificate where there are none, or none that can be used for a year. True where they are new.

    Both stand in one file, which is replaced in one step, so that they always belong together. ServiceError where the file is
    not private to this user or cannot be written.
    """
    file = paths.certificate_file
    if file.exists():
        check_private(file)
        if _usable(file.read_bytes()):
            return False
    fresh = file.with_suffix(".new")
    try:
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as out:
            out.write(make(datetime.datetime.now(datetime.UTC)))
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
    except OSError as error:
        raise ServiceError("The service's certificate cannot be written.", why=str(error), fix=f"Free {file}.") from error
    return True


def make(now: datetime.datetime) -> bytes:
    """A new key and its certificate, valid from ``now`` on, as PEM.

    The name is its own: of two certificates with one name the client takes either, and refuses the service half of the time.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    serial = x509.random_serial_number()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"checkrein {serial:x}")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), serial, now - _EARLIER, now + LASTS)
    made = (
        builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ADDRESS)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(Encoding.PEM)


def public(paths: ServicePaths) -> str:
    """The certificate without its key, as PEM. ServiceError where there is none that can be read."""
    try:
        return x509.load_pem_x509_certificate(paths.certificate_file.read_bytes()).public_bytes(Encoding.PEM).decode()
    except (OSError, ValueError) as error:
        raise ServiceError("The service's certificate cannot be read.", why=str(error), fix="Run `checkrein up`.") from error


def serving(paths: ServicePaths) -> ssl.SSLContext:
    """What the worker speaks on the port: TLS 1.3 with this certificate. ServiceError where there is none to be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0  # connections are kept, so nobody comes back to resume one
    try:
        check_private(paths.certificate_file)
        context.load_cert_chain(paths.certificate_file)
    except (OSError, ssl.SSLError) as error:
        raise ServiceError("The service's certificate cannot be used.", why=str(error), fix="Run `checkrein up`.") from error
    return context


def calling(paths: ServicePaths) -> ssl.SSLContext:
    """What a caller of ours checks the port with: this certificate and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=public(paths))
    return context


def _usable(pem: bytes) -> bool:
    """Whether key and certificate can be read, belong together, and last."""
    try:
        key, made = load_pem_private_key(pem, password=None), x509.load_pem_x509_certificate(pem)
    except (ValueError, TypeError):
        return False
    lasts = made.not_valid_after_utc - RENEWED_BEFORE > datetime.datetime.now(datetime.UTC)
    return lasts and key.public_key() == made.public_key()
