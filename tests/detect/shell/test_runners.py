"""Build and test runners: what they run stands in files."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checkrein.core.effect import EffectKind

P = "/home/dev/project"


@pytest.mark.parametrize(
    "text",
    [
        "all:\n\trm -rf /etc\n",
        "all:\n\t-@rm -rf /etc\n",
        "D=/etc\nall:\n\t@rm -rf $(D)\n",
        "D=${E}\nE=/etc\nall:\n\trm -rf ${D}\n",
        "D := /etc\nall:\n\trm -rf $D\n",
        "X := $(shell rm -rf /etc)\n",
        "X != rm -rf /etc\n",
        "all: ; rm -rf /etc\n",
        "all: a b; @rm -rf /etc\n",
        "all:\n\tcd / && \\\n\trm -rf etc\n",
        ".ONESHELL:\nall:\n\tcd /\n\trm -rf etc\n",
        ".RECIPEPREFIX = >\nall:\n> rm -rf /etc\n",
        "define R\nrm -rf /etc\nendef\nall:\n\t$(R)\n",
        "SHELL=/bin/rm\n.SHELLFLAGS=-rf\nall:\n\t/etc\n",
        "include other.mk\n",
        "-include sub/x.mk\n",
        "ifeq (a,b)\nD=/etc\nelse\nD=build\nendif\nall:\n\trm -rf $(D)\n",
    ],
)
def test_make(judge: Any, text: str) -> None:
    more = {f"{P}/other.mk": "a:\n\trm -rf /etc\n", f"{P}/sub/x.mk": "a:\n\trm -rf /etc\n"}
    assert "/etc" in judge("make", scripts={f"{P}/Makefile": text, **more}).of(EffectKind.DELETE)
    assert "/etc" in judge("make -f m.mk", scripts={f"{P}/m.mk": text, **more}).of(EffectKind.DELETE)


@pytest.mark.parametrize(
    "command",
    [
        "make --eval='a: ; rm -rf /etc' a",
        "make --eval 'x:=$(shell rm -rf /etc)'",
        "printf 'a:\\n\\trm -rf /etc\\n' | make -f -",
        "printf 'a:\\n\\trm -rf /etc\\n' > Makefile; make",
        "make SHELL='sh -c \"rm -rf /etc\"'",
    ],
)
def test_recipes_that_are_given(judge: Any, command: str) -> None:
    assert judge(command).of(EffectKind.DELETE) == ["/etc"]


def test_make_elsewhere(judge: Any) -> None:
    scripts = {f"{P}/sub/Makefile": "D=x\nclean:\n\trm -rf $(D)\n"}
    assert judge("make -C sub clean", scripts=scripts).of(EffectKind.DELETE) == [f"{P}/sub/x"]
    assert judge("make -C sub clean D=/etc", scripts=scripts).of(EffectKind.DELETE) == ["/etc"]
    assert judge("make -n -C sub", scripts=scripts).kinds == set()
    assert judge("make", scripts={f"{P}/Makefile": "a:\n\techo $$HOME ${X}\n"}).kinds == set()
    assert judge("make").kinds == set()
    assert judge("curl -o Makefile http://e/x && make").of(EffectKind.RUN_UNKNOWN)


SCRIPTS = {
    "pretest": "rm /etc/pre",
    "test": "rm /etc/test",
    "posttest": "rm /etc/post",
    "postinstall": "rm /etc/install",
    "build": "npm run pretest",
}


@pytest.mark.parametrize(
    ("command", "removed"),
    [
        ("npm test", ["/etc/pre", "/etc/test", "/etc/post"]),
        ("npm t", ["/etc/pre", "/etc/test", "/etc/post"]),
        ("npm run test", ["/etc/pre", "/etc/test", "/etc/post"]),
        ("npm run-script posttest", ["/etc/post"]),
        ("npm run build", ["/etc/pre"]),
        ("yarn build", ["/etc/pre"]),
        ("pnpm -r build", ["/etc/pre"]),
        ("bun run build", ["/etc/pre"]),
        ("bun build", ["/etc/pre"]),
        ("node --run build", ["/etc/pre"]),
        ("npm ci", ["/etc/install"]),
        ("yarn", ["/etc/install"]),
        ("npm i lodash", ["/etc/install"]),
        ("npm run lint", []),
        ("npm ls", []),
    ],
)
def test_package_scripts(judge: Any, command: str, removed: list[str]) -> None:
    scripts = {f"{P}/package.json": json.dumps({"scripts": SCRIPTS})}
    assert judge(command, scripts=scripts).of(EffectKind.DELETE) == removed


def test_package_scripts_written_just_now(judge: Any) -> None:
    text = json.dumps({"scripts": {"test": "rm -rf /etc"}})
    assert judge(f"printf '%s' '{text}' > package.json && npm test").of(EffectKind.DELETE) == ["/etc"]
    assert judge("npm --prefix sub test", scripts={f"{P}/sub/package.json": text}).of(EffectKind.DELETE) == ["/etc"]
    assert judge("npm test", scripts={f"{P}/package.json": "{"}).of(EffectKind.RUN_UNKNOWN)
    assert judge("npm test", scripts={f"{P}/package.json": "[]"}).of(EffectKind.RUN_UNKNOWN)


@pytest.mark.parametrize(
    ("command", "installs", "removed"),
    [
        ("npx rimraf@5.0.1 /etc", ["rimraf@5.0.1"], ["/etc"]),
        ("npx -y rimraf /etc", ["rimraf"], ["/etc"]),
        ("npx -p a --package b rimraf /etc", ["a", "b"], ["/etc"]),
        ("npx -c 'rm /etc'", [], ["/etc"]),
        ("npm exec -- rimraf /etc", ["rimraf"], ["/etc"]),
        ("pnpm dlx rimraf /etc", ["rimraf"], ["/etc"]),
        ("pnpm exec rm /etc", [], ["/etc"]),
        ("yarn exec rm /etc", [], ["/etc"]),
        ("bunx rimraf /etc", ["rimraf"], ["/etc"]),
        ("npx @scope/pkg@1.2.3 x", ["@scope/pkg@1.2.3"], []),
        ("uvx --from x y", ["x"], []),
        ("pipx run black .", ["black"], []),
        ("pipx list", [], []),
    ],
)
def test_package_runners(judge: Any, command: str, installs: list[str], removed: list[str]) -> None:
    judged = judge(command)
    assert (judged.of(EffectKind.INSTALL), judged.of(EffectKind.DELETE)) == (installs, removed)


@pytest.mark.parametrize(
    ("command", "path", "text"),
    [
        ("pytest", "conftest.py", "import os; os.remove('/etc/x')"),
        ("pytest tests/a.py::test", "tests/conftest.py", "import os; os.remove('/etc/x')"),
        ("pytest tests/a.py::test", "tests/a.py", "import os; os.remove('/etc/x')"),
        ("nox", "noxfile.py", "import os; os.remove('/etc/x')"),
        ("just", "justfile", "a:\n    rm /etc/x"),
        ("gulp", "gulpfile.js", "require('fs').unlinkSync('/etc/x')"),
        ("rake", "Rakefile", "File.delete('/etc/x')"),
        ("git commit -m x", ".git/hooks/pre-commit", "#!/bin/sh\nrm /etc/x"),
        ("git push", ".husky/pre-push", "rm /etc/x"),
    ],
)
def test_build_files(judge: Any, command: str, path: str, text: str) -> None:
    assert judge(command, scripts={f"{P}/{path}": text}).of(EffectKind.DELETE) == ["/etc/x"]
    assert EffectKind.DELETE not in judge(command).kinds
