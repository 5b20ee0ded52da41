"""``checkrein check secret``: cases, files and folders, comments and baselines; never a value in what it prints."""

from __future__ import annotations

import base64
import gzip
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from checkrein.cli import _findings
from checkrein.cli.check import check
from checkrein.core import UsageError
from checkrein.core.sensitive import Sensitive
from checkrein.detect.secrets.examples import expand
from checkrein.locations import vault_dir
from checkrein.vault.key import FILE, FileHolder
from checkrein.vault.vault import Vault

SECRET = expand("kT9{alnum:17}")
LINE = f'db_password = "{SECRET}"\n'


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*words: str, text: str = "") -> Result:
    result = CliRunner().invoke(check, ("secret", *words), input=text)
    assert SECRET not in result.output
    return result


def test_a_finding_is_told_by_its_place() -> None:
    Path("a.py").write_text(f"import os\n  é = 1; {LINE}")
    result = run("a.py")
    assert result.exit_code == 1
    (line,) = result.stdout.splitlines()
    assert line.startswith("a.py:2:25: secret.generic-")
    assert "1 finding in 1 file" in result.stderr


def test_nothing_is_found_in_a_clean_folder() -> None:
    Path("a.py").write_text("import os\n")
    result = run(".")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "0 findings in 1 file\n")


def test_a_pipe_is_not_waited_on() -> None:
    os.mkfifo("pipe")
    result = run("pipe")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "not read: pipe (it is no regular file)" in result.stderr


def test_folders_are_walked_in_order_without_the_repository_and_links() -> None:
    for name in ("b/two.txt", "a/one.txt", ".git/config", "three.txt"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(LINE)
    Path("link.txt").symlink_to("three.txt")
    Path("a/b").symlink_to("../b")
    assert [line.split(":")[0] for line in run(".").stdout.splitlines()] == ["three.txt", "a/one.txt", "b/two.txt"]


def test_a_link_that_is_named_is_followed() -> None:
    Path("a.txt").write_text(LINE)
    Path("link.txt").symlink_to("a.txt")
    assert run("link.txt").exit_code == 1


def test_binary_files_are_counted() -> None:
    Path("a.bin").write_bytes(b"\x7fELF\0" + LINE.encode())
    result = run(".")
    assert (result.exit_code, result.stderr) == (0, "0 findings in 0 files; 1 binary file passed over\n")


@pytest.mark.parametrize("data", [LINE.encode("utf-16"), b"\xff bad \x80\n" + LINE.encode()])
def test_other_encodings_are_read(data: bytes) -> None:
    Path("a.txt").write_bytes(data)
    assert run("a.txt").exit_code == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_cannot_be_read_is_named() -> None:
    Path("a.txt").write_text(LINE)
    Path("a.txt").chmod(0)
    result = run(".")
    assert result.exit_code == 2
    assert "not read: a.txt (Permission denied)" in result.stderr


def test_a_file_that_vanishes_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.txt").write_text(LINE)

    def gone(_: Path) -> bytes:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(_findings, "read_whole", gone)
    result = run("a.txt")
    assert result.exit_code == 2
    assert "not read: a.txt (No such file or directory)" in result.stderr
    assert "1 path not read" in result.stderr


def test_comments_are_listed_with_their_reasons() -> None:
    Path("a.py").write_text(LINE.rstrip() + "  # checkrein: allow \x1b[31mmade up\n")
    result = run("a.py")
    assert result.exit_code == 0
    assert result.stdout.endswith(" allowed: \\x1b[31mmade up\n")
    assert "1 allowed by comments" in result.stderr


def test_names_of_files_are_hostile_text() -> None:
    Path("a\x1b[2J\n.py").write_text(LINE)
    assert run(".").stdout.startswith("a\\x1b[2J\\n.py:1:16: ")


def test_as_json() -> None:
    Path("a.py").write_text(LINE)
    Path("b.bin").write_bytes(b"\0")
    answer = json.loads(run(".", "--json").stdout)
    (finding,) = answer.pop("findings")
    assert {name: finding[name] for name in ("path", "line", "column", "severity")} == {
        "path": "a.py",
        "line": 1,
        "column": 16,
        "severity": "medium",
    }
    assert answer == {"allowed": [], "accepted": 0, "files": 1, "binary": ["b.bin"], "unreadable": []}


def test_a_baseline_accepts_what_was_there() -> None:
    Path("a.py").write_text(LINE)
    written = run("a.py", "--baseline", "known.json", "--update")
    assert (written.exit_code, written.stderr) == (0, "known.json accepts 1 finding\n")
    result = run("a.py", "--baseline", "known.json")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "1 accepted by the baseline" in result.stderr
    Path("b.py").write_text(LINE.replace(SECRET, expand("pW7{alnum:17}")))
    assert run(".", "--baseline", "known.json").stdout.count("\n") == 1
    before = Path("known.json").read_text()
    run("a.py", "--baseline", "known.json", "--update")
    assert Path("known.json").read_text() == before
    assert SECRET not in before


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ((), "check secret needs something to look at"),
        (("missing.txt",), "there is no missing.txt"),
        (("",), "the path is empty"),
        ((".", "--update"), "--update needs a baseline to write"),
        ((".", "--baseline", "none.json"), "there is no none.json"),
        ((".", "--baseline", "."), "cannot read ."),
        ((".", "--baseline", ".", "--update"), "cannot read ."),
        ((".", "--baseline", "bad.json", "--update"), "bad.json is not a baseline"),
        ((".", "--baseline", "bad.json"), "bad.json is not a baseline"),
        ((".", "--baseline", "raw.json"), "raw.json is not a baseline"),
        ((".", "--baseline", "no/such/folder.json", "--update"), "cannot write no/such/folder.json"),
    ],
)
def test_what_cannot_be_done_is_said(words: tuple[str, ...], what: str) -> None:
    Path("bad.json").write_text("{}")
    Path("raw.json").write_bytes(b"\xff")
    error = run(*words).exception
    assert isinstance(error, UsageError)
    assert error.what == what
    assert error.fix


def test_baselines_are_for_secrets() -> None:
    error = CliRunner().invoke(check, ("command", "ls", "--baseline", "x")).exception
    assert isinstance(error, UsageError)


def test_cases_are_answered_one_by_one() -> None:
    text = json.dumps({"id": "a", "text": LINE}) + "\n\n" + json.dumps({"id": 2, "text": "é clean"}) + "\n"
    result = run("--jsonl", text=text)
    first, second = map(json.loads, result.stdout.splitlines())
    assert result.exit_code == 0
    assert second == {"id": 2, "findings": []}
    (finding,) = first["findings"]
    assert LINE[finding["start"] : finding["end"]] == SECRET
    assert (first["id"], finding["severity"]) == ("a", "medium")


@pytest.mark.parametrize("line", ["no json", "[]", '{"id": 1}', '{"id": 1, "text": 5}'])
def test_a_case_that_cannot_be_understood_has_an_error_of_its_own(line: str) -> None:
    result = run("--jsonl", text=f'{line}\n{{"id": 2, "text": "x"}}\n')
    assert [sorted(json.loads(each)) for each in result.stdout.splitlines()] == [["error", "id"], ["findings", "id"]]
    assert isinstance(result.exception, UsageError)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vault with a registered value, a redacted one, and a name that is no credential."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    vault = Vault.open(vault_dir(), holder=FileHolder(vault_dir() / FILE))
    vault.add_secret("the.pin", PIN)
    vault.redact(WORDS, [Sensitive("secret.generic-password", "PASSWORD", 0, len(WORDS))])
    vault.redact(CUSTOMER, [Sensitive("dictionary.name", "CUSTOMER", 0, len(CUSTOMER))])
    vault.close()


PIN, WORDS, CUSTOMER = "83620571", "lives-by-the-sea-4-ever", "Kvistgaard Holding"


@pytest.mark.parametrize(
    ("line", "rule", "label"),
    [
        (f'{{"pin": {PIN}}}', "secret.known", "THE_PIN"),
        (json.dumps(json.dumps(json.dumps(json.dumps({"a": f"x {WORDS} y"})))), "secret.known", "PASSWORD"),
        (f"é: {WORDS.upper()}.", "secret.known", "PASSWORD"),
        (f"x {WORDS[::-1]} x", "secret.known", "PASSWORD"),
        (f"x {' '.join(PIN)} x", "secret.known", "THE_PIN"),
        (f"x {WORDS.encode().hex(':')} x", "secret.known", "PASSWORD"),
        (f"x {base64.b64encode(WORDS.encode()).decode()} x", "secret.known", "PASSWORD"),
        (f"x {base64.b64encode(gzip.compress(WORDS.encode(), mtime=0)).decode()} x", "secret.known", "PASSWORD"),
    ],
    ids=["number", "JSON", "upper case", "turned around", "spaces", "hex", "base64", "gzip"],
)
def test_values_that_are_kept_are_found_in_any_form(kept: None, line: str, rule: str, label: str) -> None:
    Path("notes.txt").write_text(f"first\n{line}\n")
    result = run("notes.txt", "--json")
    assert result.exit_code == 1
    assert not any(value in result.output for value in (PIN, WORDS))
    (found,) = json.loads(result.stdout)["findings"]
    assert (found["rule"], found["label"], found["line"]) == (rule, label, 2)


def test_the_place_of_a_kept_value_is_exact(kept: None) -> None:
    Path("notes.txt").write_text(f"é {PIN}, {WORDS}; {CUSTOMER}\n")
    found = json.loads(run("notes.txt", "--json").stdout)["findings"]
    assert [(each["line"], each["column"]) for each in found] == [(1, 3), (1, 13)]


def test_looking_makes_no_vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    Path("a.txt").write_text("nothing\n")
    assert run("a.txt").exit_code == 0
    assert not (tmp_path / "home").exists()
