"""Handlers for database clients, database administration and schema tools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checkrein.detect.shell.databases import admin, clients, documents, schema
from checkrein.detect.shell.model import Handler, Invocation, Outcome


def _influx(invocation: Invocation) -> Iterator[Outcome]:
    """InfluxDB's one program takes both statements (1.x) and subcommands (2.x)."""
    yield from clients.HANDLERS["influx"](invocation)
    yield from schema.HANDLERS["influx"](invocation)


HANDLERS: Mapping[str, Handler] = {
    **schema.HANDLERS,
    **clients.HANDLERS,
    **documents.HANDLERS,
    **admin.HANDLERS,
    "influx": _influx,
}
"""Every program's bare name with its handler."""
