"""Where the service keeps what it needs between runs, and the two secrets of an install: its port and its token."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from checkrein.core import ServiceError
from checkrein.locations import private_folder, runtime_dir, state_dir

TOKEN_BYTES = 32
MAX_SOCKET_PATH = 107


@dataclass(frozen=True, slots=True)
class ServicePaths:
    """``state`` lasts (port, token, log); ``runtime`` holds the socket and the lock. Both are private to this user (0700)."""

    state: Path
    runtime: Path

    @classmethod
    def of_user(cls, env: Mapping[str, str] = os.environ) -> ServicePaths:
        """The folders of the user whose environment this is."""
        return cls(state_dir(env), runtime_dir(env))

    @property
    def socket(self) -> Path:
        """The Unix socket."""
        return self.runtime / "service.sock"

    @property
    def lock(self) -> Path:
        """Held by the running supervisor; its text is the supervisor's process id and start time."""
        return self.runtime / "supervisor.lock"

    @property
    def port_file(self) -> Path:
        """The loopback port, chosen once per install."""
        return self.state / "port"

    @property
    def token_file(self) -> Path:
        """The token that hook callers present, as hexadecimal text."""
        return self.state / "token"

    @property
    def certificate_file(self) -> Path:
        """The key and the certificate of our port, as PEM."""
        return self.state / "tls.pem"

    @property
    def gateway_lock(self) -> Path:
        """Held by the gateway's supervisor, as ``lock`` is by the other."""
        return self.runtime / "gateway.lock"

    @property
    def gateway_board(self) -> Path:
        """The process ids of the gateway's workers that serve."""
        return self.runtime / "gateway.workers"

    @property
    def gateway_metrics(self) -> Path:
        """The folder in which the gateway's workers count."""
        return self.runtime / "gateway-metrics"

    @property
    def gateway_port_file(self) -> Path:
        """The gateway's loopback port, chosen once per install."""
        return self.state / "gateway-port"

    @property
    def gateway_file(self) -> Path:
        """What the gateway was put on with. It stands there while the gateway is on."""
        return self.state / "gateway.json"

    @property
    def gateway_log(self) -> Path:
        """What the gateway's workers have to say."""
        return self.state / "gateway.log"

    @property
    def log(self) -> Path:
        """What the supervisor and the worker have to say. No payloads."""
        return self.state / "service.log"

    def prepare(self) -> None:
        """Make both folders, private to this user. ServiceError where they belong to someone else."""
        if len(os.fsencode(self.socket)) > MAX_SOCKET_PATH:
            raise ServiceError(
                f"The path of the socket {self.socket} is too long.",
                why=f"Linux takes at most {MAX_SOCKET_PATH} bytes.",
                fix="Set XDG_RUNTIME_DIR to a folder with a shorter path.",
            )
        for folder in (self.state, self.runtime):
            private_folder(folder)

    def token(self) -> str:
        """The token; made on first use. ServiceError where the file is not private to this user."""
        try:
            descriptor = os.open(self.token_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            check_private(self.token_file)
        else:
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(TOKEN_BYTES))
        token = self.token_file.read_text().strip()
        if len(token) != 2 * TOKEN_BYTES or not set(token) <= set("0123456789abcdef"):
            raise ServiceError(
                f"The token file {self.token_file} is damaged.",
                fix="Remove it and run `checkrein up`, which makes a new one and writes it into the settings.",
            )
        return token

    def port(self) -> int | None:
        """The port of this install; None before the first start."""
        return read_port(self.port_file)

    def gateway_port(self) -> int | None:
        """The gateway's port; None before its first start."""
        return read_port(self.gateway_port_file)


def read_port(file: Path) -> int | None:
    """The port that stands in ``file``, None where there is none. ServiceError where it is damaged."""
    try:
        port = int(file.read_text())
    except FileNotFoundError:
        return None
    except ValueError:
        port = 0
    if not 1024 <= port <= 65535:
        raise ServiceError(f"The port file {file} is damaged.", fix="Remove it and run `checkrein up`.")
    return port


def check_private(path: Path) -> None:
    """ServiceError unless ``path`` is a regular file of this user that nobody else can open."""
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise ServiceError(
            f"The file {path} is not private to you.",
            why="Somebody else could have put it there, or read it.",
            fix="Remove it and run `checkrein up`, which makes a new one.",
        )
