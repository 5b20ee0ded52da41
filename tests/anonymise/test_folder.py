"""A copy that tells nothing, works, and leads back."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from checkrein.anonymise import back
from checkrein.anonymise.folder import Outcome, anonymised
from checkrein.anonymise.mapping import Mapping
from checkrein.core import UsageError
from checkrein.detect.pii import Pii, default_kinds
from checkrein.detect.pii import examples as pii_examples
from checkrein.detect.pii import load as pii_kinds
from checkrein.detect.secrets import catalogue, examples
from checkrein.detect.secrets.engine import standard
from checkrein.detect.sensitive import Scanner
from sample_projects import HOST, NAMES, PASSWORD, SECRETS, TOKEN, committed, git, javascript_project, python_project, write

KEY = bytes(range(32))


def copy(source: Path, target: Path, mapping: Mapping | None = None, names: tuple[str, ...] = NAMES) -> tuple[Outcome, Mapping]:
    mapping = mapping or Mapping(KEY)
    search = Scanner(standard(), pii=Pii(default_kinds()))
    return anonymised(source, target, search, names, (), mapping), mapping


def everything(folder: Path) -> str:
    paths = [path for path in sorted(folder.rglob("*")) if ".git" not in path.parts]
    texts = [path.read_bytes().decode("latin-1") for path in paths if path.is_file()]
    return "\n".join((*(str(path.relative_to(folder)) for path in paths), *texts))


def forms(value: str) -> list[str]:
    data = value.encode()
    return [
        value,
        data.hex(),
        quote(value, safe=""),
        base64.b64encode(data).decode()[:-4],
        base64.b64encode(b"svc:" + data).decode()[8:-4],
    ]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return committed(write(tmp_path / "billing", python_project()))


def run_tests(folder: Path) -> None:
    program = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *sys.path]), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(program, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_of_the_original_is_in_the_copy(project: Path, tmp_path: Path) -> None:
    outcome, _ = copy(project, tmp_path / "copy")
    shown = everything(tmp_path / "copy")
    assert outcome.left == [(".git", "it is made anew by tools")]
    assert outcome.files == len(python_project())
    for value in SECRETS:
        assert not [form for form in forms(value) if form in shown]
    for name in ("acme", "bluefin", "jane", HOST):
        assert name not in shown.lower()


def test_the_copys_tests_pass(project: Path, tmp_path: Path) -> None:
    run_tests(project)
    copy(project, tmp_path / "copy")
    run_tests(tmp_path / "copy")


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")
def test_javascript_passes(tmp_path: Path) -> None:
    source = write(tmp_path / "shop", javascript_project())
    copy(source, tmp_path / "copy", names=("Bluefin", "Jane Doe"))
    for folder in (source, tmp_path / "copy"):
        subprocess.run(["node", "test.mjs"], cwd=folder, check=True, capture_output=True)
    assert "bluefin" not in everything(tmp_path / "copy").lower()


def test_the_same_value_has_one_stand_in(project: Path, tmp_path: Path) -> None:
    _, mapping = copy(project, tmp_path / "copy")
    shown = mapping.pairs[TOKEN]
    assert shown.startswith("ghp_")
    assert len(shown) == len(TOKEN)
    assert everything(tmp_path / "copy").count(shown) == everything(project).count(TOKEN)
    assert f"DB_PASSWORD={mapping.pairs[PASSWORD]}" in (tmp_path / "copy/.env").read_text()


def test_the_way_back_is_exact(project: Path, tmp_path: Path) -> None:
    _, mapping = copy(project, tmp_path / "copy")
    back.folder(tmp_path / "copy", tmp_path / "again", Mapping.parse(mapping.dumped()).back())
    for name, text in python_project().items():
        assert (tmp_path / "again" / name).read_text() == text


def test_a_patch_made_in_the_copy_applies(project: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    _, mapping = copy(project, target)
    git(target, "init", "-q")
    git(target, "add", "-Af")
    git(target, "commit", "-q", "-m", "start")
    word, other = mapping.terms[("acme", "corp")]
    module = next(target.glob("*/*_client.py"))
    module.write_text(module.read_text() + f"\n{word.upper()}_{other.upper()}_RETRIES = 3  # {word}{other} asked for it\n")
    renamed = next(target.glob("docs/*"))
    renamed.rename(renamed.parent / "customers")
    git(target, "add", "-A")
    made = git(target, "diff", "--cached", "-M", "--binary")
    brought = back.patch(made, mapping.back())
    assert b"ACME_CORP_RETRIES" in brought
    git(project, "add", "-Af")
    git(project, "apply", "--check", given=brought)
    git(project, "apply", given=brought)
    text = (project / "acme_corp/bluefin_client.py").read_text()
    assert text.endswith("\nACME_CORP_RETRIES = 3  # acmecorp asked for it\n")
    assert text.startswith(python_project()["acme_corp/bluefin_client.py"])
    assert (project / "docs/customers/acme-corp.txt").exists()


def test_a_second_copy_with_the_same_map(project: Path, tmp_path: Path) -> None:
    _, first = copy(project, tmp_path / "one")
    copy(project, tmp_path / "two", Mapping.parse(first.dumped()))
    assert everything(tmp_path / "one") == everything(tmp_path / "two")


def test_binary_files(tmp_path: Path) -> None:
    source = write(tmp_path / "p", {"a.py": f"GITHUB_TOKEN = '{TOKEN}'\n"})
    (source / "clean.png").write_bytes(b"\x89PNG\0clean")
    (source / "named.bin").write_bytes(b"\0\1 made by Bluefin\0")
    (source / "key.bin").write_bytes(b"\0\1" + TOKEN.encode())
    outcome, _ = copy(source, tmp_path / "copy")
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == ["a.py", "clean.png"]
    assert sorted(path for path, _ in outcome.left) == ["key.bin", "named.bin"]


def test_links_and_modes(tmp_path: Path) -> None:
    source = write(tmp_path / "p", {"bluefin/run.sh": "#!/bin/sh\n", "x": "x\n"})
    (source / "bluefin/run.sh").chmod(0o755)
    (source / "in").symlink_to("bluefin/run.sh")
    (source / "bluefin/up").symlink_to("../x")
    (source / "out").symlink_to("../elsewhere")
    (source / "root").symlink_to("/etc/hosts")
    outcome, mapping = copy(source, tmp_path / "copy")
    word = mapping.terms[("bluefin",)][0]
    assert str((tmp_path / "copy/in").readlink()) == f"{word}/run.sh"
    assert (tmp_path / "copy" / word / "up").read_text() == "x\n"
    assert (tmp_path / "copy" / word / "run.sh").stat().st_mode & 0o777 == 0o755
    assert sorted(path for path, _ in outcome.left) == ["out", "root"]


def test_hosts_of_internal_networks(tmp_path: Path) -> None:
    source = write(tmp_path / "p", {"a.py": "URL = 'http://db.warehouse.internal:5432/'\nx = threading.local\ny = self.corp\n"})
    copy(source, tmp_path / "copy")
    text = (tmp_path / "copy/a.py").read_text()
    assert "warehouse" not in text
    assert ".example:5432/'\nx = threading.local\ny = self.corp\n" in text
    assert "http://db." in text


def test_made_folders_stay_behind(tmp_path: Path) -> None:
    source = write(tmp_path / "p", {"node_modules/x/index.js": "1", "a.js": "1", ".venv/x": "1"})
    outcome, _ = copy(source, tmp_path / "copy")
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["a.js"]
    assert [path for path, _ in outcome.left] == [".venv", "node_modules"]


def test_where_the_copy_may_not_stand(tmp_path: Path) -> None:
    source = write(tmp_path / "p", {"a": "1"})
    for target in (source / "copy", tmp_path, source):
        with pytest.raises(UsageError):
            copy(source, target)
    with pytest.raises(UsageError):
        copy(tmp_path / "none", tmp_path / "copy")
    assert everything(source) == "a\n1"


def test_every_kind_of_secret_and_of_personal_data_is_replaced_and_comes_back(tmp_path: Path) -> None:
    texts = {f"secrets/{kind.id}.txt": examples.expand(kind.bad[0]) + "\n" for kind in catalogue.load()}
    texts |= {
        f"people/{kind.id}.txt": pii_examples.found_in(kind, kind.bad[0])[0] + "\n" for kind in pii_kinds() if kind.default
    }
    source = write(tmp_path / "p", texts)
    search = Scanner(standard(), pii=Pii(default_kinds()))
    values = {text[each.start : each.end] for text in texts.values() for each in search.scan(text)}
    outcome, mapping = copy(source, tmp_path / "copy")
    assert [path for path, _ in outcome.left] == []
    shown = everything(tmp_path / "copy")
    assert len(values) > 300
    assert [value for value in values if len(value) > 7 and value in shown] == []
    back.folder(tmp_path / "copy", tmp_path / "again", mapping.back())
    assert everything(tmp_path / "again") == everything(source)


def test_bytes_that_are_no_utf8(tmp_path: Path) -> None:
    source = write(tmp_path / "p", {})
    source.mkdir()
    data = b"caf\xe9 Bluefin \xff " + TOKEN.encode() + b" DB_PASSWORD='" + PASSWORD.encode() + b"'\n"
    (source / "latin.txt").write_bytes(data)
    outcome, mapping = copy(source, tmp_path / "copy")
    assert outcome.left == []
    made = (tmp_path / "copy/latin.txt").read_bytes()
    assert made.startswith(b"caf\xe9 ")
    assert not [value for value in (b"Bluefin", TOKEN.encode(), PASSWORD.encode()) if value in made]
    back.folder(tmp_path / "copy", tmp_path / "again", Mapping.parse(mapping.dumped()).back())
    assert (tmp_path / "again/latin.txt").read_bytes() == data
