"""What the supervisor hands to a worker: the listening sockets, and two pipes by which both know that the other lives."""

from __future__ import annotations

import contextlib
import os
import select
import socket
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Inherited:
    """``sockets`` are the listeners: the port's, then the Unix socket's where there is one.

    ``beat`` is a pipe on which the worker writes a byte once it is loaded and then for every beat; ``alive`` one whose end
    means that the supervisor is gone.
    """

    sockets: tuple[socket.socket, ...]
    beat: int
    alive: int

    @classmethod
    def from_environment(cls) -> Inherited:
        """Take over the descriptors named in the environment. KeyError or OSError where there are none."""
        fds = [int(word) for word in os.environ.pop("CHECKREIN_FDS").split(",")]
        *listeners, beat, alive = fds
        for descriptor in fds:
            os.set_inheritable(descriptor, False)  # noqa: FBT003 - the function's only form
        return cls(tuple(socket.socket(fileno=descriptor) for descriptor in listeners), beat, alive)

    def say(self) -> None:
        """One beat. A supervisor that is gone is noticed elsewhere."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self.beat, b".")

    @property
    def orphaned(self) -> bool:
        """Whether the supervisor is gone."""
        return bool(select.select([self.alive], [], [], 0)[0])
