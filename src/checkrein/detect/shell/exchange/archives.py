"""Where the members of an archive, or of a folder that is copied, would land."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.model import Handler, Invocation, Outcome, World, absolute
from checkrein.detect.shell.options import listed, parse_options
from checkrein.detect.shell.values import NUL

TAR_PROGRAMS = frozenset(("tar", "gtar", "bsdtar"))
SEVEN_ZIPS = frozenset(("7z", "7za", "7zr", "7zz", "rar", "unrar", "unar"))
MAX_NAMED = 200  # places that are named one by one


def unpacked(
    archive: str | None, folder: str, program: str, world: World, *, strip: int = 0, rooted: bool = False
) -> Iterator[Effect]:
    """What unpacking writes below ``folder``. ``archive`` is an absolute path, None where it is not known.

    ``strip`` leading parts of each name go; ``rooted``: absolute names stay so. A folder that is new counts as a whole.
    """
    found = world.members(archive) if archive and UNKNOWN not in archive else None
    if found is None:
        target = "/" if rooted or folder == "/" else f"{folder}/{UNKNOWN}"  # a path that is not known at all says less than /
        yield Effect(EffectKind.WRITE, target, program, flags=Flag.CREATE | Flag.RECURSIVE)
        return
    links = {name.strip("/"): target for name, target in found if target}
    paths = (path for name, _ in found if (path := _landing(name, links, folder, strip, rooted=rooted)))
    yield from placed(paths, folder, program, world)


def placed(paths: Iterable[str], folder: str, program: str, world: World) -> Iterator[Effect]:
    """Writes of many files: one by one what lands elsewhere, in a folder that stands already, or in a hidden one."""
    seen: dict[str, Flag] = {}
    base = folder.rstrip("/") + "/"
    for path in paths:
        first, slash, _ = path.removeprefix(base).partition("/")
        alone = not path.startswith(base) or not slash or first.startswith(".") or world.is_dir(base + first)
        seen.setdefault(path if alone else base + first, Flag.NONE if alone else Flag.CREATE | Flag.RECURSIVE)
    for path in sorted(seen, key=lambda path: "/." not in path.removeprefix(folder))[:MAX_NAMED]:
        yield Effect(EffectKind.WRITE, path, program, flags=seen[path])
    if len(seen) > MAX_NAMED:
        yield Effect(EffectKind.WRITE, f"{base}{UNKNOWN}", program, flags=Flag.CREATE)


def _landing(name: str, links: dict[str, str], folder: str, strip: int, *, rooted: bool) -> str:
    """Where a member lands, by way of links of the same archive; "" where nothing of its name is left."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    for depth in range(1, len(parts)):
        if target := links.get("/".join(parts[:depth])):
            return absolute("/".join((target, *parts[depth:])), absolute("/".join(parts[: depth - 1]) or ".", folder))
    rest = "/".join(parts[strip:])
    return "" if not rest else absolute(rest, "/" if rooted and name.startswith("/") else folder)


def copied_into(source: str, folder: str, program: str, world: World, cwd: str) -> Iterator[Effect]:
    """What copying all that is in a folder writes into another that stands: its entries, and those of hidden folders.

    A repository counts where it would become that of the folder in which this runs: elsewhere it is one more copy.
    """
    if not world.is_dir(folder) or folder.startswith(f"{source}/"):
        return
    patterns = (f"{source}/*", f"{source}/.*", f"{source}/.*/*", f"{source}/.*/*/*")
    into_own = cwd == folder or cwd.startswith(folder.rstrip("/") + "/")
    for path in dict.fromkeys(path for pattern in patterns for path in world.glob(pattern)[:MAX_NAMED]):
        name = path.removeprefix(source)
        plain_folder = world.is_dir(path) and not path.rsplit("/", 1)[-1].startswith(".")
        if (into_own or not name.startswith("/.git/")) and (plain_folder or not world.is_dir(path)):
            yield Effect(EffectKind.WRITE, folder.rstrip("/") + name, program, reads=(path,))


def named(words: Iterable[str], folder: str, invocation: Invocation) -> tuple[str, ...]:
    """The absolute paths that operands name, for a pattern those that it matches."""
    patterns = {invocation.argv[at] for at in invocation.globs}
    found: list[str] = []
    for word in words:
        path = absolute(word, folder)
        found += (invocation.world.glob(path) if word in patterns else ()) or (path,)
    return tuple(dict.fromkeys(found))


def names_in(source: str, invocation: Invocation) -> list[str]:
    """The names that a file lists, one in each line; ``-`` is standard input. One that is not known where it cannot be read."""
    text = invocation.stdin if source == "-" else invocation.world.read_text(absolute(source, invocation.cwd))
    return [UNKNOWN] if text is None else [name for name in re.split(f"[\n{NUL}]", text) if name]


def seven_zip(invocation: Invocation) -> Iterator[Outcome]:
    """7z and unrar: ``x`` and ``e`` unpack into the folder of ``-o``, or the operand that ends with a slash; ``a`` packs."""
    words = [word for word in invocation.args if not word.startswith("-")]
    if words[:1] in (["a"], ["u"]) and len(words) > 1:
        sources = named(words[2:] or ["."], invocation.cwd, invocation)
        shown = "-so" in invocation.args
        flags = Flag.RECURSIVE | (Flag.CONTENT_OUT if shown else Flag.NONE)
        yield from (Effect(EffectKind.READ, source, invocation.name, flags=flags) for source in sources)
        if not shown:
            yield Effect(
                EffectKind.WRITE, absolute(words[1], invocation.cwd), invocation.name, reads=sources, flags=Flag.APPEND
            )
    if words[:1] not in (["x"], ["e"]) or len(words) < 2:
        return
    given = [word[2:] for word in invocation.args if word.startswith("-o") and len(word) > 2]
    given += [word for word in words[2:] if word.endswith("/")]
    folder = absolute(given[0] if given else ".", invocation.cwd)
    yield from unpacked(absolute(words[1], invocation.cwd), folder, f"{invocation.name} x", invocation.world)


def cpio_in(invocation: Invocation) -> Iterator[Outcome]:
    """cpio -i and pax -r write what their input names."""
    options = parse_options(invocation.args, values=listed("-D -F -I -E -H -R -f -s --directory --file --format"))
    if options.has("-i", "--extract", "-r") and not options.has("-t", "--list"):
        folder = absolute(options.last("-D", "--directory") or ".", invocation.cwd)
        yield from unpacked(None, folder, f"{invocation.name} -i", invocation.world)


def degit(invocation: Invocation) -> Iterator[Outcome]:
    """degit and tiged: a repository's files without its history, into the folder named second."""
    words = [word for word in invocation.args if not word.startswith("-")]
    if words:
        folder = absolute(words[1] if len(words) > 1 else ".", invocation.cwd)
        yield Effect(EffectKind.FETCH, words[0], invocation.name)
        detail = f"network:{words[0]}"
        yield Effect(EffectKind.WRITE, folder, invocation.name, flags=Flag.CREATE | Flag.RECURSIVE, detail=detail)


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(SEVEN_ZIPS, seven_zip),
    "pax": cpio_in,
    **dict.fromkeys(("degit", "tiged"), degit),
}
