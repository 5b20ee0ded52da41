"""A container's command as this machine would feel it: paths below a bind mount are files of the host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from checkrein.core.effect import UNKNOWN, Flag
from checkrein.detect.shell.model import Argv, absolute

SCRATCH = "/tmp/container"  # noqa: S108 - stands for the container's own files, which nobody misses; nothing is created
_BEFORE_PATH = frozenset(" \t\n'\"=;|&<>()`")


def on_host(argv: Sequence[str], options: Mapping[str, list[str]], cwd: str) -> Argv | None:
    """``argv`` with its absolute paths moved to the host's folders, None where it cannot touch a bind mount.

    ``options`` are those of ``docker run``. Paths outside all mounts are moved below a scratch folder, so that they are not
    taken for files of this machine.
    """
    binds = _binds(options, cwd)
    folder = _inside(_workdir(options), binds)
    if not folder and not any(_touches(path, inside) for path in _paths(argv) for inside in binds):
        return None
    words = tuple(_moved(word, binds) for word in argv)
    return Argv(words, Flag.NONE, cwd=folder or SCRATCH)


def working_folder(options: Mapping[str, list[str]]) -> str:
    """Where a container's command runs: not known where its image may say a folder that is mounted, or one above that."""
    given = _workdir(options)
    lasting = [inside for _, inside in _mounted(options)]
    known = not any(f"{inside}/".startswith(f"{given.rstrip('/')}/") and inside != given.rstrip("/") for inside in lasting)
    return (given or "/") if known else f"/{UNKNOWN}"


def touches_volumes(argv: Sequence[str], options: Mapping[str, list[str]]) -> bool:
    """True where a command may reach a volume that outlives its container. Bind mounts are no volumes: ``on_host`` tells."""
    volumes = [inside for name, inside in _mounted(options) if not _is_path(name)]
    reached = (_workdir(options) or "/tmp", *_paths(argv))  # noqa: S108 - a folder without a volume
    climbs = bool(volumes) and any(".." in word for word in argv)
    return climbs or "--volumes-from" in options or any(_touches(path, inside) for path in reached for inside in volumes)


def _workdir(options: Mapping[str, list[str]]) -> str:
    return next((value for name in ("-w", "--workdir") for value in options.get(name, ())), "")


def in_container(text: str) -> str:
    """A word or shell text of a container without mounts: its absolute paths are none of this machine's."""
    return _moved(text, {})


def _binds(options: Mapping[str, list[str]], cwd: str) -> dict[str, str]:
    """Container folder -> host folder, longest first, of all bind mounts that can be written."""
    found = {inside: absolute(host, cwd) for host, inside in _mounted(options) if _is_path(host)}
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def shares_home(options: Mapping[str, list[str]], cwd: str, home: str) -> bool:
    """True where a container sees all of the home folder, or a folder above it."""
    shared = (absolute(source, cwd) for source, _ in _mounted(options, writable=False) if _is_path(source))
    return any(f"{home}/".startswith(f"{folder.rstrip('/')}/") for folder in shared)


def _mounted(options: Mapping[str, list[str]], *, writable: bool = True) -> Iterator[tuple[str, str]]:
    """(folder of the host or name of a volume, container folder) of all mounts that outlive the container.

    Those that can only be read count where ``writable`` is False.
    """
    for value in (*options.get("-v", ()), *options.get("--volume", ())):
        source, inside, *mode = value.split(":")[:3] if value.count(":") else (value, "")
        if source and inside and not (writable and "ro" in ",".join(mode).split(",")):
            yield source, inside.rstrip("/")
    for value in options.get("--mount", ()):
        fields = dict(part.partition("=")[::2] for part in value.split(","))
        source = fields.get("source") or fields.get("src") or ""
        inside = fields.get("target") or fields.get("dst") or fields.get("destination") or ""
        if source and inside and not (writable and {"readonly", "ro"} & set(fields)):
            relative = fields.get("type") == "bind" and not _is_path(source)
            yield f"./{source}" if relative else source, inside.rstrip("/")


def _is_path(source: str) -> bool:
    return source.startswith(("/", ".", UNKNOWN))


def _touches(path: str, inside: str) -> bool:
    """True where one of two paths lies in the other, or is the same. ``/*`` is all of the folder in front of it."""
    plain = absolute(path.rstrip("*"), "/").rstrip("/")
    return f"{plain}/".startswith(f"{inside}/") or f"{inside}/".startswith(f"{plain}/")


def _inside(path: str, binds: Mapping[str, str]) -> str:
    """The host's path for a container's, "" where no mount covers it."""
    return next((host + path[len(inside) :] for inside, host in binds.items() if f"{path}/".startswith(f"{inside}/")), "")


def _mapped(path: str, binds: Mapping[str, str]) -> str:
    """As ``_inside``, and a folder above a mount stands for the mount."""
    if covered := _inside(path, binds):
        return covered
    end = "/*" if path.endswith("/*") else ""
    return next((host + end for inside, host in binds.items() if _touches(path, inside)), "")


def _paths(argv: Sequence[str]) -> Iterator[str]:
    """The absolute paths in words and shell texts."""
    for text in argv:
        yield from (piece for piece, is_path in _split(text) if is_path)


def _moved(text: str, binds: Mapping[str, str]) -> str:
    """A word or shell text with every absolute path in it moved."""
    return "".join(
        piece if not is_path or piece.startswith("/dev/") else _mapped(piece, binds) or SCRATCH + piece
        for piece, is_path in _split(text)
    )


def _split(text: str) -> Iterator[tuple[str, bool]]:
    """The pieces of a word or shell text; True for an absolute path."""
    start = at = 0
    while at < len(text):
        if text[at] != "/" or (at and text[at - 1] not in _BEFORE_PATH):
            at += 1
            continue
        yield text[start:at], False
        start = at
        while at < len(text) and text[at] not in _BEFORE_PATH:
            at += 1
        yield text[start:at], True
        start = at
    yield text[start:], False
