"""``checkrein anonymize`` and ``deanonymize`` over a small repository, with the map in the vault between them."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from checkrein.cli import _vault
from checkrein.cli.anonymize import anonymize, deanonymize
from checkrein.core import PolicyError, UsageError
from checkrein.locations import vault_dir
from checkrein.service.person import Refusal
from sample_projects import SECRETS, committed, git, python_project, write


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose policy knows the company's name, and a person at the terminal."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(_vault, "require_person", lambda *_: None)
    policy = home / ".config/checkrein/checkrein.yaml"
    policy.parent.mkdir(parents=True)
    policy.write_text("version: 1\nredaction:\n  dictionary:\n    - {term: Acme Corp, label: CUSTOMER}\n")
    return committed(write(tmp_path / "billing", python_project()))


def run(command: click.Command, *words: object) -> str:
    result = CliRunner().invoke(command, [str(word) for word in words])
    if result.exception is not None:
        raise result.exception
    assert not [value for value in SECRETS if value in result.output]
    return result.output


def copied(project: Path, *words: str) -> tuple[Path, str]:
    target = project.parent / f"copy{len(list(project.parent.glob('copy*')))}"
    told = run(anonymize, project, "-o", target, "--name", "Bluefin", *words)
    found = re.search(r"the map is ([a-z2-7]{16});", told)
    assert found
    assert "CKR_" not in told
    return target, found[1]


def test_there_and_back(project: Path) -> None:
    target, name = copied(project)
    assert not [path for path in target.rglob("*") if path.is_file() and "acme" in path.read_text().lower()]
    git(target, "init", "-q")
    git(target, "add", "-Af")
    git(target, "commit", "-q", "-m", "start")
    module = next(target.glob("*/*_client.py"))
    module.write_text(module.read_text() + "ADDED = 1\n")
    patch = project.parent / "changes.patch"
    patch.write_bytes(git(target, "diff"))
    for words in ([], ["--map", name]):
        result = project.parent / "result.patch"
        run(deanonymize, patch, "-o", result, *words)
        git(project, "apply", "--check", str(result))
    assert result.stat().st_mode & 0o077 == 0
    run(deanonymize, target, "-o", project.parent / "again")
    assert (project.parent / "again/.env").read_text() == python_project()[".env"]


def test_the_map_is_not_on_disk_in_the_clear(project: Path) -> None:
    copied(project)
    kept = b"".join(path.read_bytes() for path in vault_dir().rglob("*") if path.is_file())
    assert not [value for value in (*SECRETS, "Bluefin", "acme") if value.encode() in kept]


def test_a_map_goes_on(project: Path) -> None:
    first, name = copied(project)
    second, _ = copied(project, "--map", name)
    assert [path.relative_to(first) for path in sorted(first.rglob("*"))] == [
        path.relative_to(second) for path in sorted(second.rglob("*"))
    ]
    with pytest.raises(UsageError, match="no map"):
        copied(project, "--map", "nothing")


def test_with_a_broken_policy_nothing_is_copied(project: Path) -> None:
    (project / "checkrein.yaml").write_text("version: 1\nredaction: {dictionary: 7}\n")
    with pytest.raises(PolicyError):
        copied(project)
    assert not list(project.parent.glob("copy*"))


def test_what_stays_behind_is_told(project: Path) -> None:
    (project / "image.bin").write_bytes(b"\0 by Bluefin")
    told = run(anonymize, project, "-o", project.parent / "copy", "--name", "Bluefin")
    assert "left out: image.bin (it is no text)" in told
    assert "`--keep PATTERN` copies files that are no text, unsearched" in told
    (project / "logo.png").write_bytes(b"\x89PNG\0")
    told = run(anonymize, project, "-o", project.parent / "kept", "--name", "Bluefin", "--keep", "*.png", "--keep", "image.*")
    assert "left out: image.bin (a name or value stands in it)" in told
    assert "kept unsearched: logo.png (it is a picture)" in told


def test_words_with_a_short_name_are_told(project: Path) -> None:
    (project / "acmelib.py").write_text("acmelib = 1\n")
    told = run(anonymize, project, "-o", project.parent / "copy", "--name", "Acme", "--name", "Bluefin")
    assert "begins or ends it: acmelib (2 times); `--name WORD` replaces such a word" in told


def test_the_map_is_found_by_the_copy(project: Path) -> None:
    first, name = copied(project)
    other = committed(write(project.parent / "shop", {"a.py": "OWNER = 'jo@plover.example.io'\n"}))
    copied(other)
    patch = project.parent / "changes.patch"
    patch.write_text("".join(f"+{line}\n" for line in (first / "README.md").read_text().splitlines()))
    told = run(deanonymize, patch, "-o", project.parent / "result.patch")
    assert re.search(rf"by the map {name}, of which \d+ stand-ins stood there\n$", told)
    assert "Bluefin" in (project.parent / "result.patch").read_text()
    run(deanonymize, first, "-o", project.parent / "again")
    assert (project.parent / "again/.env").read_text() == python_project()[".env"]


def test_where_no_stand_in_stands_a_person_is_told(project: Path) -> None:
    copied(project)
    patch = project.parent / "changes.patch"
    patch.write_text("+nothing of it\n")
    assert "of which 0 stand-ins stood there\nnothing may have been brought back" in run(deanonymize, patch)


@pytest.mark.parametrize(("number", "fix"), [(errno.EACCES, "read and write"), (errno.ENOSPC, "free some space")])
def test_why_a_copy_cannot_be_made(project: Path, monkeypatch: pytest.MonkeyPatch, number: int, fix: str) -> None:
    make = Path.mkdir

    def refuse(path: Path, *words: object, **options: object) -> None:
        if path.name == "copy":
            raise OSError(number, os.strerror(number), str(path))
        make(path, *words, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(UsageError) as told:
        run(anonymize, project, "-o", project.parent / "copy")
    assert "[Errno" not in str(told.value)
    assert f"{project.parent / 'copy'}: {os.strerror(number)}" in told.value.why
    assert fix in told.value.fix


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--host", "not a host"], "--host 'not a host' is no host"),
        (["--host", "https://acme.example/"], "is no host or domain"),
        (["--host", ""], "--host '' is no host"),
        (["--name", ""], "--name '' is no name"),
        (["--name", " . "], "is no name"),
        (["--keep", ""], "--keep '' is no pattern"),
        (["--keep", "# a"], "is no pattern"),
    ],
)
def test_what_could_replace_or_keep_nothing(project: Path, words: list[str], what: str) -> None:
    with pytest.raises(UsageError, match=re.escape(what)):
        run(anonymize, project, "-o", project.parent / "copy", *words)
    assert not (project.parent / "copy").exists()


@pytest.mark.parametrize("host", ["acme.example", "db_1", "10.1.2.3", "fd00::1", "m\u00fcnchen.example"])
def test_what_is_a_host(project: Path, host: str) -> None:
    copied(project, "--host", host)


def test_only_a_person_sees_the_originals(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target, _ = copied(project)

    def refuse(*_: object) -> None:
        raise Refusal("no terminal")

    monkeypatch.setattr(_vault, "require_person", refuse)
    with pytest.raises(UsageError, match="Only a person"):
        run(deanonymize, target, "-o", project.parent / "again")
    assert not (project.parent / "again").exists()


def test_what_cannot_be_brought_back(project: Path) -> None:
    with pytest.raises(UsageError, match="no map"):
        run(deanonymize, project, "-o", project.parent / "again")
    target, _ = copied(project)
    with pytest.raises(UsageError, match="needs an output"):
        run(deanonymize, target)
    with pytest.raises(UsageError, match="cannot bring back") as told:
        run(deanonymize, project.parent / "none.patch")
    assert "[Errno" not in str(told.value)
    assert told.value.fix == "name a file or folder that is there"
