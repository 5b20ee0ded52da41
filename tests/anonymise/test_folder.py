"""A copy that tells nothing, works, and leads back."""

from __future__ import annotations

import base64
import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

import pii_examples
from checkrein.anonymise import back
from checkrein.anonymise.folder import Outcome, anonymised
from checkrein.anonymise.mapping import Mapping
from checkrein.core import UsageError
from checkrein.detect.pii import Pii, default_kinds
from checkrein.detect.pii import load as pii_kinds
from checkrein.detect.secrets import catalogue, examples
from checkrein.detect.secrets.engine import standard
from checkrein.detect.secrets.known import Known, KnownValues
from checkrein.detect.sensitive import Scanner
from sample_projects import HOST, NAMES, PASSWORD, SECRETS, TOKEN, committed, git, javascript_project, python_project, write

KEY = bytes(range(32))


def copy(
    source: Path, target: Path, mapping: Mapping | None = None, names: tuple[str, ...] = NAMES, keep: tuple[str, ...] = ()
) -> tuple[Outcome, Mapping]:
    mapping = mapping or Mapping(KEY)
    search = Scanner(standard(), pii=Pii(default_kinds()))
    return anonymised(source, target, search, names, (), mapping, keep), mapping


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


def binaries(folder: Path) -> Path:
    source = write(folder, {"a.py": f"GITHUB_TOKEN = '{TOKEN}'\n", "tests/fixtures/x.txt": "x\n"})
    (source / "tests/fixtures/clean.png").write_bytes(b"\x89PNG\0clean")
    (source / "tests/fixtures/named.png").write_bytes(b"\x89PNG\0\1 made by Bluefin\0")
    (source / "tests/fixtures/wide.png").write_bytes(b"\x89PNG\0\1" + "by Bluefin".encode("utf-16-le"))
    (source / "key.bin").write_bytes(b"\0\1" + TOKEN.encode())
    (source / "dump.sql.gz").write_bytes(gzip.compress(b"Bluefin", mtime=0))
    return source


def test_what_is_no_text_is_left_out_and_named(tmp_path: Path) -> None:
    source = binaries(tmp_path / "p")
    outcome, _ = copy(source, tmp_path / "copy")
    assert sorted(path.name for path in (tmp_path / "copy").rglob("*.*")) == ["a.py", "x.txt"]
    assert sorted(outcome.left) == [
        ("dump.sql.gz", "it is compressed"),
        ("key.bin", "it is no text"),
        *((f"tests/fixtures/{name}.png", "it is a picture") for name in ("clean", "named", "wide")),
    ]


def test_a_person_may_keep_what_is_no_text(tmp_path: Path) -> None:
    source = binaries(tmp_path / "p")
    outcome, _ = copy(source, tmp_path / "copy", keep=("tests/**/*.png", "key.bin"))
    assert (tmp_path / "copy/tests/fixtures/clean.png").read_bytes() == b"\x89PNG\0clean"
    assert outcome.kept == [("tests/fixtures/clean.png", "a picture")]
    assert outcome.unkept == 1
    stands = "a name or value stands in it"
    assert sorted(outcome.left) == [
        ("dump.sql.gz", "it is compressed"),
        ("key.bin", stands),
        ("tests/fixtures/named.png", stands),
        ("tests/fixtures/wide.png", stands),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_texts_are_rewritten_in_their_encoding(tmp_path: Path, encoding: str) -> None:
    source = write(tmp_path / "p", {"a.txt": "für Bluefin und Müller & Söhne\n"})
    (source / "b.txt").write_bytes(f"für Bluefin und Müller & Söhne: {TOKEN}\r\n".encode(encoding))
    outcome, mapping = copy(source, tmp_path / "copy", names=("Bluefin", "Müller & Söhne"))
    assert outcome.left == []
    made = (tmp_path / "copy/b.txt").read_bytes().decode(encoding)
    assert made.startswith("für ")
    assert made.endswith("\r\n")
    assert mapping.pairs[TOKEN] in made
    assert not [name for name in ("luefin", "ller", "hne", TOKEN) if name in made]
    back.folder(tmp_path / "copy", tmp_path / "again", Mapping.parse(mapping.dumped()).back())
    assert (tmp_path / "again/b.txt").read_bytes() == (source / "b.txt").read_bytes()


def test_a_name_in_an_encoding_that_cannot_be_told(tmp_path: Path) -> None:
    source = write(tmp_path / "p", {"a.txt": "x\n"})
    (source / "b.txt").write_bytes(b"a long text in a file of code, and then " + "Иванов".encode("cp1251") + b"\n")
    outcome, _ = copy(source, tmp_path / "copy", names=("Иванов",))
    assert outcome.left == [("b.txt", "a name stands in it in an encoding that is not known")]


def test_a_host_has_one_stand_in_everywhere(tmp_path: Path) -> None:
    text = (
        'OWNER = "anna@bluewhale-shop.com"\nOPS = "ops@mail.bluewhale-shop.com"\nDOMAIN = "@bluewhale-shop.com"\n'
        'LOUD = "BLUEWHALE-SHOP.COM"\nOTHER = "jo.smith@gmail.com"\nFREE = "@gmail.com"\n'
    )
    source = write(tmp_path / "p", {"a.py": text})
    copy(source, tmp_path / "copy")
    values: dict[str, str] = {}
    exec((tmp_path / "copy/a.py").read_text(), values)
    assert values["OWNER"].endswith(values["DOMAIN"])
    assert values["DOMAIN"].endswith(".example")
    assert values["OPS"].endswith(f"@mail.{values['DOMAIN'][1:]}")
    assert values["LOUD"] == values["DOMAIN"][1:].upper()
    assert values["FREE"] == "@gmail.com"
    assert values["OTHER"].endswith(".example@gmail.com")
    assert not [part for part in ("anna", "smith", "bluewhale", "BLUEWHALE") if part in (tmp_path / "copy/a.py").read_text()]


@pytest.mark.parametrize(
    "host", ["localhost", "db", "127.0.0.1", "db.acmecorp.io", "shop.c9akciq32.eu-west-1.rds.amazonaws.com"]
)
def test_of_an_address_the_parts_are_replaced(tmp_path: Path, host: str) -> None:
    address = f"postgresql://shop:{PASSWORD}@{host}:5432/shop?sslmode=require"
    encoded = base64.b64encode(address.encode()).decode()
    texts = {".env": f"DATABASE_URL={address}\nPGPASSWORD={PASSWORD}\nPGUSER=shop\nPGHOST={host}\n", "b.txt": f"{encoded}\n"}
    source = write(tmp_path / "p", texts)
    mapping = Mapping(KEY)
    known = KnownValues([Known("DATABASE_URL", address, ".env"), Known("PGPASSWORD", PASSWORD, ".env")])
    anonymised(source, tmp_path / "copy", Scanner(standard(), known=known), (), (), mapping)
    made = dict(line.split("=", 1) for line in (tmp_path / "copy/.env").read_text().splitlines())
    assert made["DATABASE_URL"] == (
        f"postgresql://{made['PGUSER']}:{made['PGPASSWORD']}@{made['PGHOST']}:5432/shop?sslmode=require"
    )
    assert made["PGUSER"] == "shop"
    assert made["PGPASSWORD"] != PASSWORD
    assert (made["PGHOST"] == host) == (host in ("localhost", "db", "127.0.0.1"))
    assert base64.b64decode((tmp_path / "copy/b.txt").read_text()).decode() == made["DATABASE_URL"]
    back.folder(tmp_path / "copy", tmp_path / "again", mapping.back())
    assert everything(tmp_path / "again") == everything(source)


def test_words_with_a_short_name_are_told(tmp_path: Path) -> None:
    source = write(tmp_path / "p", {"acmelib/core.py": "import acmelib\nAcme = 'macmeter'\n", "b.py": "myacme = acmelib\n"})
    outcome, _ = copy(source, tmp_path / "copy", names=("Acme",))
    assert outcome.joined == {"acmelib": 3, "myacme": 1}
    outcome, mapping = copy(source, tmp_path / "again", names=("Acme", "acmelib"))
    assert outcome.joined == {"myacme": 1}
    word = mapping.terms[("acmelib",)][0]
    assert (tmp_path / "again" / word / "core.py").read_text().startswith(f"import {word}\n")


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
