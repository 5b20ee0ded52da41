"""Files whose content must not reach the agent or leave the machine: secrets, and what ``.claudeignore`` names (T4)."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator

from checkrein.controls.commands import shown
from checkrein.controls.context import Context
from checkrein.core import Action, Effect, EffectKind, EventKind, Finding, Flag
from checkrein.core.effect import UNKNOWN
from checkrein.detect.paths import Classification
from checkrein.observe.disk import real_path, walk
from checkrein.policy import PathAccess

MENTION = re.compile(r"""(?:^|(?<=[\s(\[{"'`,;:]))@(?:"([^"]+)"|((?:\\.|[^\s"'`)\]},;])+))""")
SKIPPED_BY_SEARCHERS = frozenset(("node_modules", ".git", ".venv", "venv", "target", "dist", "__pycache__"))
NOBODYS = ("/usr/", "/var/", "/opt/", "/lib", "/bin/", "/sbin/", "/proc/", "/sys/", "/nix/", "/snap/")
"""Folders of the system in which searches are everyday work and no person keeps secrets."""
MAX_REPORTED = 5
USUAL_SECRETS = (".env", ".env.local", ".env.production", "id_rsa", "id_ed25519", "credentials", ".netrc", ".pgpass", ".npmrc")


def judge(context: Context) -> Iterator[Finding]:
    """Findings for every read, search or send of a file that is not to be read."""
    if context.event.kind is EventKind.PROMPT:
        yield from _prompt(context)
    seen: set[str] = set()
    for effect in context.effects:
        if effect.flags & Flag.REMOTE:
            continue
        if effect.kind in (EffectKind.SEND, EffectKind.DESTRUCTIVE) and effect.reads:
            yield from _sent(context, effect)
        if effect.kind is EffectKind.LIST and effect.flags & Flag.RECURSIVE:
            yield from _listed(context, effect)
        if effect.kind not in (EffectKind.READ, EffectKind.LINK) or effect.rule:
            continue
        source = effect.to if effect.kind is EffectKind.LINK else effect.target
        for path in _paths(context, effect, source):
            if path not in seen:
                seen.add(path)
                yield from _read(context, effect, path)
    yield from _expanding_searches(context)


def _paths(context: Context, effect: Effect, source: str) -> Iterator[str]:
    if UNKNOWN in source:
        yield source
        return
    if effect.flags & Flag.GLOB and effect.kind is EffectKind.READ:
        matches = context.disk.glob(source)
        yield from (real_path(match) for match in matches)
        if not matches:
            yield _would_match(source)
        return
    folder = os.path.dirname(effect.target)  # noqa: PTH120 - a string operation
    path = source if source.startswith("/") else os.path.join(folder, source)  # noqa: PTH118
    yield path
    real = real_path(path)
    if real != path:
        yield real


def _would_match(pattern: str) -> str:
    """A pattern that matches nothing now, judged by the secret that it would match: ``.en*`` is ``.env``."""
    folder, _, name = pattern.rpartition("/")
    if len(name.strip("*?[]")) < 2:  # one letter and a star are no hint
        return pattern
    return next((f"{folder}/{secret}" for secret in USUAL_SECRETS if fnmatch.fnmatchcase(secret, name)), pattern)


def verdict(context: Context, path: str) -> tuple[str, str, Action | None, str]:
    """(rule, reason, action, source) for reading a path; rule "" where nobody minds. Action None: as the rule says."""
    is_dir = os.path.isdir(path) if UNKNOWN not in path else False  # noqa: PTH112 - on the path of every decision
    named = context.named_by_policy(path, PathAccess.READ, is_dir=is_dir)
    classes: Classification = context.classify(path, is_dir=is_dir)
    if named:
        action, reason, source, final = named
        if action is not Action.ALLOW:
            return "read.listed", reason, action, source
        if final:
            return "", "", None, ""
    if context.inside(path) and UNKNOWN not in path:
        matched, source = context.ignored.match(path, is_dir)
        if matched:
            return "read.ignored", f"named by {source}", None, source
    return classes.sensitive, "", None, ""


def _read(context: Context, effect: Effect, path: str) -> Iterator[Finding]:
    rule, reason, action, source = verdict(context, path)
    if not rule:
        return
    verb = "link to" if effect.kind is EffectKind.LINK else "read" if effect.flags & Flag.CONTENT_OUT else "copy or use"
    what = f"{effect.program} would {verb} {shown(path)}"
    if reason:
        what += f" ({reason})"
    yield context.finding(rule, what, subject=shown(path), action=action, source=source)


def _listed(context: Context, effect: Effect) -> Iterator[Finding]:
    """A walk through a folder of secrets: what is there, and what it is called, is worth asking about."""
    rule = context.classify(effect.target, is_dir=True).sensitive if UNKNOWN not in effect.target else ""
    if rule:
        what = f"{effect.program} would list everything in {shown(effect.target)}"
        yield context.finding(rule, what, subject=shown(effect.target), action=Action.ASK)


def _sent(context: Context, effect: Effect) -> Iterator[Finding]:
    for path in effect.reads:
        rule = "read.environment" if path == "environment" else verdict(context, path)[0]
        if rule:
            what = f"{effect.program} would send the content of {shown(path)} to {shown(effect.target)}"
            yield context.finding("leak.secret-sent", what, subject=shown(effect.target))


def _expanding_searches(context: Context) -> Iterator[Finding]:
    """``grep -r``, ``tar``, ``cp -r`` over a folder: the files in it that are not to be read."""
    for effect in context.effects:
        recursive = effect.kind is EffectKind.READ and effect.flags & Flag.RECURSIVE and not effect.flags & Flag.REMOTE
        if not recursive or UNKNOWN in effect.target or not os.path.isdir(effect.target):  # noqa: PTH112 - as above
            continue
        if not effect.flags & Flag.CONTENT_OUT or (effect.target + "/").startswith(NOBODYS):
            continue
        found = list(_below(context, effect))
        if found:
            names = ", ".join(os.path.relpath(path, effect.target) for path in found[:MAX_REPORTED])
            what = f"{effect.program} would search {shown(effect.target)} and print lines of {names}"
            excluded = " ".join(f"--exclude={path.rpartition('/')[2]}" for path in found[:MAX_REPORTED])
            instead = f"leave these files out ({excluded}), or use `git grep`, which looks at tracked files only"
            yield context.finding("read.search", what, subject=names, instead=instead)


def _below(context: Context, effect: Effect) -> Iterator[str]:
    left_out = [word.removeprefix("exclude:") for word in effect.detail.split("\n") if word.startswith("exclude:")]
    only = [word.removeprefix("include:") for word in effect.detail.split("\n") if word.startswith("include:")]
    for entry in walk(effect.target):
        if not entry.is_file(follow_symlinks=False):
            continue
        name = entry.name
        parts = entry.path[len(effect.target) :].split("/")
        if any(fnmatch.fnmatchcase(part, pattern) for part in parts for pattern in left_out):
            continue
        if only and not any(fnmatch.fnmatchcase(name, pattern) for pattern in only):
            continue
        if SKIPPED_BY_SEARCHERS.intersection(parts):
            continue
        if effect.flags & Flag.FILTERED and (any(part.startswith(".") for part in parts) or context.git.ignores(entry.path)):
            continue
        if verdict(context, entry.path)[0]:
            yield entry.path


def _prompt(context: Context) -> Iterator[Finding]:
    """``@file`` in a prompt: the client sends the file, and no tool hook sees it."""
    for match in MENTION.finditer(context.event.text):
        word = match[1] or re.sub(r"\\(.)", r"\1", match[2])
        word = re.sub(r"#L?\d+(?:-L?\d+)?$", "", word).rstrip(".?!")
        if word.startswith("~/"):
            word = context.places.home + word[1:]
        path = os.path.normpath(os.path.join(context.event.cwd, word))  # noqa: PTH118 - a string operation
        for candidate in dict.fromkeys((path, real_path(path))):
            if not os.path.lexists(candidate):
                continue
            rule, reason, action, source = verdict(context, candidate)
            if rule:
                what = f"the prompt mentions @{word}, so the client would send {candidate}" + (f" ({reason})" if reason else "")
                yield context.finding(
                    rule, what, subject=candidate, action=action, source=source, instead="name the file without the @ sign"
                )
                break
