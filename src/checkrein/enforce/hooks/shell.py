"""The shell that the client runs commands in: the real one, with what it prints redacted on the way. Runs on its own:

    /absolute/python -I -S shell.py SHELL SOCKET TOKEN_FILE ARGUMENT...

No hook can rewrite what a failing command or one in the background printed. The client starts its shell by the name in
``CLAUDE_CODE_SHELL`` and by no other way for commands, so that the command it shows, asks about and tracks stays as it was
(measured: a command that a hook rewrites is matched against the person's permissions in its new form, past their own rules).

The shell's exit status, a signal that ends it, its working folder, stdin, and the two outputs apart (or as one, where they
are one) are what they would be without this program. Output waits for the end of its line, or for a short time. What
is left running in the background when the shell ends goes on being redacted by a process of its own. Where the service cannot
be reached, the output is withheld and the reason stands in its place.
"""

from __future__ import annotations

import posix
import select
import sys
import time

TYPE_CHECKING = False  # `typing` takes longer to import than everything else here
if TYPE_CHECKING:
    from typing import NoReturn

    from checkrein.enforce.hooks.client import TroubleError, exchange, read_token
else:
    sys.path.insert(0, __file__.rpartition("/")[0])  # -I leaves it out
    from client import TroubleError, exchange, read_token

    sys.path.pop(0)

ADDRESS = b"/output"
REDACTED, AS_IT_IS, REFUSED = b"=", b"!", b"-"  # how an answer begins
PIECE = 256 * 1024  # bytes that are sent at once, where there are so many
SILENCE = 0.05  # seconds without output after which whole lines go out
LINE = 1.0  # seconds that part of a line waits for the rest
TOKEN = 5.0  # seconds that a word waits for its end
WORD = 16 * 1024  # bytes before the end of a piece in which an end of a word is looked for
KEY = 64 * 1024  # bytes that wait for the end of a key that is written over many lines
ANSWER_SECONDS = 15.0
TICK = 0.05
DRAINS = 256  # reads after the shell has ended: more than a pipe holds
ENVIRONMENT = ["-c", "env"]  # how the client asks the shell for its variables (measured): nothing of it reaches the model
_BEGIN, _END = b"-----BEGIN ", b"-----END "
_SIGNALS = (1, 2, 3, 10, 12, 15)  # those that a program may act on: hang-up, interrupt, quit, two of its own, terminate


class Stream:
    """One output of the shell on its way: what came (``held``), and where it goes."""

    def __init__(self, source: int, target: int, guard: Guard) -> None:
        self.source, self.target, self.guard = source, target, guard
        self.held = bytearray()
        self.began = self.last = 0.0

    def read(self, now: float) -> bool:
        """Take what is there. False at the end."""
        data = posix.read(self.source, PIECE)
        if data:
            self.began = self.began if self.held else now
            self.last = now
            self.held += data
        return bool(data)

    def send(self, now: float, *, ended: bool = False) -> None:
        """Let go of what need not wait any longer."""
        size = len(self.held) if ended else self._ready(now)
        while size > 0:
            part = size if size <= PIECE else whole_lines(self.held, PIECE) or between_words(self.held, PIECE)
            self._write(self.guard.redact(bytes(self.held[:part])))
            del self.held[:part]
            self.began = now
            size -= part

    def due(self, now: float) -> float | None:
        """Seconds until something held may have to go out; None where nothing is held."""
        if not self.held:
            return None
        return max(self.last + SILENCE - now, 0.0) or TICK

    def _ready(self, now: float) -> int:
        """How many bytes need not wait for more."""
        held, age = self.held, now - self.began
        if not held or (len(held) < PIECE and now - self.last < SILENCE and age < LINE):
            return 0
        if age >= TOKEN:
            return len(held)
        ready = whole_lines(held, len(held))
        if not ready and len(held) >= PIECE:
            return between_words(held, PIECE)
        if not ready and age >= LINE and _BEGIN not in held:
            return max(held.rfind(b" "), held.rfind(b"\t"), held.rfind(b"\r")) + 1
        return ready

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[posix.write(self.target, view) :]


def whole_lines(held: bytearray, limit: int) -> int:
    """Where the last whole line of the first ``limit`` bytes ends that does not stand in a key over many lines; 0: nowhere."""
    end = held.rfind(b"\n", 0, limit) + 1
    key = held.rfind(_BEGIN, 0, end)
    is_open = key >= 0 and held.find(_END, key, end) < 0 and end - key < KEY
    return held.rfind(b"\n", 0, key) + 1 if is_open else end


def between_words(held: bytearray, limit: int) -> int:
    """Where the first ``limit`` bytes of a longer line can be cut: not in a word, as far as one has an end near there."""
    for signs in (b",;}>", b" \t", b"\"'&)]"):
        end = max(held.rfind(sign, limit - WORD, limit) for sign in signs) + 1
        if end:
            return end
    return limit


class Guard:
    """Puts pieces to the service. After trouble nothing of an output comes out any more."""

    def __init__(self, socket_path: str, token_path: str) -> None:
        self._socket, self._token_path = socket_path, token_path
        self._token = b""
        self._mode = REDACTED
        session = posix.environ.get(b"CLAUDE_CODE_SESSION_ID", b"")
        self._from = session + b"\0" + working_folder() + b"\0"

    def redact(self, data: bytes) -> bytes:
        """What stands for ``data`` in the output."""
        if self._mode == AS_IT_IS:
            return data
        if self._mode == REFUSED:
            return b""
        try:
            self._token = self._token or read_token(self._token_path)
            answer = exchange(ADDRESS, self._socket, self._token, self._from + data, ANSWER_SECONDS)
            reason = answer[1:].decode("utf-8", "replace") if answer.startswith(REFUSED) else ""
            self._mode = answer[:1]
        except TroubleError as exc:
            self._mode, reason = REFUSED, str(exc)
        except OSError as exc:
            self._mode, reason = REFUSED, "the guard's service cannot be reached (" + (exc.strerror or "no answer") + ")"
        if self._mode == REDACTED:
            return answer[1:]
        if self._mode == AS_IT_IS:
            return data
        self._mode = REFUSED
        text = "\n[checkrein withheld the rest of this output: " + (reason or "the answer is not usable") + "]\n"
        return text.encode("utf-8", "replace")


def working_folder() -> bytes:
    """Where commands begin; the root where that folder is gone."""
    try:
        return posix.getcwdb()
    except OSError:
        return b"/"


def run(shell: str, arguments: list[str], guard: Guard) -> NoReturn:
    """Run the shell to its end, its outputs through ``guard``, and leave as it left."""
    child, streams = start(shell, arguments, guard)
    forward(child)
    pump = Pump(streams)
    status = pump.until(child)
    if pump.streams and posix.fork() == 0:  # something in the background still holds an output
        pump.to_the_end()
        posix._exit(0)
    leave(status)


def start(shell: str, arguments: list[str], guard: Guard) -> tuple[int, list[Stream]]:
    """Start the shell with pipes in place of its outputs: one for both where both are the same. Its id, and the outputs."""
    first, second = posix.fstat(1), posix.fstat(2)
    read_out, write_out = posix.pipe()
    streams, write_error = [Stream(read_out, 1, guard)], write_out
    if (first.st_dev, first.st_ino) != (second.st_dev, second.st_ino):
        read_error, write_error = posix.pipe()
        streams.append(Stream(read_error, 2, guard))
    child = posix.fork()
    if child == 0:
        import _signal  # type: ignore[import-not-found] # noqa: PLC0415

        _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)  # the interpreter passes over these, and what it starts would too
        _signal.signal(_signal.SIGXFSZ, _signal.SIG_DFL)
        posix.dup2(write_out, 1)
        posix.dup2(write_error, 2)
        replace(shell, arguments)
    for end in {write_out, write_error}:
        posix.close(end)
    return child, streams


def replace(shell: str, arguments: list[str]) -> NoReturn:
    """Become the shell. Programs that it starts find the real one in SHELL."""
    environment = {**posix.environ, b"SHELL": shell.encode()}
    try:
        posix.execve(shell, [shell, *arguments], environment)
    except OSError as exc:
        posix.write(2, b"checkrein: the shell does not start: " + (exc.strerror or "").encode() + b"\n")
    posix._exit(127)


def forward(child: int) -> None:
    """Hand signals on to the shell, and wait for what it makes of them."""
    import _signal  # noqa: PLC0415

    def hand_on(number: int, _frame: object) -> None:
        try:  # noqa: SIM105 - importing contextlib costs more than the rest of this program
            posix.kill(child, number)
        except ProcessLookupError:
            pass  # it ended on its own, at the same moment

    for number in _SIGNALS:
        _signal.signal(number, hand_on)


class Pump:
    """Hands outputs on. ``streams`` are those that have not ended."""

    def __init__(self, streams: list[Stream]) -> None:
        self.streams = streams
        self._poll = select.poll()
        for stream in streams:
            self._poll.register(stream.source, select.POLLIN)

    def until(self, child: int) -> int:
        """Hand on until the process ``child`` has ended, and all that it printed is out: its status."""
        while self.streams:
            if not self._turn(TICK):
                done, status = posix.waitpid(child, posix.WNOHANG)
                if done:
                    self._drain()
                    return status
        return posix.waitpid(child, 0)[1]

    def to_the_end(self) -> None:
        """Hand on until every output has ended."""
        while self.streams:
            self._turn(None)

    def _turn(self, longest: float | None) -> bool:
        """Wait for output, or until something held is due, ``longest`` seconds at most. Whether anything came."""
        now = time.monotonic()
        waits = [wait for wait in (longest, *(stream.due(now) for stream in self.streams)) if wait is not None]
        came = self._read(min(waits) * 1000 if waits else None)
        now = time.monotonic()
        for stream in list(self.streams):
            self._let_go(stream, now)
        return came

    def _drain(self) -> None:
        """What is in the pipes when the shell has ended; what comes later is another's."""
        for _ in range(DRAINS):
            if not self._read(0):
                break
        for stream in list(self.streams):
            self._let_go(stream, ended=True)

    def _read(self, milliseconds: float | None) -> bool:
        ready = {source for source, _ in self._poll.poll(milliseconds)}
        for stream in [stream for stream in self.streams if stream.source in ready]:
            if not stream.read(time.monotonic()):
                self._let_go(stream, ended=True)
                self._drop(stream)
        return bool(ready)

    def _let_go(self, stream: Stream, now: float = 0.0, *, ended: bool = False) -> None:
        """Where an output is not taken any more, whoever prints it is told by a closed pipe, as ever."""
        try:
            stream.send(now, ended=ended)
        except OSError:  # nobody reads it, or the disk is full
            self._drop(stream)

    def _drop(self, stream: Stream) -> None:
        if stream in self.streams:
            self._poll.unregister(stream.source)
            posix.close(stream.source)
            self.streams.remove(stream)


def leave(status: int) -> NoReturn:
    """End as the shell ended: with its exit status, or by the signal that ended it."""
    if posix.WIFSIGNALED(status):
        import _signal  # noqa: PLC0415

        number = posix.WTERMSIG(status)
        if number not in (_signal.SIGKILL, _signal.SIGSTOP):
            _signal.signal(number, _signal.SIG_DFL)
        posix.kill(posix.getpid(), number)
        posix._exit(128 + number)
    posix._exit(posix.WEXITSTATUS(status))


def main(words: list[str]) -> NoReturn:
    """Do it. Leaves the process in every case."""
    shell, socket_path, token_path, *arguments = words
    for number in (0, 1, 2):
        try:
            posix.fstat(number)
        except OSError:
            posix.open("/dev/null", posix.O_RDWR)  # a closed one would be taken by the next file that is opened
    if arguments == ENVIRONMENT or "-c" not in arguments[:3]:
        replace(shell, arguments)
    run(shell, arguments, Guard(socket_path, token_path))


if __name__ == "__main__":
    main(sys.argv[1:])
