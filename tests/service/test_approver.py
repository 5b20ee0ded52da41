from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from checkrein.core import LedgerError, UsageError
from checkrein.decide.approvals import ApprovalStore, Scope
from checkrein.service.approval import Wish
from checkrein.service.approver import RecordedApprover, Stopped


class Notes:
    def __init__(self) -> None:
        self.kept: list[Mapping[str, Any]] = []
        self.error: Exception | None = None

    def __call__(self, kind: str, fields: Mapping[str, Any]) -> None:
        if self.error:
            raise self.error
        self.kept.append({"kind": kind, **fields})


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def approver(tmp_path: Path, notes: Notes) -> RecordedApprover:
    store = ApprovalStore(tmp_path / "own" / "approvals.json", b"k" * 32)
    return RecordedApprover(store, lambda key: Stopped("f" * 64, "rm -rf build") if key == "d1" else None, notes)


@pytest.mark.parametrize(("span", "seconds"), [(Scope.ONCE, None), (Scope.UNTIL, 60.0), (Scope.ALWAYS, None)])
def test_a_grant_is_recorded_and_can_be_used(
    approver: RecordedApprover, notes: Notes, span: Scope, seconds: float | None
) -> None:
    assert approver.grant(Wish("d1", span, seconds)).startswith("Permitted ")
    assert notes.kept[0]["kind"] == "approval"
    assert notes.kept[0]["decision"] == "d1"
    assert approver.granted()[0]["id"] == "d1"
    used = approver.store.consume("f" * 64, 10.0 if span is Scope.ONCE else approver.store.holding(0)[0].created)
    assert used is not None
    assert (approver.granted() == []) == (span is Scope.ONCE)


def test_a_refusal_is_recorded(approver: RecordedApprover, notes: Notes) -> None:
    approver.refused(Wish("d1", Scope.ONCE), "the code was wrong")
    wanted = {"kind": "approval", "change": "refused", "decision": "d1", "span": "once", "reason": "the code was wrong"}
    assert notes.kept == [wanted]
    assert approver.granted() == []


def test_what_cannot_be_recorded_is_not_permitted(approver: RecordedApprover, notes: Notes) -> None:
    notes.error = LedgerError("full")
    with pytest.raises(LedgerError):
        approver.grant(Wish("d1", Scope.ALWAYS))
    assert approver.granted() == []


def test_revoke(approver: RecordedApprover, notes: Notes) -> None:
    approver.grant(Wish("d1", Scope.ALWAYS))
    approver.grant(Wish("d1", Scope.ONCE))
    assert "Taken back" in approver.revoke("d1")
    assert approver.granted() == []
    assert notes.kept[-1]["change"] == "revoked"
    with pytest.raises(UsageError, match="No permission"):
        approver.revoke("d1")


def test_unknown_ids(approver: RecordedApprover) -> None:
    with pytest.raises(UsageError, match="Nothing"):
        approver.describe("other")
    with pytest.raises(UsageError, match="Nothing"):
        approver.grant(Wish("other", Scope.ONCE))
