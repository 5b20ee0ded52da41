"""What an HTTP request destroys, judged by its method, its path and its body, whatever program sends it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.model import Outcome, Snippet, absolute
from checkrein.detect.shell.options import listed

OPEN = "text that is not known"
"""Detail of a request to another machine whose address or body holds such text: what it came from goes out."""
PIPED = "standard input"
"""Detail of a request that sends what it gets on standard input."""
_NOWHERE = frozenset(("", "-", "/dev/null", "/dev/stdout", "/dev/stderr", "%"))
_LOCAL = {"localhost", "127.0.0.1", "::1", "0.0.0.0", ""}  # noqa: S104 - names, nothing is bound
# Ports on which data stores and gateways listen: a DELETE there removes data, not a record of one's own test server.
_STORE_PORTS = {
    2375: "Docker",
    2379: "etcd",
    4242: "Unleash",
    5984: "CouchDB",
    6333: "Qdrant",
    6443: "Kubernetes",
    7474: "Neo4j",
    7700: "Meilisearch",
    8001: "Kong",
    8086: "InfluxDB",
    8089: "Splunk",
    8091: "Couchbase",
    8108: "Typesense",
    8123: "ClickHouse",
    8200: "Vault",
    8222: "NATS",
    8444: "Kong",
    8500: "Consul",
    8529: "ArangoDB",
    8983: "Solr",
    9000: "MinIO",
    9090: "Prometheus",
    9093: "Alertmanager",
    9180: "APISIX",
    9200: "Elasticsearch",
    9201: "Elasticsearch",
    15672: "RabbitMQ",
    19530: "Milvus",
}
_SQL_PORTS = {8123, 8086, 9000}
_VERBS = listed(
    "delete destroy dodelete dowipeout purge truncate drop wipe erase terminate unpublish batchdelete bulkdelete "
    "bulk-delete batch-delete factory-reset saferestart safeexit quietdown"
)
_OPERATIONS = (
    *("_delete_by_query", "_close", "_cluster/settings", "_cluster/reroute", "_shutdown"),  # Elasticsearch, OpenSearch
    *("delete_series", "clean_tombstones", "-/quit"),  # Prometheus
)
_GRAPHQL_VERBS = (
    *("delete", "remove", "destroy", "purge", "drop", "wipe", "terminate", "archive", "truncate", "erase", "bulkdelete"),
)
_SQL_VERBS = ("drop", "truncate", "delete", "alter", "detach")
_METHOD_HEADERS = ("x-http-method-override", "x-http-method", "x-method-override")
_DOCKER_SOCKETS = ("docker.sock", "podman.sock", "containerd.sock", "crio.sock")


@dataclass(frozen=True, slots=True)
class Request:
    """One request. ``body`` holds the texts that are sent, ``query`` what is added to the URL's, ``socket`` a Unix socket."""

    program: str
    method: str
    url: str
    body: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    query: str = ""
    socket: str = ""


def destructive_effects(request: Request) -> Iterator[Outcome]:
    """What the request destroys, at most one effect, and the SQL that it carries."""
    method = _effective_method(request)
    host, port, path = _address(request.url)
    rule = _rule(request, method, host, port, path)
    if rule:
        yield Effect(EffectKind.DESTRUCTIVE, request.url, f"{request.program} {method}", rule, Flag.REMOTE)
    elif UNKNOWN in method:
        yield Effect(EffectKind.UNRESOLVED, request.url, request.program, detail="the request's method is not known")
    for text in _sql(request, port):
        yield Snippet("sql", text, flags=Flag.REMOTE)


def _effective_method(request: Request) -> str:
    for header in request.headers:
        name, _, value = header.partition(":")
        if name.strip().lower() in _METHOD_HEADERS:
            return value.strip().upper()
    return request.method


def _address(url: str) -> tuple[str, int, str]:
    """Host, port (0 where none is named) and path of a URL; a scheme may be missing, as curl allows."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        return (parts.hostname or "").lower(), parts.port or 0, unquote(parts.path)
    except ValueError:
        return UNKNOWN, 0, url


def _rule(request: Request, method: str, host: str, port: int, path: str) -> str:
    if request.socket.endswith(_DOCKER_SOCKETS):
        return "containers.host-access" if method not in ("GET", "HEAD") else ""
    is_plain_local = (host in _LOCAL or host.endswith(".localhost")) and port not in _STORE_PORTS
    if method in ("DELETE", "PURGE"):
        return "http.delete-local" if is_plain_local else "http.delete"
    if method in ("GET", "HEAD", "OPTIONS"):
        return ""
    if _path_destroys(path) or _header_destroys(request.headers) or _body_deletes(request, path):
        return "http.delete-local" if is_plain_local else "http.destructive-post"
    if any(_graphql_destroys(text) for text in _graphql_texts(request.body)):
        return "http.delete-local" if is_plain_local else "http.destructive-post"
    return ""


def _path_destroys(path: str) -> bool:
    """``/index/_delete_by_query``, ``/job/x/doDelete``, ``/documents/delete-batch``, ``/v3/kv/deleterange``."""
    lower = path.lower()
    if any(f"/{operation}" in lower for operation in _OPERATIONS):
        return True
    segments = [segment for segment in lower.split("/") if segment]
    last = segments[-1] if segments else ""
    action = last.rpartition(":")[2].rpartition(".")[2]
    return action in _VERBS or last in _VERBS or last.startswith(("delete", "destroy-", "purge_", "purge-", "drop-"))


def _header_destroys(headers: tuple[str, ...]) -> bool:
    """``X-Amz-Target: DynamoDB_20120810.DeleteTable``."""
    for header in headers:
        name, _, value = header.partition(":")
        action = value.rpartition(".")[2].strip().lower()
        if name.strip().lower() == "x-amz-target" and action.startswith(("delete", "terminate", "purge")):
            return True
    return False


def _body_deletes(request: Request, path: str) -> bool:
    """Solr updates and bulk requests of Elasticsearch whose body deletes; AWS query requests by ``Action=Delete...``."""
    for text in request.body:
        start = text.lstrip()
        if path.endswith(("/update", "/_bulk")) and (start.startswith("<delete") or '"delete"' in text.replace(" ", "")):
            return True
        if any(key == "Action" and value.startswith(("Delete", "Terminate", "Purge")) for key, value in parse_qsl(text)):
            return True
    return False


def _graphql_texts(bodies: tuple[str, ...]) -> Iterator[str]:
    for body in bodies:
        text = body.strip()
        if "mutation" not in text:
            continue
        try:
            data = json.loads(text)
        except ValueError:
            yield text
            continue
        for item in data if isinstance(data, list) else [data]:
            if isinstance(item, dict) and isinstance(item.get("query"), str):
                yield item["query"]


def _graphql_destroys(text: str) -> bool:
    """True where an operation of kind mutation selects a top-level field whose name begins with a destructive verb."""
    depth, is_mutation = 0, False
    words = list(_graphql_tokens(text))
    for at, word in enumerate(words):
        if word == "{":
            depth += 1
        elif word == "}":
            depth -= 1
        elif depth == 0 and word in ("mutation", "query", "subscription", "fragment"):
            is_mutation = word == "mutation"
        elif is_mutation and depth == 1 and words[at + 1 : at + 2] != [":"] and _verb_of(word):
            return True
    return False


def _verb_of(name: str) -> bool:
    lower = name.lower()
    return lower.startswith(_GRAPHQL_VERBS) or lower.endswith(("delete", "destroy")) or "_delete" in lower


def _graphql_tokens(text: str) -> Iterator[str]:
    """Names, braces and colons of a GraphQL document outside arguments, strings and comments."""
    at, parens = 0, 0
    while at < len(text):
        char = text[at]
        if char == '"':
            mark = '"""' if text.startswith('"""', at) else '"'
            end = text.find(mark, at + len(mark))
            while mark == '"' and end > 0 and text[end - 1] == "\\":
                end = text.find(mark, end + 1)
            at = len(text) if end < 0 else end + len(mark)
            continue
        if char == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
            continue
        if char in "()":
            parens += 1 if char == "(" else -1
        elif parens == 0 and char in "{}:":
            yield char
        elif parens == 0 and (char.isalpha() or char == "_"):
            start = at
            while at < len(text) and (text[at].isalnum() or text[at] == "_"):
                at += 1
            yield text[start:at]
            continue
        at += 1


def _sql(request: Request, port: int) -> Iterator[str]:
    """SQL that a store over HTTP would run: ``?query=`` and ``?q=``, a ``q=`` body, ClickHouse's bare body."""
    try:
        query = urlsplit(request.url).query
    except ValueError:
        query = ""
    pairs = [*parse_qsl(query), *parse_qsl(request.query)]
    for text in request.body:
        pairs += parse_qsl(text)
        if port in _SQL_PORTS:
            pairs.append(("query", text))
    for key, value in pairs:
        words = value.split(None, 1)
        if key in ("query", "q", "sql") and len(words) > 1 and words[0].lower() in _SQL_VERBS:
            yield value


def exchange(request: Request, reads: list[str], *, sends: bool, stdin: bool = False) -> Effect:
    """The request itself: a SEND where anything but the request goes out, else a FETCH."""
    program = f"{request.program} {request.method}" if request.method != "GET" else request.program
    unknown = UNKNOWN in "".join((request.url, request.query, *request.body))
    detail = PIPED if stdin else OPEN if unknown and _address(request.url)[0] not in _LOCAL else ""
    if sends:
        return Effect(EffectKind.SEND, request.url, program, reads=tuple(reads), detail=detail)
    return Effect(EffectKind.FETCH, request.url, program, detail=detail)


def is_local(url: str) -> bool:
    """True where a URL, or a host, is this machine."""
    return _address(url)[0] in _LOCAL


def written(name: str, folder: str, program: str, flags: Flag = Flag.NONE, *, url: str = "") -> Iterator[Effect]:
    """The file that output goes to, none where that is no file. ``url``: where its content comes from."""
    if name not in _NOWHERE:
        detail = f"network:{url}" if url else ""
        yield Effect(EffectKind.WRITE, absolute(name, folder), program, flags=flags, detail=detail)


def file_of(url: str) -> str:
    """The file name that a URL gives its download; unknown where it names a folder or the server may choose."""
    bare = url.partition("?")[0].partition("#")[0]
    path = bare.partition("://")[2] or bare
    name = path.partition("/")[2].rsplit("/", 1)[-1]
    return name or UNKNOWN
