"""To which hosts a command line talks, as far as that can be told, and which of its programs may do anything with a value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from checkrein.controls.context import Context
from checkrein.core import Effect, EffectKind, Flag
from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.git.execution import may_open_pager

KEEPING = frozenset(
    {
        *(
            "[",
            "awk",
            "gawk",
            "mawk",
            "base64",
            "basename",
            "cat",
            "chmod",
            "cksum",
            "cmp",
            "column",
            "comm",
            "cp",
            "cut",
            "date",
        ),
        *("diff", "dirname", "du", "echo", "egrep", "env", "expr", "false", "fgrep", "file", "find", "fold", "grep", "head"),
        *("hexdump", "install", "jq", "ln", "ls", "md5sum", "mkdir", "mktemp", "mv", "nl", "od", "paste", "printenv", "printf"),
        *(
            "pwd",
            "readlink",
            "realpath",
            "rev",
            "rg",
            "rm",
            "rmdir",
            "sed",
            "seq",
            "sha1sum",
            "sha256sum",
            "sha512sum",
            "shred",
        ),
        *("sleep", "sort", "stat", "strings", "sudo", "tac", "tail", "tee", "test", "time", "timeout", "touch", "tr", "tree"),
        *("true", "uniq", "wc", "which", "xargs", "xxd", "yq", "id", "whoami", "uname", "nice", "nohup", "command"),
    }
)
"""Programs that print, or write to files that their effects name, and talk to nobody."""
PRINTING_MODULE = ("-m", "json.tool")
GIT_KEEPING = frozenset(("status", "log", "diff", "show", "blame", "ls-files", "rev-parse", "branch", "check-ignore", "add"))
GIT_SEARCH = ("git", "grep")
"""Begins a search that prints what it finds, where it does not open that in a pager."""
TALKING = frozenset(
    {
        *("curl", "wget", "http", "https", "xh", "xhs", "nc", "ncat", "netcat", "telnet", "socat", "ftp"),
        *("ssh", "scp", "sftp", "rsync", "git"),
    }
)
"""Programs whose every destination is an effect."""
DATABASES = frozenset(
    {
        *("psql", "pg_dump", "pg_dumpall", "pg_restore", "pg_isready", "createdb", "dropdb", "mysql", "mariadb", "mysqldump"),
        *("mysqladmin", "redis-cli", "valkey-cli", "mongosh", "mongo", "mongodump", "mongorestore"),
    }
)
"""Clients that connect to this machine where no word of theirs says otherwise."""
INSTALLED = ("/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin", "/opt/homebrew/bin")
_ELSEWHERE = {
    "curl": re.compile(
        r"-x.*|--(?:proxy|preproxy|socks|resolve|connect-to|doh-url|config|unix-socket|abstract|trace|libcurl|stderr).*|-K.*",
        re.DOTALL,
    ),
    "wget": re.compile(r"-e.*|--(?:execute|config|input-file)\b.*|-i.*", re.DOTALL),
    "ssh": re.compile(r"-[JowRLDF].*", re.DOTALL),
}
"""Words by which a program talks to somebody else than the host that it names, or writes down what it was given."""
_SETTINGS = re.compile(r"--(?:defaults-file|defaults-extra-file|login-path).*|(?:service|servicefile)=.*", re.DOTALL)
_HOST_WORD = re.compile(r"(?:--host=|-h)(?P<host>.+)", re.DOTALL)
_CONNINFO = re.compile(r"\bhost(?:addr)?\s*=\s*(?P<host>[^\s']+)")
_HOST_VARIABLES = ("PGHOST", "PGHOSTADDR", "MYSQL_HOST")
_REACHING = frozenset((EffectKind.SEND, EffectKind.FETCH))
_OPAQUE = frozenset((EffectKind.RUN_UNKNOWN, EffectKind.RUN_FETCHED, EffectKind.UNRESOLVED, EffectKind.INSTALL))


@dataclass(frozen=True, slots=True)
class Destinations:
    """``hosts`` in lower case, each with the program that talks to it; ``unclear`` names what may do anything."""

    hosts: tuple[tuple[str, str], ...]
    unclear: tuple[str, ...]


def destinations(context: Context) -> Destinations:
    """Where what stands in the command of the event may go to."""
    hosts: dict[tuple[str, str], None] = {}
    unclear: dict[str, None] = {}
    for effect in context.effects:
        if effect.kind in _OPAQUE:
            unclear[effect.program or effect.detail or effect.target] = None
        elif effect.kind in _REACHING or effect.flags & Flag.REMOTE:
            host = host_of(effect.target) if effect.kind in _REACHING else ""
            if host:
                hosts[host, effect.program] = None
            elif effect.kind in _REACHING:
                unclear[effect.program] = None
    for argv, environment in zip(context.programs, context.environments, strict=True):
        found = _of_program(context, argv, environment)
        if found is None:
            unclear[argv[0]] = None
        else:
            hosts.update(dict.fromkeys((host, argv[0]) for host in found))
    unclear.update(dict.fromkeys(path for path in context.program_paths if path.rpartition("/")[0] not in INSTALLED))
    return Destinations(tuple(hosts), tuple(unclear))


def host_of(target: str) -> str:
    """The host that an address names (``https://u@host/x``, ``user@host:path``, ``TCP:host:80``), "" where that is unknown."""
    if UNKNOWN in target:
        return ""
    if "://" in target:
        try:
            return (urlsplit(target).hostname or "").lower()
        except ValueError:
            return ""
    rest = target.rpartition("@")[2]
    rest = rest.partition(":")[2] if rest.partition(":")[0].isupper() else rest
    return rest.partition("/")[0].rsplit(":", 1)[0].strip("[]").lower()


def _of_program(context: Context, argv: tuple[str, ...], environment: Mapping[str, str]) -> list[str] | None:
    """The hosts that a program talks to besides those of the effects; None where it may do anything."""
    name, words = argv[0], argv[1:]
    if name in KEEPING or (name.startswith("python") and words[:2] == PRINTING_MODULE):
        return []
    if any(variable.lower().endswith("_proxy") for variable in environment):
        return None
    if name == "git" and any(word in GIT_KEEPING for word in words[:1]):
        return []
    if argv[:2] == GIT_SEARCH and not may_open_pager(argv[2:]):
        return []
    if name in TALKING:
        odd = _ELSEWHERE.get(name)
        told = any(_is_of(effect, name) for effect in context.effects)
        return [] if told and not (odd and any(odd.fullmatch(word) for word in words)) else None
    if name in DATABASES and not any(_SETTINGS.fullmatch(word) for word in words):
        found = [*_named(words), *(environment[key] for key in _HOST_VARIABLES if key in environment)]
        hosts = [host if host.startswith("/") else host_of(host) for host in found]
        return None if "" in hosts or "PGSERVICE" in environment else [host for host in hosts if not host.startswith("/")]
    return None


def _is_of(effect: Effect, name: str) -> bool:
    return effect.kind in _REACHING and effect.program.partition(" ")[0] == name


def _named(words: tuple[str, ...]) -> Iterator[str]:
    """The hosts in a database client's words: addresses, ``-h HOST``, ``--host=HOST``, ``host=HOST``."""
    for at, word in enumerate(words):
        if word in ("-h", "--host") and at + 1 < len(words):
            yield words[at + 1]
        elif found := _HOST_WORD.fullmatch(word):
            yield found["host"]
        elif "://" in word:
            yield word
        else:
            yield from (match["host"] for match in _CONNINFO.finditer(word))
