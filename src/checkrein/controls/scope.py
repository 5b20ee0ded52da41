"""A session is limited to its project and the extra folders of the policy (T6)."""

from __future__ import annotations

from collections.abc import Iterator

from checkrein.controls.commands import shown
from checkrein.controls.context import Context
from checkrein.core import Action, Effect, EffectKind, Finding, Flag
from checkrein.core.effect import UNKNOWN
from checkrein.detect.paths.temporary import TEMPORARY
from checkrein.observe.disk import real_path
from checkrein.policy import Outside

PROMPTS = frozenset(("default", "plan", "acceptEdits", ""))
"""Permission modes in which the client itself asks before a tool touches what lies outside the project."""
HARMLESS = ("/dev/", "/proc/self/fd", "/usr/", "/lib", "/bin/", "/opt/", "/nix/", "/etc/")
CHANGES = (EffectKind.WRITE, EffectKind.LINK, EffectKind.CHMOD)


def judge(context: Context) -> Iterator[Finding]:
    """Findings for reads and writes outside, as far as the policy limits them."""
    seen: set[str] = set()
    for effect in context.effects:
        if effect.flags & Flag.REMOTE or effect.rule:
            continue
        if effect.kind in CHANGES:
            limit, rule, verb = context.policy.scope.outside_write, "scope.write", "write to"
        elif effect.kind is EffectKind.READ:
            limit, rule, verb = context.policy.scope.outside_read, "scope.read", "read"
        else:
            continue
        action = _action(limit, context)
        if action is Action.ALLOW:
            continue
        path = _outside(context, effect)
        if path and path not in seen:
            seen.add(path)
            what = f"{effect.program} would {verb} {shown(path)}, which is outside the project {context.project}"
            yield context.finding(
                rule,
                what,
                subject=shown(path),
                action=action,
                source=context.policy.sources.get(f"scope.outside_{'write' if rule == 'scope.write' else 'read'}", "default"),
            )


def _action(limit: Outside, context: Context) -> Action:
    if limit is Outside.CLIENT:
        # the client asks on its own, except in the modes that silence it
        silent = context.event.permission_mode not in PROMPTS
        return Action.ASK if silent else Action.ALLOW
    return Action.DENY if limit is Outside.DENY else Action.ASK


def _outside(context: Context, effect: Effect) -> str:
    """The real path, where it lies outside; "" inside, in temporary folders, and for what every program reads."""
    path = effect.target.split(UNKNOWN, 1)[0] if UNKNOWN in effect.target else effect.target
    if not path.startswith("/") or path == "/":
        return ""
    real = real_path(path.rstrip("*?["))
    if context.inside(real) or (_below(real, TEMPORARY) and not _below(real, (real_path(context.places.home),))):
        return ""
    if effect.kind is EffectKind.READ and (real.startswith(HARMLESS) or context.policy.scope.outside_read is Outside.CLIENT):
        return ""
    return "" if real.startswith("/dev/") else real


def _below(path: str, folders: tuple[str, ...]) -> bool:
    return any(path == folder or path.startswith(folder + "/") for folder in folders)
