"""What ``checkrein up`` prints, and whom it refuses."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from checkrein.cli import _setup
from checkrein.cli import up as module
from checkrein.core import UsageError
from checkrein.service.manage import Status
from checkrein.setup.clients import Client
from checkrein.setup.files import Change, Written
from checkrein.setup.harden import Loose, Tightened
from checkrein.setup.install import CommandForm, Install, Transport
from checkrein.setup.launcher import Launcher
from checkrein.setup.people import Person
from checkrein.setup.protect import UpReport
from checkrein.setup.settings import subscribed

INSTALL = Install(
    "https://127.0.0.1:4711",
    "x",
    Path("/s"),
    Path("/t"),
    Path("/c"),
    None,
    Transport.HTTP,
    CommandForm.WORDS,
    (".env", "id_rsa"),
)
FILE = Path("/home/me/.claude/settings.json")
FOUND = Launcher("checkrein")


def report(**fields: object) -> UpReport:
    values: dict[str, object] = {
        "written": Written(FILE, Change.UPDATED, Path("/home/me/state/a.b.json")),
        "install": INSTALL,
        "port": 4711,
        "why": "all clients are 2.1.295 or newer",
        "clients": (Client(Path("/usr/bin/claude"), (2, 1, 330)),),
        "others": (),
        "readers": (),
        "tightened": Tightened((), ()),
        "left_out": (),
    }
    return UpReport(**(values | fields))  # type: ignore[arg-type]


def test_prints_what_it_changed() -> None:
    alice, bob = (Person(name, 1001, frozenset()) for name in ("alice", "bob"))
    loose = (Loose(Path("/home/me/.claude"), 0o755, 0o700), Loose(Path("/home/me/.claude.json"), 0o644, 0o600))
    left = (Loose(Path("/home/me/.claude/x\x1b[2J"), 0o644, 0o600, 7),)
    lines = list(
        module.render(
            report(others=(alice, bob), readers=("alice", "bob"), tightened=Tightened(loose, left), left_out=("!a.key",)), FOUND
        )
    )
    assert lines == [
        "Protection is on.",
        "  service    answers on 127.0.0.1:4711",
        "  settings   /home/me/.claude/settings.json (updated; a copy of what was there is /home/me/state/a.b.json)",
        f"  hooks      {len(subscribed())} events by http: all clients are 2.1.295 or newer",
        "  read rules 2 patterns of secret files are refused to @file and Read too",
        "             !a.key: the client's rules cannot say this; hooks enforce it, @file passes",
        "  files      2 files and folders of the client closed to other users, for good",
        "  files      /home/me/.claude/x\\x1b[2J could not be closed (mode 0644): see `checkrein doctor`",
        "  people     alice and bob could read the client's files until now",
        "Sessions that are open now are protected once they are started anew.",
    ]


def test_says_that_nothing_changed() -> None:
    lines = list(module.render(report(written=Written(FILE, Change.UNCHANGED), others=(Person("bob", 1, frozenset()),)), FOUND))
    assert lines == [
        "Protection is on already; nothing changed.",
        "  service    answers on 127.0.0.1:4711",
        "  settings   /home/me/.claude/settings.json (unchanged)",
        f"  hooks      {len(subscribed())} events by http: all clients are 2.1.295 or newer",
        "  read rules 2 patterns of secret files are refused to @file and Read too",
        "  people     bob has an account here too and cannot read the client's files; nothing to do",
    ]


def test_says_that_the_service_was_started_anew() -> None:
    lines = list(module.render(report(written=Written(FILE, Change.UNCHANGED), mended="it did not run"), FOUND))
    assert lines[0] == (
        "Protection is on again: the service was started anew, because it did not run. The settings were in place."
    )


def test_why_another_worker_serves() -> None:
    def status(healthy: bool, trouble: str = "", **health: object) -> Status:
        return Status(healthy, healthy, 7, 4711, Path("/s"), health, trouble)

    after = status(True, pid=9, version="2")
    assert _setup._mended(status(True, pid=9, version="2"), after) == ""
    assert _setup._mended(status(True, pid=8, version="1"), after) == "it was of version 1"
    assert _setup._mended(status(False, "the service does not run"), after) == "it did not run"
    ill = dataclasses.replace(status(False, "no space is left"), running=True)
    assert _setup._mended(ill, after) == "it was not well: no space is left"


def _told(launcher: Launcher) -> Iterator[str]:
    return (line for line in module.render(report(), launcher) if line.startswith("  command "))


def test_says_how_to_call_us_where_that_is_new_or_not_obvious() -> None:
    assert list(_told(FOUND)) == []
    linked = Launcher("checkrein", Path("/home/me/.local/bin/checkrein"))
    assert list(_told(linked)) == ["  command    checkrein, by the link /home/me/.local/bin/checkrein"]
    assert list(_told(Launcher("/x/.venv/bin/checkrein"))) == [
        "  command    /x/.venv/bin/checkrein, because `checkrein` alone is not found (~/.local/bin is not on the PATH)"
    ]
    assert "(busy)" in next(_told(Launcher("/x/checkrein", trouble="busy")))


def test_passes_on_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(module, "outside_sessions", asked.append)
    monkeypatch.setattr(module, "LocalService", lambda: "service")
    machine = SimpleNamespace(env={"HOME": "/nonexistent", "PATH": "/usr/bin"})
    monkeypatch.setattr(module, "this_machine", lambda: machine)
    monkeypatch.setattr(module, "put_on", lambda *words, gateway: asked.extend((*words, gateway)) or report())
    result = CliRunner().invoke(module.up, ["--scope", "project", "--transport", "both"])
    assert result.exit_code == 0
    assert asked == ["up", machine, "service", "project", Transport.BOTH, None]
    CliRunner().invoke(module.up, ["--gateway"])
    CliRunner().invoke(module.up, ["--no-gateway"])
    assert [asked[-1], asked[-7]] == [False, True]


def test_says_where_the_gateway_sends_requests_to() -> None:
    install = dataclasses.replace(INSTALL, gateway="https://127.0.0.1:4712/checkrein")
    lines = list(module.render(report(install=install, upstream="https://api.example\x1b[2J"), FOUND))
    assert "  gateway    https://127.0.0.1:4712/checkrein, which sends on to https://api.example" in lines[4]
    assert "\x1b" not in lines[4]


def test_a_wrong_scope_is_a_usage_error() -> None:
    assert CliRunner().invoke(module.up, ["--scope", "planet"]).exit_code == 2


def test_refuses_inside_a_session(fake_processes: type) -> None:
    table = fake_processes({os.getpid(): ("python", 40), 40: ("bash", 30), 30: ("claude", 1), 1: ("init", 0)})
    with pytest.raises(UsageError) as caught:
        _setup.outside_sessions("up", table)
    assert str(caught.value) == (
        "`checkrein up` is for a person, in a terminal where no Claude Code runs\n"
        "why: process 30 (claude) is Claude Code, or was started by it\n"
        "fix: open a terminal of your own and run `checkrein up` there"
    )


def test_runs_where_no_session_is_above(fake_processes: type) -> None:
    _setup.outside_sessions("up", fake_processes({os.getpid(): ("python", 40), 40: ("make", 1), 1: ("init", 0)}))
