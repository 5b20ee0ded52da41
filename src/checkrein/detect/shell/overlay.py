"""The machine as it is while a command runs: what the command wrote so far lies over what is on disk."""

from __future__ import annotations

from collections.abc import Mapping

from checkrein.detect.shell.model import World
from checkrein.detect.shell.values import Stream


class Overlay:
    """A ``World`` in which ``files`` were written. Nobody vouches for any of them."""

    def __init__(self, world: World, files: Mapping[str, Stream]) -> None:
        self._world = world
        self._files = files

    @property
    def home(self) -> str:
        """The home folder."""
        return self._world.home

    def variable(self, name: str) -> str | None:
        """An inherited environment variable."""
        return self._world.variable(name)

    def read_text(self, path: str) -> str | None:
        """The text of a file; text that is not known holds ``UNKNOWN``."""
        return self._files[path].text if path in self._files else self._world.read_text(path)

    def is_dir(self, path: str) -> bool:
        """True for an existing folder."""
        return self._world.is_dir(path)

    def glob(self, pattern: str) -> tuple[str, ...]:
        """What is on disk."""
        return self._world.glob(pattern)

    def script(self, path: str) -> str | None:
        """The text of a file that nobody vouches for; text that is not known holds ``UNKNOWN``."""
        return self._files[path].text if path in self._files else self._world.script(path)

    def git_config(self, cwd: str, key: str) -> str | None:
        """A git configuration key."""
        return self._world.git_config(cwd, key)
