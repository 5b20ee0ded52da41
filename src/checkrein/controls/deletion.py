"""What would be lost, compared with the disk and with git (T7).

Deleting what git or a rebuild brings back is allowed. Deleting the only copy inside the project is let through once a snapshot
is taken; elsewhere it asks or is denied.
"""

from __future__ import annotations

import fnmatch
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from checkrein.controls.commands import SYSTEM_TOPS, shown
from checkrein.controls.context import Context
from checkrein.controls.rebuilt import CACHE_FILES, CACHES, is_named, is_system_cache, often_rebuilt, rebuilt
from checkrein.core import Action, Effect, EffectKind, Finding, Flag
from checkrein.core.effect import UNKNOWN
from checkrein.core.sweep import Sweep
from checkrein.detect.paths.temporary import TEMPORARY
from checkrein.observe.disk import MAX_LISTED, Matches, real_path, walk

GIT_FOLDER = ".git"
WITHOUT_GIT = "Leave the repository's own data out: put -not -path '*/.git/*' in front of the action."
MAX_EDITED = 1_000_000  # bytes of a file that is kept before it is edited in place
TOOLS = frozenset(("Write", "Edit", "MultiEdit", "NotebookEdit"))
"""The client keeps the old text of what these change."""


class Place(Enum):
    """Where a target stands."""

    ROOT = auto()  # /, a system folder, or all of one
    HOME = auto()  # the home folder, or all of it
    PROJECT = auto()  # the project itself, all of it, or a folder above it
    GIT = auto()  # the repository's own data
    INSIDE = auto()
    TEMPORARY = auto()
    OUTSIDE = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Target:
    """One path that would be gone. ``path`` may hold unknown parts, or be a pattern."""

    path: str
    place: Place
    pattern: bool


CATASTROPHES = {
    Place.ROOT: ("files.delete-system", "the system's own files"),
    Place.HOME: ("files.delete-home", "the home folder"),
    Place.PROJECT: ("files.delete-project", "the whole project"),
    Place.GIT: ("files.delete-git", "the repository's history"),
}


def judge(context: Context) -> Iterator[Finding]:
    """Findings for everything that deletes, moves away or overwrites."""
    for effect in context.effects:
        if effect.kind is EffectKind.DELETE:
            yield from _delete(context, effect)
        elif effect.kind is EffectKind.MOVE:
            yield from _move(context, effect)
        elif effect.kind is EffectKind.WRITE and _replaces(effect):
            yield from _overwrite(context, effect)
        elif effect.kind is EffectKind.LINK or (effect.kind is EffectKind.WRITE and _edits(effect)):
            yield from _changed(context, effect)


def _replaces(effect: Effect) -> bool:
    kept = Flag.APPEND | Flag.CREATE | Flag.IN_PLACE | Flag.REMOTE | Flag.RECURSIVE
    return not effect.flags & kept and effect.program not in TOOLS


def _edits(effect: Effect) -> bool:
    return bool(effect.flags & Flag.IN_PLACE) and not effect.flags & Flag.REMOTE and effect.program not in TOOLS


def locate(context: Context, path: str, flags: Flag) -> Target:
    """Where ``path`` stands. A pattern is placed by its fixed beginning: ``/home/u/*`` is all of the home folder."""
    pattern = bool(flags & Flag.GLOB) or UNKNOWN in path
    base, whole = _fixed(path) if pattern else (path, False)
    if base in ("", "/") and path.startswith("/" + UNKNOWN):
        return Target(path, Place.UNKNOWN, pattern)
    real = _resolved(base, follow=pattern or bool(flags & Flag.THROUGH))
    return Target(path, _place(context, real, whole=whole or not pattern), pattern)


def _fixed(path: str) -> tuple[str, bool]:
    """The folder in front of the first pattern character, and whether the pattern is everything in it."""
    cut = min((at for at in (path.find(char) for char in ("*", "?", "[", UNKNOWN)) if at >= 0), default=len(path))
    folder = path[:cut].rsplit("/", 1)[0] or "/"
    rest = path[len(folder) :].lstrip("/")
    return folder, rest in ("*", ".*", "**", "**/*", "*.*", "[!.]*", "?*", "{*,.*}") or rest.startswith(".[")


def _resolved(path: str, *, follow: bool) -> str:
    """The real path of the entry itself: a link at the end is what would be removed, not what it points at."""
    if follow:
        return real_path(path)
    folder, _, name = path.rstrip("/").rpartition("/")
    return f"{real_path(folder or '/').rstrip('/')}/{name}" if name else "/"


def _place(context: Context, path: str, *, whole: bool) -> Place:
    home, project = real_path(context.places.home), context.folders[0]
    if path == "/" or path in SYSTEM_TOPS:
        if path == project and not whole:
            return Place.INSIDE
        return Place.HOME if path == home else Place.ROOT if whole or path == "/" else Place.OUTSIDE
    if path in TEMPORARY:
        return Place.TEMPORARY
    if path == home or home.startswith(path + "/"):
        return Place.HOME if whole else Place.OUTSIDE
    if path == project or project.startswith(path + "/"):
        return Place.PROJECT if whole else Place.INSIDE if path == project else Place.OUTSIDE
    if context.inside(path):
        return Place.GIT if f"{path}/".find("/.git/") >= 0 else Place.INSIDE
    if path.startswith(home + "/"):
        return Place.OUTSIDE
    if any(path.startswith(folder + "/") for folder in TEMPORARY):
        return Place.TEMPORARY
    return Place.OUTSIDE


def _delete(context: Context, effect: Effect) -> Iterator[Finding]:
    recursive = bool(effect.flags & Flag.RECURSIVE)
    if effect.flags & Flag.REMOTE:
        if (effect.flags & Flag.FRESH and effect.known) or _is_cache(effect.target) or _is_scratch(context, effect.target):
            return
        rule = "files.delete-remote-tree" if recursive else "files.delete-remote"
        yield context.finding(
            rule, f"`{effect.program}` would delete {shown(effect.target)} on another machine", subject=shown(effect.target)
        )
        return
    target = locate(context, effect.target, effect.flags)
    if effect.rule in context.rules and effect.rule != "git.discard-changes":
        yield from _ruled(context, effect, target)
        return
    if target.place is Place.GIT and _is_lock(effect):
        return
    if target.place in CATASTROPHES:
        rule, words = CATASTROPHES[target.place]
        filtered = effect.flags & Flag.FILTERED
        if not (filtered and target.place is Place.PROJECT):
            yield context.finding(
                rule, f"`{effect.program} {shown(effect.target)}` would delete {words}", subject=shown(effect.target)
            )
            return
    if target.place is Place.UNKNOWN:
        yield context.finding(
            "files.delete-unknown",
            f"`{effect.program}` would delete a path that is not known beforehand",
            subject=shown(effect.target),
        )
    elif target.place is Place.OUTSIDE and not is_system_cache(effect.target):
        rule = "files.delete-outside-tree" if recursive or target.pattern else "files.delete-outside"
        yield context.finding(
            rule,
            f"`{effect.program}` would delete {shown(effect.target)}, which is outside the project",
            subject=shown(effect.target),
        )
    elif target.place is Place.TEMPORARY:
        yield from _temporary(context, effect)
    elif target.place in (Place.INSIDE, Place.PROJECT, Place.GIT):
        yield from _lost(context, effect, target)


def _is_lock(effect: Effect) -> bool:
    """True for git's own lock, which holds nothing: git says to remove it where it was left behind. No ref may be named so."""
    return effect.target.endswith(".lock") and not effect.flags & Flag.GLOB and not os.path.isdir(effect.target)  # noqa: PTH112


def _is_cache(path: str) -> bool:
    """True for a folder that a tool makes and nobody works in, or what is in one, on whatever machine."""
    return any(part in CACHES for part in path.split("/")) or is_system_cache(path)


def _is_scratch(context: Context, path: str) -> bool:
    """True for one entry of a temporary folder, and for what is in it, on whatever machine; not where a home is."""
    home = context.places.home
    if f"{path}/".startswith(f"{home}/") or home.startswith(f"{path}/"):
        return False
    folder = next((folder for folder in TEMPORARY if path.startswith(f"{folder}/")), "")
    return bool(folder) and _is_one(path.removeprefix(f"{folder}/").partition("/")[0])


def _is_one(name: str) -> bool:
    """True for a name, or a pattern that begins like one, as mktemp makes it: it is not all of a folder."""
    return name[:1] not in ("*", "?", "[", UNKNOWN, "") and not set(name) & set("*?[")


def _temporary(context: Context, effect: Effect) -> Iterator[Finding]:
    """Scratch files come and go; all of the folder, or what stood there before the session began, is somebody else's, too."""
    fixed, _ = _fixed(effect.target)
    own = effect.target.removeprefix(f"{fixed}/").partition("/")[0]  # the first name that is not plain
    some = _is_one(own)
    if effect.target.rstrip("/*") in TEMPORARY or (effect.flags & Flag.GLOB and fixed in TEMPORARY and not some):
        older = True
    else:
        older = _changed_before(effect.target, context.started)
    if older and effect.flags & Flag.RECURSIVE:
        what = f"`{effect.program}` would delete {shown(effect.target)}, which this session did not make"
        yield context.finding("files.delete-temporary", what, subject=shown(effect.target))


def _changed_before(path: str, moment: float) -> bool:
    try:
        return os.lstat(path).st_ctime < moment
    except (OSError, ValueError):
        return False


def _ruled(context: Context, effect: Effect, target: Target) -> Iterator[Finding]:
    """A delete that a rule names (rsync --delete, shred): harmless where temporary, rebuilt or committed files go."""
    if target.place is Place.TEMPORARY:
        return
    if target.place is Place.INSIDE and often_rebuilt(context, effect.target):
        if not rebuilt(context, effect.target):
            yield from _lost(context, effect, target)
        return
    known = target.place is Place.INSIDE and not target.pattern and os.path.lexists(effect.target)
    if known and not os.path.islink(effect.target) and not context.git.would_lose(effect.target):  # noqa: PTH114 - as above
        return
    yield context.finding(
        effect.rule, f"`{effect.program}` would remove what is at {shown(effect.target)}", subject=shown(effect.target)
    )


def _lost(context: Context, effect: Effect, target: Target) -> Iterator[Finding]:
    """A delete inside the project: allowed where it comes back, else once a snapshot is taken."""
    if UNKNOWN in effect.target and rebuilt(context, effect.target):
        return
    if effect.sweep is not None and (history := _history(effect, effect.sweep)):
        what = f"`{effect.program}` would delete {history}, which is the repository's own"
        rule = "files.delete-unknown" if effect.sweep.partly else "files.delete-git"
        yield context.finding(rule, what, subject=history, instead=WITHOUT_GIT)
        return
    found = _matches(context, effect, target)
    paths = found.paths
    lost = [path for path in paths if not rebuilt(context, path) and context.git.would_lose(path)]
    rule = "git.discard-changes" if effect.rule == "git.discard-changes" else "files.delete-unsaved"
    if rule == "git.discard-changes":
        if not paths and (target.pattern or not context.git.holds(effect.target)):
            what = f"`{effect.program}` names {shown(effect.target)}, which git does not know and which is not there to be kept"
            yield context.finding(rule, what, subject=shown(effect.target), action=Action.DENY)
            return
    elif not paths and not target.pattern and not rebuilt(context, effect.target):
        lost = [effect.target]  # nothing stands there now: judged by where it would be
    if not found.complete and (lost or rule == "git.discard-changes" or not _sure(context, effect.target)):
        what = f"`{effect.program}` would delete more than can be looked at and kept one by one: {shown(effect.target)}"
        yield context.finding("files.delete-unknown", what, subject=shown(effect.target))
    elif lost:
        count = f"{len(lost)} paths" if len(lost) > 1 else shown(effect.target)
        done = (
            f"throw away what is not committed in {count}"
            if effect.rule == rule
            else f"delete {count} of which git has no copy"
        )
        what = f"`{effect.program}` would {done}"
        yield context.finding(rule, what, subject=shown(effect.target), paths=tuple(lost))


def _sure(context: Context, pattern: str) -> bool:
    """True for a pattern that can match nothing but what is rebuilt: a name of such files, or all in such a folder."""
    folder, _ = _fixed(pattern)
    return is_named(pattern.rsplit("/", 1)[-1].replace("*", "x"), CACHE_FILES) or rebuilt(context, folder)


def _matches(context: Context, effect: Effect, target: Target) -> Matches:
    """The existing paths that the effect names, by their real folders."""
    path = effect.target
    if effect.sweep is not None:
        return _swept(effect, effect.sweep)
    if UNKNOWN in path:
        base, _ = _fixed(path)
        pattern = path.replace("[", "[[]").replace(UNKNOWN, "*")
        # a folder that is found goes with all that is in it
        whole = effect.program.startswith("rm") and not pattern.endswith("*")
        entries = walk(base, without=CACHES if effect.flags & Flag.RECURSIVE else CACHES | {GIT_FOLDER})
        found = [
            entry.path
            for entry in entries
            if (whole or entry.is_file(follow_symlinks=False)) and fnmatch.fnmatchcase(entry.path, pattern)
        ]
        return Matches(tuple(found[:MAX_LISTED]), complete=entries.complete and len(found) <= MAX_LISTED)
    if target.pattern:
        matches = context.disk.matches(path)
        return Matches(tuple(dict.fromkeys(_resolved(match, follow=False) for match in matches.paths)), matches.complete)
    entry = _resolved(path, follow=bool(effect.flags & Flag.THROUGH))  # what is kept must be what goes, not a link on the way
    return Matches((entry,) if os.path.lexists(entry) else ())


def _swept(effect: Effect, sweep: Sweep) -> Matches:
    """What a search finds that would be lost. What is the repository's own is left to ``_history``."""
    entries = walk(real_path(_fixed(effect.target)[0]), without=CACHES | {GIT_FOLDER})
    found = [entry.path for entry in entries if entry.name != GIT_FOLDER and _would_go(effect, sweep, entry)]
    return Matches(tuple(found[:MAX_LISTED]), complete=entries.complete and len(found) <= MAX_LISTED)


def _would_go(effect: Effect, sweep: Sweep, entry: os.DirEntry[str]) -> bool:
    """True for an entry that the search finds and the command removes: of folders, where not with all in them, empty ones."""
    folder, link = entry.is_dir(follow_symlinks=False), entry.is_symlink()
    if not sweep.admits(entry.path, "d" if folder else "l" if link else "f"):
        return False
    try:
        size = entry.stat(follow_symlinks=False).st_size
        if not sweep.sizes[0] <= size <= sweep.sizes[1]:
            return False
        if folder and (sweep.empty or not _takes_folders(effect)):
            return not os.listdir(entry.path)  # noqa: PTH208 - on the path of every decision
    except OSError:
        return True
    return not (sweep.empty and size)


def _takes_folders(effect: Effect) -> bool:
    return bool(effect.flags & Flag.RECURSIVE) and not effect.program.startswith("find")


def _history(effect: Effect, sweep: Sweep) -> str:
    """The first path of a repository's own data that a search would find; "" where it finds none. Samples of hooks, and what
    is empty, are no loss."""
    for folder in walk(real_path(_fixed(effect.target)[0]), without=CACHES | {GIT_FOLDER}):
        if sweep.empty or folder.name != GIT_FOLDER or not folder.is_dir(follow_symlinks=False):
            continue
        if _takes_folders(effect) and _would_go(effect, sweep, folder):
            return folder.path
        inside = itertools.chain(walk(folder.path, without=frozenset(("objects",))), walk(f"{folder.path}/objects/pack"))
        for entry in inside:
            if not entry.name.endswith(".sample") and _would_go(effect, sweep, entry) and not _is_empty(entry.path):
                return entry.path
    return ""


def _move(context: Context, effect: Effect) -> Iterator[Finding]:
    if effect.flags & Flag.REMOTE:
        return
    target = locate(context, effect.target, effect.flags)
    if target.place in CATASTROPHES:
        rule, words = CATASTROPHES[target.place]
        yield context.finding(rule, f"`{effect.program}` would move {words} away", subject=shown(effect.target))
    elif target.place is Place.OUTSIDE:
        what = f"`{effect.program}` would move {shown(effect.target)}, which is outside the project"
        yield context.finding("files.move-outside", what, subject=shown(effect.target))


def _overwrite(context: Context, effect: Effect) -> Iterator[Finding]:
    if UNKNOWN in effect.target or effect.flags & Flag.GLOB:
        return
    path = real_path(effect.target)  # a link is written through
    if not os.path.isfile(path) or _is_empty(path):  # noqa: PTH113 - on the path of every decision
        return
    target = locate(context, path, effect.flags)
    if target.place is Place.INSIDE and not rebuilt(context, path) and context.git.would_lose(path):
        what = f"`{effect.program}` would overwrite {path}, of which git has no copy"
        yield context.finding("files.overwrite-unsaved", what, subject=path, paths=(path,))
    elif target.place is Place.OUTSIDE:
        what = f"`{effect.program}` would overwrite {path}, which is outside the project"
        yield context.finding("files.overwrite-outside", what, subject=path)


def _changed(context: Context, effect: Effect) -> Iterator[Finding]:
    """A file that is edited in place, or that a link replaces: kept where git has no copy of it."""
    target = locate(context, effect.target, effect.flags)
    if target.place not in (Place.INSIDE, Place.PROJECT):
        return
    paths = _matches(context, effect, target).paths
    if effect.kind is not EffectKind.LINK:
        paths = tuple(real_path(path) for path in paths)
    lost = tuple(path for path in paths if _kept_before_change(context, effect, path))
    if lost:
        count = f"{len(lost)} files" if len(lost) > 1 else lost[0]
        verb = "replace" if effect.kind is EffectKind.LINK else "edit"
        what = f"`{effect.program}` would {verb} {count}, of which git has no copy"
        yield context.finding("files.overwrite-unsaved", what, subject=shown(effect.target), paths=lost)


def _kept_before_change(context: Context, effect: Effect, path: str) -> bool:
    """True for a file inside the project that git cannot bring back. Edits of large files are not kept: they stay cheap."""
    if not os.path.isfile(path) or not context.inside(_resolved(path, follow=False)) or _is_empty(path):  # noqa: PTH113
        return False
    if effect.kind is not EffectKind.LINK and os.path.getsize(path) > MAX_EDITED:  # noqa: PTH202 - as above
        return False
    return not rebuilt(context, path) and context.git.would_lose(path)


def _is_empty(path: str) -> bool:
    try:
        return os.path.getsize(path) == 0  # noqa: PTH202 - on the path of every decision
    except OSError:
        return False
