"""The machine as it is while a command runs: what the command wrote so far lies over what is on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.model import World
from checkrein.detect.shell.values import Stream


class Overlay:
    """A ``World`` in which ``files`` were written, and others ``has_arrived``. Nobody vouches for any of them."""

    def __init__(self, world: World, files: Mapping[str, Stream], has_arrived: Callable[[str], bool]) -> None:
        self._world = world
        self._files = files
        self._has_arrived = has_arrived

    @property
    def home(self) -> str:
        """The home folder."""
        return self._world.home

    def variable(self, name: str) -> str | None:
        """An inherited environment variable."""
        return self._world.variable(name)

    def read_text(self, path: str) -> str | None:
        """The text of a file; text that is not known holds ``UNKNOWN``."""
        return self._files[path].certain.text if path in self._files else self._world.read_text(path)

    def is_dir(self, path: str) -> bool:
        """True for an existing folder."""
        return self._world.is_dir(path)

    def real(self, path: str) -> str:
        """A path with the links on disk resolved."""
        return self._world.real(path)

    def stands_for(self, path: str) -> str:
        """What a path on disk leads to, or is a copy of."""
        return self._world.stands_for(path)

    def glob(self, pattern: str) -> tuple[str, ...]:
        """What is on disk."""
        return self._world.glob(pattern)

    def script(self, path: str) -> str | None:
        """The text of a file that nobody vouches for; text that is not known holds ``UNKNOWN``."""
        if path in self._files:
            return self._files[path].certain.text
        return UNKNOWN if self._has_arrived(path) else self._world.script(path)

    def written(self, folder: str) -> tuple[str, ...]:
        """The files below a folder that this session wrote, those of this command among them."""
        bases = tuple(f"{place.rstrip('/')}/" for place in (folder, self._world.real(folder)))
        now = (path for path in self._files if path.startswith(bases))
        return tuple(dict.fromkeys((*self._world.written(folder), *now)))

    def members(self, path: str) -> tuple[tuple[str, str], ...] | None:
        """The members of an archive on disk; None for one that was only now written."""
        return None if path in self._files else self._world.members(path)

    def git_config(self, cwd: str, key: str) -> str | None:
        """A git configuration key."""
        return self._world.git_config(cwd, key)
