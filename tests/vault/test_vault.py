"""Values go in, placeholders come out, and the other way round, in several processes over one store."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import secrets
import shlex
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import ANY
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core import UsageError
from checkrein.core.sensitive import Sensitive
from checkrein.vault import Kind
from checkrein.vault import placeholder as form
from checkrein.vault import vault as module
from checkrein.vault.key import FILE, FileHolder
from checkrein.vault.store import MAX_SOURCES
from checkrein.vault.vault import Vault
from restored import restored

NewVault = Callable[..., Vault]
VALUE = "correct horse battery " + "staple"


def covering(text: str, value: str, label: str = "TOKEN") -> list[Sensitive]:
    """Every place of ``value`` in ``text``."""
    found, at = [], text.find(value)
    while at >= 0:
        found.append(Sensitive("secret.test", label, at, at + len(value)))
        at = text.find(value, at + len(value))
    return found


def redacted(vault: Vault, value: str = VALUE, *, label: str = "TOKEN", source: str = "") -> str:
    """The placeholder of a value."""
    return vault.redact(value, covering(value, value, label), source)


def other_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other processes change is seen at once."""
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)


@pytest.fixture(scope="module")
def shared() -> Iterator[Vault]:
    """A vault that many examples share."""
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault.open(Path(folder) / "vault", holder=FileHolder(Path(folder) / "vault" / FILE))
        yield vault
        vault.close()


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, list[Sensitive]]:
    text = draw(st.text(alphabet=st.characters(categories=("L", "N", "P", "Z", "Cc", "Cs")), max_size=60))
    label = st.sampled_from(["TOKEN", "EMAIL", "A", "DB_PASSWORD"])
    spans = draw(st.lists(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)), label), max_size=5))
    return text, [Sensitive("secret.test", name, min(a, b), max(a, b)) for a, b, name in spans]


@given(texts())
def test_what_was_redacted_comes_back(shared: Vault, given_text: tuple[str, list[Sensitive]]) -> None:
    text, found = given_text
    out = shared.redact(text, found)
    assert restored(shared, out) == text
    covered = {index for each in found for index in range(each.start, each.end)}
    assert len({place.text for place in form.find(out)}) <= len(covered) + len(list(form.find(text)))
    assert shared.redact(text, found) == out
    assert shared.redact(out, [dataclasses.replace(each, end=each.start) for each in found]) == out


@given(texts())
def test_nothing_that_was_found_stays(shared: Vault, given_text: tuple[str, list[Sensitive]]) -> None:
    text, found = given_text
    out = shared.redact(f"<{text}>", [dataclasses.replace(each, start=each.start + 1, end=each.end + 1) for each in found])
    rest = out
    for place in form.find(out):
        rest = rest.replace(place.text, "")
    kept = "".join(letter for index, letter in enumerate(text) if not any(e.start <= index < e.end for e in found))
    assert rest == f"<{kept}>"


@pytest.mark.parametrize(
    "wrap",
    [
        lambda p: json.loads(json.dumps({"a": [p]}))["a"][0],
        lambda p: shlex.split(f"echo {shlex.quote(p)} {p}")[2],
        lambda p: unquote(quote(p, safe="")),
        lambda p: f"It is {p}, I think.".split(" ")[2].rstrip(","),
    ],
    ids=["json", "shell", "url", "prose"],
)
def test_a_placeholder_survives(vault: Vault, wrap: Callable[[str], str]) -> None:
    assert restored(vault, wrap(redacted(vault))) == VALUE


def test_the_escaped_form_has_a_placeholder_of_its_own(vault: Vault) -> None:
    plain, escaped = 'a"b\\c', json.dumps('a"b\\c')[1:-1]
    names = redacted(vault, plain), redacted(vault, escaped)
    assert names[0] != names[1]
    assert [restored(vault, name) for name in names] == [plain, escaped]


def test_placeholders_that_stand_there_stay(vault: Vault) -> None:
    inner = redacted(vault)
    text = f"postgres://app:{inner}@db/x"
    whole = [Sensitive("secret.connection-string", "DATABASE_URL", 0, len(text))]
    out = vault.redact(text, whole)
    assert inner in out
    assert "postgres" not in out
    assert restored(vault, out) == text.replace(inner, VALUE)
    assert vault.redact(inner, [Sensitive("secret.generic", "SECRET", 0, len(inner))]) == inner
    assert vault.redact(f'"{inner}",', [Sensitive("secret.generic", "SECRET", 0, len(inner) + 3)]) == f'"{inner}",'


def test_one_of_another_install_is_unknown(vault: Vault, new_vault: NewVault, tmp_path: Path) -> None:
    foreign = redacted(new_vault(tmp_path / "other"))
    assert restored(vault, f"{foreign} {redacted(vault)} {foreign}") == f"{foreign} {VALUE} {foreign}"
    assert vault.known([foreign]) == {}


def test_what_is_known_of_a_placeholder(new_vault: NewVault, url: str) -> None:
    vault, other = new_vault(url=url), new_vault(url=url)
    name = redacted(vault, source="/p/.env")
    redacted(other, source="mcp:files")
    redacted(vault, source="")
    entry = vault.lookup(name)
    assert entry is not None
    assert entry.sources == {"/p/.env", "mcp:files"}
    assert (entry.label, entry.placeholder) == ("TOKEN", name)
    assert entry.first_seen <= entry.last_seen
    assert [each.placeholder for each in other.entries()] == [name]
    assert vault.lookup(name[:-1]) is None


def test_what_another_process_kept_stays_and_gets_the_sources(new_vault: NewVault, url: str) -> None:
    vault, other = new_vault(url=url), new_vault(url=url)
    name = redacted(vault, source="/p/.env")
    first = vault.lookup(name)
    texts = {VALUE: "mcp:files", "one more of them": "/p/b"}
    gathering = other.gathering()
    names = [gathering.redact(value, covering(value, value, "TOKEN"), source) for value, source in texts.items()]
    added = gathering.keep()
    assert names[0] == name
    assert [entry.placeholder for entry in added] == names[1:]
    assert first is not None
    assert [vault.lookup(each) for each in names] == [
        dataclasses.replace(first, sources=frozenset({"/p/.env", "mcp:files"}), last_seen=ANY),
        added[0],
    ]
    assert other.values(names) == dict(zip(names, texts, strict=True))


def test_kinds_are_kept_and_have_placeholders_of_their_own(new_vault: NewVault, url: str) -> None:
    vault = new_vault(url=url)
    rules = {"secret.known": Kind.CREDENTIAL, "pii.email": Kind.PERSONAL, "dictionary.term": Kind.NAME, "else": Kind.CREDENTIAL}
    names = {rule: vault.redact(VALUE, [Sensitive(rule, "TOKEN", 0, len(VALUE))]) for rule in rules}
    assert len(set(names.values())) == 3
    for rule, kind in rules.items():
        entry = new_vault(url=url).lookup(names[rule])
        assert entry is not None
        assert entry.kind is kind
        assert restored(vault, names[rule]) == VALUE


def test_sources_are_bounded_and_any_text(vault: Vault) -> None:
    name = redacted(vault)
    for index in range(MAX_SOURCES + 5):
        redacted(vault, source=f"/p/{index}")
    redacted(vault, "other", source="/p/\udcff\0")
    entry = vault.lookup(name)
    assert entry is not None
    assert len(entry.sources) == MAX_SOURCES


def _in_process(folder: str, url: str, text: str, answers: Any) -> None:
    vault = Vault.open(Path(folder), url, holder=FileHolder(Path(folder) / FILE))
    answers.put([redacted(vault, f"{text}{number}") for number in range(20)])


def test_processes_that_begin_together_agree(tmp_path: Path, url: str, new_vault: NewVault) -> None:
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    started = [context.Process(target=_in_process, args=(str(tmp_path / "vault"), url, "value ", answers)) for _ in range(3)]
    for process in started:
        process.start()
    given_back = [answers.get(timeout=60) for _ in started]
    for process in started:
        process.join(30)
        assert process.exitcode == 0
    assert given_back[0] == given_back[1] == given_back[2]
    assert restored(new_vault(url=url), given_back[0][7]) == "value 7"


def test_threads_share_a_vault(vault: Vault) -> None:
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for index in range(25):
                value = f"value {index % 7} {number % 2}"
                assert restored(vault, redacted(vault, value, source=f"/p/{number}")) == value
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_forgotten_is_unknown_in_every_process(new_vault: NewVault, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other_processes(monkeypatch)
    vault, other = new_vault(url=url), new_vault(url=url)
    names = [redacted(vault, f"value {number}", source="/p/a") for number in range(3)]
    assert restored(other, names[0]) == "value 0"
    assert vault.forget(names[:2]) == 2
    assert vault.forget(names[:2]) == 0
    for each in (vault, other):
        assert each.values([names[0]]) == {}
        assert restored(each, names[2]) == "value 2"
    assert redacted(other, "value 0") == names[0]
    assert restored(vault, names[0]) == "value 0"


def test_rotation_gives_new_names_and_keeps_the_old_ones(
    new_vault: NewVault, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_processes(monkeypatch)
    vault, other = new_vault(url=url), new_vault(url=url)
    vault.add_secret("deploy", "registered value")
    old = redacted(vault)
    assert redacted(other) == old
    assert vault.rotate() == 1
    new = redacted(vault)
    assert new != old
    assert redacted(other) == new
    for _ in range(10):
        vault.rotate()
    for each in (vault, other, new_vault(url=url)):
        assert [restored(each, name) for name in (old, new)] == [VALUE, VALUE]
        assert dict(each.secret_values()) == {"deploy": "registered value"}


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_what_is_not_used_expires(new_vault: NewVault) -> None:
    clock = Clock()
    vault = new_vault()
    vault._clock = clock  # the clock of a vault that is open
    used, unused = redacted(vault, "used"), redacted(vault, "unused")
    clock.now += 20 * 86_400
    assert restored(vault, used) == "used"
    clock.now += 15 * 86_400
    assert vault.expire(30) == 1
    assert set(vault.values([used, unused])) == {used}
    assert vault.expire(30) == 0


def test_registered_secrets(new_vault: NewVault, url: str) -> None:
    vault = new_vault(url=url)
    before = vault.epoch
    vault.add_secret("deploy", "one")
    vault.add_secret("deploy", "two")
    vault.add_secret("admin", "three")
    assert list(vault.secrets()) == ["admin", "deploy"]
    assert dict(vault.secret_values()) == {"admin": "three", "deploy": "two"}
    assert vault.epoch > before
    assert vault.remove_secret("deploy")
    assert not vault.remove_secret("deploy")
    assert list(vault.secrets()) == ["admin"]
    with pytest.raises(UsageError):
        vault.add_secret("empty", "  ")


def test_no_clear_value_reaches_the_disk(new_vault: NewVault, tmp_path: Path) -> None:
    value = secrets.token_hex(24)
    vault = new_vault()
    redacted(vault, value, source="/p/.env")
    vault.add_secret("deploy", value + "x")
    files = [path for path in (tmp_path / "vault").iterdir() if path.is_file()]
    assert {path.name for path in files} >= {"vault.db", "keys.json"}
    for path in files:
        assert value.encode() not in path.read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "vault").stat().st_mode & 0o777 == 0o700


def test_what_is_remembered_is_bounded(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 3)
    names = [redacted(vault, f"value {number}") for number in range(10)]
    assert len(vault._known) == 3
    assert restored(vault, " ".join(names)) == " ".join(f"value {number}" for number in range(10))


def test_a_long_value_comes_back(vault: Vault) -> None:
    value = "x" * 100_000
    assert restored(vault, redacted(vault, value)) == value
    assert restored(vault, redacted(vault, value)) == value


def test_many_at_once(vault: Vault) -> None:
    text = " ".join(f"value-{number}" for number in range(1500))
    found, at = [], 0
    for word in text.split(" "):
        found.append(Sensitive("secret.test", "TOKEN", at, at + len(word)))
        at += len(word) + 1
    assert restored(vault, vault.redact(text, found, "/p/a")) == text


def test_a_reset_vault_knows_nothing(new_vault: NewVault, tmp_path: Path) -> None:
    vault = new_vault()
    name = redacted(vault)
    vault.add_secret("deploy", "one")
    folder = tmp_path / "vault"
    assert Vault.reset(folder, holder=FileHolder(folder / FILE)) == 2
    anew = new_vault()
    assert anew.values([name]) == {}
    assert redacted(anew) != name
    assert not anew.secrets()


def test_how_much_there_is_is_seen_at_once_in_every_process(new_vault: NewVault, url: str) -> None:
    here, there = new_vault(url=url), new_vault(url=url)
    assert there.extent() == (0, 0.0)
    name = here.redact(VALUE, covering(VALUE, VALUE))
    for vault in (here, there):
        count, newest = vault.extent()
        assert count == 1
        assert [entry.placeholder for entry in vault.entries(newest)] == [name]
        assert vault.entries(newest + 1) == []
    there.forget([name])
    assert here.extent() == there.extent() == (0, 0.0)
