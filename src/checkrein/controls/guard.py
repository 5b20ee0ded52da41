"""Checkrein protects itself: its processes, its files, its commands, and the settings that switch hooks on (T8)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from checkrein.controls.commands import shown
from checkrein.controls.context import Context
from checkrein.core import Effect, EffectKind, EventKind, Finding, Flag
from checkrein.detect.client_settings import disarming

PERSON_ONLY = frozenset(("allow", "down", "up"))
"""Commands of ours that only a person may give."""
NAMES = ("checkrein",)
BARE = frozenset(("--bare", "--safe-mode", "--dangerously-skip-permissions", "--setting-sources"))


def judge(context: Context) -> Iterator[Finding]:
    """Findings for everything that would switch protection off, get around it, or permit what it stopped."""
    if context.event.kind is EventKind.CONFIG_CHANGE:
        yield from _settings_file(context, context.event.text)
    for program in context.programs:
        yield from _own_command(context, program)
        yield from _other_client(context, program)
    for effect in context.effects:
        if effect.flags & Flag.REMOTE:
            continue
        if effect.kind is EffectKind.SIGNAL:
            yield from _signal(context, effect)
        elif effect.kind in (EffectKind.SEND, EffectKind.FETCH) and context.guard.port:
            yield from _port(context, effect)
        elif effect.kind is EffectKind.WRITE and effect.text is not None:
            yield from _written(context, effect)


def _own_command(context: Context, program: tuple[str, ...]) -> Iterator[Finding]:
    words = [word for word in program if not word.startswith("-")]
    name = words[0] if words else ""
    if name in ("python", "python3") and "-m" in program and any(word.startswith("checkrein") for word in program):
        words = words[words.index(next(word for word in words if word.startswith("checkrein"))) :]
        name = "checkrein"
    if name in NAMES and len(words) > 1 and words[1] in PERSON_ONLY:
        yield context.finding(
            "guard.own-command", f"`checkrein {words[1]}` is for a person at a terminal", subject=f"checkrein {words[1]}"
        )


def _other_client(context: Context, program: tuple[str, ...]) -> Iterator[Finding]:
    if program[0] in ("claude", "claude-code") and BARE.intersection(word.split("=", 1)[0] for word in program[1:]):
        yield context.finding(
            "guard.unguarded-client", f"`{' '.join(program[:6])}` would start a client without its hooks", subject=program[0]
        )


def _signal(context: Context, effect: Effect) -> Iterator[Finding]:
    target = effect.target
    numbers = [int(word) for word in re.findall(r"\d{1,10}", target)]  # unknown text may stand beside the number
    hit = any(number in context.guard.pids for number in numbers) or target == f"port:{context.guard.port}"
    if not hit and effect.program != "kill":
        hit = any(_matches(target, name) for name in ("checkrein", "checkrein-supervisor", "checkrein.service"))
    if hit:
        yield context.finding(
            "guard.stop-service",
            f"`{effect.program} {shown(target)}` would stop the service that guards this session",
            subject=shown(target),
        )


def _matches(pattern: str, name: str) -> bool:
    if pattern.removesuffix(".service") in (name, "checkrein"):
        return True
    try:
        return len(pattern) > 3 and len(pattern) < 200 and re.search(pattern, name) is not None
    except re.error:
        return False


def _port(context: Context, effect: Effect) -> Iterator[Finding]:
    if re.search(rf"(?:127\.\d+\.\d+\.\d+|localhost|\[?::1\]?|0\.0\.0\.0|0):{context.guard.port}\b", effect.target):
        yield context.finding(
            "guard.service-port", f"{effect.program} would talk to the service at {effect.target}", subject=effect.target
        )


def _written(context: Context, effect: Effect) -> Iterator[Finding]:
    """A settings file that would disarm the hooks, by whatever tool it is written."""
    name = os.path.basename(effect.target)  # noqa: PTH119 - string operations, also the next
    folder = os.path.basename(os.path.dirname(effect.target))  # noqa: PTH119, PTH120
    if (
        folder != ".claude"
        and name not in (".claude.json", "managed-settings.json")
        and "managed-settings.d" not in effect.target
    ):
        return
    for what in disarming(effect.text or ""):
        yield context.finding(
            "guard.disarm", f"{effect.program} would write {effect.target}, in which {what}", subject=effect.target
        )


def _settings_file(context: Context, path: str) -> Iterator[Finding]:
    text = context.disk.read_text(path)
    if text is None:
        return
    for what in disarming(text):
        yield context.finding("guard.disarm", f"{path} was changed: {what}", subject=path)
