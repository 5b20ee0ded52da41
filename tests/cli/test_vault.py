"""``checkrein vault`` over a vault in a temporary folder."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from checkrein.cli import _vault, secret, vault
from checkrein.core import CheckreinError, UsageError, VaultError
from checkrein.core.sensitive import Sensitive
from checkrein.locations import vault_dir
from checkrein.service.person import Refusal
from checkrein.vault.key import FILE, FileHolder
from checkrein.vault.placeholder import make
from checkrein.vault.vault import Vault

VALUE = "a value that nobody sees"
Run = Callable[..., str]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder, and a person at the terminal."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(_vault, "require_person", lambda *_: None)
    return tmp_path


def run(*words: str, command: click.Command = vault.vault, given: str | bytes | None = None) -> str:
    result = CliRunner().invoke(command, words, input=given)
    if isinstance(result.exception, CheckreinError):
        raise result.exception
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert VALUE not in result.output
    return f"{result.exit_code} {result.output}"


@pytest.fixture
def names(home: Path) -> list[str]:
    """The placeholders of three values, the last used first."""
    store = Vault.open(vault_dir(), holder=FileHolder(vault_dir() / FILE))
    times = iter((1e9, 2e9, 3e9))
    found = []
    for number, now in enumerate(times):
        store._clock = lambda now=now: now
        text = f"{VALUE} {number}"
        found.append(store.redact(text, [Sensitive("secret.x", "API_KEY", 0, len(text))], f"/p/{number}\x1b[2J"))
    store.close()
    return found[::-1]


def test_nothing_is_known_at_first(home: Path) -> None:
    assert run("ls").startswith("0 0 values; the key is in /")


def test_ls(names: list[str]) -> None:
    head, *lines = run("ls").splitlines()
    assert head == f"0 {'LAST USED':16}  {'PLACEHOLDER':40}  MET IN"
    assert [name for name in names if name in lines[names.index(name)]] == names
    assert "/p/2" in lines[0]
    assert "\x1b" not in "".join(lines)
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d  CKR_API_KEY_", lines[0])
    assert lines[3].startswith("3 values; ")
    assert "of which the last used 1 are shown" in run("ls", "-n", "1")


def test_ls_fits_a_terminal(names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checkrein.cli.vault.columns", lambda: 60)
    lines = run("ls").splitlines()[1:-1]
    assert len(lines) == 2 * len(names)
    assert max(map(len, lines)) <= 60
    assert lines[1].startswith("    /p/2")


def test_ls_as_json(names: list[str]) -> None:
    found = [json.loads(line) for line in run("ls", "--json")[2:].splitlines()]
    assert [each["placeholder"] for each in found] == names
    assert found[0] == {
        "placeholder": names[0],
        "label": "API_KEY",
        "kind": "credential",
        "sources": ["/p/2\x1b[2J"],
        "first_seen": 3e9,
        "last_seen": 3e9,
    }


def test_forget(names: list[str]) -> None:
    assert run("forget", names[0], names[1][-16:]) == "0 forgotten: 2 values\n"
    assert names[2] in run("ls")
    with pytest.raises(UsageError, match="No value is known"):
        run("forget", names[0])
    for words in ([], ["--all", names[2]]):
        with pytest.raises(UsageError):
            run("forget", *words)


def test_forget_all(names: list[str]) -> None:
    assert run("forget", "--all", given="n\n").startswith("1 ")
    assert names[0] in run("ls")
    assert "forgotten: 3 values" in run("forget", "--all", given="y\n")
    assert run("ls").startswith("0 0 values")
    assert "forgotten: 0 values" in run("forget", "--all", "--yes")


def test_forget_all_where_the_key_is_lost(names: list[str]) -> None:
    (vault_dir() / FILE).unlink()
    with pytest.raises(VaultError, match="key"):
        run("ls")
    assert "forgotten: 3 values" in run("forget", "--all", "--yes")
    assert run("ls").startswith("0 0 values")


def test_rotate(names: list[str]) -> None:
    before = (vault_dir() / FILE).read_bytes()
    assert "3 values encrypted anew" in run("rotate")
    assert (vault_dir() / FILE).read_bytes() != before
    assert names[0] in run("ls")


def test_secrets(home: Path) -> None:
    assert "registered: deploy" in run("add", "deploy", command=secret.secret, given=f"{VALUE}\n")
    assert "registered: admin.key" in run("add", "admin.key", command=secret.secret, given=VALUE)
    assert [line.split()[-1] for line in run("ls", command=secret.secret).splitlines()] == ["admin.key", "deploy", "secrets"]
    store = Vault.open(vault_dir(), holder=FileHolder(vault_dir() / FILE))
    assert set(store.secret_values().values()) == {VALUE}
    store.close()
    assert "forgotten: deploy" in run("rm", "deploy", command=secret.secret)
    with pytest.raises(UsageError, match="No secret"):
        run("rm", "deploy", command=secret.secret)


def test_with_a_secret_its_placeholders_are_forgotten(home: Path) -> None:
    for name in ("deploy", "again"):
        run("add", name, command=secret.secret, given=f"{VALUE}\n")
    store = Vault.open(vault_dir(), holder=FileHolder(vault_dir() / FILE))
    for value in (VALUE, base64.b64encode(VALUE.encode()).decode(), f"{VALUE} and more"):
        store.redact(value, [Sensitive("secret.known", "DEPLOY", 0, len(value))])
    assert run("rm", "deploy", command=secret.secret) == "0 forgotten: deploy\n"
    assert run("rm", "again", command=secret.secret) == "0 forgotten: again, and 2 placeholders of it\n"
    assert set(store.known_values(entry.placeholder for entry in store.entries()).values()) == {f"{VALUE} and more"}
    store.close()


@pytest.mark.parametrize("given", ["", "\n", "short", "password\n", "x" * 70_000])
def test_a_value_that_could_not_be_found_is_refused(home: Path, given: str) -> None:
    with pytest.raises(UsageError) as caught:
        run("add", "deploy", command=secret.secret, given=given)
    assert not given.strip() or given.strip() not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (b"", "There is no value to register."),
        (b" \r\n\n", "There is no value to register."),
        (b"\xff\xfe\0abcdefgh", "This value is no text."),
    ],
)
def test_what_came_in_is_said(home: Path, given: bytes, what: str) -> None:
    with pytest.raises(UsageError) as caught:
        run("add", "deploy", command=secret.secret, given=given)
    assert caught.value.what == what
    assert caught.value.fix


def test_blanks_around_a_value_are_none_of_it(home: Path) -> None:
    run("add", "deploy", command=secret.secret, given=f"  {VALUE} \r\n")
    store = Vault.open(vault_dir(), holder=FileHolder(vault_dir() / FILE))
    assert dict(store.secret_values()) == {"deploy": VALUE}
    store.close()


def test_what_was_registered_is_said(home: Path) -> None:
    assert "registered: deploy;" in run("add", "deploy", command=secret.secret, given=VALUE)
    assert "registered: deploy, in place of the value before;" in run("add", "deploy", command=secret.secret, given=VALUE)
    assert "registered: lines, as one value of 2 lines;" in run(
        "add", "lines", command=secret.secret, given="l1ne-one\nl1ne-two\n"
    )


@pytest.mark.parametrize("name", ["", "1a", "a b", "a\x1b[2J", "x" * 65])
def test_a_name_is_a_word(home: Path, name: str) -> None:
    with pytest.raises(UsageError, match="no name"):
        run("add", name, command=secret.secret, given=VALUE)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (vault.vault, ["ls"]),
        (vault.vault, ["forget", "x"]),
        (vault.vault, ["forget", "--all", "--yes"]),
        (vault.vault, ["rotate"]),
        (secret.secret, ["ls"]),
        (secret.secret, ["rm", "x"]),
    ],
)
def test_only_a_person_may(names: list[str], monkeypatch: pytest.MonkeyPatch, command: click.Command, words: list[str]) -> None:
    def refuse(*_: object) -> None:
        raise Refusal("it was started by a Claude Code session")

    monkeypatch.setattr(_vault, "require_person", refuse)
    with pytest.raises(UsageError, match="Only a person"):
        run(*words, command=command)
    monkeypatch.setattr(_vault, "require_person", lambda *_: None)
    assert names[0] in run("ls")


def swept(home: Path, names: list[str]) -> tuple[Path, str]:
    """A file with the placeholders of two values, and what it holds with the values."""
    path = home / "backup"
    path.write_bytes(f"A={names[0]}\n\udcff B='{names[1]}' {names[0]}\n".encode("utf-8", "surrogateescape"))
    path.chmod(0o640)
    return path, f"A={VALUE} 2\n\udcff B='{VALUE} 1' {VALUE} 2\n"


def test_a_file_gets_its_values_back(home: Path, names: list[str]) -> None:
    path, wanted = swept(home, names)
    before = path.read_bytes()
    result = CliRunner().invoke(vault.vault, ["restore", str(path)])
    assert result.exit_code == 0
    assert result.stdout_bytes == wanted.encode("utf-8", "surrogateescape")
    assert result.stderr == "2 values put back\n"
    assert path.read_bytes() == before


def test_words_go_back_wherever_they_stood(home: Path) -> None:
    word = "sunflowergarden"
    store = Vault.open(vault_dir(), holder=FileHolder(vault_dir() / FILE))
    name = store.redact(word, [Sensitive("secret.x", "PASSWORD", 0, len(word))])
    store.close()
    path = home / "file"
    path.write_text(f"-p{name} x_{name}_y")
    assert run("restore", "-i", str(path)) == "0 1 value put back\n"
    assert path.read_text() == f"-p{word} x_{word}_y"


def test_a_file_gets_its_values_back_in_place(home: Path, names: list[str]) -> None:
    path, wanted = swept(home, names)
    (home / "link").symlink_to(path)
    assert run("restore", "-i", str(home / "link")) == "0 2 values put back\n"
    assert path.read_bytes() == wanted.encode("utf-8", "surrogateescape")
    assert path.stat().st_mode & 0o777 == 0o640
    assert (home / "link").is_symlink()


def test_what_has_no_value_stays_and_is_told(home: Path, names: list[str]) -> None:
    unknown = make(b"another key", "API_KEY", "v")
    broken = f"{names[1][:-3]}\n{names[1][-3:]}"
    path = home / "file"
    path.write_text(f"{names[0]} {unknown} {broken}")
    output = run("restore", "-i", str(path))
    assert path.read_text() == f"{VALUE} 2 {unknown} {broken}"
    assert output.startswith("1 ")
    assert unknown in output
    assert "1 value put back" in output
    assert output.count("left as it is") == 2


def test_a_file_that_cannot_be_read_is_told(home: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        run("restore", str(home / "none"))


def test_only_a_person_gets_values_back(home: Path, names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise Refusal("an agent asked")

    monkeypatch.setattr(_vault, "require_person", refuse)
    path, _ = swept(home, names)
    with pytest.raises(UsageError, match="person"):
        run("restore", str(path))
