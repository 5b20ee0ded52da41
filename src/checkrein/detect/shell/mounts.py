"""A container's command as this machine would feel it: paths below a bind mount are files of the host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checkrein.core.effect import Flag
from checkrein.detect.shell.model import Argv, absolute

_SCRATCH = "/tmp/container"  # noqa: S108 - stands for the container's own files, which nobody misses; nothing is created
_BEFORE_PATH = frozenset(" \t\n'\"=;|&<>()`")


def on_host(argv: Sequence[str], options: Mapping[str, list[str]], cwd: str) -> Argv | None:
    """``argv`` with its absolute paths moved to the host's folders, None where it cannot touch a bind mount.

    ``options`` are those of ``docker run``. Paths outside all mounts are moved below a scratch folder, so that they are not
    taken for files of this machine.
    """
    binds = _binds(options, cwd)
    folder = next((value for name in ("-w", "--workdir") for value in options.get(name, ())), "/")
    if not binds or not (_mapped(folder, binds) or any(inside in word for word in argv for inside in binds)):
        return None
    words = tuple(_moved(word, binds) for word in argv)
    return Argv(words, Flag.NONE, cwd=_mapped(folder, binds) or _SCRATCH)


def _binds(options: Mapping[str, list[str]], cwd: str) -> dict[str, str]:
    """Container folder -> host folder, longest first, of all bind mounts that can be written."""
    found: dict[str, str] = {}
    for value in (*options.get("-v", ()), *options.get("--volume", ())):
        host, inside, *mode = value.split(":")[:3] if value.count(":") else (value, "")
        if inside and (host.startswith(("/", ".", "\0"))) and "ro" not in ",".join(mode).split(","):
            found[inside.rstrip("/")] = absolute(host, cwd)
    for value in options.get("--mount", ()):
        fields = dict(part.partition("=")[::2] for part in value.split(","))
        host = fields.get("source") or fields.get("src") or ""
        inside = fields.get("target") or fields.get("dst") or fields.get("destination") or ""
        if fields.get("type") == "bind" and host and inside and not {"readonly", "ro"} & set(fields):
            found[inside.rstrip("/")] = absolute(host, cwd)
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def _mapped(path: str, binds: Mapping[str, str]) -> str:
    """The host's path for a container's, "" where no mount covers it."""
    for inside, host in binds.items():
        if path == inside or path.startswith(inside + "/"):
            return host + path[len(inside) :]
    return ""


def _moved(text: str, binds: Mapping[str, str]) -> str:
    """A word or shell text with every absolute path in it moved."""
    moved: list[str] = []
    at = 0
    while at < len(text):
        starts = text[at] == "/" and (at == 0 or text[at - 1] in _BEFORE_PATH)
        if not starts:
            moved.append(text[at])
            at += 1
            continue
        end = at
        while end < len(text) and text[end] not in _BEFORE_PATH:
            end += 1
        path = text[at:end]
        moved.append(path if path.startswith("/dev/") else _mapped(path, binds) or _SCRATCH + path)
        at = end
    return "".join(moved)
