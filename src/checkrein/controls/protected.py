"""Files that are not to be changed lightly: lock files, migrations, CI, settings, start-up files, the system's own (T6)."""

from __future__ import annotations

import os
from collections.abc import Iterator

from checkrein.controls.commands import shown
from checkrein.controls.context import Context
from checkrein.controls.deletion import TOOLS
from checkrein.controls.modes import tighter
from checkrein.controls.rebuilt import is_system_cache
from checkrein.controls.tree import named
from checkrein.core import Effect, EffectKind, Finding, Flag
from checkrein.core.effect import UNKNOWN
from checkrein.detect.paths.content import only_settings
from checkrein.observe.disk import real_path
from checkrein.policy import PathAccess

CHANGES = {
    EffectKind.WRITE: "change",
    EffectKind.DELETE: "delete",
    EffectKind.MOVE: "move away",
    EffectKind.CHMOD: "change the mode of",
    EffectKind.LINK: "put a link at",
}
RUNS_BY_ITSELF = "protect.runs-by-itself"
JUDGED_BY_CONTENT = (RUNS_BY_ITSELF, "protect.editor-config")
ONLY_WHEN_COMMITTED = "protect.migration"
LOCKFILE = "protect.lockfile"
RESOLVERS = {
    "package-lock.json": ("npm",),
    "npm-shrinkwrap.json": ("npm",),
    "yarn.lock": ("yarn",),
    "pnpm-lock.yaml": ("pnpm",),
    "bun.lock": ("bun",),
    "bun.lockb": ("bun",),
    "poetry.lock": ("poetry",),
    "uv.lock": ("uv",),
    "pdm.lock": ("pdm",),
    "pipfile.lock": ("pipenv",),
    "cargo.lock": ("cargo",),
    "gemfile.lock": ("bundle", "bundler"),
    "composer.lock": ("composer",),
    "mix.lock": ("mix",),
    "go.sum": ("go",),
    "podfile.lock": ("pod",),
    "pubspec.lock": ("dart", "flutter"),
}
"""The package managers that write a lockfile anew."""
RESOLVING = frozenset(
    ("install", "i", "lock", "update", "sync", "build", "check", "deps.get", "mod", "get", "generate-lockfile")
)
MAX_TRACKED = 20_000  # files of a folder that are looked at when it goes


def judge(context: Context) -> Iterator[Finding]:
    """Findings for every change of a protected file, by whatever name it is reached."""
    seen: set[tuple[str, str]] = set()
    for effect in context.effects:
        if effect.kind not in CHANGES or effect.flags & Flag.REMOTE:
            continue
        if effect.kind is EffectKind.DELETE and is_system_cache(effect.target):
            continue
        if effect.kind is EffectKind.CHMOD and (tighter(effect.detail) or effect.detail in ("+x", "a+x", "u+x")):
            continue
        for path in reached(context, effect):
            key = (effect.kind.value, path)
            if key not in seen:
                seen.add(key)
                yield from _judge_path(context, effect, path)
                yield from _judge_folder(context, effect, path)


def reached(context: Context, effect: Effect) -> Iterator[str]:
    """Every path that the effect may change: as written, the real path behind links, and what a pattern matches."""
    path = effect.target
    if UNKNOWN in path:
        if effect.kind is EffectKind.WRITE and not path.rsplit("/", 1)[-1].strip(UNKNOWN):
            yield from _unknown_names(context, effect, path.rpartition("/")[0])
            return
        yield path
        return
    if path == "/" and effect.kind is EffectKind.WRITE:
        yield "/etc"  # what is unpacked there may replace any of the system's files
        return
    if effect.flags & Flag.GLOB:
        yield from (real_path(match) for match in context.disk.matches(path).paths)
        return
    yield path
    real = real_path(path)
    if real != path and effect.kind is not EffectKind.DELETE:
        yield real
    # a hard link is the same file under another name; a symbolic link is followed when it is written through
    if effect.kind is EffectKind.LINK and effect.to and effect.detail == "hard":
        yield real_path(effect.to)


def _unknown_names(context: Context, effect: Effect, folder: str) -> Iterator[str]:
    """Where files of unknown names go: the folder itself, and what a whole tree unpacked into the home folder may replace."""
    real = real_path(folder)
    if UNKNOWN in folder or context.inside(real):
        return
    if real == real_path(context.places.home) and effect.flags & Flag.RECURSIVE:
        yield f"{folder}/.profile"
    elif real not in ("", "/"):
        yield folder


def _judge_path(context: Context, effect: Effect, path: str) -> Iterator[Finding]:
    verb = CHANGES[effect.kind]
    known = named(context, path)
    listed = context.named_by_policy(known, PathAccess.WRITE)
    rule = context.classify(known, is_dir=False).protected
    what = f"{effect.program} would {verb} {shown(path)}"
    if effect.target != path:
        what += f" (by way of {shown(effect.target)})"
    if listed:
        action, reason, source, final = listed
        yield context.finding(
            "protect.listed", f"{what}: {reason}" if reason else what, subject=shown(path), action=action, source=source
        )
        if final:
            return
    if not rule:
        if _replaces_secret(context, effect, path):
            yield context.finding("protect.secrets-file", what, subject=shown(path))
        return
    if rule == ONLY_WHEN_COMMITTED and not _committed(context, path):
        return
    if rule == LOCKFILE and _written_by_its_tool(context, effect, path):
        return
    if rule in JUDGED_BY_CONTENT and effect.kind is EffectKind.WRITE and only_settings(known, effect.text or UNKNOWN):
        return
    if rule == RUNS_BY_ITSELF and effect.kind in (EffectKind.DELETE, EffectKind.MOVE):
        return
    yield context.finding(rule, what, subject=shown(path))


def _written_by_its_tool(context: Context, effect: Effect, path: str) -> bool:
    """True for a lockfile that git puts back, and one that goes so that the package manager writes it anew in the same line."""
    if effect.rule == "git.discard-changes":
        return True
    managers = RESOLVERS.get(path.rpartition("/")[2].lower(), ())
    resolved = any(program[0] in managers and RESOLVING.intersection(program[1:]) for program in context.programs)
    return effect.kind is EffectKind.DELETE and resolved


def _judge_folder(context: Context, effect: Effect, folder: str) -> Iterator[Finding]:
    """A folder that is moved or deleted with committed protected files in it: one finding for each rule."""
    whole = effect.kind is EffectKind.MOVE or (effect.kind is EffectKind.DELETE and effect.flags & Flag.RECURSIVE)
    if not whole or effect.rule or UNKNOWN in folder or not os.path.isdir(folder) or os.path.islink(folder):  # noqa: PTH112, PTH114
        return
    seen: set[str] = set()
    for path in context.git.tracked_below(folder)[:MAX_TRACKED]:
        rule = context.classify(named(context, path)).protected
        if rule and rule not in seen and os.path.lexists(path):
            seen.add(rule)
            what = f"{effect.program} would {CHANGES[effect.kind]} {shown(folder)} with {shown(path)} in it"
            yield context.finding(rule, what, subject=shown(path))


def _replaces_secret(context: Context, effect: Effect, path: str) -> bool:
    """True where a file with secrets would be gone or replaced. Making one from a template, or editing it, is not that."""
    if effect.kind not in (EffectKind.DELETE, EffectKind.MOVE, EffectKind.WRITE) or not context.classify(path).sensitive:
        return False
    if effect.kind is EffectKind.WRITE:
        kept = effect.flags & (Flag.APPEND | Flag.CREATE | Flag.IN_PLACE)
        return not kept and effect.program not in TOOLS and os.path.lexists(path)
    return True


def _committed(context: Context, path: str) -> bool:
    return os.path.isfile(path) and context.git.holds(path)  # noqa: PTH113 - on the path of every decision
