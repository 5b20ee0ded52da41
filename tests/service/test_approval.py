from __future__ import annotations

import os
import pty
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from checkrein.core import ServiceError, UsageError
from checkrein.decide.approvals import Scope
from checkrein.service import approval
from checkrein.service.approval import Consent, Wish, write_to_terminal
from checkrein.service.controls import ServiceControls
from checkrein.service.peer import Peer
from checkrein.service.person import Person
from checkrein.service.processes import LiveProcesses, Process
from checkrein.service.server import Reply, Request

PEER = Peer(60, 1000)
WISH = Wish("d1", Scope.ONCE)


class Approvals:
    def __init__(self) -> None:
        self.wishes: list[Wish] = []
        self.refusals: list[tuple[Wish, str]] = []

    def describe(self, decision_id: str) -> str:
        if decision_id != "d1":
            raise UsageError("no such decision")
        return "rm -rf build\x1b[2J"

    def grant(self, wish: Wish) -> str:
        self.wishes.append(wish)
        return "granted"

    def refused(self, wish: Wish, why: str) -> None:
        self.refusals.append((wish, why))

    def granted(self) -> Sequence[Mapping[str, Any]]:
        return [{"id": wish.id} for wish in self.wishes]

    def revoke(self, decision_id: str) -> str:
        return f"revoked {decision_id}"


def person(pid: int = 60, start: int = 1) -> Process:
    return Process(pid, 50, 50, 0x8803, start, 1000, 0, "checkrein", "/p", ("p",), frozenset())


class Scene:
    """A consent whose caller is a person, unless told otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.approvals, self.screen, self.now = Approvals(), "", 0.0
        self.caller: Process | Exception = person()
        self.outer: Process | None = None
        self.shown_on: Process | None = None
        monkeypatch.setattr(approval, "require_person", self.require)
        self.consent = Consent(self.approvals, LiveProcesses(), 1000, write=self.write, clock=lambda: self.now)

    def require(self, *_: object) -> Person:
        if isinstance(self.caller, Exception):
            raise self.caller
        return Person(self.caller, self.outer or self.caller, relayed=self.outer is not None)

    def write(self, process: Process, text: str) -> None:
        self.screen, self.shown_on = text, process

    @property
    def code(self) -> str:
        found = re.search(r"code: (\w{6})\r\n", self.screen)
        assert found
        return found[1]


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(monkeypatch)


def test_the_code_on_the_screen_permits_once(scene: Scene) -> None:
    handle = scene.consent.ask(PEER, WISH)
    assert scene.approvals.wishes == []
    assert scene.consent.confirm(PEER, handle, f" {scene.code.lower()}\n") == "granted"
    assert scene.approvals.wishes == [WISH]
    with pytest.raises(UsageError, match="no such request"):
        scene.consent.confirm(PEER, handle, scene.code)


def test_the_screen_says_what_is_permitted_without_control_characters(scene: Scene) -> None:
    scene.consent.ask(PEER, WISH)
    assert "rm -rf build" in scene.screen
    assert "\x1b" not in scene.screen


def test_the_code_appears_where_the_person_looks_and_not_on_a_terminal_that_a_program_made(scene: Scene) -> None:
    scene.outer = person(50)
    handle = scene.consent.ask(PEER, WISH)
    assert scene.shown_on == scene.outer
    assert scene.consent.confirm(PEER, handle, scene.code) == "granted"


def test_a_wrong_code_uses_the_request_up(scene: Scene) -> None:
    handle = scene.consent.ask(PEER, WISH)
    with pytest.raises(UsageError, match="wrong"):
        scene.consent.confirm(PEER, handle, "AAAAAA" if scene.code != "AAAAAA" else "BBBBBB")
    assert scene.approvals.refusals == [(WISH, "the code was wrong")]
    with pytest.raises(UsageError, match="no such request"):
        scene.consent.confirm(PEER, handle, scene.code)
    assert scene.approvals.wishes == []


@pytest.mark.parametrize("other", [person(61), person(60, start=2)])
def test_another_process_cannot_confirm(scene: Scene, other: Process) -> None:
    handle = scene.consent.ask(PEER, WISH)
    scene.caller = other
    with pytest.raises(UsageError, match="Another process"):
        scene.consent.confirm(PEER, handle, scene.code)


def test_a_code_expires(scene: Scene) -> None:
    handle = scene.consent.ask(PEER, WISH)
    scene.now = approval.CODE_SECONDS + 1
    with pytest.raises(UsageError, match="no such request"):
        scene.consent.confirm(PEER, handle, scene.code)


def test_who_is_no_person_gets_no_code(scene: Scene) -> None:
    scene.caller = approval.Refusal("it was started by a Claude Code session")
    for attempt in (lambda: scene.consent.ask(PEER, WISH), lambda: scene.consent.confirm(PEER, "x", "y")):
        with pytest.raises(UsageError) as caught:
            attempt()
        assert "Claude Code session" in caught.value.why
    assert scene.screen == ""


def test_an_unknown_decision_is_an_error(scene: Scene) -> None:
    with pytest.raises(UsageError, match="no such decision"):
        scene.consent.ask(PEER, Wish("other", Scope.ONCE))


def test_requests_cannot_pile_up(scene: Scene) -> None:
    for pid in range(16):
        scene.caller = person(pid)
        scene.consent.ask(PEER, WISH)
    scene.caller = person(99)
    with pytest.raises(ServiceError, match="Too many"):
        scene.consent.ask(PEER, WISH)


def controls(scene: Scene) -> Callable[..., Reply]:
    made = ServiceControls(scene.consent, scene.approvals, lambda: {"policy": "read"})
    return lambda action, **body: made.control(action, Request(PEER, body))


def test_the_control_protocol(scene: Scene) -> None:
    do = controls(scene)
    handle = do("allow", id="d1", span="until", seconds=600).body["handle"]
    assert do("allow/confirm", handle=handle, code=scene.code).body == {"granted": "granted"}
    assert scene.approvals.wishes == [Wish("d1", Scope.UNTIL, 600.0)]
    assert do("allow/list").body == {"approvals": [{"id": "d1"}]}
    assert do("allow/revoke", id="d1").body == {"revoked": "revoked d1"}
    assert do("policy/reload").body == {"policy": "read"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"id": "d1"},
        {"id": "d1", "span": "forever"},
        {"id": "d1", "span": "until"},
        {"id": "d1", "span": "once", "seconds": 5},
        {"id": "d1", "span": "until", "seconds": 0},
        {"id": "d1", "span": "until", "seconds": 10**9},
        {"id": "d1", "span": "until", "seconds": "5"},
        {"id": 7, "span": "once"},
        {"id": "x" * 300, "span": "once"},
    ],
)
def test_wishes_that_make_no_sense(scene: Scene, body: dict[str, Any]) -> None:
    assert controls(scene)("allow", **body).status == 400
    assert scene.screen == ""


def test_an_unknown_action(scene: Scene) -> None:
    assert controls(scene)("explode").status == 400


def test_the_code_reaches_the_real_terminal_and_only_that() -> None:
    pid, master = pty.fork()
    if pid == 0:
        os.execv("/bin/sh", ["sh", "-c", "echo up; read line"])
    os.read(master, 10)
    process = LiveProcesses().get(pid)
    assert process is not None
    write_to_terminal(process, "a code")
    assert b"a code" in os.read(master, 100)
    os.write(master, b"\n")
    os.waitpid(pid, 0)
    os.close(master)


def test_a_terminal_that_is_not_there_is_an_error() -> None:
    mine = LiveProcesses().get(os.getpid())
    assert mine is not None
    with pytest.raises(ServiceError, match="terminal"):
        write_to_terminal(Process(mine.pid, 1, 1, 0x88FF, 0, 0, 0, "x", "x", (), frozenset()), "a code")


def test_health_tells_why_nothing_can_be_recorded(scene: Scene) -> None:
    trouble = [""]
    made = ServiceControls(scene.consent, scene.approvals, dict, trouble=lambda: trouble[0])
    assert "trouble" not in made.health()
    trouble[0] = "the disk is full"
    assert made.health()["trouble"] == "the disk is full"
