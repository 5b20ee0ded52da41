"""Which Claude Code clients are on this machine, and which transport serves them all."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from checkrein.setup.install import CommandForm, Transport

Version = tuple[int, int, int]

HTTP_BLOCKS: Version = (2, 1, 295)
"""From here on ``onFailure: "block"`` stops a call whose hook fails, so an ``http`` hook fails closed (measured)."""

ARGS: Version = (2, 1, 197)
"""The oldest client on which a command hook given as a list of words was measured to run."""

CVE_FLOOR: Version = (2, 1, 163)
"""The highest "first patched" version of the client's published advisories (CVE-2026-54316, CVE-2026-55607; August 2026)."""

_VERSION_SECONDS = 10
_PROGRAMS = (b"#!", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
"""How files begin that the system starts: scripts, and programs of Linux and macOS."""
_PACKAGE = Path("node_modules/@anthropic-ai/claude-code")
_NODE_FOLDERS = ("/usr/lib", "/usr/local/lib", "/opt/homebrew/lib")
_HOME_NODE_FOLDERS = (".npm-global/lib", ".npm-packages/lib", ".local/lib", ".claude/local")
_HOME_GLOBS = (".nvm/versions/node/*/lib", ".local/share/fnm/node-versions/*/installation/lib", ".volta/tools/image/node/*/lib")


@dataclass(frozen=True, slots=True)
class Client:
    """One installed client. ``version`` is None where it would not tell, or cannot be started."""

    path: Path
    version: Version | None

    @property
    def label(self) -> str:
        """``2.1.330 (/usr/bin/claude)``."""
        return f"{show(self.version)} ({self.path})"


def show(version: Version | None) -> str:
    """``2.1.330``, or ``unknown version``."""
    return ".".join(map(str, version)) if version else "unknown version"


def parse_version(text: str) -> Version | None:
    """The version at the start of ``text`` (``2.1.330 (Claude Code)``); None where it does not begin with one."""
    words = text.split()
    numbers = words[0].partition("-")[0].split(".") if words else []
    if len(numbers) != 3 or not all(number.isascii() and number.isdigit() and len(number) < 9 for number in numbers):
        return None
    return int(numbers[0]), int(numbers[1]), int(numbers[2])


def find_clients(home: Path, path: str) -> tuple[Client, ...]:
    """The clients on the search path ``path``, in npm's global folders, and where the native installer puts them.

    A version is read from the package beside the program; only where there is none is the program asked, in an empty home
    folder and with an empty environment, so that no session starts and nothing is sent.
    """
    found: dict[Path, Client] = {}
    for program in _candidates(home, path):
        real = program.resolve()
        if real not in found:
            found[real] = Client(program, _version(real, path))
    return tuple(found.values())


def choose_transport(clients: Iterable[Client]) -> tuple[Transport, str]:
    """The transport that is safe for all ``clients``, with the reason in words.

    An ``http`` hook costs no process, but fails open on old clients: where any client may come, both run, and either one stops
    a call.
    """
    clients = tuple(clients)
    versions = [client.version for client in clients]
    if not versions:
        return Transport.BOTH, "no client is installed yet, so any version may come"
    if None in versions:
        untold = ", ".join(str(client.path) for client in clients if client.version is None)
        return Transport.BOTH, f"the version of {untold} cannot be read"
    modern = [version >= HTTP_BLOCKS for version in versions if version]
    if all(modern):
        return Transport.HTTP, f"all clients are {show(HTTP_BLOCKS)} or newer"
    if any(modern):
        return Transport.BOTH, f"some clients are older than {show(HTTP_BLOCKS)}"
    return Transport.COMMAND, f"all clients are older than {show(HTTP_BLOCKS)}"


def choose_form(clients: Iterable[Client]) -> CommandForm:
    """How command hooks are to be written so that all ``clients`` run them, and fail closed."""
    versions = [client.version for client in clients]
    if not versions or any(version is None or version < ARGS for version in versions):
        return CommandForm.LINE
    return CommandForm.WORDS if all(version and version >= HTTP_BLOCKS for version in versions) else CommandForm.SH


def _candidates(home: Path, path: str) -> Iterator[Path]:
    for folder in path.split(os.pathsep):
        if folder.startswith("/"):
            yield from _existing(Path(folder) / "claude")
    yield from _existing(home / ".local/bin/claude")
    yield from _existing(home / ".claude/local/claude")
    yield from sorted(item for item in _glob(home, ".local/share/claude/versions/*") if item.is_file())
    roots = [Path(folder) for folder in _NODE_FOLDERS]
    roots += [home / folder for folder in _HOME_NODE_FOLDERS]
    roots += [folder for pattern in _HOME_GLOBS for folder in _glob(home, pattern)]
    for root in roots:
        yield from _package_programs(root / _PACKAGE)


def _existing(program: Path) -> Iterator[Path]:
    if program.is_file() and os.access(program, os.X_OK):
        yield program


def _glob(home: Path, pattern: str) -> list[Path]:
    return sorted(home.glob(pattern))


def _package_programs(package: Path) -> Iterator[Path]:
    programs = _manifest(package).get("bin")
    named = programs.get("claude") if isinstance(programs, dict) else programs
    if isinstance(named, str):
        yield from _existing(package / named)


def _version(program: Path, path: str) -> Version | None:
    """None as well where the system would not start it: then what its package says of it is not true of it."""
    if not _starts(program):
        return None
    for folder in list(program.parents)[:3]:
        manifest = _manifest(folder)
        if manifest.get("name") == "@anthropic-ai/claude-code":
            return parse_version(str(manifest.get("version", "")))
    if program.parent.name == "versions":
        return parse_version(program.name)
    return _ask(program, path)


def _starts(program: Path) -> bool:
    """Whether it is a program or names one to run it. npm with --ignore-scripts leaves a text where the program belongs."""
    try:
        with program.open("rb") as file:
            return file.read(4).startswith(_PROGRAMS)
    except OSError:
        return False


def _manifest(folder: Path) -> Mapping[str, object]:
    try:
        manifest = json.loads((folder / "package.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def _ask(program: Path, path: str) -> Version | None:
    with tempfile.TemporaryDirectory(prefix="checkrein-") as empty:
        env = {"PATH": path, "HOME": empty, "DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
        try:
            answer = subprocess.run(
                [program, "--version"],
                env=env,
                cwd=empty,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_VERSION_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
    return parse_version(answer.stdout[:200].decode(errors="replace"))
