"""patch, sed and editors in batch mode."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import EffectKind, Flag

P = "/home/dev/project"
DIFF = "--- a/src/x.py\n+++ b/src/x.py\n@@ -1 +1 @@\n-a\n+b\n--- /dev/null\n+++ b/../../../etc/cron.d/x\n@@ -0,0 +1 @@\n+a\n"


@pytest.mark.parametrize(
    "script",
    [
        "e rm -rf /etc",
        "1e rm -rf /etc",
        "1~2e rm -rf /etc",
        "$!e rm -rf /etc",
        "/x/I,+3 e rm -rf /etc",
        r"\,a,e rm -rf /etc",
        "/[/]/e rm -rf /etc",
        "s/[^/]/x/;e rm -rf /etc",
        "y/abc/xyz/;e rm -rf /etc",
        "s,a,b,g;e rm -rf /etc",
        "{e rm -rf /etc\n}",
        "a text\ne rm -rf /etc",
        "a\\\ntext\ne rm -rf /etc",
        "b end\ne rm -rf /etc",
        "l 5;e rm -rf /etc",
        "q5;e rm -rf /etc",
    ],
)
def test_sed_runs_commands(judge: Any, script: str) -> None:
    assert judge(f"sed '{script}' f").of(EffectKind.DELETE) == ["/etc"]
    assert judge("sed -f s.sed f", scripts={f"{P}/s.sed": script}).of(EffectKind.DELETE) == ["/etc"]


@pytest.mark.parametrize("script", ["s/x/y/e", "s|x|y|e", "s#a#b#Ie", "s/[/]/x/e", "0,/re/s/x/y/e", "s/a/\\\nb/e", "e"])
def test_sed_runs_what_it_reads(judge: Any, script: str) -> None:
    assert judge(f"sed '{script}' f").of(EffectKind.RUN_UNKNOWN) == ["sed"]
    assert not judge(f"sed --sandbox '{script}' f").blind


@pytest.mark.parametrize(
    "script",
    [
        "s/a/b/",
        "s/e/we/g",
        r"s/a/b\/we/",
        "s/a/\\\ne/",
        "a\\\ne rm -rf /etc",
        "1i hello e rm",
        ":e;N;$!be;s/x/y/",
        "/e/d",
        "y/e/w/",
        "# e rm",
    ],
)
def test_sed_runs_nothing(judge: Any, script: str) -> None:
    assert judge(f"sed '{script}' f").kinds == {EffectKind.READ}


@pytest.mark.parametrize(
    ("script", "kind", "path"),
    [
        ("w /etc/x", EffectKind.WRITE, "/etc/x"),
        ("$!N;W /etc/x", EffectKind.WRITE, "/etc/x"),
        ("s,x,y,gw /etc/x", EffectKind.WRITE, "/etc/x"),
        ("y/abc/xyz/;w out", EffectKind.WRITE, f"{P}/out"),
        ("/re/{s/a/b/;r /etc/shadow\n}", EffectKind.READ, "/etc/shadow"),
        ("R /etc/shadow", EffectKind.READ, "/etc/shadow"),
    ],
)
def test_sed_files(judge: Any, script: str, kind: EffectKind, path: str) -> None:
    assert path in judge(f"sed '{script}' f").of(kind)


@pytest.mark.parametrize(
    "command", ["sed -i s/a/b/ f", "sed -i.bak s/a/b/ f", "sed --in-place=.bak s/a/b/ f", "sed -ni p f", "sed -Ei -e s/a/b/ f"]
)
def test_sed_in_place(judge: Any, command: str) -> None:
    effect = judge(command).one(EffectKind.WRITE)
    assert (effect.target, effect.flags) == (f"{P}/f", Flag.IN_PLACE)


@pytest.mark.parametrize("command", ["patch -p1 -i fix.patch", "git apply fix.patch"])
def test_patches(judge: Any, command: str) -> None:
    assert judge(command, files={f"{P}/fix.patch": DIFF}).of(EffectKind.WRITE) == [f"{P}/src/x.py", "/etc/cron.d/x"]


def test_patches_elsewhere_or_not_at_all(judge: Any) -> None:
    files = {f"{P}/fix.patch": DIFF}
    assert judge("git apply --directory=/etc fix.patch", files=files).of(EffectKind.WRITE)[0] == "/etc/src/x.py"
    assert judge("patch -d /etc -p1 -i fix.patch", files=files).of(EffectKind.WRITE)[0] == "/etc/src/x.py"
    assert EffectKind.WRITE not in judge("git apply --stat fix.patch", files=files).kinds
    assert EffectKind.WRITE not in judge("patch --dry-run -i fix.patch", files=files).kinds


@pytest.mark.parametrize(
    "command",
    [
        "vim -c ':!rm -rf /etc' -c q f",
        "vim -es -c 'call system(\"rm -rf /etc\")' f",
        "vim '+!rm -rf /etc' f",
        "vim -c 'w !rm -rf /etc' f",
        "ex -s f <<< '!rm -rf /etc'",
        "ed f <<< '!rm -rf /etc'",
        "vim -c 'py3 import shutil; shutil.rmtree(\"/etc\")' f",
        'vim -c \'call delete("/etc", "rf")\'',
    ],
)
def test_editors_run_commands(judge: Any, command: str) -> None:
    assert "/etc" in judge(command).of(EffectKind.DELETE)


def test_editors_write(judge: Any) -> None:
    assert judge("vim -es -c '%s/a/b/' -c wq f").one(EffectKind.WRITE).flags == Flag.IN_PLACE
    assert judge("vim -c 'w! /etc/x' -c q f").of(EffectKind.WRITE) == ["/etc/x"]
    assert judge("vim -S s.vim f", scripts={f"{P}/s.vim": "!rm -rf /etc"}).of(EffectKind.DELETE) == ["/etc"]
    assert judge("vim f").kinds == {EffectKind.READ}
    assert judge("vim -c 'set number' f").kinds == {EffectKind.READ}


def test_emacs(judge: Any) -> None:
    assert judge("emacs --batch --eval '(delete-directory \"/etc\" t)'").of(EffectKind.RUN_UNKNOWN)
    assert judge("emacs --script a.el", scripts={f"{P}/a.el": "()"}).of(EffectKind.RUN_UNKNOWN)
    assert not judge("emacs --script a.el").blind
    assert not judge("emacs -batch -f batch-byte-compile x.el").blind
