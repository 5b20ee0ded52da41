"""The certificates that the client is told to trust: our port's, and those that the person named before.

The client takes them from one file, which ``NODE_EXTRA_CA_CERTS`` names: in managed settings, else in a repository's, else in
the user's, else in the environment that it was started in (measured). So ours is written into a file of our own, together with
what the person's own file holds. A repository that names another file stops every call that asks by http.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from checkrein.core import SettingsError
from checkrein.locations import private_folder
from checkrein.setup.files import decode, load, read
from checkrein.setup.install import TRUST_FILE, TRUST_VARIABLE

MAX_BYTES = 900_000
BLIND = "NODE_TLS_REJECT_UNAUTHORIZED"
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
"""Whichever is set, the client's hooks go through it, to the loopback too, unless ``NO_PROXY`` names 127.0.0.1 (measured)."""

_HEAD = "# Made by checkrein up: the certificate of its own port, for 127.0.0.1 alone.\n"
_FROM = "# From "


def variables(settings: Mapping[str, Any]) -> dict[str, str]:
    """The variables that settings give the client."""
    env = settings.get("env")
    return {str(name): str(value) for name, value in env.items()} if isinstance(env, Mapping) else {}


def managed_variables(folder: Path) -> dict[str, str]:
    """The variables that the managed settings in ``folder`` give every client."""
    found: dict[str, str] = {}
    for file in (folder / "managed-settings.json", *sorted((folder / "managed-settings.d").glob("*.json"))):
        with contextlib.suppress(SettingsError):  # the client passes over it, too
            found |= variables(load(file, decode(file, read(file) or b"")))
    return found


def trouble(env: Mapping[str, str], managed: Mapping[str, str]) -> str:
    """Why https hooks cannot be relied on: the client has the variables ``env``, and ``managed`` above them. "" if they can."""
    if other := foreign(managed.get(TRUST_VARIABLE)):
        return f"managed settings name the certificates to trust ({other}), which beats ours"
    env = {name.upper(): value for name, value in {**env, **managed}.items()}
    if env.get(BLIND) == "0":
        return f"with {BLIND}=0 the client believes whoever answers"
    proxy = next((name for name in PROXIES if env.get(name)), "")
    if proxy and not {"127.0.0.1", "*"} & set(env.get("NO_PROXY", "").replace(",", " ").split()):
        return f"the client sends its hooks to {proxy}, unless NO_PROXY names 127.0.0.1"
    return ""


def choose(env: Mapping[str, str], bundle: Path) -> Path | None:
    """The file that a client with the variables ``env`` trusted before us.

    A shell without the variable does not make us forget the one of another shell: what ``bundle`` holds already stays.
    """
    return foreign(env.get(TRUST_VARIABLE)) or source(bundle)


def source(bundle: Path) -> Path | None:
    """The person's file that ``bundle`` holds; None where it holds none."""
    try:
        lines = bundle.read_text().splitlines()
    except (OSError, ValueError):
        return None
    return next((Path(line.removeprefix(_FROM)) for line in lines if line.startswith(_FROM)), None)


def compose(certificate: str, other: Path | None) -> str:
    """What the bundle has to hold: our ``certificate``, and what the file ``other`` holds now.

    A file that is gone or cannot be read adds nothing: the client itself goes on without it. SettingsError for one that is
    larger than any collection of certificates.
    """
    text = _HEAD + certificate
    if other is None:
        return text
    try:
        if other.stat().st_size > MAX_BYTES:
            raise SettingsError(f"{other} is larger than {MAX_BYTES} bytes", fix=f"let {TRUST_VARIABLE} name another file")
        found = other.read_text("latin-1")
    except OSError:
        found = ""
    return f"{text}{_FROM}{other}\n{found.rstrip()}\n"


def write(bundle: Path, text: str) -> None:
    """Put ``text`` into ``bundle`` in one step, readable by its owner alone. SettingsError where that fails."""
    try:
        if bundle.exists() and bundle.read_text("latin-1") == text:
            return
        folder = private_folder(bundle.parent)
        with tempfile.NamedTemporaryFile("w", encoding="latin-1", dir=folder, prefix=".trust", delete=False) as file:
            file.write(text)
        Path(file.name).replace(bundle)
    except OSError as error:
        raise SettingsError(f"{bundle} cannot be written", why=str(error), fix="free the path") from error


def foreign(value: str | None) -> Path | None:
    """The file that the variable's value names, where it is not ours."""
    return Path(value) if value and Path(value).name != TRUST_FILE else None
