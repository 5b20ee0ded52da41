import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from checkrein.core import Event, EventKind, LedgerError
from checkrein.decide.approvals import ApprovalStore, Scope, fingerprint

KEY = bytes(range(32))


def call(project: str, tool: str, given: dict[str, Any], cwd: str = "/p") -> Event:
    return Event(EventKind.TOOL_CALL, session="s", cwd=cwd, project=project, tool=tool, input=given)


ACTION = fingerprint(KEY, call("/p", "Bash", {"command": "rm -rf x"}))


@pytest.fixture
def store(tmp_path: Path) -> ApprovalStore:
    return ApprovalStore(tmp_path / "state" / "approvals.json", KEY)


def test_a_fingerprint_names_one_action() -> None:
    given = {"command": "rm -rf x", "a": 1}
    same = fingerprint(KEY, call("/p", "Bash", {"a": 1, "command": "rm -rf x"}))
    event = call("/p", "Bash", given)
    assert fingerprint(KEY, event) == fingerprint(KEY, event, {}) == same
    others = {
        fingerprint(KEY, call("/q", "Bash", given)),
        fingerprint(KEY, call("/p", "bash", given)),
        fingerprint(KEY, call("/p", "Bash", {**given, "a": 2})),
        fingerprint(KEY, call("/p", "Bash", given, cwd="/p/below")),
        fingerprint(KEY, event, {"/p/x.sh": "one"}),
        fingerprint(KEY, event, {"/p/x.sh": "two"}),
        fingerprint(bytes(32), event),
        fingerprint(KEY, call("/p", "Bash", {"command": "\udc80"})),
    }
    assert len(others | {same}) == 9


def test_asking_whether_something_is_permitted_uses_nothing_up(store: ApprovalStore) -> None:
    store.add(ACTION, Scope.ONCE, now=100.0)
    assert store.permits(ACTION, 101.0)
    assert not store.permits("0" * 64, 101.0)
    assert store.consume(ACTION, 102.0) is not None
    assert not store.permits(ACTION, 103.0)
    store.file.write_text("{")
    assert not store.permits(ACTION, 103.0)


def test_nothing_is_permitted_at_first(store: ApprovalStore) -> None:
    assert store.consume(ACTION, 100.0) is None
    assert store.problem == ""
    assert store.holding(100.0) == []


def test_once_is_once(store: ApprovalStore) -> None:
    made = store.add(ACTION, Scope.ONCE, now=100.0, decision="c7f3k2", summary="rm -rf x")
    used = store.consume(ACTION, 101.0)
    assert used is not None
    assert (used.id, used.used, used.decision, used.summary) == (made.id, 101.0, "c7f3k2", "rm -rf x")
    assert store.consume(ACTION, 102.0) is None


def test_once_can_expire(store: ApprovalStore) -> None:
    store.add(ACTION, Scope.ONCE, now=100.0, expires=200.0)
    assert store.consume(ACTION, 200.0) is None


def test_until_holds_until_then(store: ApprovalStore) -> None:
    store.add(ACTION, Scope.UNTIL, now=100.0, expires=200.0)
    assert store.consume(ACTION, 150.0) is not None
    assert store.consume(ACTION, 199.9) is not None
    assert store.consume(ACTION, 200.0) is None


def test_always_holds_until_it_is_withdrawn(store: ApprovalStore) -> None:
    made = store.add(ACTION, Scope.ALWAYS, now=100.0)
    assert store.consume(ACTION, 1e12) is not None
    assert store.withdraw(made.id)
    assert not store.withdraw(made.id)
    assert store.consume(ACTION, 101.0) is None


def test_another_action_is_not_permitted(store: ApprovalStore) -> None:
    store.add(ACTION, Scope.ALWAYS, now=100.0)
    assert store.consume(fingerprint(KEY, call("/p", "Bash", {"command": "rm -rf y"})), 101.0) is None
    assert store.consume("", 101.0) is None


def test_a_lasting_permission_is_used_before_one_for_once(store: ApprovalStore) -> None:
    store.add(ACTION, Scope.ONCE, now=1.0)
    store.add(ACTION, Scope.UNTIL, now=2.0, expires=10.0)
    used = store.consume(ACTION, 3.0)
    assert used is not None
    assert used.scope is Scope.UNTIL
    assert store.consume(ACTION, 11.0) is not None
    assert store.consume(ACTION, 11.0) is None


@pytest.mark.parametrize(("scope", "expires"), [(Scope.UNTIL, 0.0), (Scope.ALWAYS, 5.0)])
def test_a_scope_that_does_not_fit_its_time_is_an_error(store: ApprovalStore, scope: Scope, expires: float) -> None:
    with pytest.raises(ValueError, match="until a time"):
        store.add(ACTION, scope, now=1.0, expires=expires)


def test_it_persists_and_is_private(store: ApprovalStore) -> None:
    store.add(ACTION, Scope.ALWAYS, now=1.0)
    assert ApprovalStore(store.file, KEY).consume(ACTION, 2.0) is not None
    assert {path.stat().st_mode & 0o777 for path in store.file.parent.iterdir()} == {0o600}
    assert store.file.parent.stat().st_mode & 0o777 == 0o700


def test_once_is_once_for_two_hundred_threads(store: ApprovalStore) -> None:
    store.add(ACTION, Scope.ONCE, now=1.0)
    got: list[bool] = []
    barrier = threading.Barrier(200)

    def work() -> None:
        own = ApprovalStore(store.file, KEY)
        barrier.wait()
        got.append(own.consume(ACTION, 2.0) is not None)

    threads = [threading.Thread(target=work) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(got), sum(got)) == (200, 1)


_CHILD = """
import sys
from pathlib import Path
from checkrein.decide.approvals import ApprovalStore
store = ApprovalStore(Path(sys.argv[1]), bytes(range(32)))
print(sum(store.consume(sys.argv[2], 2.0) is not None for _ in range(10)))
"""


def test_once_is_once_for_several_processes(store: ApprovalStore) -> None:
    store.add(ACTION, Scope.ONCE, now=1.0)
    command = [sys.executable, "-c", _CHILD, str(store.file), ACTION]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert sum(int(child.communicate()[0]) for child in children) == 1


def _edited(text: str) -> list[str]:
    whole = json.loads(text)
    (item,) = whole["approvals"]
    return [
        json.dumps({**whole, "approvals": [{**item, **change}]})
        for change in (
            {"scope": "always"},
            {"expires": 1e12},
            {"used": 0.0},
            {"fingerprint": "0" * 64},
            {"mac": ""},
            {"mac": 5},
            {"x": 1},
        )
    ]


def test_a_broken_or_edited_store_permits_nothing_and_says_so(store: ApprovalStore) -> None:
    store.add(ACTION, Scope.UNTIL, now=1.0, expires=50.0)
    assert store.consume(ACTION, 2.0) is not None
    whole = store.file.read_text()
    texts = [
        "",
        "{",
        "[]",
        "null",
        '{"version": 1}',
        '{"version": 9, "approvals": []}',
        "\x00\xff",
        "[" * 100_000,
        *_edited(whole),
    ]
    for text in texts:
        store.file.write_text(text)
        assert store.consume(ACTION, 3.0) is None, text[:50]
        assert store.problem.startswith(f"the permissions in {store.file} are broken: "), text[:50]
        for use in (lambda: store.add(ACTION, Scope.ONCE, now=1.0), lambda: store.holding(1.0), lambda: store.withdraw("x")):
            with pytest.raises(LedgerError, match="are broken"):
                use()
        assert store.file.read_text() == text
    store.file.write_text(whole)
    assert store.consume(ACTION, 3.0) is not None
    assert store.problem == ""


def test_another_key_permits_nothing(store: ApprovalStore) -> None:
    store.add(ACTION, Scope.ALWAYS, now=1.0)
    assert ApprovalStore(store.file, bytes(32)).consume(ACTION, 2.0) is None


def test_a_store_that_others_could_write_permits_nothing(store: ApprovalStore) -> None:
    store.add(ACTION, Scope.ALWAYS, now=1.0)
    store.file.chmod(0o622)
    assert store.consume(ACTION, 2.0) is None
    assert "others could have written it" in store.problem


def test_a_link_in_its_place_permits_nothing(store: ApprovalStore, tmp_path: Path) -> None:
    store.add(ACTION, Scope.ALWAYS, now=1.0)
    store.file.rename(tmp_path / "moved")
    store.file.symlink_to(tmp_path / "moved")
    assert store.consume(ACTION, 2.0) is None
    assert store.problem


def test_a_use_that_cannot_be_written_down_permits_nothing(store: ApprovalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add(ACTION, Scope.ONCE, now=1.0)

    def full(self: Path, target: Path) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        assert store.consume(ACTION, 2.0) is None
    assert "No space left" in store.problem
    assert store.consume(ACTION, 3.0) is not None


def test_spent_permissions_are_forgotten_after_a_month(store: ApprovalStore) -> None:
    store.add(ACTION, Scope.ONCE, now=1.0)
    store.consume(ACTION, 2.0)
    store.add("other", Scope.ONCE, now=86_400.0)
    assert len(json.loads(store.file.read_text())["approvals"]) == 2
    store.add("third", Scope.ONCE, now=40 * 86_400.0)
    assert len(json.loads(store.file.read_text())["approvals"]) == 2
