"""Finding clients without starting a session, and the transport that is safe for all of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checkrein.setup.clients import Client, Version, choose_form, choose_transport, find_clients, parse_version
from checkrein.setup.install import CommandForm, Transport

NEW, OLD, ANCIENT = (2, 1, 330), (2, 1, 197), (1, 0, 5)


def program(path: Path, script: str = "exit 1") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def package(root: Path, version: str) -> Path:
    folder = root / "node_modules/@anthropic-ai/claude-code"
    binary = program(folder / "bin/claude.exe")
    manifest = {"name": "@anthropic-ai/claude-code", "version": version, "bin": {"claude": "bin/claude.exe"}}
    (folder / "package.json").write_text(json.dumps(manifest))
    return binary


def test_reads_the_version_of_a_package_without_running_it(tmp_path: Path) -> None:
    binary = package(tmp_path / "npm", "2.1.330")
    (tmp_path / "bin").mkdir()
    link = tmp_path / "bin/claude"
    link.symlink_to(binary)
    assert find_clients(tmp_path, str(tmp_path / "bin")) == (Client(link, NEW),)


def test_looks_where_npm_and_the_native_installer_put_it(tmp_path: Path) -> None:
    found = [
        package(tmp_path / ".npm-global/lib", "2.1.197"),
        package(tmp_path / ".nvm/versions/node/v22/lib", "1.0.5"),
        program(tmp_path / ".local/share/claude/versions/2.1.330"),
    ]
    clients = {client.path: client.version for client in find_clients(tmp_path, "")}
    assert {path: clients.get(path) for path in found} == dict(zip(found, [OLD, ANCIENT, NEW], strict=True))


def test_asks_a_program_of_unknown_kind_in_an_empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = """[ "$1" = --version ] || exit 1
[ -z "$(ls -A "$HOME")" ] || exit 1
[ "$(env | grep -c ANTHROPIC)" = 0 ] || exit 1
echo '2.1.197 (Claude Code)'"""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "x")
    path = program(tmp_path / "bin/claude", script)
    assert Client(path, OLD) in find_clients(tmp_path, f"{tmp_path / 'bin'}:/usr/bin:/bin")


def test_a_program_that_tells_nothing_has_no_version(tmp_path: Path) -> None:
    path = program(tmp_path / "bin/claude", "echo hello")
    assert find_clients(tmp_path, str(tmp_path / "bin"))[0] == Client(path, None)


def test_a_package_whose_program_does_not_start_has_no_version(tmp_path: Path) -> None:
    binary = package(tmp_path / ".npm-global/lib", "2.1.330")
    binary.write_text("echo npm leaves such a text with --ignore-scripts\nexit 1\n")
    assert Client(binary, None) in find_clients(tmp_path, "")


@pytest.mark.parametrize(
    ("text", "version"),
    [("2.1.330 (Claude Code)\n", NEW), ("2.1.197-beta.1", OLD), ("", None), ("v2", None), ("2.1.x", None), ("2.1.3.4", None)],
)
def test_parses_versions(text: str, version: Version | None) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize(
    ("versions", "transport", "why"),
    [
        ([NEW], Transport.HTTP, "all clients are 2.1.295 or newer"),
        ([OLD], Transport.COMMAND, "all clients are older than 2.1.295"),
        ([NEW, OLD], Transport.BOTH, "some clients are older than 2.1.295"),
        ([NEW, None], Transport.BOTH, "the version of claude cannot be read"),
        ([], Transport.BOTH, "no client is installed yet, so any version may come"),
    ],
)
def test_chooses_what_is_safe_for_all(versions: list[Version | None], transport: Transport, why: str) -> None:
    clients = [Client(Path("claude"), version) for version in versions]
    assert choose_transport(clients) == (transport, why)


@pytest.mark.parametrize(
    ("versions", "form"),
    [
        ([NEW], CommandForm.WORDS),
        ([NEW, OLD], CommandForm.SH),
        ([OLD], CommandForm.SH),
        ([NEW, ANCIENT], CommandForm.LINE),
        ([NEW, None], CommandForm.LINE),
        ([], CommandForm.LINE),
    ],
)
def test_writes_commands_that_all_can_run(versions: list[Version | None], form: CommandForm) -> None:
    assert choose_form([Client(Path("claude"), version) for version in versions]) is form
