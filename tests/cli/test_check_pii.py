"""``checkrein check pii``: cases, files and kinds; never a value in what it prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from checkrein.cli.check import check
from checkrein.core import UsageError
from checkrein.detect.pii import load
from pii_examples import found_in

MAIL = "anna.nym" + "@" + "somewhere.org"
CARD = found_in(next(kind for kind in load() if kind.id == "card"), "[[4{digit:15}]]")[0]


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*words: str, text: str = "") -> Result:
    result = CliRunner().invoke(check, ("pii", "--kinds", "email,card", *words), input=text)
    assert MAIL not in result.output
    assert CARD not in result.output
    return result


def test_findings_are_told_by_their_places() -> None:
    Path("a.txt").write_text(f"é: {MAIL}\nno\ncard {CARD}\n")
    result = run("a.txt")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == ["a.txt:1:4: pii.email EMAIL", "a.txt:3:6: pii.card CARD"]
    assert result.stderr.splitlines() == ["pii.email: e-mail address", "pii.card: payment card", "2 findings in 1 file"]


def test_nothing_is_found_in_a_clean_file() -> None:
    Path("a.txt").write_text("nobody@example.com\n")
    result = run("a.txt")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "0 findings in 1 file\n")


def test_other_kinds_are_left_alone() -> None:
    Path("a.txt").write_text(f"{MAIL}\n")
    result = CliRunner().invoke(check, ("pii", "--kinds", "card", "a.txt"))
    assert (result.exit_code, result.stdout) == (0, "")


def test_defaults_may_be_widened() -> None:
    Path("a.txt").write_text(f"{MAIL} and 10115 PLZ\n")
    lines = {
        kinds: CliRunner().invoke(check, ("pii", "--kinds", kinds, "a.txt")).stdout.splitlines()
        for kinds in ("default", "default, de-postal-code")
    }
    assert [len(found) for found in lines.values()] == [1, 2]


def test_an_unknown_kind_is_an_error() -> None:
    result = CliRunner().invoke(check, ("pii", "--kinds", "email,post\x1b", "."))
    assert isinstance(result.exception, UsageError)
    assert "no kind of personal data named post" in result.exception.what
    assert "\x1b" not in result.exception.what


@pytest.mark.parametrize(
    ("kinds", "what", "why"),
    [
        ("emial", "there is no kind of personal data named emial", "close to it are email"),
        ("vehicle", "there is no kind of personal data named vehicle", "close to it are de-vehicle, es-vehicle, fr-vehicle"),
        ("zzzzzzzz", "there is no kind of personal data named zzzzzzzz", ""),
        (" , ", "--kinds names no kind", ""),
    ],
)
def test_what_was_meant_is_said(kinds: str, what: str, why: str) -> None:
    error = CliRunner().invoke(check, ("pii", "--kinds", kinds, ".")).exception
    assert isinstance(error, UsageError)
    assert (error.what, error.why[: len(why)], bool(error.fix)) == (what, why, True)


def test_nothing_to_look_at_is_an_error() -> None:
    assert isinstance(run().exception, UsageError)


def test_as_json() -> None:
    Path("a.txt").write_text(f"{MAIL}\n{CARD} # checkrein: allow a number for tests\n")
    Path("b.bin").write_bytes(b"\0")
    told = json.loads(run("--json", ".").stdout)
    assert told == {
        "findings": [{"path": "a.txt", "line": 1, "column": 1, "rule": "pii.email", "label": "EMAIL", "severity": "high"}],
        "allowed": [
            {
                "path": "a.txt",
                "line": 2,
                "column": 1,
                "rule": "pii.card",
                "label": "CARD",
                "severity": "high",
                "reason": "a number for tests",
            }
        ],
        "files": 1,
        "binary": ["b.bin"],
        "unreadable": [],
    }


def test_allowed_and_passed_over_are_said() -> None:
    Path("a.txt").write_text(f"{CARD} # checkrein: allow a number for tests\n")
    Path("b.bin").write_bytes(b"\0")
    result = run(".")
    assert (result.exit_code, result.stdout) == (0, "a.txt:1:1: pii.card CARD allowed: a number for tests\n")
    assert result.stderr == "0 findings in 1 file; 1 allowed by comments; 1 binary file passed over\n"


def test_cases_are_answered() -> None:
    cases = [{"id": 1, "text": f"to {MAIL}"}, {"id": 2, "text": "none"}]
    result = run("--jsonl", text="".join(json.dumps(case) + "\n" for case in cases))
    finding = {"rule": "pii.email", "label": "EMAIL", "severity": "high", "start": 3, "end": 3 + len(MAIL)}
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"id": 1, "findings": [finding]},
        {"id": 2, "findings": []},
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("secret", "--kinds", "email", "."), "--kinds is for personal data"),
        (("--kinds", "email", "ls"), "--kinds is for personal data"),
        (("pii", "--baseline", "x", "."), "--baseline and --update are for secrets"),
        (("pii", "--update", "."), "--baseline and --update are for secrets"),
    ],
)
def test_options_of_other_kinds_are_errors(words: tuple[str, ...], said: str) -> None:
    error = CliRunner().invoke(check, words).exception
    assert isinstance(error, UsageError)
    assert error.what == said
