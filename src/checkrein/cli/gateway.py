"""``checkrein gateway serve``: the redacting gateway for a team, in the foreground."""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import shutil
import socket
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import click

from checkrein.core import ServiceError, UsageError
from checkrein.enforce.gateway.upstream import Base
from checkrein.locations import private_folder
from checkrein.policy.privacy import database_url, without_password
from checkrein.report.text import clean
from checkrein.service.gateway import DRAIN_SECONDS, STORE_VARIABLE, token_of
from checkrein.service.manage_gateway import WORKER, supervisor_words
from checkrein.service.paths import ServicePaths
from checkrein.setup.route import API

_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def gateway() -> None:
    """The gateway to the model's API. On your own machine `checkrein up --gateway` runs it."""


@gateway.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8787, show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes that serve.")
@click.option("--upstream", default="", metavar="URL", help="The API's base URL. Default: gateway.upstream of the policy.")
@click.option(
    "--store",
    envvar=STORE_VARIABLE,
    default="",
    metavar="URL",
    help=f"postgresql://..., shared by all machines. Put one with a password into {STORE_VARIABLE}.",
)
@click.option("--tls-cert", type=_file, help="The certificate, as PEM.")
@click.option("--tls-key", type=_file, help="Its key, as PEM; not needed where it stands in the same file.")
@click.option("--behind-tls", is_flag=True, help="Speak plain HTTP: a load balancer in front does TLS.")
@click.option("--metrics-token-file", type=_file, help="What opens /checkrein/metrics, as 'Authorization: Bearer TOKEN'.")
@click.option(
    "--drain", type=click.IntRange(1, 3600), default=DRAIN_SECONDS, show_default=True, help="Seconds for answers under way."
)
def serve(
    *,
    host: str,
    port: int,
    workers: int,
    upstream: str,
    store: str,
    tls_cert: Path | None,
    tls_key: Path | None,
    behind_tls: bool,
    metrics_token_file: Path | None,
    drain: int,
) -> None:
    """Serve many people: behind a load balancer, without hooks.

    Each caller gets back only what its own request held, so nobody's values reach another. SIGTERM ends it once the answers
    that are under way have ended, SIGHUP starts new workers without a gap. /checkrein/health and /checkrein/ready answer a
    load balancer.
    """
    address = _address(host)
    if tls_cert is None and not behind_tls and not address.is_loopback:
        raise UsageError(
            f"{host} would be served without TLS",
            why="everybody's keys and prompts would cross the network in the clear",
            fix="name --tls-cert and --tls-key, or say --behind-tls where a load balancer in front does TLS",
        )
    _check_certificate(tls_cert, tls_key)
    _check_token(metrics_token_file)
    _check_upstream(upstream)
    _check_store(database_url(store))
    _check_port(host, port)
    paths = ServicePaths.of_user()
    paths.prepare()
    options: list[tuple[str, object]] = [("--upstream", upstream), ("--cert", tls_cert), ("--key", tls_key)]
    options += [("--metrics-token-file", metrics_token_file), ("--drain", drain)]
    words = [word for name, value in options if value for word in (name, str(value))]
    scheme = "https" if tls_cert else "http"
    click.echo(f"Serving on {scheme}://{clean(host)}:{port} with {workers} processes.", err=True)
    run(command(paths, host, port, workers, drain, words), {**os.environ, STORE_VARIABLE: database_url(store)})


def command(paths: ServicePaths, host: str, port: int, workers: int, drain: int, words: Sequence[str]) -> list[str]:
    """The supervisor's command line; ``words`` are those of a worker. Makes the folder in which the workers count anew."""
    place = paths.runtime / f"gateway-{port}"
    metrics = place.with_name(f"{place.name}-metrics")
    shutil.rmtree(metrics, ignore_errors=True)
    private_folder(metrics)
    files = ["--host", host, "--lock", f"{place}.lock", "--board", f"{place}.workers", "--log", "-"]
    return [*supervisor_words(port, workers, drain), *files, "--", *WORKER, "--shared", "--metrics", str(metrics), *words]


def run(words: Sequence[str], env: Mapping[str, str]) -> NoReturn:
    """Become the supervisor, so that signals reach it."""
    os.execve(words[0], list(words), dict(env))  # noqa: S606 - a fixed program


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(host)
    except ValueError as error:
        raise UsageError(f"{clean(host)!r} is no address to listen on", fix="name one such as 0.0.0.0 or ::") from error


def _check_upstream(url: str) -> None:
    try:
        Base.parsed(url or API)
    except ServiceError as error:
        raise UsageError(error.what, why=error.why, fix="name one such as https://api.anthropic.com with --upstream") from error


def _check_store(url: str) -> None:
    """Whether such a database could be used; whether it answers is for /checkrein/ready to say."""
    if url and not url.startswith("postgresql+psycopg://"):
        raise UsageError(f"{clean(without_password(url))!r} is no store", fix="name one such as postgresql://HOST/NAME")
    if url and not _installed("psycopg"):
        raise UsageError(
            "PostgreSQL cannot be used",
            why="the package psycopg is not installed",
            fix="install it beside Checkrein: pip install 'psycopg[binary]'",
        )


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ValueError:  # something stands in its place
        return False


def _check_port(host: str, port: int) -> None:
    """Tried here, where a person reads what is wrong; the supervisor takes it in earnest."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            fix = "name another one with --port, or an address of this machine with --host"
            raise UsageError(f"cannot listen on {clean(host)}:{port}", why=error.strerror or "", fix=fix) from error


def _check_certificate(cert: Path | None, key: Path | None) -> None:
    if cert is None:
        if key is not None:
            why = "without a certificate, plain HTTP would be served"
            raise UsageError("--tls-key needs --tls-cert", why=why, fix="name the certificate of that key with --tls-cert")
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key)
    except OSError as error:
        why = str(error) if not isinstance(error, ssl.SSLError) or error.reason else _no_pem(key)
        fix = "name matching PEM files"
        raise UsageError(f"{clean(str(cert))} cannot be used as a certificate", why=why, fix=fix) from error


def _no_pem(key: Path | None) -> str:
    """What OpenSSL calls "PEM lib": it does not tell which of both is missing."""
    if key is None:
        return "it does not hold both a certificate and its key in PEM form"
    return f"it holds no certificate, or {clean(str(key))} no key, in PEM form"


def _check_token(file: Path | None) -> None:
    if file is None:
        return
    try:
        token = token_of(file)
    except (OSError, UnicodeDecodeError) as error:
        why = "it is not text" if isinstance(error, UnicodeDecodeError) else error.strerror or ""
        raise UsageError(f"{clean(str(file))} cannot be used as a token", why=why, fix="name a file with the token") from error
    if not token:
        fix = "write the token into it, or leave --metrics-token-file out"
        raise UsageError(f"{clean(str(file))} cannot be used as a token", why="the file is empty", fix=fix)
