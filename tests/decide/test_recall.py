"""A value that was redacted once is found wherever it stands."""

from __future__ import annotations

import base64
import gzip
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checkrein.core import VaultError
from checkrein.core.placeholder import KEPT
from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.decide import learnt
from checkrein.decide import recall as module
from checkrein.decide.recall import RULE, Recall
from checkrein.decide.redaction import Redactor
from checkrein.detect.sensitive import Scanner
from checkrein.vault.entry import Entry, Kind
from checkrein.vault.key import FILE, FileHolder
from checkrein.vault.vault import Vault

VALUE = "zeta-" + "Q9x7Lp2v"
OTHER = "omega-" + "4Wn8Km3T"


class Assigned:
    """Finds what stands behind ``password=``."""

    def __init__(self, label: str = "PASSWORD", rule: str = "secret.assigned") -> None:
        self.label, self.rule = label, rule

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        start = text.find("password=") + 9
        end = len(text.split("\n", maxsplit=1)[0])
        return (Sensitive(self.rule, self.label, start, end),) if start > 8 else ()


@pytest.fixture
def vaults(tmp_path: Path) -> Iterator[list[Vault]]:
    """Two processes over one store."""
    opened = [Vault.open(tmp_path, holder=FileHolder(tmp_path / FILE)) for _ in range(2)]
    yield opened
    for vault in opened:
        vault.close()


def everything(*_: object) -> bool:
    return True


def redactor(vault: Vault, label: str = "PASSWORD", rule: str = "secret.assigned") -> tuple[Redactor, Recall]:
    recall = Recall(vault)
    return Redactor(recall.beside(Scanner(Assigned(label, rule), generic=False), everything), recall), recall


def test_a_value_is_found_again_where_it_stands_alone(vaults: list[Vault]) -> None:
    redact, _ = redactor(vaults[0])
    assert redact.redact(f"it is {VALUE}.", "").text == f"it is {VALUE}."
    mark = redact.redact(f"password={VALUE}", "").text.removeprefix("password=")
    redacted = redact.redact(f"it is {VALUE}.", "")
    assert redacted.text == f"it is {mark}."
    assert redacted.found == {(RULE, "PASSWORD"): 1}
    encoded = base64.b64encode(f"u:{VALUE}".encode()).decode()
    assert encoded[6:-4] not in redact.redact(f"Basic {encoded}", "").text


def test_a_value_is_found_again_in_the_same_request(vaults: list[Vault]) -> None:
    redact, recall = redactor(vaults[0])
    batch, other = redact.batch(), redact.batch()
    assert batch.redact(f"it is {VALUE}.", "").text == f"it is {VALUE}."
    mark = batch.redact(f"password={VALUE}", "").text.removeprefix("password=")
    again = batch.redact(f"it is {VALUE}.", "")
    assert (again.text, again.found) == (f"it is {mark}.", {(RULE, "PASSWORD"): 1})
    assert batch.stands_in(f"it is {VALUE}.")
    assert not batch.stands_in(f"it is {mark}.")
    assert not other.stands_in(VALUE)
    assert other.redact(VALUE, "").text == VALUE, "nobody else may rely on what is not in the vault"
    assert recall.scan(VALUE, everything) == ()
    batch.keep()
    assert other.redact(VALUE, "").text == mark


def test_a_batch_tells_that_more_is_known_whoever_learnt_it(vaults: list[Vault]) -> None:
    redact, _ = redactor(vaults[0])
    other, _ = redactor(vaults[1])
    known = [redact.batch().known]
    assert redact.batch().known == known[0]
    for learning, value in ((redact, VALUE), (other, f"{VALUE}2")):
        learning.redact(f"password={value}", "")
        known.append(redact.batch().known)
    assert len(set(known)) == 3
    redact.redact(f"password={VALUE}", "")
    assert redact.batch().known == known[-1], "it was known before"


def test_what_cannot_be_kept_is_not_learnt(vaults: list[Vault], monkeypatch: pytest.MonkeyPatch) -> None:
    redact, recall = redactor(vaults[0])
    batch = redact.batch()
    batch.redact(f"password={VALUE}", "")

    def full(_rows: object) -> None:
        raise VaultError("the vault cannot be used")

    with monkeypatch.context() as patch:
        patch.setattr(vaults[0]._store, "add", full)
        with pytest.raises(VaultError):
            batch.keep()
    assert recall.scan(VALUE, everything) == ()


def test_what_this_process_added_is_not_read_again(vaults: list[Vault], monkeypatch: pytest.MonkeyPatch) -> None:
    redact, recall = redactor(vaults[0])
    recall.refresh()
    redact.redact(f"password={VALUE}", "")
    with monkeypatch.context() as patch:
        patch.setattr(vaults[0], "entries", lambda since=0.0: pytest.fail("it is known"))
        recall.refresh()
    redactor(vaults[1])[0].redact(f"password={OTHER}", "")
    recall.refresh()
    assert recall.scan(OTHER, everything)


def test_where_it_is_found_by_its_words_it_keeps_its_rule(vaults: list[Vault]) -> None:
    redact, _ = redactor(vaults[0])
    for _ in range(2):
        assert redact.redact(f"password={VALUE}", "").found == {("secret.assigned", "PASSWORD"): 1}


def test_what_another_process_redacted_is_known_with_the_next_request(vaults: list[Vault]) -> None:
    (here, _), (there, _) = redactor(vaults[0]), redactor(vaults[1])
    before = there.version
    mark = here.redact(f"password={VALUE}", "").text.removeprefix("password=")
    assert there.version == before
    assert there.redact(VALUE, "").text == mark


def test_what_stood_in_the_vault_before_is_known(vaults: list[Vault]) -> None:
    redactor(vaults[0])[0].redact(f"password={VALUE}", "")
    redact, recall = redactor(vaults[1])
    recall.refresh()
    assert VALUE not in redact.redact(f"again {VALUE}", "").text


def test_a_redactor_that_was_just_made_knows_what_the_vault_holds(vaults: list[Vault]) -> None:
    redactor(vaults[0])[0].redact(f"password={VALUE}", "")
    asked: list[Callable[[Redactor], str]] = [
        lambda redact: redact.redact(VALUE, "").text,
        lambda redact: redact.batch().redact(VALUE, "").text,
        lambda redact: redact.masked(VALUE, "[masked]"),
    ]
    for ask in asked:
        redact, recall = redactor(vaults[1])
        _ = redact.version
        assert recall.scan(VALUE, everything) == (), "asking for the version is no reading"
        assert VALUE not in ask(redact)


def test_who_asks_while_another_thread_learns_reads_nothing_twice(vaults: list[Vault], monkeypatch: pytest.MonkeyPatch) -> None:
    redact, recall = redactor(vaults[0])
    redact.redact(f"password={VALUE}", "")
    others: list[threading.Thread] = []

    def learn() -> None:
        redact.redact(f"password={OTHER}", "")
        recall.refresh()

    def extent() -> tuple[int, float]:
        answer = Vault.extent(vaults[0])
        if not others:
            others.append(threading.Thread(target=learn))
            others[0].start()
            others[0].join(0.3)
        return answer

    monkeypatch.setattr(vaults[0], "extent", extent)
    monkeypatch.setattr(vaults[0], "entries", lambda since=0.0: pytest.fail("all of it is known"))
    recall.refresh()
    others[0].join()
    recall.refresh()
    assert recall.scan(VALUE, everything)
    assert recall.scan(OTHER, everything)


def test_a_map_of_stand_ins_takes_no_credential_s_place(vaults: list[Vault], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_VALUES", 1)
    redactor(vaults[0])[0].redact(f"password={VALUE}", "")
    vaults[0].redact(OTHER, [Sensitive("anonymise.map", KEPT, 0, len(OTHER))])
    _, recall = redactor(vaults[1])
    recall.refresh()
    assert recall.scan(VALUE, everything)
    assert not recall.scan(OTHER, everything)


def test_what_was_forgotten_is_not_looked_for(vaults: list[Vault]) -> None:
    redact, recall = redactor(vaults[0])
    mark = redact.redact(f"password={VALUE}", "").text.removeprefix("password=")
    assert recall.scan(VALUE, everything)
    vaults[0].forget([mark])
    recall.refresh()
    assert recall.scan(VALUE, everything) == ()


@pytest.mark.parametrize(("rule", "kind"), [("pii.birth", Kind.PERSONAL), ("dictionary.term", Kind.NAME)])
def test_what_is_no_credential_is_found_where_it_is_wanted(vaults: list[Vault], rule: str, kind: Kind) -> None:
    redact, recall = redactor(vaults[0], "BIRTH", rule)
    before = redact.redact("password=12.03.1987", "").text.removeprefix("password=")
    asked: list[tuple[Kind, str, str]] = []

    def refused(*given: object) -> bool:
        asked.append(given)  # type: ignore[arg-type]
        return False

    for known in (recall, redactor(vaults[1])[1]):
        known.refresh()
        assert known.scan("on 12.03.1987", everything) == (
            Sensitive(f"{rule.partition('.')[0]}.known", "BIRTH", 3, 13, Certainty.GENERIC),
        )
        assert known.scan("on 12.03.1987", refused) == ()
    assert set(asked) == {(kind, "BIRTH", "12.03.1987")}
    assert redact.redact("on 12.03.1987", "").text == f"on {before}"


def test_what_is_not_wanted_hides_no_value_that_it_overlaps(vaults: list[Vault]) -> None:
    redactor(vaults[0], "BIRTH", "pii.birth")[0].redact("password=12.03.1987-12", "")
    redactor(vaults[0], "SERIAL", "pii.serial")[0].redact("password=1987-12-zz9", "")
    _, recall = redactor(vaults[1])
    recall.refresh()
    found = recall.scan("12.03.1987-12-zz9", lambda _kind, label, _value: label == "SERIAL")
    assert [(each.label, each.start, each.end) for each in found] == [("SERIAL", 6, 17)]


@pytest.mark.parametrize("value", ["password", "12345", "aaaaaaaaaa"])
def test_what_stands_in_every_text_is_not_looked_for(vaults: list[Vault], value: str) -> None:
    redact, recall = redactor(vaults[0])
    redact.redact(f"password={value}", "")
    assert recall.scan(f"the {value} here", everything) == ()


def test_many_values_are_found_however_they_were_learnt(vaults: list[Vault], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learnt, "_SIZES", (2, 3))
    redact, recall = redactor(vaults[0])
    values = [f"value-{number}-{OTHER}" for number in range(10)]
    for number, value in enumerate(values):
        if number == 5:
            recall.refresh()
        redact.redact(f"password={value}", "")
        assert all(recall.scan(f"x {each} y", everything) for each in values[: number + 1])


def test_what_it_finds_is_the_least_certain(vaults: list[Vault]) -> None:
    redact, recall = redactor(vaults[0])
    redact.redact(f"password={VALUE}", "")
    (found,) = recall.scan(f"<{VALUE}>", everything)
    assert found == Sensitive(RULE, "PASSWORD", 1, 1 + len(VALUE), Certainty.GENERIC)


def test_what_was_there_already_is_not_read_again(vaults: list[Vault], monkeypatch: pytest.MonkeyPatch) -> None:
    (here, _), (there, recall) = redactor(vaults[0]), redactor(vaults[1])
    for number in range(5):
        here.redact(f"password={VALUE}-{number}", "")
    recall.refresh()
    asked: list[float] = []

    def entries(since: float = 0.0) -> list[Entry]:
        asked.append(since)
        return Vault.entries(vaults[1], since)

    monkeypatch.setattr(vaults[1], "entries", entries)
    here.redact(f"password={OTHER}", "")
    recall.refresh()
    assert len(asked) == 1
    assert asked[0] > 0
    assert there.redact(f"{OTHER} {VALUE}-3", "").found == {(RULE, "PASSWORD"): 2}


def test_what_a_machine_with_a_slow_clock_made_is_read_too(tmp_path: Path) -> None:
    holder = FileHolder(tmp_path / FILE)
    now, slow = Vault.open(tmp_path, holder=holder), Vault.open(tmp_path, holder=holder)
    slow._clock = lambda: 1_000_000.0
    redact, recall = redactor(now)
    redact.redact(f"password={VALUE}", "")
    recall.refresh()
    redactor(slow)[0].redact(f"password={OTHER}", "")
    recall.refresh()
    assert recall.scan(OTHER, everything)
    for vault in (now, slow):
        vault.close()


def test_reading_values_does_not_keep_them_from_expiring(tmp_path: Path) -> None:
    holder = FileHolder(tmp_path / FILE)
    vault = Vault.open(tmp_path, holder=holder)
    vault._clock = lambda: 1_000_000.0
    redactor(vault)[0].redact(f"password={VALUE}", "")
    vault.close()
    later = Vault.open(tmp_path, holder=holder)
    _, recall = redactor(later)
    recall.refresh()
    assert recall.scan(VALUE, everything)
    assert later.expire(1) == 1
    later.close()


def test_as_long_as_the_vault_cannot_be_read_what_was_known_is_found(
    vaults: list[Vault], monkeypatch: pytest.MonkeyPatch
) -> None:
    redact, recall = redactor(vaults[0])
    redact.redact(f"password={VALUE}", "")
    mark = redact.redact(f"password={OTHER}", "").text.removeprefix("password=")
    recall.refresh()
    vaults[0].forget([mark])

    def locked(since: float = 0.0) -> list[Entry]:
        raise VaultError("the vault cannot be used")

    with monkeypatch.context() as patch:
        patch.setattr(vaults[0], "entries", locked)
        for _ in range(2):
            with pytest.raises(VaultError):
                recall.refresh()
        assert recall.scan(VALUE, everything)
    recall.refresh()
    assert recall.scan(VALUE, everything)
    assert not recall.scan(OTHER, everything)


@pytest.mark.parametrize(
    "form",
    [
        lambda value: json.dumps({"log": f"a\n{value}\nb"}),
        lambda value: f"\x1b[01;31m\x1b[K{value}\x1b[m\x1b[K",
        lambda value: f"q=%20{value}%20",
        lambda value: value[:4] + "\u200b" + value[4:],
        lambda value: "".join(f"&#{ord(sign)};" for sign in value),
        lambda value: "".join(f"\\x{ord(sign):02x}" for sign in value),
        lambda value: base64.b64encode(gzip.compress(f"the value is {value}".encode())).decode(),
    ],
)
@pytest.mark.parametrize("value", ["correcthorse", "zx7Kq81-Lm"])
def test_a_value_of_the_vault_is_found_in_whatever_form(vaults: list[Vault], form: Callable[[str], str], value: str) -> None:
    redact, recall = redactor(vaults[0])
    batch = redact.batch()
    batch.redact(f"password={value}", "")
    text = form(value)
    assert batch.stands_in(text), "in the request that showed it"
    batch.keep()
    assert redact.redact(text, "").found, "from then on"
    assert recall.scan(text)
