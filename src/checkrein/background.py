"""Work that takes long and that nobody waits for, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

Task = Callable[[], None]
Run = Callable[[Task], None]
"""Sees to it that a task is done at some time."""


def thread(name: str) -> Run:
    """Each task is done at once in a thread of this name, which does not keep the process alive."""

    def run(task: Task) -> None:
        threading.Thread(target=task, name=name, daemon=True).start()

    return run
