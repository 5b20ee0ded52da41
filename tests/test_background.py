"""Work that nobody waits for."""

from __future__ import annotations

import threading

from checkrein.background import thread


def test_a_task_is_done_in_a_thread_that_keeps_nothing_alive() -> None:
    done = threading.Event()
    seen: list[threading.Thread] = []
    caller = threading.current_thread()

    def task() -> None:
        seen.append(threading.current_thread())
        done.set()

    thread("some work")(task)
    assert done.wait(30)
    assert seen[0] is not caller
    assert (seen[0].name, seen[0].daemon) == ("some work", True)
