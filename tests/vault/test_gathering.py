"""Values of several texts go into the store together."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from checkrein.core import VaultError
from checkrein.core.sensitive import Sensitive
from checkrein.vault.vault import Vault
from restored import restored


def whole(text: str) -> list[Sensitive]:
    return [Sensitive("secret.test", "TOKEN", 0, len(text))]


def test_values_of_many_texts_are_kept_in_one_transaction(vault: Vault) -> None:
    commits: list[object] = []
    gathering = vault.gathering()
    texts = [f"value number {number}" for number in range(600)]
    marks = [gathering.redact(text, whole(text), f"/p/{number}") for number, text in enumerate(texts)]
    assert vault.entries() == []
    sa.event.listen(vault._store._engine, "commit", commits.append)
    added = gathering.keep()
    assert len(commits) == 1
    assert [entry.placeholder for entry in added] == marks
    assert vault.known([marks[7]])[marks[7]].sources == {"/p/7"}
    assert restored(vault, " ".join(marks)) == " ".join(texts)


def test_what_could_not_be_kept_is_kept_when_it_is_tried_again(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_rows: object) -> None:
        raise VaultError("the vault cannot be used")

    gathering = vault.gathering()
    mark = gathering.redact("a value", whole("a value"))
    with monkeypatch.context() as patch:
        patch.setattr(vault._store, "add", full)
        for _ in range(2):
            with pytest.raises(VaultError):
                gathering.keep()
    assert [entry.placeholder for entry in gathering.keep()] == [mark]
    assert restored(vault, mark) == "a value"


def test_what_is_there_already_is_not_added_again(vault: Vault) -> None:
    text = "a value that was met before"
    vault.redact(text, whole(text), "/p/a")
    gathering = vault.gathering()
    mark = gathering.redact(text, whole(text), "/p/b")
    gathering.redact(text, whole(text), "command")
    assert gathering.keep() == ()
    assert gathering.keep() == ()
    assert vault.known([mark])[mark].sources == {"/p/a", "/p/b", "command"}
