"""What protection adds to the client's settings, and what is left when it is taken away again. Pure: values in, values out."""

from __future__ import annotations

import copy
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from checkrein.core import SettingsError
from checkrein.enforce.hooks import command
from checkrein.enforce.hooks.events import EVENTS, HookEvent, Stop
from checkrein.setup.install import (
    GATEWAY_VARIABLE,
    TRUST_FILE,
    TRUST_VARIABLE,
    CommandForm,
    Install,
    Scope,
    Transport,
    is_gateway,
)
from checkrein.setup.jsontext import same

Json = dict[str, Any]

CLOSES = {
    "disableSkillShellExecution": True,  # !`command` in skills and slash commands runs without any hook
    "respondToBashCommands": False,  # the output of a person's !command goes to the model at once, without any hook
}
"""Settings that shut what no hook sees. Clients that do not know one pass over it."""

MANAGED_ENV = {
    "CLAUDE_CODE_SIMPLE": "0",  # "1" switches all hooks off, managed ones too
    "CLAUDE_CODE_SHELL_PREFIX": "",  # runs another program in place of a command hook
    "LD_PRELOAD": "",  # loads code into a command hook
}
"""Managed ``env`` beats what a repository's settings say, so these hold where only managed settings can."""

_OUR_VARIABLES = {
    TRUST_VARIABLE: lambda value: Path(value).name == TRUST_FILE,
    GATEWAY_VARIABLE: is_gateway,
    command.SHELL_VARIABLE: command.is_our_shell,
}
"""Variables that we set, and how a value of ours is known."""

_ENTRYPOINT = "CLAUDE_CODE_ENTRYPOINT"
_TOKEN_HEADER = "X-Checkrein-Token"  # noqa: S105 - a header's name
_ENTRYPOINT_HEADER = "X-Checkrein-Entrypoint"
_PROGRAMS = (f"/{command.NAME}", "/" + "/".join(command.PYTHON_CLIENT.parts[-4:]))  # how what our command hooks run is named
_GATE_SECONDS, _NOTE_SECONDS, _END_SECONDS = 20, 10, 1  # the client allows 1.5 s in all at a session's end


def build_settings(base: Mapping[str, Any], install: Install) -> Json:
    """``base`` with protection added. Nothing of ``base`` is dropped, and a second call changes nothing.

    What an earlier installation left in ``base`` is replaced. Raises SettingsError where a part that protection has to add
    to is of another type than the client accepts.
    """
    settings = strip(base)
    hooks = _member(settings, "hooks", dict)
    for event in subscribed():
        groups = _member(hooks, event.name, list)
        groups.append(_group(event, install))
    if install.transport is not Transport.COMMAND:
        _pin_urls(settings, install.url_pattern)
    if install.transport is not Transport.COMMAND or install.gateway:
        _member(settings, "env", dict)[TRUST_VARIABLE] = str(install.trust)
    if install.gateway:
        _member(settings, "env", dict)[GATEWAY_VARIABLE] = install.gateway
    if install.shell is not None:
        _member(settings, "env", dict)[command.SHELL_VARIABLE] = str(install.shell)
    if install.deny_read:
        permissions = _member(settings, "permissions", dict)
        _extend(_member(permissions, "deny", list), [f"Read({pattern})" for pattern in install.deny_read])
    settings.update(CLOSES)
    if install.scope is Scope.MANAGED:
        _member(settings, "env", dict).update(MANAGED_ENV)
    return settings


def subscribed() -> tuple[HookEvent, ...]:
    """The events that a hook is written for. Clients pass over names that they do not know yet (measured)."""
    return tuple(event for event in EVENTS.values() if event.subscribe)


def strip(settings: Mapping[str, Any]) -> Json:
    """``settings`` without our hooks, the addresses they call, the certificate they trust, our gateway and our shell. We
    know ours by their marks.

    What has no mark (rules, switches) stays: ``revert`` takes that back, where it is known what stood there before.
    """
    left = copy.deepcopy(dict(settings))
    hooks = left.get("hooks")
    urls = {handler["url"] for handler in our_handlers(left) if isinstance(handler.get("url"), str)}
    if isinstance(hooks, dict):
        left["hooks"] = {event: _without_ours(groups) for event, groups in hooks.items()}
        emptied = {event for event, groups in left["hooks"].items() if not groups and hooks[event]}
        left["hooks"] = {event: groups for event, groups in left["hooks"].items() if event not in emptied}
        if hooks and not left["hooks"]:
            del left["hooks"]
    allowed = left.get("allowedHttpHookUrls")
    if isinstance(allowed, list) and urls:
        patterns = {url.rpartition("/")[0] + "/*" for url in urls}
        kept = [entry for entry in allowed if entry not in patterns]
        if kept or not allowed:
            left["allowedHttpHookUrls"] = kept
        else:
            del left["allowedHttpHookUrls"]
    env = left.get("env")
    if isinstance(env, dict):
        ours = [name for name, is_ours in _OUR_VARIABLES.items() if name in env and is_ours(str(env[name]))]
        for name in ours:
            del env[name]
        if ours and not env:
            del left["env"]
    return left


def revert(before: Mapping[str, Any], after: Mapping[str, Any], current: Mapping[str, Any]) -> Json:
    """``current`` with the step from ``before`` to ``after`` taken back, and every other difference kept."""
    reverted = _revert_object(dict(before), dict(after), copy.deepcopy(dict(current)))
    return strip(reverted)


def our_handlers(settings: Mapping[str, Any]) -> Iterator[Json]:
    """The hook handlers in ``settings`` that are ours."""
    return (handler for handler in _handlers(settings) if is_ours(handler))


def is_ours(handler: object) -> bool:
    """True for a hook handler that this product wrote: by its header, or by the program that it runs."""
    if not isinstance(handler, dict):
        return False
    headers = handler.get("headers")
    return (isinstance(headers, dict) and _TOKEN_HEADER in headers) or program_of(handler) is not None


def program_of(handler: Mapping[str, Any]) -> Path | None:
    """The hook client that a handler of ours runs; None for every other handler."""
    arguments = handler.get("args")
    words = [*_words(handler.get("command")), *(arguments if isinstance(arguments, list) else ())]
    return next((Path(word) for word in words if isinstance(word, str) and word.endswith(_PROGRAMS)), None)


def _handlers(settings: Mapping[str, Any]) -> Iterator[Json]:
    hooks = settings.get("hooks")
    for groups in hooks.values() if isinstance(hooks, dict) else ():
        for group in groups if isinstance(groups, list) else ():
            handlers = group.get("hooks") if isinstance(group, dict) else None
            yield from (handler for handler in handlers or () if isinstance(handler, dict))


def _group(event: HookEvent, install: Install) -> Json:
    handlers = []
    if install.transport is not Transport.COMMAND and event.http:
        handlers.append(_http(event, install))
    if install.transport is not Transport.HTTP or not event.http:
        handlers.append(_command(event, install))
    return {**({"matcher": "*"} if event.tool else {}), "hooks": handlers}


def _http(event: HookEvent, install: Install) -> Json:
    return {
        "type": "http",
        "url": install.url(event.name),
        "headers": {_TOKEN_HEADER: install.token, _ENTRYPOINT_HEADER: f"${_ENTRYPOINT}"},
        "allowedEnvVars": [_ENTRYPOINT],
        **_limits(event),
    }


def _command(event: HookEvent, install: Install) -> Json:
    words = command.words(install.socket, install.token_file, install.helper, event.name)
    gate = event.stop is not Stop.NEVER
    match install.form:
        case CommandForm.SH if gate:
            run = {"command": "/bin/sh", "args": ["-c", '"$0" "$@" || exit 2', *words]}
        case CommandForm.LINE:
            run = {"command": shlex.join(words) + (" || exit 2" if gate else "")}
        case _:
            run = {"command": words[0], "args": list(words[1:])}
    return {"type": "command", **run, **_limits(event)}


def _limits(event: HookEvent) -> Json:
    """How long the client waits, and that no answer stops what can be stopped. Clients before 2.1.295 pass over the latter."""
    if event.stop is not Stop.NEVER:
        return {"timeout": _GATE_SECONDS, "onFailure": "block"}
    return {"timeout": _END_SECONDS if event.name == "SessionEnd" else _NOTE_SECONDS}


def _pin_urls(settings: Json, pattern: str) -> None:
    """Name our addresses, so that an empty list in a repository's settings cannot shut them out (measured).

    Where there was no list, every address was allowed: those of the person's own hooks are named with ours.
    """
    others = [h["url"] for h in _handlers(settings) if isinstance(h.get("url"), str) and not is_ours(h)]
    fresh = "allowedHttpHookUrls" not in settings
    _extend(_member(settings, "allowedHttpHookUrls", list), [pattern, *(others if fresh else ())])
    if "httpHookAllowedEnvVars" in settings:
        _extend(_member(settings, "httpHookAllowedEnvVars", list), [_ENTRYPOINT])


def _words(command: object) -> list[str]:
    try:
        return shlex.split(command) if isinstance(command, str) else []
    except ValueError:  # a quote that is never closed: no command line of ours
        return []


def _without_ours(groups: Any) -> Any:
    if not isinstance(groups, list):
        return groups
    kept = []
    for group in groups:
        handlers = group.get("hooks") if isinstance(group, dict) else None
        if isinstance(handlers, list) and any(is_ours(handler) for handler in handlers):
            others = [handler for handler in handlers if not is_ours(handler)]
            if others:
                kept.append({**group, "hooks": others})
        else:
            kept.append(group)
    return kept


def _member(parent: Json, key: str, kind: type[Any]) -> Any:
    """The container at ``key``, made where it is missing."""
    found = parent.setdefault(key, kind())
    if not isinstance(found, kind):
        wanted = "an object" if kind is dict else "a list"
        raise SettingsError(
            f'"{key}" in the client\'s settings is not {wanted}',
            why="the client passes over a settings file in which one field is of the wrong type",
            fix=f'make "{key}" {wanted}, or remove it',
        )
    return found


def _extend(present: list[Any], wanted: list[str]) -> None:
    present.extend(item for item in wanted if item not in present)


def _revert(before: Any, after: Any, current: Any) -> Any:
    if same(current, after):
        return before
    if isinstance(after, dict) and isinstance(current, dict):
        return _revert_object(before if isinstance(before, dict) else {}, after, current)
    if isinstance(after, list) and isinstance(current, list):
        return _revert_list(before if isinstance(before, list) else [], after, current)
    return current


def _revert_object(before: Json, after: Json, current: Json) -> Json:
    left: Json = {}
    for key, value in current.items():
        if key not in after or (key in before and same(before[key], after[key])):
            left[key] = value
        elif key in before:
            left[key] = _revert(before[key], after[key], value)
        elif not same(value, after[key]):
            rest = _revert(None, after[key], value)
            if rest not in ({}, []):
                left[key] = rest
    return left


def _revert_list(before: list[Any], after: list[Any], current: list[Any]) -> list[Any]:
    """Take out, once each, what was added. The order of the rest is the current one."""
    added = list(after)
    for item in before:
        if item in added:
            added.remove(item)
    left = list(current)
    for item in added:
        if item in left:
            left.remove(item)
    return left
