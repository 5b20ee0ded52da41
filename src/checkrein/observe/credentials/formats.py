"""Reads secrets out of the texts in which programs keep them: names and values. What is no secret by name or form is left out.

Every function yields (name, value) pairs and raises ValueError where the text is not what it has to be. No error holds a value.
"""

from __future__ import annotations

import base64
import binascii
import configparser
import itertools
import json
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from checkrein.detect.dotenv import assignments
from checkrein.detect.secrets.generic.judge import is_token
from checkrein.detect.secrets.generic.names import kind_of
from checkrein.observe.credentials.harmless import is_identifier, is_place

Pairs = Iterator[tuple[str, str]]
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_MAX_NODES = 20_000  # values of one document
_ALWAYS = frozenset(("auth", "_auth", "client-key-data", "oauth_token", "private_key", "identitytoken", "registrytoken"))
"""Names that hold a secret in the files that are read here."""


def secret_pairs(pairs: Pairs) -> Pairs:
    """Those that are secret by their name or by themselves; of an address with a password, that password too."""
    for name, value in pairs:
        if not value or value.startswith(("${", "$(", "{{", "<")):
            continue
        if is_secret(name, value):
            yield name, value
        yield from _in_url(name, value)


def is_secret(name: str, value: str) -> bool:
    """Whether a value is secret by its name or by itself. A path is not, whatever stands in the file that it names."""
    if is_place(value):
        return False
    return name.lower() in _ALWAYS or kind_of(name) is not None or (is_token(value) and not is_identifier(name, value))


def _in_url(name: str, value: str) -> Pairs:
    """The password of an address, as it stands and decoded, and the address itself."""
    if "://" not in value or "@" not in value:
        return
    try:
        password = urlsplit(value).password
    except ValueError:
        return
    if password:
        yield name, value
        yield "URL_PASSWORD", password
        yield "URL_PASSWORD", unquote(password)


def dotenv(text: str) -> Pairs:
    """The assignments that are in force. Each value as it stands, and as it is meant."""
    for each in assignments(text):
        if each.commented:
            continue
        raw = text[each.start : each.end]
        yield each.name, raw
        if each.quote == '"' and "\\" in raw:
            yield each.name, _unescaped(raw)


def _unescaped(raw: str) -> str:
    parts, at = [], 0
    while at < len(raw):
        if raw[at] == "\\" and at + 1 < len(raw):
            parts.append(_ESCAPES.get(raw[at + 1], raw[at + 1]))
            at += 2
        else:
            parts.append(raw[at])
            at += 1
    return "".join(parts)


def lines(text: str) -> Pairs:
    """``name = value`` lines without quotes (.npmrc); the name in ``//host/:_authToken`` stands behind the last colon."""
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.lstrip().startswith(("#", ";")):
            yield name.strip().rpartition(":")[2], value.strip().strip("\"'")


def ini(text: str) -> Pairs:
    """Sections of ``name = value``."""
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error:  # its text quotes the line
        raise ValueError("it is no INI file") from None
    for section in parser.sections():
        yield from ((name, value) for name, value in parser.items(section) if value)


def netrc(text: str) -> Pairs:
    """The passwords of a .netrc."""
    words = text.split()
    for word, following in itertools.pairwise(words):
        if word in ("password", "account"):
            yield "NETRC_PASSWORD", following.strip('"')


def addresses(text: str) -> Pairs:
    """One address a line (.git-credentials)."""
    for line in text.splitlines():
        yield from _in_url("GIT_CREDENTIAL", line.strip())


def pgpass(text: str) -> Pairs:
    """``host:port:database:user:password`` lines, where ``\\:`` and ``\\\\`` are escaped."""
    for line in text.splitlines():
        if not line.startswith("#"):
            fields = line.replace("\\\\", "\0").replace("\\:", "\1").split(":", 4)
            if len(fields) == 5:
                yield "PGPASSWORD", fields[4].replace("\1", ":").replace("\0", "\\")


def whole(text: str) -> Pairs:
    """A file that holds one secret and nothing else."""
    yield "TOKEN", text.strip()


def json_document(text: str) -> Pairs:
    """The named values of a JSON document, however deep."""
    try:
        return _named(json.loads(text))
    except (json.JSONDecodeError, RecursionError):
        raise ValueError("it is no JSON") from None


def yaml_document(text: str) -> Pairs:
    """The named values of a YAML document, however deep."""
    try:
        return _named(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506 - the safe one, in C
    except (yaml.YAMLError, RecursionError, ValueError):
        raise ValueError("it is no YAML") from None


def toml_document(text: str) -> Pairs:
    """The named values of a TOML document, however deep."""
    try:
        return _named(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError):
        raise ValueError("it is no TOML") from None


def _named(data: Any) -> Pairs:
    """Every text under a name, each object once: a YAML document may name one in many places."""
    left: list[tuple[str, Any]] = [("", data)]
    seen: set[int] = set()
    for _ in range(_MAX_NODES):
        if not left:
            return
        name, value = left.pop()
        match value:
            case str():
                yield name, value
                if name == "auth":
                    yield from _basic(value)
            case Mapping() | list() if id(value) not in seen:
                seen.add(id(value))
                items = value.items() if isinstance(value, Mapping) else ((name, item) for item in value)
                left.extend((str(key), item) for key, item in items)
    raise ValueError(f"it has more than {_MAX_NODES} values")


def _basic(value: str) -> Pairs:
    """The password in ``USER:PASSWORD`` in base64 (RFC 7617)."""
    try:
        password = base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return
    yield "password", password
