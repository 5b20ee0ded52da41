"""A machine for tests of handlers: a test's own machine says what is different on it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class EmptyWorld:
    """A ``World`` (checkrein.detect.shell.model) on which nothing is."""

    home: str = field(default="/home/dev", kw_only=True)

    def variable(self, name: str) -> str | None:
        return None

    def read_text(self, path: str) -> str | None:
        return None

    def is_dir(self, path: str) -> bool:
        return False

    def real(self, path: str) -> str:
        return path

    def stands_for(self, path: str) -> str:
        return path

    def glob(self, pattern: str) -> tuple[str, ...]:
        return ()

    def script(self, path: str) -> str | None:
        return None

    def written(self, folder: str) -> tuple[str, ...]:
        return ()

    def members(self, path: str) -> tuple[tuple[str, str], ...] | None:
        return None

    def git_config(self, cwd: str, key: str) -> str | None:
        return None
