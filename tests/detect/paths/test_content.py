"""What is written into a settings file: only how things look, or what runs."""

from __future__ import annotations

import pytest

from checkrein.detect.paths.content import only_settings

PLAIN = [
    (".npmrc", "save-exact=true\n"),
    (".npmrc", "registry=https://registry.npmjs.org/\n"),
    (".yarnrc.yml", "nodeLinker: node-modules\n"),
    ("pip.conf", "[global]\ntimeout = 60\n"),
    (".gitattributes", "* text=auto\n*.bin filter=lfs diff=lfs merge=lfs -text\n"),
    (".gitmodules", '[submodule "a"]\n\tpath = vendor/a\n\turl = https://example.com/a.git\n'),
    (".bazelrc", "build --jobs=4\n"),
    (".cargo/config.toml", "[build]\njobs = 4\n[net]\nretry = 2\n"),
    (
        ".vscode/settings.json",
        '{\n  // x\n  "editor.tabSize": 2, "[python]": {"editor.formatOnSave": true}, "files.exclude": {}\n}',
    ),
    (".pre-commit-config.yaml", "repos:\n- repo: https://example.com/a\n  rev: v1\n  hooks: [{id: a}]\n"),
]
RUNS = [
    (".npmrc", "registry = https://registry.npmjs.org.example/\n"),
    (".npmrc", "@a:registry=https://npm.example\n"),
    (".npmrc", "save-exact=true\n  SCRIPT-SHELL=./x\n"),
    (".npmrc", "//npm.example/:_authToken=${T}\n"),
    (".yarnrc.yml", "yarnPath: .yarn/x.cjs\n"),
    ("pip.conf", "[global]\nextra-index-url = https://pypi.example\n"),
    (".gitattributes", "*.c filter=x\n"),
    (".gitmodules", '[submodule "a"]\n\turl = ext::x\n'),
    (".gitmodules", '[submodule "a"]\n\tupdate = !x\n'),
    (".bazelrc", "build --workspace_status_command=./x\n"),
    (".cargo/config.toml", '[build]\nrustc-wrapper = "x"\n'),
    (".cargo/config.toml", "broken"),
    (".vscode/settings.json", '{"python.defaultInterpreterPath": "./x"}'),
    (".vscode/settings.json", '{"terminal.integrated.env.linux": {}}'),
    (".vscode/settings.json", '{"chat.tools.autoApprove": true}'),
    (".vscode/tasks.json", "{}"),
    (".pre-commit-config.yaml", "repos:\n- repo: local\n  hooks: [{id: a, entry: x}]\n"),
    (".husky/pre-commit", "npm test\n"),
    ("sitecustomize.py", ""),
]


@pytest.mark.parametrize(("name", "text"), PLAIN)
def test_only_settings(name: str, text: str) -> None:
    assert only_settings(f"/p/{name}", text)


@pytest.mark.parametrize(("name", "text"), RUNS)
def test_something_that_runs(name: str, text: str) -> None:
    assert not only_settings(f"/p/{name}", text)


def test_text_that_is_not_known_may_be_anything() -> None:
    assert not only_settings("/p/.npmrc", "a=b\n\0")
    assert not only_settings("/p/.gitattributes", "\0")
