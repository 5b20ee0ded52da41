"""Files whose content must not reach the agent or leave the machine: secrets, and what ``.claudeignore`` names (T4)."""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from checkrein.controls.commands import shown
from checkrein.controls.context import Context
from checkrein.controls.tree import DEPENDENCIES, Reach, copied, named, one_by_one, reaches, searched
from checkrein.core import Action, Effect, EffectKind, EventKind, Finding, Flag
from checkrein.core.effect import UNKNOWN
from checkrein.detect.paths import Classification
from checkrein.detect.shell.exchange.archives import SEVEN_ZIPS, TAR_PROGRAMS
from checkrein.detect.shell.exchange.requests import is_local
from checkrein.detect.shell.table.handler import SERVES
from checkrein.detect.shell.values import EVERY_VARIABLE, contents
from checkrein.observe.disk import real_path, walk
from checkrein.policy import PathAccess

MENTION = re.compile(r"""(?:^|(?<=[\s(\[{"'`,;:]))@(?:"([^"]+)"|((?:\\.|[^\s"'`)\]},;])+))""")
NOBODYS = ("/usr/", "/var/", "/opt/", "/lib", "/bin/", "/sbin/", "/proc/", "/sys/", "/nix/", "/snap/")
"""Folders of the system in which searches are everyday work and no person keeps secrets."""
MAX_REPORTED = 5
FORCED = re.compile(r"-[a-zA-Z]*f[a-zA-Z]*")
LISTING = ("grep", "egrep", "fgrep", "ggrep", "rg", "ag", "ack", "Grep")
PACKED = TAR_PROGRAMS | SEVEN_ZIPS | {"zip"}
HISTORY = ("git ", "mcp__", "Read")
"""Programs that, given a folder, print no files of it as they stand."""
USUAL_SECRETS = (".env", ".env.local", ".env.production", "id_rsa", "id_ed25519", "credentials", ".netrc", ".pgpass", ".npmrc")


def judge(context: Context) -> Iterator[Finding]:
    """Findings for every read, search or send of a file that is not to be read."""
    if context.event.kind is EventKind.PROMPT:
        yield from _prompt(context)
    seen: set[str] = set()
    for effect in context.effects:
        if effect.flags & Flag.REMOTE:
            yield from _elsewhere(context, effect)
            continue
        if effect.kind in (EffectKind.SEND, EffectKind.DESTRUCTIVE) and effect.reads:
            yield from _sent(context, effect)
        if effect.kind is EffectKind.LIST and effect.flags & Flag.RECURSIVE:
            yield from _listed(context, effect)
        if effect.kind not in (EffectKind.READ, EffectKind.LINK) or effect.rule:
            continue
        if effect.program in LISTING and not effect.flags & Flag.CONTENT_OUT:
            continue  # names of files, or how often something stands in them
        source = effect.to if effect.kind is EffectKind.LINK else effect.target
        if effect.kind is EffectKind.READ and effect.flags & Flag.GLOB and not context.disk.matches(source).complete:
            yield _untold(context, effect, f"matches more than can be looked at one by one: {shown(source)}")
        for path in _paths(context, effect, source):
            if path not in seen:
                seen.add(path)
                yield from _read(context, effect, path)
        if effect.kind is EffectKind.READ and effect.flags & Flag.CONTENT_OUT:
            yield from _searched(context, effect)
    yield from _taken_along(context)
    yield from _committed(context)


def _elsewhere(context: Context, effect: Effect) -> Iterator[Finding]:
    """A file on another machine or in a container: its name is all that is known of it."""
    if effect.kind is not EffectKind.READ or effect.rule:
        return
    if rule := context.classify(effect.target).sensitive:
        what = f"{effect.program} would read {shown(effect.target)} on another machine or in a container"
        yield context.finding(rule, what, subject=shown(effect.target))


def _untold(context: Context, effect: Effect, why: str) -> Finding:
    """What cannot be told beforehand is decided by the policy's ``unknown``."""
    what = f"{effect.program} would read what {why}"
    source = context.policy.sources.get("unknown", "default")
    return context.finding(
        "run.unresolved", what, subject=shown(effect.target)[:80], action=context.policy.unknown, source=source
    )


def _paths(context: Context, effect: Effect, source: str) -> Iterator[str]:
    if UNKNOWN in source:
        yield source
        return
    if effect.flags & Flag.GLOB and effect.kind is EffectKind.READ:
        matches = context.disk.matches(source)
        prints = effect.flags & Flag.CONTENT_OUT and not effect.flags & Flag.RECURSIVE
        hidden = source.endswith("/*") and "glob" not in str(context.event.input.get("command"))  # dotglob, GLOB_DOTS
        found = (real_path(match) for match in matches.paths if not (hidden and match.rpartition("/")[2].startswith(".")))
        yield from (path for path in found if not (prints and os.path.isdir(path)))  # noqa: PTH112 - on the path of every decision
        if not matches.paths and matches.complete:
            yield _would_match(source)
        return
    folder = os.path.dirname(effect.target)  # noqa: PTH120 - a string operation
    path = source if source.startswith("/") else os.path.join(folder, source)  # noqa: PTH118
    yield path
    real = real_path(path)
    if real != path:
        yield real
    if other := _other_name(context, real):
        yield other


def _other_name(context: Context, path: str) -> str:
    """Another name of the same file, by which it is not to be read (a hard link); "" where it has none in the project."""
    try:
        own = os.stat(path)  # noqa: PTH116 - on the path of every decision
    except (OSError, ValueError):
        return ""
    if own.st_nlink < 2 or not stat.S_ISREG(own.st_mode) or not DEPENDENCIES.isdisjoint(path.split("/")):
        return ""
    same = (entry.path for entry in walk(context.folders[0], without=DEPENDENCIES) if entry.inode() == own.st_ino)
    return next((name for name in same if name != path and verdict(context, name)[0]), "")


def _would_match(pattern: str) -> str:
    """A pattern that matches nothing now, judged by the secret that it would match: ``.en*`` is ``.env``."""
    folder, _, name = pattern.rpartition("/")
    if len(name.strip("*?[]")) < 2:  # one letter and a star are no hint
        return pattern
    return next((f"{folder}/{secret}" for secret in USUAL_SECRETS if fnmatch.fnmatchcase(secret, name)), pattern)


def verdict(context: Context, path: str) -> tuple[str, str, Action | None, str]:
    """(rule, reason, action, source) for reading a path; rule "" where nobody minds. Action None: as the rule says."""
    is_dir = os.path.isdir(path) if UNKNOWN not in path else False  # noqa: PTH112 - on the path of every decision
    path = named(context, path)
    listed = context.named_by_policy(path, PathAccess.READ, is_dir=is_dir)
    classes: Classification = context.classify(path, is_dir=is_dir)
    if listed:
        action, reason, source, final = listed
        if action is not Action.ALLOW:
            return "read.listed", reason, action, source
        if final:
            return "", "", None, ""
    if UNKNOWN not in path:
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
    action = Action.ASK if effect.detail == SERVES else None
    variables: list[str] = []
    for path in _made_of(context, effect.reads):
        if path.startswith("env:"):
            variables.append(path)
            continue
        rule = ""
        for candidate in dict.fromkeys((path, path if UNKNOWN in path else real_path(path))):
            rule = rule or verdict(context, candidate)[0]
        if rule:
            what = f"{effect.program} would send the content of {shown(path)} to {shown(effect.target)}"
            yield context.finding("leak.secret-sent", what, subject=shown(effect.target), action=action)
            continue
        found = _below(context, (copied(context, effect, reach) for reach in _read_from(context, path)))
        if found.paths:
            what = f"{effect.program} would send {found.names} to {shown(effect.target)}"
            yield context.finding("leak.secret-sent", what, subject=shown(effect.target), action=action)
    if EVERY_VARIABLE in variables:
        what = f"{effect.program} would send the environment to {shown(effect.target)}"
        yield context.finding("leak.secret-sent", what, subject=shown(effect.target), action=action)
    elif variables and not is_local(effect.target):
        names = ", ".join(shown(name.removeprefix("env:")) for name in variables)
        what = f"{effect.program} would send the value of {names}, which is named like a secret, to {shown(effect.target)}"
        yield context.finding("leak.secret-sent", what, subject=shown(effect.target), action=Action.ASK)


def _made_of(context: Context, reads: Sequence[str]) -> list[str]:
    """What is read, and what that was made of before. Of a folder that was copied, its files are looked at where they are."""
    before = contents(reads, context.made)
    return list(dict.fromkeys((*reads, *(source for source in before if not os.path.isdir(source)))))  # noqa: PTH112 - on the path of every decision


def _is_nobodys(context: Context, path: str) -> bool:
    """True for a folder of the system; a project or a home folder that lies below one is a person's."""
    path, home = real_path(path), context.places.home.rstrip("/") + "/"
    return (path + "/").startswith(NOBODYS) and not (path + "/").startswith(home) and not context.inside(path)


def _read_from(context: Context, path: str) -> Iterator[Reach]:
    """The files that a path among the ``reads`` of an effect stands for, as the program that reads them narrows them."""
    if path == "/" or _is_nobodys(context, path):  # a whole system, and what is no person's
        return
    glob = UNKNOWN not in path and any(char in path for char in "*?[") and not os.path.lexists(path)
    readers = [other for other in context.effects if other.kind is EffectKind.READ and other.target == path]
    searchers = [other for other in readers if other.detail or other.flags & Flag.FILTERED]
    for reach in reaches(context, path, glob=glob):
        if readers and all(other.program in LISTING and not other.flags & Flag.CONTENT_OUT for other in readers):
            return  # names of files, or how often something stands in them
        yield searched(context, searchers[0], reach) if searchers and len(searchers) == len(readers) else reach


def _taken_along(context: Context) -> Iterator[Finding]:
    """``cp -r``, ``tar``, ``mv`` of a folder to where nobody would know its files again: a person is asked."""
    for effect in context.effects:
        if effect.kind is EffectKind.MOVE and not effect.flags & Flag.REMOTE:
            yield from _renamed(context, effect)
        if effect.kind is not EffectKind.WRITE or effect.flags & Flag.REMOTE or not effect.reads or effect.rule:
            continue
        packed = effect.program.split(" ", 1)[0] in PACKED
        if not packed and context.inside(real_path(effect.target)):
            continue
        for path in effect.reads:
            if path.startswith("/") and not verdict(context, path)[0] and not _shown(context, path):
                found = _below(context, (copied(context, effect, reach) for reach in _read_from(context, path)))
                if found.paths:
                    rule, _, _, source = verdict(context, found.paths[0])
                    what = f"{effect.program} would copy {found.names} to {shown(effect.target)}"
                    yield context.finding(
                        rule, what, subject=found.names, action=Action.ASK, source=source, without=found.without
                    )


def _renamed(context: Context, effect: Effect) -> Iterator[Finding]:
    """A file that is not to be read, or a folder that holds one, under a name by which nobody would know it again."""
    if not effect.known or UNKNOWN in effect.to or verdict(context, effect.to)[0]:
        return
    rule, _, _, source = verdict(context, effect.target)
    names = shown(effect.target)
    if not rule and os.path.isdir(effect.target) and not context.inside(real_path(effect.to)):  # noqa: PTH112 - on the path of every decision
        found = _below(context, [Reach(effect.target)])
        rule, _, _, source = verdict(context, found.paths[0]) if found.paths else ("", "", None, "")
        names = found.names
    if rule:
        what = f"{effect.program} would give {names} another name: {shown(effect.to)}"
        yield context.finding(rule, what, subject=names, action=Action.ASK, source=source)


def _committed(context: Context) -> Iterator[Finding]:
    """``git add``: what it takes in goes wherever the repository is pushed to, and stays in its history."""
    for argv in context.programs:
        if argv[0] != "git" or "add" not in argv[1:3]:
            continue
        words = argv[argv.index("add") + 1 :]
        forced = any(word == "--force" or FORCED.fullmatch(word) for word in words)
        named = [word for word in words if word and not word.startswith(("-", ":")) and UNKNOWN not in word]
        everything = not named and any(word in ("-A", "--all", ".") for word in words)
        for word in named or (["."] if everything else []):
            path = os.path.normpath(os.path.join(context.event.cwd, word))  # noqa: PTH118 - a string operation
            paths = _below(context, [Reach(path)]).paths if os.path.isdir(path) else (path,)  # noqa: PTH112 - on the path of every decision
            for secret in paths:
                if context.git.holds(secret) or (context.git.ignores(secret) and not forced) or not os.path.lexists(secret):
                    continue
                rule = verdict(context, secret)[0]
                if rule and context.policy.action_for(context.rules[rule])[0] is Action.DENY:
                    what = f"git add would take {shown(secret)} into the repository"
                    yield context.finding("leak.secret-committed", what, subject=secret)


def _shown(context: Context, path: str) -> bool:
    """True where the content of a path is printed: that is judged as a search."""
    flags = (other.flags for other in context.effects if other.kind is EffectKind.READ and other.target == path)
    return any(flag & Flag.CONTENT_OUT for flag in flags)


def _searched(context: Context, effect: Effect) -> Iterator[Finding]:
    """``grep -r``, ``find -exec cat``, ``ls | xargs cat`` over a folder: the files in it that are not to be read."""
    if not effect.flags & Flag.RECURSIVE and effect.program.startswith(HISTORY):
        return
    if not effect.flags & Flag.RECURSIVE and effect.target == "/":
        return
    if _is_nobodys(context, effect.target) or (effect.flags & Flag.GLOB and not effect.flags & Flag.RECURSIVE):
        return
    folders = reaches(context, effect.target, glob=bool(effect.flags & Flag.GLOB))
    found = _below(context, [copied(context, effect, searched(context, effect, reach)) for reach in folders])
    if found.paths:
        what = f"{effect.program} would search {shown(effect.target)} and print lines of {found.names}"
        files = tuple(dict.fromkeys(path.rpartition("/")[2] for path in found.paths))
        excluded = " ".join(f"--exclude={name}" for name in files[:MAX_REPORTED])
        instead = f"Leave these files out ({excluded}), or use `git grep`, which looks at tracked files only."
        without = files if one_by_one(context, effect) else found.without
        yield context.finding("read.search", what, subject=found.names, instead=instead, without=without)
    elif found.cut:
        yield _untold(context, effect, f"is more than can be looked at one by one, below {shown(effect.target)}")


@dataclass(frozen=True, slots=True)
class Found:
    """Files that are not to be read. ``cut``: all of the project was meant, and it is too large.

    ``without`` are names that leave them out: of the files, and with a slash of the folders that are not to be read as a whole.
    """

    paths: tuple[str, ...]
    names: str
    cut: bool
    without: tuple[str, ...] = ()


def _below(context: Context, meant: Iterable[Reach]) -> Found:
    paths: list[str] = []
    names: list[str] = []
    without: dict[str, None] = {}
    cut = False
    for reach in meant:
        entries = walk(reach.folder, without=reach.skipped | DEPENDENCIES)
        for entry in entries:
            if entry.is_file(follow_symlinks=False) and reach.holds(context, entry.path) and verdict(context, entry.path)[0]:
                paths.append(entry.path)
                names.append(os.path.relpath(entry.path, reach.folder))
                without[_left_out(context, reach.folder, entry.path)] = None
        project = context.folders[0]
        cut = cut or (
            not entries.complete and reach.whole and f"{project}/".startswith(real_path(reach.folder).rstrip("/") + "/")
        )
    return Found(tuple(paths), ", ".join(names[:MAX_REPORTED]), cut, tuple(without))


def _left_out(context: Context, folder: str, path: str) -> str:
    """The name that leaves a file out: that of the first folder on the way that is not to be read itself, or its own."""
    parts = path[len(folder.rstrip("/")) + 1 :].split("/")
    for depth in range(1, len(parts)):
        if verdict(context, f"{folder.rstrip('/')}/{'/'.join(parts[:depth])}")[0]:
            return parts[depth - 1] + "/"
    return parts[-1]


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
                    rule, what, subject=candidate, action=action, source=source, instead="Name the file without the @ sign."
                )
                break
