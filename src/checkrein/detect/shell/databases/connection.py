"""Which database a command line connects to, as far as its words and its environment say so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, urlsplit

from checkrein.core.effect import Effect
from checkrein.detect.shell.databases.sqltext import MAX_CHARS, open_conditional_comments, read_tokens
from checkrein.detect.shell.model import Invocation, Outcome
from checkrein.detect.shell.options import Options

FOR_TESTS = "a database for tests on this machine"
"""The ``detail`` of an effect on a database that is made anew for every run of tests."""
_NAMED = frozenset(("test", "tests", "testing", "dev", "development", "scratch", "sandbox"))
_SHARED = frozenset(("prod", "prd", "production", "live", "staging", "stage"))
_LOCAL = frozenset(("", "localhost", "127.0.0.1", "::1"))
_HOSTS = ("PGHOST", "PGHOSTADDR", "MYSQL_HOST")
_ELSEWHERE = ("PGSERVICE", "PGSERVICEFILE", "MYSQL_HOME")
_SETTINGS = ("--defaults-file", "--defaults-extra-file", "--login-path", "--protocol", "-S", "--socket")
_SOCKETS = ("/tmp", "/var/run", "/run", "/private/tmp", "/home", "/Users")  # noqa: S108 - compared, never opened
_TUNNELS = (
    *(
        ("kubectl", "port-forward"),
        ("oc", "port-forward"),
        ("flyctl", "proxy"),
        ("fly", "proxy"),
        ("ssh", "-L"),
        ("autossh", "-L"),
    ),
    *(("cloud-sql-proxy",), ("cloud_sql_proxy",), ("aws", "start-session"), ("gcloud", "start-iap-tunnel"), ("tsh", "proxy")),
    *(("socat",), ("pscale", "connect"), ("railway", "connect"), ("boundary", "connect"), ("teleport",), ("chisel",)),
)
_ENVIRONMENTS = (
    *(("dotenv",), ("doppler", "run"), ("infisical", "run"), ("op", "run"), ("chamber", "exec"), ("aws-vault", "exec")),
    *(("sops", "exec-env"), ("direnv", "exec"), ("teller", "run"), ("envconsul",), ("railway", "run"), ("uv", "--env-file")),
)
"""Programs, with a word of theirs, behind which ``localhost`` is another machine, or the environment is not this one."""
_DATA = (
    "sql.drop-database",
    "sql.drop-table",
    "sql.drop-column",
    "sql.drop-object",
    "sql.truncate",
    "sql.delete",
    "sql.update",
)


@dataclass(frozen=True, slots=True)
class Connection:
    """The database that a client opens. ``name`` is "" where the command line does not name it."""

    name: str
    local: bool

    def marks(self, effect: Effect, dialect: str) -> bool:
        """True where the effect touches nothing but a local database for tests."""
        if not self.local or not effect.rule.startswith(_DATA):
            return False
        if effect.rule == "sql.drop-database" and (dialect == "mysql" or not effect.program.endswith("SCHEMA")):
            return is_for_tests(effect.target)
        return is_for_tests(self.name) and (dialect != "mysql" or "." not in effect.target)


def is_for_tests(name: str) -> bool:
    """True for names that say so: ``app_test``, ``test_app_2``, ``app-dev``, ``app_ci``; not ``latest`` or ``dev-prod``."""
    words = [word.rstrip("0123456789") for word in re.split(r"[^a-z0-9]", name.lower())]
    named = not _NAMED.isdisjoint(words) or [word for word in words if word][-1:] == ["ci"]
    return named and _SHARED.isdisjoint(words)


def connection(invocation: Invocation, options: Options, named: tuple[str, ...]) -> Connection:
    """What a PostgreSQL or MySQL client connects to. ``named`` are the names or URLs that it is given for the database."""
    variables = {key: invocation.env.get(key) or invocation.world.variable(key) or "" for key in (*_HOSTS, *_ELSEWHERE)}
    hosts = [*options.given.get("-h", ()), *options.given.get("--host", ()), *(variables[key] for key in _HOSTS)]
    local = not options.has(*_SETTINGS) and not any(variables[key] for key in _ELSEWHERE) and not _led_elsewhere(invocation)
    names = set[str]()
    for word in options.given.get("--maintenance-db", ()):
        address = _address(word)
        hosts += _hosts(address) if address is not None else ["unknown"] if "=" in word else []
    for word in named:
        address = _address(word)
        if address is not None:
            hosts += _hosts(address)
            local = local and not address.query
            names.add(address.path.lstrip("/"))
        else:
            local = local and "=" not in word
            names.add(word)
    return Connection(names.pop() if len(names) == 1 else "", local and all(_is_local(host) for host in hosts))


def is_local_for_tests(address: str) -> bool:
    """True for the URL of a database for tests on this machine: ``postgres://localhost/app_test``, ``file:./test.db``."""
    parts = _address(address)
    if parts is None:
        return address.startswith("file:") and is_for_tests(address.partition("?")[0].rpartition("/")[2].removeprefix("file:"))
    return all(map(_is_local, _hosts(parts))) and is_for_tests(parts.path.lstrip("/"))


def _address(word: str) -> SplitResult | None:
    """The parts of a URL, None for a name. Hosts go by ``urlsplit``: which it refuses depends on Python."""
    scheme, found, rest = word.partition("://")
    if not found:
        return None
    netloc = re.split(r"[/?#]", rest, maxsplit=1)[0]
    return urlsplit(f"{scheme}:{rest[len(netloc) :]}")._replace(netloc=netloc)


def _hosts(address: SplitResult) -> list[str]:
    """The hosts of a URL: a client tries one after the other, ``localhost:5433,db:5432``."""
    places = address.netloc.rpartition("@")[2].split(",")
    return [place[1:].partition("]")[0] if place.startswith("[") else place.partition(":")[0] for place in places]


def _is_local(host: str) -> bool:
    """True for this machine: by name, or by the folder of a socket; that of a proxy names what lies behind it."""
    return host in _LOCAL or (host.startswith(_SOCKETS) and ":" not in host)


def _led_elsewhere(invocation: Invocation) -> bool:
    """True where something that the same command line did decides which server a client reaches."""
    for words in invocation.beside:
        if any(
            words[0] == name and set(rest) <= {word[:2] if rest == ["-L"] else word for word in words}
            for name, *rest in (*_TUNNELS, *_ENVIRONMENTS)
        ):
            return True
    texts = (invocation.world.read_text(path) for path in invocation.sourced)
    return any(text is None or any(f"{name}=" in text for name in (*_HOSTS, *_ELSEWHERE)) for text in texts)


def marked(outcomes: Iterator[Outcome], connected: Connection, dialect: str) -> Iterator[Outcome]:
    """The outcomes; effects on a local database for tests say so in ``detail``."""
    for outcome in outcomes:
        if isinstance(outcome, Effect) and connected.marks(outcome, dialect):
            yield replace(outcome, detail=FOR_TESTS)
        else:
            yield outcome


def stays(text: str, dialect: str) -> bool:
    """True where statements neither change to another database nor, in MySQL, name one. What is too long to be read may."""
    if len(text) > MAX_CHARS:
        return False
    tokens = read_tokens(open_conditional_comments(text), dialect)
    leaving = {"USE", "."} if dialect == "mysql" else {"USE"}
    return tokens is not None and not any(token.text.upper() in leaving for token in tokens)
