"""Whose names and hosts a folder's history tells: those of its authors, and of the servers that it is pushed to."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pygit2
from pygit2.enums import SortMode

_COMMITS = 20_000
_PUBLIC = frozenset(
    {
        *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "icloud.com", "me.com"),
        *("yahoo.com", "aol.com", "gmx.de", "gmx.net", "web.de", "proton.me", "protonmail.com", "pm.me"),
        *("fastmail.com", "qq.com", "163.com", "mail.ru", "github.com", "gitlab.com", "bitbucket.org"),
        *("codeberg.org", "sr.ht", "users.noreply.github.com", "ssh.dev.azure.com", "example.com", "example.org"),
        *("example.net", "localhost", "localdomain"),
    }
)
"""Hosts that say nothing of whose code it is."""
_SHARED = frozenset(
    {
        *("amazonaws.com", "windows.net", "azure.com", "cloudapp.net", "googleusercontent.com", "googleapis.com"),
        *("run.app", "herokuapp.com", "heroku.com", "supabase.co", "supabase.com", "neon.tech", "render.com"),
        *("railway.app", "rlwy.net", "fly.dev", "aivencloud.com", "mongodb.net", "cloudamqp.com"),
        *("ondigitalocean.com", "upstash.io", "psdb.cloud", "elastic.cloud", "snowflakecomputing.com", "ngrok.io"),
        *("vercel.app", "netlify.app"),
    }
)
"""Domains under which many have hosts: the whole name of one tells whose it is."""
_KNOWN = frozenset(
    {
        *("python.org", "pypi.org", "npmjs.com", "npmjs.org", "golang.org", "apache.org", "gnu.org", "debian.org"),
        *("ubuntu.com", "kernel.org", "w3.org", "ietf.org", "mozilla.org", "google.com", "microsoft.com"),
        *("apple.com", "amazon.com", "anthropic.com", "openai.com", "docker.com", "sentry.io"),
    }
)
"""Hosts that everybody's code names. Those of a history's authors count all the same."""
_RESERVED = (".example", ".test", ".invalid", ".localhost", ".example.com", ".example.org", ".example.net")


_ADDRESS = re.compile(r"[\d.]+|\[.*")  # a number of a machine, not its name


@dataclass(frozen=True, slots=True)
class Told:
    """``names`` of persons, of at least two words; their e-mail ``addresses``; ``hosts`` that are not everybody's."""

    names: tuple[str, ...]
    addresses: tuple[str, ...]
    hosts: tuple[str, ...]


def told(folder: Path) -> Told:
    """What the repository of ``folder`` tells; nothing where there is none."""
    try:
        repository = pygit2.Repository(str(folder))
    except pygit2.GitError:
        return Told((), (), ())
    people = dict.fromkeys(_people(repository))
    names = dict.fromkeys(name for name, _ in people if len(name.split()) > 1 and "[bot]" not in name)
    addresses = dict.fromkeys(address for _, address in people if "@" in address and private(address.partition("@")[2]))
    mail = dict.fromkeys(address for _, address in people if "@" in address and "noreply" not in address)
    hosts = [address.partition("@")[2] for address in addresses]
    hosts += [host for remote in repository.remotes if remote.url and (host := host_of(remote.url))]
    return Told(tuple(names), tuple(mail), tuple(dict.fromkeys(domain(host) for host in hosts if private(host))))


def private(host: str) -> bool:
    """Whether a host tells who somebody is: it is a name with a dot, and neither everybody's nor reserved for examples."""
    host = host.lower().rstrip(".")
    if _ADDRESS.fullmatch(host):
        return False
    return "." in host and domain(host) not in _PUBLIC and host not in _PUBLIC and not f".{host}".endswith(_RESERVED)


def owned(host: str) -> str:
    """The end of a host's name that tells whose it is, in lower case; "" where none does. It is replaced wherever it stands."""
    host = host.lower().rstrip(".")
    if not private(host) or domain(host) in _KNOWN or domain(host) == host in _SHARED:
        return ""
    return host if domain(host) in _SHARED else domain(host)


def domain(host: str) -> str:
    """The part of a host's name that one owner has: its last two labels, or three where the one before the last is short."""
    labels = host.lower().rstrip(".").split(".")
    size = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in ("co", "com", "org", "net", "ac", "gov") else 2
    return ".".join(labels[-size:])


def host_of(url: str) -> str:
    """The host of a remote's address, also of ``user@host:path``."""
    if "://" in url:
        try:
            return urlsplit(url).hostname or ""
        except ValueError:
            return ""
    head, colon, _ = url.partition(":")
    return head.rpartition("@")[2] if colon and "/" not in head else ""


def _people(repository: pygit2.Repository) -> Iterator[tuple[str, str]]:
    if repository.head_is_unborn:
        return
    walk = repository.walk(repository.head.target, SortMode.NONE)
    for commit in itertools.islice(walk, _COMMITS):
        for person in (commit.author, commit.committer):
            yield person.name.strip(), person.email.strip()
