"""A copy of a person's own set-up for scenarios: settings, policy and the project's files, made safe to run against a script.

Left out: whatever would take a run away from the scripted model (addresses, keys, sign-in, proxies, telemetry), MCP servers,
which the client would start, and files that git does not track, because they may hold secrets.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from checkrein.core import SettingsError, UsageError
from checkrein.locations import config_dir
from checkrein.policy.files import NAME
from checkrein.prove.world import Origin
from checkrein.setup.settings import strip

MAX_FILES = 20_000
MAX_BYTES = 200_000_000
_DROPPED_KEYS = frozenset(
    {"apiKeyHelper", "awsAuthRefresh", "awsCredentialExport", "gcpAuthRefresh", "otelHeadersHelper", "forceLoginMethod"}
    | {"forceLoginOrgUUID", "model", "enableAllProjectMcpServers", "enabledMcpjsonServers", "enabledPlugins"}
)
_DROPPED_ENV = ("ANTHROPIC_", "CLAUDE_CODE_USE_", "AWS_", "GOOGLE_", "VERTEX_", "OTEL_", "CLAUDE_CODE_ENABLE_TELEMETRY")
_SETTINGS = (".claude/settings.json", ".claude/settings.local.json")
_CONFIGURATION = ("CLAUDE.md", ".claudeignore", NAME)


def copy_of(env: Mapping[str, str], project: Path) -> Origin:
    """The copy. SettingsError where a settings file is broken, UsageError where the project is too large to copy."""
    home = Path(env.get("HOME") or "/")
    client = Path(env.get("CLAUDE_CONFIG_DIR") or home / ".claude")
    found_home = _read({".claude/settings.json": client / "settings.json", f".config/checkrein/{NAME}": config_dir(env) / NAME})
    names = dict.fromkeys((*_tracked(project), *_SETTINGS, *_CONFIGURATION))
    found_project = _read({name: project / name for name in names if name != ".mcp.json"})
    return Origin(_all_safe(found_home), _all_safe(found_project))


def safe_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """``settings`` without our own hooks, which are written anew, and without what leads away from the scripted model."""
    left = {key: value for key, value in strip(settings).items() if key not in _DROPPED_KEYS}
    variables = left.get("env")
    if isinstance(variables, dict):
        left["env"] = {name: value for name, value in variables.items() if not _leads_away(name)}
    return left


def _leads_away(name: str) -> bool:
    return name.startswith(_DROPPED_ENV) or name.upper().endswith("_PROXY")


def _all_safe(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: _safe_text(name, data) if name in _SETTINGS else data for name, data in files.items()}


def _safe_text(name: str, data: bytes) -> bytes:
    try:
        settings = json.loads(data)
    except ValueError as exc:
        raise SettingsError(f"{name} is not JSON", why=str(exc), fix="Correct it: the client passes over such a file.") from exc
    if not isinstance(settings, dict):
        raise SettingsError(f"{name} is no JSON object", fix="Correct it: the client passes over such a file.")
    return json.dumps(safe_settings(settings)).encode()


def _tracked(project: Path) -> list[str]:
    """What git tracks in ``project``; nothing where it is no repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=project, capture_output=True, check=False)
    names = [name for name in listed.stdout.decode(errors="surrogateescape").split("\0") if name]
    if len(names) > MAX_FILES:
        raise UsageError(
            f"{project} has {len(names)} files, too many to copy", fix="Run `checkrein prove --here` in a part of it."
        )
    return names


def _read(places: Mapping[str, Path]) -> dict[str, bytes]:
    """The regular files among ``places``."""
    found: dict[str, bytes] = {}
    size = 0
    for name, path in places.items():
        if path.is_file() and not path.is_symlink():
            found[name] = path.read_bytes()
            size += len(found[name])
            if size > MAX_BYTES:
                raise UsageError("the project is too large to copy", why=f"it holds more than {MAX_BYTES} bytes")
    return found
