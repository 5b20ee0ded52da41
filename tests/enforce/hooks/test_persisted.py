from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest

from checkrein.core import RedactionError
from checkrein.enforce.hooks import persisted
from checkrein.enforce.hooks.persisted import pieces, redact_file
from plain_redactor import PlainRedactor, placeholder


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    folder = tmp_path / "tool-results"
    folder.mkdir()
    file = folder / "a.txt"
    file.write_text("one\nkey hush-abc and hush-def\n")
    file.chmod(0o644)
    return file


def names(kept: Path) -> list[str]:
    return [file.name for file in kept.parent.iterdir()]


def test_values_are_replaced_and_the_file_is_closed_to_others(kept: Path) -> None:
    counts = redact_file(str(kept), PlainRedactor(), "command")
    assert counts == {"TEST_KEY": 2}
    assert kept.read_text() == f"one\nkey {placeholder('hush-abc')} and {placeholder('hush-def')}\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert names(kept) == ["a.txt"]


def test_a_file_without_values_stays_as_it_is(kept: Path) -> None:
    kept.write_text("nothing\n")
    before = kept.stat()
    assert not redact_file(str(kept), PlainRedactor(), "command")
    assert (kept.stat().st_ino, kept.stat().st_mode) == (before.st_ino, before.st_mode)
    assert names(kept) == ["a.txt"]


def test_bytes_that_are_no_text_come_back_as_they_were(kept: Path) -> None:
    kept.write_bytes(b"\xff\x00hush-abc\xfe\n")
    redact_file(str(kept), PlainRedactor(), "command")
    assert kept.read_bytes() == b"\xff\x00" + placeholder("hush-abc").encode() + b"\xfe\n"


def test_a_link_is_not_followed(kept: Path) -> None:
    secret = kept.with_name("other.txt")
    kept.rename(secret)
    kept.symlink_to(secret)
    with pytest.raises(RedactionError):
        redact_file(str(kept), PlainRedactor(), "command")
    assert "hush-abc" in secret.read_text()


@pytest.mark.parametrize("name", ["elsewhere/a.txt", "tool-results/none.txt", "tool-results"])
def test_no_other_file_is_touched(kept: Path, name: str) -> None:
    other = kept.parents[1] / "elsewhere" / "a.txt"
    other.parent.mkdir()
    other.write_text("hush-abc")
    with pytest.raises(RedactionError):
        redact_file(str(kept.parents[1] / name), PlainRedactor(), "command")
    assert other.read_text() == "hush-abc"


def test_a_second_name_of_the_file_is_left_alone(kept: Path) -> None:
    twin = kept.parents[1] / "twin"
    twin.hardlink_to(kept)
    redact_file(str(kept), PlainRedactor(), "command")
    assert "hush-abc" not in kept.read_text()
    assert "hush-abc" in twin.read_text()


def test_trouble_leaves_the_file_and_no_copy(kept: Path) -> None:
    before = kept.read_bytes()
    with pytest.raises(RedactionError, match="vault is locked"):
        redact_file(str(kept), PlainRedactor(failing=True), "command")
    assert kept.read_bytes() == before
    assert names(kept) == ["a.txt"]


def test_pieces_end_with_a_line_and_not_inside_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persisted, "PIECE", 40)
    key = b"-----BEGIN THE KEY-----\n" + b"abcdef\n" * 10 + b"-----END THE KEY-----\n"
    data = b"a line\n" * 3 + key + b"more\n" * 30 + b"x" * 100
    parts = list(pieces(io.BytesIO(data)))
    assert b"".join(parts) == data
    assert len(parts) > 3
    assert any(key in part for part in parts)
    assert all(part.endswith(b"\n") for part in parts[:-1])


@pytest.mark.parametrize("separator", [b" ", b",", b'"', b"\t"])
def test_a_line_that_is_too_long_is_not_cut_in_a_word(monkeypatch: pytest.MonkeyPatch, separator: bytes) -> None:
    monkeypatch.setattr(persisted, "PIECE", 1000)
    monkeypatch.setattr(persisted, "_OVER", 100)
    words = [b"word-%d" % number for number in range(2000)]
    parts = list(pieces(io.BytesIO(separator.join(words))))
    assert b"".join(parts) == separator.join(words)
    assert len(parts) > 5
    assert {word for part in parts for word in part.split(separator) if word} == set(words)


def test_one_word_that_is_too_long_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persisted, "PIECE", 1000)
    monkeypatch.setattr(persisted, "_OVER", 100)
    parts = list(pieces(io.BytesIO(b"x" * 5000)))
    assert b"".join(parts) == b"x" * 5000
    assert max(map(len, parts)) <= 1200
