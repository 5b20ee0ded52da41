"""The supervisor: holds the listening sockets for as long as protection is on, and keeps workers behind them.

Standard library only, and as little of it as will do, so that hardly anything can fail here. While no worker serves, callers
wait in the sockets' queues and are answered by the next one; the port is never free for another program.

    supervisor.py --port N --lock PATH --log PATH [--host ADDRESS] [--socket PATH] [--workers N] [--drain SECONDS]
                  [--silence SECONDS] [--board PATH] -- WORKER COMMAND...

SIGHUP  new workers take over, the old ones answer what they have begun      SIGTERM  stop; once more: at once

``--board`` names a file in which the process ids of the workers that serve stand, one to a line.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

BACKLOG = 1024
STARTUP_SECONDS = 90.0  # the first start of a version compiles hundreds of patterns
SILENCE_SECONDS = 5.0  # a worker that did not beat for so long hangs
DRAIN_SECONDS = 15.0
STEADY_SECONDS = 30.0  # after so long a crash counts as the first again
BACKOFF = (0.0, 0.1, 0.3, 1.0, 2.0, 5.0)
LOG_BYTES = 1_000_000


class Log:
    """Appends lines to a private file and keeps one older file beside it. A full disk is no reason to stop.

    ``-`` stands for standard error.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, text: str) -> None:
        """Write one line."""
        line = f"{time.strftime('%Y-%m-%d %H:%M:%S')} supervisor[{os.getpid()}] {text}\n"
        with contextlib.suppress(OSError):
            if self._path == Path("-"):
                os.write(2, line.encode())
                return
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
            try:
                os.write(descriptor, line.encode())
                if os.fstat(descriptor).st_size > LOG_BYTES:
                    self._path.replace(self._path.with_suffix(".old"))
            finally:
                os.close(descriptor)


class Worker:
    """One worker process, seen from here: its heartbeat pipe, and the pipe whose end tells it that we are gone.

    ``silence``: it hangs when it did not beat for so many seconds. ``drain``: how long it may go on with what it has begun.
    """

    def __init__(self, command: list[str], listeners: list[socket.socket], silence: float, drain: float) -> None:
        self._silence, self._drain = silence, drain
        self.beat, their_beat = os.pipe()
        their_alive, self._alive = os.pipe()
        os.set_blocking(self.beat, False)
        fds = [*(listener.fileno() for listener in listeners), their_beat, their_alive]
        environment = {**os.environ, "CHECKREIN_FDS": ",".join(map(str, fds))}
        try:
            self.process = subprocess.Popen(command, pass_fds=fds, env=environment, stdin=subprocess.DEVNULL)
        except OSError:
            self.close()
            raise
        finally:
            os.close(their_beat)
            os.close(their_alive)
        self.started = self.heard = time.monotonic()
        self.ready = False
        self.ends_by: float | None = None  # set once it was told to stop

    def listen(self) -> None:
        """Take in what it has written."""
        with contextlib.suppress(BlockingIOError):
            data = os.read(self.beat, 4096)
            if data:
                self.heard = time.monotonic()
                self.ready = True

    def trouble(self) -> str:
        """Why it has to be replaced; "" while all is well."""
        code = self.process.poll()
        now = time.monotonic()
        if code is not None:
            return f"ended with {code}"
        if self.ends_by is not None:
            return "did not end" if now > self.ends_by else ""
        if not self.ready:
            return "did not start in time" if now - self.started > STARTUP_SECONDS else ""
        return "hangs" if now - self.heard > self._silence else ""

    def drain(self) -> None:
        """Tell it to answer what it has begun, and stop."""
        self.ends_by = time.monotonic() + self._drain
        self.process.terminate()

    def end(self) -> None:
        """Make sure that it is gone."""
        self.process.kill()
        self.process.wait()
        self.close()

    def close(self) -> None:
        """Give back both pipes."""
        for descriptor in (self.beat, self._alive):
            with contextlib.suppress(OSError):
                os.close(descriptor)


class Slot:
    """Keeps exactly one worker serving; a second one only while they hand over."""

    def __init__(self, start: Callable[[], Worker], log: Log) -> None:
        self._start, self._log = start, log
        self._current: Worker | None = None
        self._next: Worker | None = None
        self._draining: list[Worker] = []
        self._failures = 0
        self._not_before = 0.0
        self.hand_over = False

    def workers(self) -> list[Worker]:
        """All that run."""
        return [worker for worker in (self._current, self._next, *self._draining) if worker is not None]

    def serving(self) -> int:
        """The process id of the worker that serves; 0 while there is none."""
        return self._current.process.pid if self._current is not None and self._current.ready else 0

    def fill(self) -> None:
        """Start what is to run."""
        if self._current is None and time.monotonic() >= self._not_before:
            self._current = self._start()
        if self.hand_over and self._next is None:
            self.hand_over = False
            self._next = self._start()

    def look(self) -> None:
        """Finish what is under way, and see to workers that are in trouble."""
        self._look_at_next()
        self._look_at_current()
        for worker in list(self._draining):
            if worker.trouble():
                worker.end()
                self._draining.remove(worker)

    def _look_at_next(self) -> None:
        """Finish or give up a handover."""
        new = self._next
        if new is None:
            return
        reason = new.trouble()
        if reason:
            self._log(f"the new worker {reason}; the old one goes on")
            new.end()
            self._next = None
        elif new.ready:
            if self._current is not None:
                self._current.drain()
                self._draining.append(self._current)
            self._current, self._next = new, None
            self._log(f"worker {new.process.pid} took over")

    def _look_at_current(self) -> None:
        """Replace a worker that ended or hangs."""
        worker = self._current
        reason = worker.trouble() if worker is not None else ""
        if worker is None or not reason:
            return
        worker.end()
        lived = time.monotonic() - worker.started
        self._failures = 1 if worker.ready and lived > STEADY_SECONDS else self._failures + 1
        pause = BACKOFF[min(self._failures - 1, len(BACKOFF) - 1)]
        self._log(f"worker {worker.process.pid} {reason} after {lived:.1f} s; next start in {pause:g} s")
        self._not_before = time.monotonic() + pause
        self._current = None


class Supervisor:
    """Keeps every slot filled, until it is told to stop."""

    def __init__(self, slots: list[Slot], listeners: list[socket.socket], log: Log, board: Path | None = None) -> None:
        self._slots, self._listeners, self._log, self._board = slots, listeners, log, board
        self._shown = ""
        self._stops = 0
        self._wake, wake = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGHUP, self._on_signal)
        signal.signal(signal.SIGCHLD, self._on_signal)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            for slot in self._slots:
                slot.hand_over = True
        elif number != signal.SIGCHLD:
            self._stops += 1

    def run(self) -> None:
        """Supervise until told to stop."""
        while not self._stops:
            try:
                self._step()
            except Exception as exc:  # noqa: BLE001 - the sockets must stay held whatever goes wrong here
                self._log(f"{type(exc).__name__}: {exc}")
                time.sleep(0.5)
        self._log("stopping")
        for listener in self._listeners:
            listener.close()  # nobody is left waiting in a queue that is not served any more
        running = [worker for slot in self._slots for worker in slot.workers()]
        for worker in running:
            worker.drain()
        while self._stops < 2 and any(not worker.trouble() for worker in running):
            self._wait([])  # what they beat by now is nobody's business
        for worker in running:
            worker.end()

    def _step(self) -> None:
        for slot in self._slots:
            slot.fill()
        workers = [worker for slot in self._slots for worker in slot.workers()]
        heard = self._wait(workers)
        for worker in workers:
            if worker.beat in heard:
                worker.listen()
        for slot in self._slots:
            slot.look()
        self._show()

    def _wait(self, workers: list[Worker]) -> list[int]:
        """Wait a moment for a signal or a beat; the pipes of those that beat."""
        heard: list[int] = select.select([self._wake, *(worker.beat for worker in workers)], [], [], 0.25)[0]
        if self._wake in heard:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake, 4096)
        return heard

    def _show(self) -> None:
        """Write down who serves, where that changed."""
        text = "".join(f"{pid}\n" for slot in self._slots if (pid := slot.serving()))
        if self._board is not None and text != self._shown:
            new = self._board.with_suffix(".new")
            new.write_text(text)
            new.replace(self._board)
            self._shown = text


def lock(path: str) -> int:
    """Take the lock that only one supervisor can hold, and write our process id and start time into it. OSError if taken."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()} {start_time(os.getpid())}\n".encode())
    return descriptor


def start_time(pid: int) -> int:
    """When process ``pid`` started, in clock ticks after boot; 0 where there is none. With the id it names one process.

    What has ended is none, though it is listed until its parent collects it, which in some containers nobody ever does.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()  # proc_pid_stat(5), from the third field on
        ended = fields[0] in (b"Z", b"X") and int(fields[17]) <= 1  # else other threads than the first one go on
        return 0 if ended else int(fields[19])
    except (OSError, ValueError, IndexError):
        return 0


def listen_tcp(port: int, host: str = "127.0.0.1") -> socket.socket:
    """The TCP listener. SO_REUSEADDR only lets us return to a port in TIME_WAIT; nobody else can share it on Linux."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(BACKLOG)
    return listener


def listen_unix(path: str) -> socket.socket:
    """The Unix listener; takes the place of what a supervisor that died has left (the lock says that none is running)."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    Path(path).unlink(missing_ok=True)
    previous = os.umask(0o177)
    try:
        listener.bind(path)
    finally:
        os.umask(previous)
    listener.listen(BACKLOG)
    return listener


def main(argv: list[str]) -> int:
    """Run. Exit 0 after SIGTERM, 3 where the lock or a socket is taken (``--lock`` and ``--log`` say by whom and why)."""
    parser = argparse.ArgumentParser(prog="supervisor")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--socket")
    parser.add_argument("--lock", required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--silence", type=float, default=SILENCE_SECONDS)
    parser.add_argument("--drain", type=float, default=DRAIN_SECONDS)
    parser.add_argument("--board", type=Path)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(argv)
    log = Log(Path(options.log))
    try:
        held = lock(options.lock)
        listeners = [listen_tcp(options.port, options.host), *([listen_unix(options.socket)] if options.socket else ())]
    except OSError as exc:
        log(f"cannot start: {exc}")
        sys.stderr.write(f"checkrein supervisor: {exc}\n")
        return 3

    def start() -> Worker:
        return Worker(options.command, listeners, options.silence, options.drain)

    log(f"holding {options.host}:{options.port}")
    Supervisor([Slot(start, log) for _ in range(options.workers)], listeners, log, options.board).run()
    for place in filter(None, (options.socket, options.board)):
        with contextlib.suppress(OSError):
            Path(place).unlink()
    os.ftruncate(held, 0)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
