"""What leaves is redacted, or nothing leaves."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checkrein.core import RedactionError, ScanError, VaultError
from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.decide.recall import Recall
from checkrein.decide.redaction import Redactor, Redactors, Wanted, search_of
from checkrein.detect.pii import load as kinds
from checkrein.detect.secrets.known import Known
from checkrein.detect.sensitive import Scanner
from checkrein.observe.credentials import Credentials, Found
from checkrein.policy.pathlist import PathList
from checkrein.policy.privacy import DataClass, Redaction, Term
from checkrein.vault.entry import Kind
from checkrein.vault.key import FILE, FileHolder
from checkrein.vault.lazy import LazyVault
from checkrein.vault.vault import Vault

RARE = "q7" + "XbV2mZr9" + "LkT4wYpN"
REDACTION = Redaction(
    enabled=True,
    generic=True,
    pii=frozenset(),
    dictionary=(),
    restore_files=PathList((), project="/p", home="/h"),
    restore_hosts=(),
    restore_servers=(),
    expire_days=90,
    wrap=True,
)


class Words:
    """Finds a word."""

    def __init__(self, word: str) -> None:
        self.word = word

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        at = text.find(self.word)
        return (Sensitive("secret.word", "WORD", at, at + len(self.word), Certainty.KNOWN),) if at >= 0 else ()


class Failing:
    """Raises an error that quotes the text."""

    def __init__(self, error: type[Exception] = RuntimeError) -> None:
        self.error = error

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        raise self.error(f"cannot read {text}")


@pytest.fixture
def vault(tmp_path: Path) -> Any:
    folder = tmp_path / "vault"
    vault = LazyVault(lambda: Vault.open(folder, holder=FileHolder(folder / FILE)))
    yield vault
    vault.close()


def test_what_is_found_is_replaced_and_counted(vault: LazyVault) -> None:
    redacted = Redactor(Words("sesame"), Recall(vault)).redact("open sesame now", "/p/a")
    assert redacted.text.startswith("open CKR_WORD_")
    assert redacted.found == {("secret.word", "WORD"): 1}
    assert redacted.counts == {"WORD": 1}
    mark = redacted.text.split(" ")[1]
    assert vault.values([mark]) == {mark: "sesame"}
    assert vault.known([mark])[mark].sources == {"/p/a"}


def test_nothing_found_is_nothing_changed(vault: LazyVault) -> None:
    redacted = Redactor(Words("sesame"), Recall(vault)).redact("open", "/p/a")
    assert (redacted.text, redacted.found, redacted.counts) == ("open", {}, {})
    assert vault.entries() == []


def test_what_leaves_together_is_kept_together(vault: LazyVault) -> None:
    recall = Recall(vault)
    batch = Redactor(recall.beside(Scanner(Words("sesame"), generic=False), lambda *_: False), recall).batch()
    texts = [batch.redact("open sesame", "/p/a"), batch.redact("nothing", "/p/b"), batch.redact("sesame again", "/p/c")]
    mark = texts[0].text.split(" ")[1]
    assert texts[2].text == f"{mark} again"
    assert vault.known([mark]) == {}
    batch.keep()
    assert vault.known([mark])[mark].sources == {"/p/a", "/p/c"}
    batch.keep()
    assert len(vault.entries()) == 1


@pytest.mark.parametrize("error", [RuntimeError, ValueError, RecursionError, MemoryError])
def test_a_scan_that_fails_lets_nothing_out(vault: LazyVault, error: type[Exception]) -> None:
    with pytest.raises(ScanError) as caught:
        Redactor(Failing(error), Recall(vault)).redact("the secret text", "/p/a")
    assert "the secret text" not in f"{caught.value!r} {caught.value}"
    assert caught.value.__suppress_context__
    shown = "".join(traceback.format_exception(caught.value)).split("Redactor(Failing")[0]
    assert "cannot read the secret" not in shown


def test_a_vault_that_fails_lets_nothing_out() -> None:
    def locked() -> Vault:
        raise VaultError("it is locked", fix="wait")

    redactor = Redactor(Words("sesame"), Recall(LazyVault(locked)))
    for text in ("open sesame", "what may be a value of the vault"):
        with pytest.raises(RedactionError, match="locked"):
            redactor.redact(text, "/p/a")
        with pytest.raises(RedactionError, match="locked"):
            redactor.masked(text, "[masked]")
    with pytest.raises(RedactionError, match="locked"):
        _ = redactor.version


def test_a_lazy_vault_is_tried_again(tmp_path: Path) -> None:
    folder, tries = tmp_path / "vault", []

    def sometimes() -> Vault:
        tries.append(1)
        if len(tries) == 1:
            raise VaultError("it is locked", fix="wait")
        return Vault.open(folder, holder=FileHolder(folder / FILE))

    vault = LazyVault(sometimes)
    redactor = Redactor(Words("sesame"), Recall(vault))
    with pytest.raises(VaultError):
        redactor.redact("sesame", "")
    first = redactor.redact("sesame", "")
    assert redactor.redact("sesame", "") == first
    assert len(tries) == 2
    vault.close()
    assert redactor.redact("sesame", "") == first
    vault.close()


class Secrets:
    """Known secrets that a test sets."""

    def __init__(self) -> None:
        self.found = Found((), ())

    def of(self, project: str) -> Found:
        return self.found


def test_a_redactor_is_made_anew_where_something_changed(vault: LazyVault) -> None:
    secrets, redaction = Secrets(), [REDACTION]
    made: list[Found] = []

    def search(_: Redaction, found: Found) -> Words:
        made.append(found)
        return Words("sesame")

    redactors = Redactors(Recall(vault), lambda _project: redaction[0], secrets, search)
    first = redactors.of("/p")
    assert first is not None
    assert redactors.of("/p") is first
    version = first.version
    other = redactors.of("/q")
    assert other is not None
    assert other.version != version
    redaction[0] = replace(REDACTION, wrap=False)
    assert redactors.of("/p") is first, "this changes nothing of what is found"
    secrets.found = Found((Known("A", RARE, "/p/.env"),), ())
    second = redactors.of("/p")
    assert second is not None
    assert second.version != version
    redaction[0] = replace(REDACTION, generic=False)
    assert redactors.of("/p") is not second
    assert len(made) == 4
    redaction[0] = replace(REDACTION, enabled=False)
    assert redactors.of("/p") is None


def test_a_new_key_changes_the_version(vault: LazyVault) -> None:
    redactor = Redactor(Words("sesame"), Recall(vault))
    before = redactor.version, redactor.redact("sesame", "")
    vault.get().rotate()
    assert redactor.version != before[0]
    assert redactor.redact("sesame", "") != before[1]


@pytest.mark.parametrize("error", [ValueError, KeyError])
def test_a_search_that_cannot_be_made_lets_nothing_out(vault: LazyVault, error: type[Exception]) -> None:
    def search(_: Redaction, __: Found) -> Words:
        raise error("the dictionary says sesame")

    with pytest.raises(ScanError) as caught:
        Redactors(Recall(vault), lambda _project: REDACTION, Secrets(), search).of("/p")
    assert "sesame" not in str(caught.value)


def labels(found: Sequence[Sensitive]) -> set[str]:
    return {each.label for each in found}


def test_the_search_of_a_policy(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"DEPLOY_TOKEN={RARE}\n")
    secrets = Credentials(str(tmp_path / "home"), {}).of(str(tmp_path))
    text = f"it printed {RARE}, for someone@acme-widgets.org at Acme Corp."
    assert labels(search_of(REDACTION, Found((), ())).scan(text)) == set()
    assert labels(search_of(REDACTION, secrets).scan(text)) == {"DEPLOY_TOKEN"}
    assert labels(search_of(replace(REDACTION, pii=frozenset({"email"})), secrets).scan(text)) == {"DEPLOY_TOKEN", "EMAIL"}


def test_who_the_history_names_is_no_secret() -> None:
    mail = "jo" + "@somewhere.org"
    published = Found((), (), frozenset({mail}))
    assert labels(search_of(replace(REDACTION, pii=frozenset({"email-private"})), published).scan(mail)) == set()
    assert labels(search_of(replace(REDACTION, pii=frozenset({"email"})), published).scan(mail)) == {"EMAIL"}


def test_the_team_s_names(tmp_path: Path) -> None:
    terms = (Term("Acme Corp", "CUSTOMER", DataClass.CONFIDENTIAL, "checkrein.yaml:1"),)
    assert labels(search_of(replace(REDACTION, dictionary=terms), Found((), ())).scan("made for Acme Corp")) == {"CUSTOMER"}


def test_a_policy_that_stops_looking_for_personal_data_is_obeyed() -> None:
    mail, published = "somebody@example.org", Found((), (), frozenset({"somebody@example.org"}))
    label = next(kind.label for kind in kinds() if kind.id == "email-private")
    asked = replace(REDACTION, pii=frozenset({"email-private"}))
    assert Wanted(asked, Found((), ()))(Kind.PERSONAL, label, mail)
    assert not Wanted(REDACTION, Found((), ()))(Kind.PERSONAL, label, mail)
    assert not Wanted(asked, published)(Kind.PERSONAL, label, mail)
    assert Wanted(replace(REDACTION, pii=frozenset({"email"})), published)(Kind.PERSONAL, label, mail)


def test_a_name_is_looked_for_as_long_as_the_dictionary_has_it() -> None:
    term = Term("Osprey Industries", "CUSTOMER", DataClass.CONFIDENTIAL, "")
    wanted = Wanted(replace(REDACTION, dictionary=(term,)), Found((), ()))
    assert wanted(Kind.NAME, "CUSTOMER", "osprey-industries")
    assert not wanted(Kind.NAME, "CUSTOMER", "Tern Limited")
    assert not Wanted(REDACTION, Found((), ()))(Kind.NAME, "CUSTOMER", "Osprey Industries")
