"""``Install``: what one installation writes into the client's settings, as a value; and where the client keeps its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

DROP_IN = "checkrein.json"
"""Our own file in the folder of managed settings: the client merges all that stand there, in alphabetical order."""

TRUST_VARIABLE = "NODE_EXTRA_CA_CERTS"
TRUST_FILE = "checkrein-trust.pem"
"""What tells the client which certificates to trust beside the public ones, and the name of our file for it."""


GATEWAY_VARIABLE = "ANTHROPIC_BASE_URL"
GATEWAY_MOUNT = "/checkrein"
"""What tells the client where the API is, and the path by which an address there is known as our gateway's."""


class Transport(StrEnum):
    """How the client asks for a decision. Either way it takes an answer from our service alone: of ``HTTP`` by the certificate
    of the port, of ``COMMAND`` by a proof of the token. With ``BOTH``, either one can stop a call.
    """

    HTTP = "http"
    COMMAND = "command"
    BOTH = "both"


class Scope(StrEnum):
    """Whose sessions are protected."""

    USER = "user"
    PROJECT = "project"
    MANAGED = "managed"


class CommandForm(StrEnum):
    """How a command hook is written.

    ``WORDS``: a list of words, started without a shell; needs clients that stop a call whose hook fails by themselves.
    ``SH``: a list of words too, run by ``/bin/sh``, which turns any failure of ours, a missing program too, into the exit
    status 2 that stops a call on every client. ``LINE``: the same as one shell line, for clients that know no list.
    """

    WORDS = "words"
    SH = "sh"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class Install:
    """One installation.

    ``base_url`` is the service's address (``https://127.0.0.1:PORT``), ``token`` what it knows its client by, and ``trust`` the
    file of certificates that the client knows it by. ``socket``, ``token_file`` and ``helper`` (None: the Python client) are
    what command hooks are made of. ``deny_read`` are path patterns in the client's own syntax. ``gateway`` is the address that
    the client is to take the API for; empty: it goes where it would go without us. ``shell`` is the program that it runs
    commands in; None: the one that it would take without us.
    """

    base_url: str
    token: str
    socket: Path
    token_file: Path
    trust: Path
    helper: Path | None = None
    transport: Transport = Transport.BOTH
    form: CommandForm = CommandForm.LINE
    deny_read: tuple[str, ...] = ()
    scope: Scope = Scope.USER
    gateway: str = ""
    shell: Path | None = None

    def url(self, event: str) -> str:
        """Where the client posts the hook event of that name."""
        return f"{self.base_url}/hook/{event}"

    @property
    def url_pattern(self) -> str:
        """The entry of ``allowedHttpHookUrls`` that admits our addresses and no others (``*`` stands for any text)."""
        return self.url("*")


def is_gateway(address: str) -> bool:
    """Whether an address is that of a gateway of ours on this machine."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.hostname == "127.0.0.1" and parts.path.rstrip("/") == GATEWAY_MOUNT


@dataclass(frozen=True, slots=True)
class ClientPaths:
    """Where the client keeps its files. ``folder`` is its own folder, ``managed`` the folder of managed settings."""

    home: Path
    project: Path
    folder: Path
    managed: Path = Path("/etc/claude-code")

    @classmethod
    def of(cls, env: Mapping[str, str], project: Path) -> ClientPaths:
        """The places for a person whose environment is ``env`` (``HOME`` and ``CLAUDE_CONFIG_DIR`` count)."""
        home = Path(env.get("HOME") or "/")
        return cls(home, project, Path(env.get("CLAUDE_CONFIG_DIR") or home / ".claude"))

    @property
    def state_file(self) -> Path:
        """The client's own state: beside its folder, or in it where the folder was moved."""
        default = self.home / ".claude"
        return self.home / ".claude.json" if self.folder == default else self.folder / ".claude.json"

    def settings(self, scope: Scope) -> Path:
        """The settings file that protection of ``scope`` is written to."""
        match scope:
            case Scope.USER:
                return self.folder / "settings.json"
            case Scope.PROJECT:
                return self.project / ".claude/settings.json"
            case Scope.MANAGED:
                return self.managed / "managed-settings.d" / DROP_IN
