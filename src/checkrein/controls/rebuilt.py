"""What a build, an install or a cache brings back, so that deleting it loses nothing."""

from __future__ import annotations

import fnmatch
import os

from checkrein.controls.context import Context
from checkrein.controls.tree import named
from checkrein.core.effect import UNKNOWN

CACHES = frozenset(
    {
        *("node_modules", "__pycache__", ".venv", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".next", ".tox", ".nox"),
        *(".nuxt", ".svelte-kit", ".turbo", ".parcel-cache", ".nyc_output", ".hypothesis", ".angular", ".vite", ".eggs"),
        *("bower_components", "elm-stuff", ".dart_tool", "DerivedData", ".gradle", ".terraform"),
    }
)
"""Folders that a tool makes and nobody works in: what is in them comes back."""
SYSTEM_CACHES = (
    *("/var/lib/apt/lists/", "/var/cache/apt/", "/var/cache/apk/", "/var/cache/yum/", "/var/cache/dnf/", "/var/cache/zypp/"),
    *("/var/cache/pacman/pkg/", "/var/cache/man/", "/var/cache/debconf/"),
)
"""Folders that package managers fill again."""
OUTPUTS = frozenset(("dist", "build"))
"""Folders that a build makes, unless git tracks something in them."""
OFTEN_REBUILT = frozenset(
    {
        *("out", "target", "venv", "env", "coverage", ".cache", "tmp", "temp", "bin", "obj", "Pods", "htmlcov", "_build"),
        *("site", "storybook-static", "cmake-build-debug", "cmake-build-release"),
    }
)
"""Folders that a build makes where git is told to ignore them; elsewhere people work in folders of these names."""
CACHE_FILES = (
    *("*.pyc", "*.pyo", "*.o", "*.obj", "*.class", "*.log", "*.tmp", "*.temp", "*.swp", "*.swo", "*~", ".DS_Store"),
    *("Thumbs.db", ".coverage", "*.tsbuildinfo", "*.min.js.map", "*.pid", "nohup.out"),
)
OFTEN_REBUILT_FILES = ("*.a", "*.so", "*.bak", "*.orig", "*.rej", "*.cache", "core", "*.egg-info")


def is_system_cache(path: str) -> bool:
    """True for such a folder, and for what is in one."""
    return UNKNOWN not in path and f"{path}/".startswith(SYSTEM_CACHES)


def rebuilt(context: Context, path: str) -> bool:
    """True for what a build, an install or a cache brings back, and for such a name where nothing stands.

    A folder of that kind on the way counts, unless git tracks something in it. Names that people use for their work as well
    count where git ignores them.
    """
    parts = _parts(context, path)
    if not often_rebuilt(context, path):
        return False
    if UNKNOWN in path:
        return any(part in CACHES for part in parts) or is_named(parts[-1], CACHE_FILES)
    if not os.path.lexists(path):
        return True
    top = path.rstrip("/")[: len(path.rstrip("/")) - len("/".join(parts))]
    for depth, part in enumerate(parts, 1):
        folder = top + "/".join(parts[:depth])
        if not os.path.isdir(folder) or os.path.islink(folder):  # noqa: PTH112, PTH114 - on the path of every decision
            break
        cargo = part == "target" and os.path.isfile(f"{os.path.dirname(folder)}/Cargo.toml")  # noqa: PTH113, PTH120 - as above
        sure = part in CACHES or part in OUTPUTS or cargo
        if sure or ((part in OFTEN_REBUILT or part.endswith(".egg-info")) and context.git.ignores(folder)):
            return not context.git.tracked_below(folder)
    if os.path.isdir(path) or context.git.holds(path):  # noqa: PTH112 - as above
        return False
    return is_named(parts[-1], CACHE_FILES) or (is_named(parts[-1], OFTEN_REBUILT_FILES) and context.git.ignores(path))


def _parts(context: Context, path: str) -> list[str]:
    relative = named(context, path).removeprefix(context.project).strip("/")
    return [part for part in relative.split("/") if part]


def often_rebuilt(context: Context, path: str) -> bool:
    """True for a name that builds, installs and caches use, whatever stands there."""
    parts = _parts(context, path)
    folders = CACHES | OUTPUTS | OFTEN_REBUILT
    return any(part in folders or part.endswith(".egg-info") for part in parts) or (
        bool(parts) and is_named(parts[-1], (*CACHE_FILES, *OFTEN_REBUILT_FILES))
    )


def is_named(name: str, patterns: tuple[str, ...]) -> bool:
    """True where a name, whose unknown parts may be any text, is like one of the patterns."""
    return any(fnmatch.fnmatchcase(name.replace(UNKNOWN, "x"), pattern) for pattern in patterns)
