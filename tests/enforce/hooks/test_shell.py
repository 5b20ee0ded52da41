"""The shell with redacted output: what a command prints, how it ends, and what happens without the service."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from answering_socket import TOKEN, AnsweringSocket
from checkrein.enforce.hooks import command
from plain_redactor import SHAPE, placeholder
from waiting import until

BASH = shutil.which("bash", path="/bin:/usr/bin") or "/bin/bash"
VALUE = "hush-abc123"
STANDIN = placeholder(VALUE)
REASON = "[checkrein withheld the rest of this output: "


def replaced(body: bytes) -> bytes:
    """What the service answers: the piece with placeholders."""
    piece = body.split(b"\0", 2)[2].decode("latin-1")
    return b"=" + SHAPE.sub(lambda match: placeholder(match[0]), piece).encode("latin-1")


class Shell:
    """A wrapped bash over one service."""

    def __init__(self, folder: Path, answer: Callable[[bytes], bytes | None], token: str = TOKEN) -> None:
        self.folder = folder
        self.service = AnsweringSocket(folder, answer, token=token)
        self.program = command.write_shell(folder, Path(BASH), self.service.socket, self.service.token_file)
        self.file = folder / "output"

    @property
    def output(self) -> str:
        return self.file.read_text("utf-8", "replace")

    def start(self, *words: str, apart: bool = False, **more: Any) -> subprocess.Popen[bytes]:
        """Start it as the client does: both outputs into one file, or each into one of its own."""
        with self.file.open("wb") as out, self.file.with_suffix(".error").open("wb") as error:
            return subprocess.Popen(
                [self.program, *words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=error if apart else out,
                env={"PATH": os.environ["PATH"], "CLAUDE_CODE_SESSION_ID": "s1", **more.pop("env", {})},
                **more,
            )

    def run(self, script: str, **more: Any) -> int:
        return self.start("-c", script, **more).wait(20)

    def pieces(self) -> list[bytes]:
        return [body.split(b"\0", 2)[2] for body in self.service.bodies]


@pytest.fixture
def make() -> Iterator[Callable[..., Shell]]:
    folders: list[Path] = []
    shells: list[Shell] = []

    def made(answer: Callable[[bytes], bytes | None] = replaced, **more: Any) -> Shell:
        folders.append(Path(tempfile.mkdtemp(prefix="crs")))
        shells.append(Shell(folders[-1], answer, **more))
        return shells[-1]

    yield made
    for shell in shells:
        shell.service.close()
    for folder in folders:
        shutil.rmtree(folder)


@pytest.fixture
def shell(make: Callable[..., Shell]) -> Shell:
    return make()


class TestOutput:
    def test_values_are_replaced_in_both_outputs_and_their_order_is_kept(self, shell: Shell) -> None:
        assert shell.run(f"echo a {VALUE}; echo b {VALUE} >&2; echo c") == 0
        assert shell.output == f"a {STANDIN}\nb {STANDIN}\nc\n"

    @pytest.mark.parametrize("separator", [",", " ", '"'])
    def test_a_very_long_line_is_not_cut_in_a_value(self, shell: Shell, separator: str) -> None:
        count = 60_000  # more than two pieces
        shell.run(f"for ((i = 0; i < {count}; i++)); do printf '%s' '{VALUE}{separator}'; done")
        assert shell.output == f"{STANDIN}{separator}" * count
        assert len(shell.pieces()) > 2

    def test_outputs_that_are_apart_stay_apart(self, shell: Shell) -> None:
        shell.run(f"echo {VALUE}; echo error {VALUE} >&2", apart=True)
        assert shell.output == f"{STANDIN}\n"
        assert shell.file.with_suffix(".error").read_text() == f"error {STANDIN}\n"

    def test_the_service_learns_session_and_folder(self, shell: Shell) -> None:
        shell.run("echo x", cwd="/usr")
        assert shell.service.bodies == [b"s1\0/usr\0x\n"]

    def test_without_output_nobody_is_asked(self, shell: Shell) -> None:
        assert shell.run("true") == 0
        assert shell.service.bodies == []

    def test_much_output_goes_in_pieces_that_end_with_a_line(self, shell: Shell) -> None:
        shell.run(f"seq -f 'line %.0f {VALUE}' 1 40000")
        assert shell.output == "".join(f"line {number} {STANDIN}\n" for number in range(1, 40001))
        pieces = shell.pieces()
        assert len(pieces) > 3
        assert all(piece.endswith(b"\n") for piece in pieces)
        assert max(map(len, pieces)) <= 1 << 18

    def test_a_line_without_end_is_cut(self, shell: Shell) -> None:
        shell.run("head -c 1000000 /dev/zero | tr '\\0' x")
        assert shell.output == "x" * 1_000_000

    def test_bytes_that_are_no_text_come_through(self, shell: Shell) -> None:
        shell.run("printf 'a\\000\\377\\n'")
        assert shell.file.read_bytes() == b"a\x00\xff\n"

    def test_lines_come_while_the_command_runs(self, shell: Shell) -> None:
        process = shell.start("-c", f"echo one {VALUE}; read -r -t 60 x <> <(sleep 60)")
        until(lambda: shell.output == f"one {STANDIN}\n")
        process.kill()
        process.wait()

    def test_part_of_a_line_waits_for_the_rest_of_its_word(self, shell: Shell) -> None:
        shell.run(f"printf {VALUE[:6]}; sleep 0.3; echo {VALUE[6:]}")
        assert shell.output == f"{STANDIN}\n"

    def test_a_prompt_without_a_line_end_comes_out_after_a_moment(self, shell: Shell) -> None:
        process = shell.start("-c", "printf 'Your name: '; sleep 60")
        until(lambda: shell.output == "Your name: ")
        process.kill()
        process.wait()

    def test_a_key_over_many_lines_is_looked_at_whole(self, shell: Shell) -> None:
        begin, end = "-----BEGIN THE KEY-----", "-----END THE KEY-----"
        shell.run(f"echo before; echo {begin}; echo abc; sleep 0.3; echo def; echo {end}")
        assert f"{begin}\nabc\ndef\n{end}\n".encode() in shell.pieces()
        assert shell.output == f"before\n{begin}\nabc\ndef\n{end}\n"

    def test_what_stays_in_the_background_is_not_waited_for_and_still_redacted(self, shell: Shell) -> None:
        assert shell.run(f"(sleep 0.7; echo late {VALUE}) & echo started") == 0
        assert shell.output == "started\n"
        until(lambda: shell.output == f"started\nlate {STANDIN}\n")

    def test_a_reader_that_goes_away_ends_the_writer(self, shell: Shell) -> None:
        words = [shell.program, "-c", "trap 'echo ended >done' EXIT; yes"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=shell.folder) as process:
            assert process.stdout is not None
            process.stdout.read(10)
            process.stdout.close()
            assert process.wait(20) != 0
        assert (shell.folder / "done").exists()

    def test_a_disk_that_is_full_does_not_change_how_it_ends(self, shell: Shell) -> None:
        with Path("/dev/full").open("wb") as full:
            words = [shell.program, "-c", "echo one; exit 3"]
            assert subprocess.run(words, stdout=full, stderr=full, timeout=20, check=False).returncode == 3

    def test_a_folder_that_is_gone_is_no_trouble(self, shell: Shell, tmp_path: Path) -> None:
        words = ["/bin/sh", "-c", 'cd "$1" && rmdir "$1" && exec "$0" -c "echo here"', str(shell.program), str(tmp_path)]
        done = subprocess.run(words, capture_output=True, timeout=20, check=False)
        assert (done.returncode, done.stdout) == (0, b"here\n")


class TestEnd:
    @pytest.mark.parametrize("code", [0, 1, 3, 126, 255])
    def test_the_exit_status_is_kept(self, shell: Shell, code: int) -> None:
        assert shell.run(f"echo {VALUE}; exit {code}") == code
        assert shell.output == f"{STANDIN}\n"

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGABRT, signal.SIGPIPE])
    def test_a_signal_that_ends_the_shell_ends_us(self, shell: Shell, number: signal.Signals) -> None:
        assert shell.run(f"ulimit -c 0; echo {VALUE}; kill -{int(number)} $$") == -number
        assert shell.output == f"{STANDIN}\n"

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
    def test_a_signal_reaches_the_shell(self, shell: Shell, number: signal.Signals) -> None:
        name = number.name.removeprefix("SIG")
        process = shell.start("-c", f"trap 'echo got {name}; exit 9' {name}; echo ready; while :; do sleep 0.05; done")
        until(lambda: shell.output == "ready\n")
        process.send_signal(number)
        assert process.wait(20) == 9
        assert shell.output == f"ready\ngot {name}\n"

    def test_a_killed_group_leaves_nothing_behind(self, shell: Shell) -> None:
        process = shell.start("-c", "echo $$; sleep 60", start_new_session=True)
        until(lambda: shell.output.endswith("\n"))
        inner = int(shell.output)
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait(20) == -signal.SIGKILL
        until(lambda: not Path(f"/proc/{inner}").exists() or "Z" in Path(f"/proc/{inner}/stat").read_text().split()[2])


class TestEnvironment:
    def test_programs_find_the_real_shell(self, shell: Shell) -> None:
        shell.run("echo $SHELL $0")
        assert shell.output == f"{BASH} {BASH}\n"

    def test_stdin_and_the_folder_are_those_of_the_caller(self, shell: Shell) -> None:
        words = [shell.program, "-c", "cat; pwd"]
        done = subprocess.run(words, input=b"given\n", capture_output=True, cwd="/usr", check=True)
        assert done.stdout == b"given\n/usr\n"

    def test_signals_are_not_passed_over_by_what_it_starts(self, shell: Shell) -> None:
        shell.run("trap; grep SigIgn /proc/self/status")
        assert int(shell.output.split()[-1], 16) & (1 << (signal.SIGPIPE - 1)) == 0

    def test_the_clients_question_for_variables_is_answered_by_the_shell_itself(self, shell: Shell) -> None:
        assert shell.start("-c", "env", env={"A_KEY": VALUE}).wait(20) == 0
        assert f"A_KEY={VALUE}\n" in shell.output
        assert shell.service.bodies == []

    def test_a_login_shell_is_wrapped_too(self, shell: Shell) -> None:
        assert shell.start("-c", "-l", f"echo {VALUE}").wait(20) == 0
        assert STANDIN in shell.output
        assert VALUE not in shell.output

    def test_without_a_command_it_is_the_shell(self, shell: Shell) -> None:
        done = subprocess.run([shell.program, "--version"], capture_output=True, check=True)
        assert b"bash" in done.stdout.lower()


class TestTrouble:
    def withheld(self, shell: Shell, reason: str = "") -> None:
        assert shell.run(f"echo {VALUE}; sleep 0.2; echo {VALUE} again >&2; exit 5") == 5
        assert VALUE not in shell.output
        assert "again" not in shell.output
        assert shell.output.count(REASON) == 1
        assert reason in shell.output

    def test_without_a_service_the_output_is_withheld(self, shell: Shell) -> None:
        shell.service.close()
        self.withheld(shell, "cannot be reached")

    def test_a_service_that_cannot_redact_says_why(self, make: Callable[..., Shell]) -> None:
        self.withheld(make(lambda _: b"-the vault is locked"), "the vault is locked")

    @pytest.mark.parametrize("answer", [b"", b"?x", b"{}"])
    def test_an_unusable_answer_withholds(self, make: Callable[..., Shell], answer: bytes) -> None:
        self.withheld(make(lambda _: answer), "not usable")

    def test_another_program_in_the_services_place_is_not_believed(self, make: Callable[..., Shell]) -> None:
        self.withheld(make(lambda _: b"!", token="0b" * 32), "does not come from this install's service")

    def test_a_token_file_that_others_can_read_is_not_used(self, shell: Shell) -> None:
        shell.service.token_file.chmod(0o644)
        self.withheld(shell, "open to other users")

    def test_a_service_that_does_not_answer_is_given_up(self, make: Callable[..., Shell]) -> None:
        shell = make(lambda _: None)
        source = command.PYTHON_SHELL.read_text().replace("ANSWER_SECONDS = 15.0", "ANSWER_SECONDS = 0.3")
        quick = shell.folder / "shell.py"
        quick.write_text(source)
        shutil.copy(command.PYTHON_CLIENT, shell.folder / "client.py")
        shell.program.write_text(shell.program.read_text().replace(str(command.PYTHON_SHELL), str(quick)))
        self.withheld(shell, "no answer")

    def test_what_needs_no_redaction_passes_with_one_question(self, make: Callable[..., Shell]) -> None:
        shell = make(lambda _: b"!")
        shell.run(f"echo one {VALUE}; sleep 0.2; echo two")
        assert shell.output == f"one {VALUE}\ntwo\n"
        assert len(shell.service.bodies) == 1

    def test_a_shell_that_is_gone_says_so(self, make: Callable[..., Shell]) -> None:
        shell = make()
        command.write_shell(shell.folder, shell.folder / "none/bash", shell.service.socket, shell.service.token_file)
        assert shell.run("echo x") == 127
        assert "does not start" in shell.output


class TestInstalled:
    def test_the_program_bears_the_shells_name_and_is_ours_alone(self, shell: Shell) -> None:
        assert shell.program.name == "bash"
        assert shell.program.stat().st_mode & 0o777 == 0o700
        assert sys.executable in shell.program.read_text()

    @pytest.mark.parametrize("own", ["/bin/bash", "/usr/bin/bash"])
    def test_a_persons_own_shell_is_taken(self, own: str) -> None:
        assert command.real_shell({"SHELL": own}) == Path(own)

    @pytest.mark.parametrize("own", ["", "/bin/sh", "/usr/bin/fish", "bash", "/nonexistent/bash"])
    def test_another_is_replaced_by_one_that_the_client_knows(self, own: str) -> None:
        found = command.real_shell({"SHELL": own})
        assert found is not None
        assert found.name in command.SHELLS
        assert found.is_absolute()
