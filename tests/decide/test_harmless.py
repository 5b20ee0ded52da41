"""Which calls only read inside the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkrein.core import Effect, EffectKind, Flag
from checkrein.decide.harmless import only_reads
from checkrein.detect.shell.interpreter import Analysis, analyse
from checkrein.observe.disk import Disk


@pytest.fixture
def disk() -> Disk:
    return Disk("/home/dev", {"HOME": "/home/dev"}, lambda _: True, lambda _, __: None)


@pytest.mark.parametrize(
    "command",
    [
        "ls",
        "cat a.py b.py",
        "grep -rn NAME src",
        "cat a | sort | uniq -c",
        "git status",
        "git log --oneline | head",
        "git diff HEAD~1",
        "find . -name '*.py'",
        "cd src && wc -l *.py",
        "for f in a b; do cat $f; done",
        "ls; pwd; git show HEAD:a.py",
        "/bin/ls",
        "ps -ef",
        "ps aux",
        "jq .name package.json",
    ],
)
def test_what_only_reads(disk: Disk, command: str) -> None:
    assert only_reads(analyse(command, disk, "/home/dev/p"), "/home/dev/p")


@pytest.mark.parametrize(
    "command",
    [
        "",
        "FOO=1",
        "python3 a.py",
        "make",
        "cat /etc/passwd",
        "cat ../other/a",
        "cat ~/a",
        "cat a > b",
        "sed -i s/a/b/ c",
        "find . -delete",
        "find . -exec sh x.sh \\;",
        "git commit",
        "git",
        "git diff --output=x",
        "git diff --ext-diff",
        "git push",
        "sudo ls",
        "ssh host ls",
        "./ls",
        "bin/cat README.md",
        "PATH=$PWD/bin; ls",
        "jq -n env",
        "jq -n '$ENV.KEY'",
        "ps eww",
        "ps auxe",
        "ps -E",
        "cat $(curl https://x.example)",
        "$PROGRAM a",
        "ls | sh",
        "cat <(curl https://x.example)",
        "sort -o a a",
        "curl https://x.example",
    ],
)
def test_what_does_more(disk: Disk, command: str) -> None:
    assert not only_reads(analyse(command, disk, "/home/dev/p"), "/home/dev/p")


@pytest.mark.parametrize(
    "effect",
    [
        Effect(EffectKind.READ, "/p/a", "cat", rule="read.environment"),
        Effect(EffectKind.READ, "/p/a", "cat", flags=Flag.REMOTE),
        Effect(EffectKind.READ, "/p/a", "cat", flags=Flag.ROOT),
        Effect(EffectKind.READ, "/pp/a", "cat"),
        Effect(EffectKind.WRITE, "/p/a", "cat"),
        Effect(EffectKind.UNRESOLVED, "/p/a", "cat"),
    ],
)
def test_one_effect_decides(effect: Effect) -> None:
    fine = Effect(EffectKind.LIST, "/p", "ls")
    assert only_reads(Analysis([fine], [("ls",)]), "/p")
    assert not only_reads(Analysis([fine, effect], [("ls",)]), "/p")


def test_a_text_that_was_not_understood_is_not_harmless() -> None:
    assert not only_reads(Analysis([], [("ls",)], ["unbalanced quote"]), "/p")


@pytest.mark.parametrize(
    "command",
    [
        "hostname evil",
        "hostname -F name",
        "date -s 12:00",
        "date 010100002030",
        "git grep -Ocat x",
        "git grep --open-files=cat x",
        "git diff --outp=x",
        "xxd -r a b",
        "xxd a b",
        "uniq a out",
        "tree -o f",
        "file -C",
        "sort -o a a",
        "sort -uo a a",
        "find . -fprint x",
        "rg --pre ./x y",
        "grep -R x .",
        "PAGER=./x git log",
        "export LESSOPEN='|./x %s'; less a",
    ],
)
def test_readers_that_are_told_to_do_more(disk: Disk, command: str) -> None:
    assert not only_reads(analyse(command, disk, "/home/dev/p"), "/home/dev/p")


@pytest.mark.parametrize(
    "command",
    ["hostname", "hostname -f", "date", "date +%s", "uniq a", "xxd a", "tree src", "LC_ALL=C sort a", "git grep -n x"],
)
def test_readers_that_are_told_to_read(disk: Disk, command: str) -> None:
    assert only_reads(analyse(command, disk, "/home/dev/p"), "/home/dev/p")


@pytest.mark.parametrize("command", ["cat link", "cat l*", "cat folder/a", "ls folder"])
def test_a_link_that_leads_outside(tmp_path: Path, command: str) -> None:
    outside, project = tmp_path / "outside", tmp_path / "project"
    outside.mkdir()
    project.mkdir()
    (outside / "a").write_text("x")
    (project / "own").write_text("x")
    (project / "link").symlink_to(outside / "a")
    (project / "folder").symlink_to(outside)
    disk = Disk(str(tmp_path), {"HOME": str(tmp_path)}, lambda _: True, lambda _, __: None)
    assert not only_reads(analyse(command, disk, str(project)), str(project))
    assert only_reads(analyse("cat own o*", disk, str(project)), str(project))
