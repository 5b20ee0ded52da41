"""What makes the client pass over a whole settings file: one field of the wrong shape, and every hook and rule in it is gone.

The schema holds what was measured on clients 2.1.197 and 2.1.330, by a file with one such field and a hook that then did not
run. What is not named here is passed over by itself: unknown keys and events, malformed rules, odd values in ``env``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from checkrein.core import SettingsError
from checkrein.enforce.hooks.events import EVENTS
from checkrein.setup.jsontext import Node, find, line_of, parse

Schema = dict[str, Any]

_BOOLEAN: Schema = {"type": "boolean"}
_STRING: Schema = {"type": "string"}
_OBJECT: Schema = {"type": "object"}
_NUMBER: Schema = {"type": "number"}
_LIST: Schema = {"type": "array"}
_STRINGS: Schema = {"type": "array", "items": _STRING}
_MODES = ("acceptEdits", "auto", "bypassPermissions", "default", "dontAsk", "plan")

_NEEDED = {"command": "command", "http": "url", "prompt": "prompt", "agent": "prompt", "mcp_tool": "tool"}
"""The field that each type of hook handler cannot do without."""

_HANDLER: Schema = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": {"enum": list(_NEEDED)},
        "timeout": {"type": "number", "exclusiveMinimum": 0},
        "onFailure": {"enum": ["block", "continue"]},
        "command": _STRING,
        "args": _STRINGS,
        "async": _BOOLEAN,
        "url": {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9+.-]*:(//.|[^/])"},
        "headers": {"type": "object", "additionalProperties": _STRING},
    },
    "allOf": [
        {"if": {"required": ["type"], "properties": {"type": {"const": kind}}}, "then": {"required": [needed]}}
        for kind, needed in _NEEDED.items()
    ],
}
_GROUPS: Schema = {
    "type": ["array", "null"],
    "items": {
        "type": "object",
        "required": ["hooks"],
        "properties": {"matcher": _STRING, "hooks": {"type": "array", "items": _HANDLER}},
    },
}


def _fields(**kinds: Schema) -> Schema:
    return {"type": "object", "properties": kinds}


def _each(kind: Schema, *names: str) -> dict[str, Schema]:
    return dict.fromkeys(names, kind)


SCHEMA: Schema = _fields(
    **_each(
        _STRING,
        *("$schema", "agent", "apiKeyHelper", "awsAuthRefresh", "forceLoginOrgUUID", "language", "model"),
        *("otelHeadersHelper", "outputStyle", "plansDirectory"),
    ),
    **_each(
        _BOOLEAN,
        *("alwaysThinkingEnabled", "disableAllHooks", "disableSkillShellExecution", "enableAllProjectMcpServers"),
        *("includeCoAuthoredBy", "prefersReducedMotion", "respectGitignore", "respondToBashCommands", "showTurnDuration"),
        *("skipWebFetchPreflight", "spinnerTipsEnabled", "terminalProgressBarEnabled"),
    ),
    **_each(
        _STRINGS,
        *("allowedHttpHookUrls", "availableModels", "claudeMdExcludes", "companyAnnouncements"),
        *("disabledMcpjsonServers", "enabledMcpjsonServers", "httpHookAllowedEnvVars"),
    ),
    **_each(
        _OBJECT, "attribution", "enabledPlugins", "env", "extraKnownMarketplaces", "fileSuggestion", "statusLine", "worktree"
    ),
    cleanupPeriodDays={"type": "integer", "minimum": 1},
    defaultShell={"enum": ["bash", "powershell"]},
    feedbackSurveyRate=_NUMBER,
    hooks=_fields(**dict.fromkeys(EVENTS, _GROUPS)),
    permissions=_fields(
        **_each(_LIST, "allow", "ask", "deny"),
        additionalDirectories=_STRINGS,
        defaultMode={"enum": list(_MODES)},
        disableBypassPermissionsMode={"const": "disable"},
    ),
    sandbox=_fields(
        **_each(_BOOLEAN, "autoAllowBashIfSandboxed", "enabled", "failIfUnavailable"),
        excludedCommands=_LIST,
        filesystem=_fields(denyRead=_LIST),
        network=_fields(allowedDomains=_LIST, httpProxyPort=_NUMBER, socksProxyPort=_NUMBER),
    ),
)
"""JSON Schema of the fields that void a file on one client or the other."""


@dataclass(frozen=True, slots=True)
class Void:
    """A field that makes the client pass over the file. ``line`` counts from 1."""

    line: int
    field: str
    problem: str


def voids(text: str) -> tuple[Void, ...]:
    """What in the settings ``text`` makes the client pass over all of it. Raises JsonError where it is not strict JSON."""
    root = parse(text)
    errors = sorted(_validator().iter_errors(root.value), key=lambda error: [str(step) for step in error.absolute_path])
    return tuple(_void(text, root, error) for error in errors)


def check(path: Path, text: str) -> None:
    """Raise SettingsError, with file and line, for the first field that makes the client pass over ``text``."""
    for void in voids(text):
        raise SettingsError(
            f"{path}:{void.line}: {void.field} {void.problem}",
            why="for this one field the client passes over the whole file: no hook and no rule in it would hold",
            fix=f"mend or remove {void.field}, then run the command again",
        )


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(SCHEMA)


def _void(text: str, root: Node, error: ValidationError) -> Void:
    steps = [str(step) for step in error.absolute_path]
    node = find(root, *steps) or root
    return Void(line_of(text, node), ".".join(steps) or "the file", _problem(error))


_KINDS = {"object": "an object", "array": "a list", "string": "text", "boolean": "true or false", "number": "a number"}


def _problem(error: ValidationError) -> str:
    wanted: Any = error.validator_value
    instance: Any = error.instance
    match error.validator:
        case "type":
            kind = wanted[0] if isinstance(wanted, list) else wanted
            return f"must be {_KINDS.get(kind, 'a whole number')}"
        case "enum":
            return f"must be one of {', '.join(wanted)}"
        case "const":
            return f'must be "{wanted}"'
        case "required":
            return f"lacks {', '.join(sorted(set(wanted) - set(instance)))}"
        case "minimum":
            return f"must be at least {wanted}"
        case "exclusiveMinimum":
            return f"must be more than {wanted}"
        case _:
            return "must be an address such as http://127.0.0.1:8080/"
