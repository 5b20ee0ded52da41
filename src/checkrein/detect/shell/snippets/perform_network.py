"""What sinks do on the network: requests, downloads, connections and what goes over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checkrein.core.effect import UNKNOWN, EffectKind
from checkrein.detect.shell.snippets.arguments import argument, option, paths
from checkrein.detect.shell.snippets.calls import call_back
from checkrein.detect.shell.snippets.dialect import Sink, Site
from checkrein.detect.shell.snippets.values import (
    ANY,
    NOTHING,
    NOWHERE,
    Closure,
    Map,
    Obj,
    Seq,
    Value,
    as_text,
    of,
    texts,
    unknown,
)
from checkrein.detect.shell.values import sources

if TYPE_CHECKING:
    from checkrein.detect.shell.snippets.machine import Machine


SENDING_METHODS = frozenset(("post", "put", "patch", "delete"))
PAYLOAD = ("data", "json", "body", "files", "params", "content", "form", "form_params", "multipart", "payload", "input")


def request(machine: Machine, sink: Sink, site: Site) -> Value:
    """A request. Mode: the method, "" where an option or the presence of data says so. Argument ``to`` is the body."""
    method = sink.mode or next(
        (text.lower() for name in ("method", "type") for text in texts(option(site, name) or of(""))), ""
    )
    target = argument(site, sink.at, sink.names) or ANY
    urls = _urls(target)
    payload = [value for name in PAYLOAD if (value := option(site, name)) is not None and value != NOTHING]
    body = argument(site, sink.to, sink.to_names) if sink.to >= 0 else None
    if body is not None and body != NOTHING and (method in SENDING_METHODS or not isinstance(body.sole, (Map, Closure))):
        payload.append(body)
    options = [value for value in (*site.args, *site.named.values()) if value not in payload]
    origins = NOWHERE.union(*(value.origins for value in payload)) if payload else NOWHERE
    loose = target.origins.union(*(value.origins for value in options))
    origins |= {origin for origin in loose if origin.startswith("file:") or origin == "env:*"}
    if not any(url.startswith(UNKNOWN) for url in urls):  # the address itself is no secret, what is put into it may be one
        origins |= {origin for origin in target.origins if origin.startswith("env:")}
    sends = bool(payload) or method in SENDING_METHODS or bool(sources(origins))
    for url in urls:
        _transfer(machine, url, site.name, origins, sends=sends)
    result = Value((Obj(sink.gives or "response"),), frozenset(f"network:{url}" for url in urls))
    for value in site.args:
        call_back(machine, value, result.origins)
    return result


def _transfer(machine: Machine, url: str, name: str, origins: frozenset[str], *, sends: bool) -> None:
    if not sends:
        machine.effect(EffectKind.FETCH, url, name)
        return
    machine.shown.update(origins)
    machine.effect(EffectKind.SEND, url, name, reads=sources(origins))


def _urls(target: Value) -> list[str]:
    found: list[str] = []
    for atom in target.options:
        if isinstance(atom, Map):
            given = [texts(value)[0] for key in ("url", "uri", "hostname", "host") if (value := atom.get(key)) is not None]
            found.append(given[0] if given else UNKNOWN)
        elif isinstance(atom, Obj) and atom.args:
            found += texts(atom.args[0])
        else:
            found.append(as_text(atom))
    return list(dict.fromkeys(found))


def download(machine: Machine, sink: Sink, site: Site) -> Value:
    """A URL to a file."""
    for url in _urls(argument(site, sink.at, sink.names) or ANY):
        machine.effect(EffectKind.FETCH, url, site.name)
        for path, _ in paths(machine, argument(site, sink.to, sink.to_names)):
            machine.effect(EffectKind.WRITE, path, site.name, reads=(), detail=f"network:{url}")
    return NOTHING


def connect(machine: Machine, sink: Sink, site: Site) -> Value:
    """A connection: its object remembers the host, what goes over it is a SEND."""
    target = argument(site, sink.at, sink.names) or ANY
    host = address(target, argument(site, sink.to, sink.to_names))
    if site.name.startswith("socket.") and site.args and isinstance(site.args[0].sole, Obj):
        machine.fields["\0host"] = of(host)
    machine.effect(EffectKind.FETCH, host, site.name, detail="connects")
    connection = Value((Obj("socket", (of(host),)),), frozenset((f"network:{host}",)))
    for value in site.args:
        call_back(machine, value, connection.origins)
    return connection


def address(target: Value, port: Value | None) -> str:
    """Host and port as a person would write them."""
    atom = target.sole
    if isinstance(atom, Seq):
        return ":".join(as_text(item.sole) for item in atom.items)
    if isinstance(atom, Map):
        return ":".join(as_text(value.sole) for key in ("host", "port") if (value := atom.get(key)) is not None) or UNKNOWN
    text = _urls(target)[0]
    return (
        f"{text}:{as_text(port.sole)}"
        if port is not None and isinstance(port.sole, (int, str)) and port.sole != UNKNOWN
        else text
    )


def transmit(machine: Machine, _sink: Sink, site: Site) -> Value:
    """Data over a connection that exists."""
    receiver = site.args[0] if site.args else ANY
    known = [atom.args[0] for atom in receiver.options if isinstance(atom, Obj) and atom.args]
    host = texts(known[0] if known else machine.fields.get("\0host", ANY))[0]
    payload = site.args[1:]
    origins = NOWHERE.union(*(value.origins for value in payload)) if payload else NOWHERE
    _transfer(machine, host, site.name, origins, sends=True)
    return unknown(frozenset((f"network:{host}",)))
