"""One run of the real client: a throw-away environment in, what it printed and how it ended out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checkrein.core import ClientError

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
RUN_SECONDS = 90.0
_QUIET = ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_AUTOUPDATER", "DISABLE_TELEMETRY", "DISABLE_ERROR_REPORTING")


@dataclass(frozen=True, slots=True)
class ClientRun:
    """How a run ended. ``code`` is None where it had to be ended after its time. ``seconds`` is wall time."""

    code: int | None
    stdout: str
    stderr: str
    seconds: float

    def result(self) -> dict[str, Any]:
        """The JSON object that ``--output-format json`` printed; empty where there is none."""
        try:
            value = json.loads(self.stdout)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class Drive:
    """What to run. ``env`` is added to the few variables that a run needs; ``wrapper`` are words put before the client."""

    program: Path
    home: Path
    project: Path
    api_url: str
    prompt: str
    mode: str = "default"
    arguments: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    path: str = SYSTEM_PATH
    wrapper: Sequence[str] = ()

    def environment(self) -> dict[str, str]:
        """The whole environment of the run: nothing is inherited."""
        return {
            "PATH": self.path,
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TMPDIR": str(self.home / "tmp"),
            "IS_SANDBOX": "1",
            "ANTHROPIC_API_KEY": "scripted",
            "ANTHROPIC_BASE_URL": self.api_url,
            **dict.fromkeys(_QUIET, "1"),
            **self.env,
        }

    def run(self, seconds: float = RUN_SECONDS) -> ClientRun:
        """Run the client to its end, or end it and its children after ``seconds``. ClientError where it cannot be started."""
        (self.home / "tmp").mkdir(exist_ok=True)
        words = [*self.wrapper, str(self.program), "-p", self.prompt, "--output-format", "json", *self._mode(), *self.arguments]
        start = time.monotonic()
        try:
            process = subprocess.Popen(
                words,
                cwd=self.project,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                text=True,
                errors="replace",
            )
        except OSError as error:
            raise ClientError(
                f"this client cannot be started: {self.program}",
                why=error.strerror or type(error).__name__,
                fix="install it again, without --ignore-scripts where npm does that",
            ) from error
        try:
            out, err = process.communicate(timeout=seconds)
            code: int | None = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            code = None
        return ClientRun(code, out, err, time.monotonic() - start)

    def _mode(self) -> list[str]:
        return ["--permission-mode", self.mode]
