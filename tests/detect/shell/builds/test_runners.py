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
    ],
)
def test_build_files(judge: Any, command: str, path: str, text: str) -> None:
    assert judge(command, scripts={f"{P}/{path}": text}).of(EffectKind.DELETE) == ["/etc/x"]
    assert EffectKind.DELETE not in judge(command).kinds


@pytest.mark.parametrize("tool", ["rm -rf", "remove_directory", "remove", "env A=1 rm", "time rm -r"])
def test_tools_of_cmake(judge: Any, tool: str) -> None:
    assert judge(f"cmake -E {tool} /etc/x").of(EffectKind.DELETE) == ["/etc/x"]
    assert judge("cmake -E echo rm /etc/x").of(EffectKind.DELETE) == []


PACKAGE = json.dumps({"scripts": {"rimraf": "echo no", "clean": "rimraf dist"}})


@pytest.mark.parametrize(
    "command",
    [
        "yarn rimraf /etc",
        "pnpm rimraf /etc",
        "yarn shx rm -rf /etc",
        "yarn workspace web rimraf /etc",
        "pnpm --filter web rimraf /etc",
    ],
)
def test_a_word_that_is_no_script_is_a_program(judge: Any, command: str) -> None:
    files = {f"{P}/package.json": json.dumps({"scripts": {"build": "vite build"}})}
    assert judge(command).of(EffectKind.DELETE) == ["/etc"]
    assert judge(command, files=files).of(EffectKind.DELETE) == ["/etc"]


@pytest.mark.parametrize("command", ["yarn rimraf /etc", "pnpm remove /etc", "pnpm rm /etc", "yarn cache clean", "yarn why rm"])
def test_a_script_or_a_command_of_the_runner_is_no_program(judge: Any, command: str) -> None:
    judged = judge(command, files={f"{P}/package.json": PACKAGE})
    assert not judged.of(EffectKind.DELETE)
    assert len(judged.programs) == 1


def test_a_package_that_cannot_be_read_may_have_the_script(judge: Any) -> None:
    assert judge("yarn build", scripts={f"{P}/package.json": "{"}).blind


@pytest.mark.parametrize(
    ("command", "scripts"),
    [
        ("make", {"Makefile": "include *.mk\n", "q.mk": "a:\n\trm -rf /etc\n"}),
        ("make", {"Makefile": "F = q.mk\ninclude $(F)\n", "q.mk": "a:\n\trm -rf /etc\n"}),
        ("MAKEFILES=q.mk make", {"q.mk": "a:\n\trm -rf /etc\n"}),
        ("make -E 'x:=$(shell rm -rf /etc)'", {}),
        ("MAKEFLAGS='--eval=$(shell rm -rf /etc)' make", {}),
        ("make -n", {"Makefile": "X := $(shell rm -rf /etc)\n"}),
        ("make -n", {"Makefile": "X != rm -rf /etc\n"}),
        ("make -n", {"Makefile": "a:\n\t+rm -rf /etc\n"}),
        ("make --dry-run", {"Makefile": "a:\n\t@$(MAKE) b; rm -rf /etc\n"}),
    ],
)
def test_what_make_runs_besides(judge: Any, command: str, scripts: dict[str, str]) -> None:
    assert "/etc" in judge(command, scripts={f"{P}/{name}": text for name, text in scripts.items()}).of(EffectKind.DELETE)


def test_make_that_only_shows(judge: Any) -> None:
    scripts = {f"{P}/Makefile": "a:\n\t@rm -rf /etc\n\techo a + b\n"}
    assert judge("make -n", scripts=scripts).of(EffectKind.DELETE) == []
    assert judge("make", scripts=scripts).of(EffectKind.DELETE) == ["/etc"]


IN_EACH = json.dumps({"scripts": dict.fromkeys(("build", "test", "lint:a"), "rm -rf /etc")})


@pytest.mark.parametrize(
    "command",
    [
        "npm run build -w packages/a",
        "npm run build --workspaces",
        "yarn workspace a build",
        "yarn workspaces run build",
        "pnpm -r build",
        "pnpm -r run build",
        "pnpm --filter a build",
        "npx turbo run build",
        "turbo build",
        "nx run-many -t build",
        "lerna run build",
    ],
)
def test_packages_below(judge: Any, command: str) -> None:
    assert judge(command, scripts={f"{P}/packages/a/package.json": IN_EACH}).of(EffectKind.DELETE) == ["/etc"]
    assert judge("npm run build", scripts={f"{P}/packages/a/package.json": IN_EACH}).of(EffectKind.DELETE) == []


@pytest.mark.parametrize(
    "command",
    ["npm it", "npm install-test", "npm-run-all build", "run-s 'lint:*'", "npx concurrently npm:build", "run-p a build"],
)
def test_scripts_by_name(judge: Any, command: str) -> None:
    assert "/etc" in judge(command, scripts={f"{P}/package.json": IN_EACH}).of(EffectKind.DELETE)
    assert judge("npm-run-all other", scripts={f"{P}/package.json": IN_EACH}).of(EffectKind.DELETE) == []


def test_programs_of_the_project_that_were_written(judge: Any) -> None:
    scripts = {f"{P}/node_modules/.bin/foo": "#!/bin/sh\nrm -rf /etc\n"}
    assert judge("npx foo", scripts=scripts).of(EffectKind.DELETE) == ["/etc"]
    assert judge("npx bar", scripts=scripts).of(EffectKind.DELETE) == []
