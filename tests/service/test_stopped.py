from checkrein.core import Decision, Event, EventKind, Verdict
from checkrein.decide.approvals import fingerprint
from checkrein.service import stopped
from checkrein.service.stopped import StoppedActions


class Point:
    def __init__(self) -> None:
        self.count = 0

    def decide(self, event: Event) -> Decision:
        self.count += 1
        verdict = Verdict(str(event.input.get("v", "deny")))
        return Decision(f"d{self.count}", verdict)

    def at_once(self, _event: Event) -> Decision | None:
        return None  # all of its decisions go to a thread


def event(**given: object) -> Event:
    return Event(EventKind.TOOL_CALL, session="s", cwd="/p", project="/p", tool="Bash", input=given)


def test_what_is_stopped_can_be_found_and_nothing_else() -> None:
    actions = StoppedActions(Point(), b"k", lambda key: f"summary of {key}")
    for verdict in ("deny", "ask", "allow", "approve"):
        actions.decide(event(v=verdict))
    found = actions.find("d1")
    assert found is not None
    assert found.fingerprint == fingerprint(b"k", "/p", "Bash", {"v": "deny"})
    assert found.summary == "summary of d1"
    assert actions.find("d2") is not None
    assert actions.find("d3") is None
    assert actions.find("d4") is None


def test_memory_is_bounded() -> None:
    actions = StoppedActions(Point(), b"k", str)
    for _ in range(stopped.REMEMBERED + 1):
        actions.decide(event())
    assert actions.find("d1") is None
    assert actions.find("d2") is not None
