"""What a name says of the value assigned to it: that it is a password, a token, a key, or only about one (``token_url``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache

import yaml

from checkrein.detect.secrets.generic.tables import TABLES

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\dA-Za-z_]+|\d+")


class Kind(Enum):
    """What the value is: the end of the rule's id, and the label of its placeholder."""

    PASSWORD = ("password", "PASSWORD")
    TOKEN = ("token", "TOKEN")
    API_KEY = ("api-key", "API_KEY")
    SECRET = ("secret", "SECRET")
    KEY = ("key", "KEY")
    CREDENTIAL = ("credential", "CREDENTIAL")
    SALT = ("salt", "SALT")
    PRIVATE_KEY = ("private-key", "PRIVATE_KEY")
    HASH = ("password-hash", "PASSWORD_HASH")
    JWT = ("jwt", "JWT")
    SESSION = ("session", "SESSION")

    @property
    def rule(self) -> str:
        """The id of the rule."""
        return f"secret.generic-{self.value[0]}"

    @property
    def label(self) -> str:
        """The label of the placeholder."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class _Names:
    """``names.yaml``; patterns for what may stand inside a name or at its end, sets for its words."""

    password: re.Pattern[str]
    password_words: frozenset[str]
    key_of: frozenset[str]
    key_ending: re.Pattern[str]
    salt: frozenset[str]
    harmless: frozenset[str]
    shown: re.Pattern[str]
    about: frozenset[str]


@cache
def _names() -> _Names:
    table = yaml.safe_load(TABLES.joinpath("names.yaml").read_text(encoding="utf-8"))
    password, key_of = table["password"], table["key_of"]
    return _Names(
        password=re.compile("|".join([*password["parts"], *(f"{ending}$" for ending in password["endings"])])),
        password_words=frozenset(password["words"]),
        key_of=frozenset(key_of["words"]),
        key_ending=re.compile(f"(?:{'|'.join(key_of['endings'])})s?$"),
        salt=frozenset(table["salt"]),
        harmless=frozenset(table["harmless"]),
        shown=re.compile("|".join(table["shown"])),
        about=frozenset(table["about"]),
    )


@lru_cache(maxsize=4096)
def kind_of(name: str) -> Kind | None:
    """The kind of value that stands under ``name``, or None where the name does not say that it is secret."""
    words = [word.lower() for word in _WORD.findall(name)]
    while words and (words[-1].isdigit() or len(words[-1]) == 1):
        words.pop()
    names = _names()
    if not words or words[-1] in names.about or "hashed" in words:
        return None
    joined = "".join(words)
    if names.password.search(joined) or not names.password_words.isdisjoint(words):
        return None if words[-1] in {"hash", "salt"} else Kind.PASSWORD
    return _of_words(frozenset(words), joined, names)


def _of_words(words: frozenset[str], joined: str, names: _Names) -> Kind | None:
    if not words.isdisjoint({"secret", "secrets", "secrete"}) or joined.endswith("secret"):
        return Kind.SECRET
    harmless = not names.harmless.isdisjoint(words) or names.shown.search(joined) is not None
    if "token" in words or joined.endswith("token"):
        return None if harmless else Kind.TOKEN
    if not words.isdisjoint({"key", "keys"}) or names.key_ending.search(joined):
        return None if harmless else _of_key(words, joined, names)
    if "bearer" in words or joined.endswith(
        ("authorization", "authentication", "auth", "cred", "creds", "credential", "credentials")
    ):
        return Kind.CREDENTIAL
    return None if names.salt.isdisjoint(words) else Kind.SALT


def _of_key(words: frozenset[str], joined: str, names: _Names) -> Kind:
    if "api" in words or "apikey" in joined:
        return Kind.API_KEY
    if "private" in joined:
        return Kind.PRIVATE_KEY
    return Kind.KEY if names.key_of.isdisjoint(words) and not names.key_ending.search(joined) else Kind.SECRET
