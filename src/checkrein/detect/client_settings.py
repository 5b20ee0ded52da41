"""The client's settings: which of them would switch hooks off, or replace what runs and where requests go.

Measured on the real client: ``disableAllHooks`` and ``env.CLAUDE_CODE_SIMPLE`` in a project's settings kill the user's hooks; a
project's ``env`` can replace the interpreter, preload code into hooks, and send requests and key to another host.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

SWITCHES = frozenset({"CLAUDE_CODE_SIMPLE"})
LOADERS = frozenset(
    {
        *("LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "DYLD_LIBRARY_PATH"),
        *("PATH", "BASH_ENV", "ENV", "SHELL", "CLAUDE_CODE_SHELL", "CLAUDE_CODE_SHELL_PREFIX"),
        *("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "NODE_OPTIONS", "GIT_SSH_COMMAND", "GIT_EXTERNAL_DIFF"),
    }
)
ROUTES = frozenset(
    {
        *("ANTHROPIC_BASE_URL", "ANTHROPIC_UNIX_SOCKET", "CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX"),
        *("CLAUDE_CODE_USE_FOUNDRY", "CLAUDE_CODE_USE_MANTLE", "CLAUDE_CODE_USE_ANTHROPIC_AWS", "CLAUDE_CODE_USE_GATEWAY"),
        "CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD",
    }
)
"""What decides where the client finds the API: with these it would go past the gateway."""
REDIRECTS = ROUTES | {
    *("ANTHROPIC_BEDROCK_BASE_URL", "ANTHROPIC_VERTEX_BASE_URL", "ANTHROPIC_FOUNDRY_BASE_URL", "ANTHROPIC_AWS_BASE_URL"),
    *("ANTHROPIC_BEDROCK_MANTLE_BASE_URL", "ANTHROPIC_GOOGLE_CLOUD_BASE_URL"),
    *("ANTHROPIC_CUSTOM_HEADERS", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NODE_EXTRA_CA_CERTS"),
    *("NODE_TLS_REJECT_UNAUTHORIZED", "CLAUDE_CONFIG_DIR"),
}
BELIEF = frozenset({"NODE_EXTRA_CA_CERTS", "NODE_TLS_REJECT_UNAUTHORIZED"})
"""What tells the client whom to believe: with these in a repository's settings, another program could answer in our place."""
HELPERS = frozenset({"apiKeyHelper", "awsAuthRefresh", "awsCredentialExport", "otelHeadersHelper"})
SHAPES: Mapping[str, type] = {
    **dict.fromkeys(("hooks", "permissions", "env", "sandbox", "statusLine", "attribution", "enabledPlugins"), dict),
    **dict.fromkeys(("allowedHttpHookUrls", "httpHookAllowedEnvVars", "availableModels", "companyAnnouncements"), list),
    **dict.fromkeys(("disableAllHooks", "disableSkillShellExecution", "respondToBashCommands", "includeCoAuthoredBy"), bool),
    **dict.fromkeys(("model", "apiKeyHelper", "outputStyle", "language", "otelHeadersHelper"), str),
}
"""Fields that void the whole file where they are of another shape; the full schema is that of ``setup.validate``."""
MODES = ("acceptEdits", "auto", "bypassPermissions", "default", "dontAsk", "plan")
OFF = frozenset({"", "0", "false", "no", "off"})


def disarming(text: str, ours: Collection[str] = ()) -> Iterator[str]:
    """What in a settings file's text would disarm protection, one phrase each. Text that is no JSON object gives one, too:
    the client drops such a file whole, with the hooks in it. ``ours`` are values of variables that we set ourselves."""
    try:
        settings = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        yield "the text is not valid JSON, so the client would drop the whole file"
        return
    if not isinstance(settings, dict):
        yield "the text is no JSON object, so the client would drop the whole file"
        return
    if settings.get("disableAllHooks") is True:
        yield "disableAllHooks switches every hook off"
    yield from _wrong_shapes(settings)
    allowed = settings.get("allowedHttpHookUrls")
    if isinstance(allowed, list) and not any(_is_ours(entry) for entry in allowed):
        yield "an empty allowedHttpHookUrls shuts http hooks out" if not allowed else "allowedHttpHookUrls shuts our hooks out"
    yield from _environment(settings.get("env"), ours)
    for name in sorted(HELPERS & settings.keys()):
        yield f"{name} names a program that the client runs"


def _is_ours(entry: Any) -> bool:
    """True for an address pattern that a hook on the loopback may fit."""
    return isinstance(entry, str) and (entry == "*" or any(host in entry for host in ("127.0.0.1", "localhost", "[::1]")))


def _wrong_shapes(settings: Mapping[str, Any]) -> Iterator[str]:
    """Fields of a shape for which the client drops the whole file."""
    for name, kind in SHAPES.items():
        if name in settings and not isinstance(settings[name], kind):
            yield f"{name} has a wrong shape, so the client would drop the whole file"
    permissions = settings.get("permissions")
    if isinstance(permissions, dict):
        if any(name in permissions and not isinstance(permissions[name], list) for name in ("allow", "ask", "deny")):
            yield "a list of permissions has a wrong shape, so the client would drop the whole file"
        if "defaultMode" in permissions and permissions["defaultMode"] not in MODES:
            yield "permissions.defaultMode is none that the client knows, so it would drop the whole file"
    hooks = settings.get("hooks")
    for event, groups in hooks.items() if isinstance(hooks, dict) else ():
        if not _are_groups(groups):
            yield f"hooks.{event} has a wrong shape, so the client would drop the whole file"


def _are_groups(groups: Any) -> bool:
    if groups is None:
        return True
    return isinstance(groups, list) and all(
        isinstance(group, dict)
        and isinstance(group.get("matcher", ""), str)
        and isinstance(group.get("hooks"), list)
        and all(isinstance(handler, dict) and isinstance(handler.get("type"), str) for handler in group["hooks"])
        for group in groups
    )


def misleading(text: str) -> Iterator[str]:
    """The variables in a settings file's text that change which answer the client believes to be the service's."""
    yield from sorted(BELIEF & _variables(text).keys())


def rerouting(text: str, gateway: str) -> Iterator[str]:
    """The variables in a settings file's text that lead the client past the gateway, whose address is ``gateway``."""
    for name, value in sorted(_variables(text).items()):
        given = str(value).rstrip("/")
        if name in ROUTES and given.lower() not in OFF and given != gateway:
            yield name


def _variables(text: str) -> Mapping[str, Any]:
    """The ``env`` of a settings file; empty where it has none, or where the client drops it."""
    try:
        settings = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return {}
    env = settings.get("env") if isinstance(settings, dict) else None
    return env if isinstance(env, dict) else {}


def _environment(env: Any, ours: Collection[str]) -> Iterator[str]:
    if not isinstance(env, Mapping):
        return
    for name, value in env.items():
        upper, given = str(name).upper(), str(value)
        if upper in SWITCHES and given.lower() not in OFF:
            yield f"env.{name} switches every hook off"
        elif upper in LOADERS and given and given not in ours:
            yield f"env.{name} loads or replaces programs in hooks"
        elif upper in REDIRECTS and given and given not in ours:
            yield f"env.{name} changes where requests and the key go"
