"""Each check of ``doctor``: silent where all is well, loud with a fix where something is off."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checkrein import __version__
from checkrein.enforce.hooks import command
from checkrein.enforce.hooks.remains import REMAINS
from checkrein.setup import doctor_machine, doctor_settings, trust
from checkrein.setup.doctor import Answering, Check, GatewayAnswering, Patient, State, examine, healthy
from checkrein.setup.install import ClientPaths, CommandForm, Install, Scope, Transport
from checkrein.setup.people import Accounts
from checkrein.setup.protect import Machine
from checkrein.setup.settings import build_settings

TOKEN = "not-a-real-token"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nours\n-----END CERTIFICATE-----\n"
INSTALL = Install(
    base_url="https://127.0.0.1:4711",
    token=TOKEN,
    socket=Path("/run/x/service.sock"),
    token_file=Path("/state/token"),
    trust=Path("/state/checkrein-trust.pem"),
    helper=Path("/opt/x/checkrein-hook"),
    transport=Transport.HTTP,
    form=CommandForm.WORDS,
    deny_read=(".env",),
)


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    home = tmp_path / "homes/me"
    (home / "project/.claude").mkdir(parents=True)
    (home / ".claude").mkdir(mode=0o700)
    home.chmod(0o700)
    (tmp_path / "passwd").write_text("")
    paths = ClientPaths(home, home / "project", home / ".claude", tmp_path / "etc")
    machine = Machine({"HOME": str(home), "PATH": ""}, paths, Accounts(tmp_path / "passwd", tmp_path / "none"))
    patient = Patient(machine, Answering(True, __version__, 4711, os.getpid(), TOKEN, "", CERTIFICATE))
    put(paths.settings(Scope.USER), build_settings({}, dataclasses.replace(INSTALL, trust=machine.trust)))
    put(machine.trust, trust.compose(CERTIFICATE, None))
    return patient


def put(path: Path, settings: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(settings if isinstance(settings, str) else json.dumps(settings))
    path.chmod(0o600)


def bad(checks: Iterator[Check]) -> list[tuple[State, str]]:
    return [(check.state, check.text) for check in checks if check.state not in (State.OK, State.NOTE)]


def project_file(patient: Patient, settings: Any) -> Path:
    path = patient.machine.paths.settings(Scope.PROJECT)
    put(path, settings)
    return path


SETTINGS_CHECKS = (
    doctor_settings.settings_files,
    doctor_settings.hooks,
    doctor_settings.certificates,
    doctor_settings.environment,
    doctor_settings.project_runs,
    doctor_settings.matchers,
    doctor_settings.coverage,
)


def test_a_protected_machine_is_well(patient: Patient) -> None:
    checks = examine(patient, SETTINGS_CHECKS)
    assert [check for check in checks if check.state in (State.WARN, State.FAIL)] == []
    assert healthy(checks)
    assert sum(check.text.startswith("open: ") for check in checks) == 1 + len(REMAINS)


@pytest.mark.parametrize(
    ("settings", "checker", "state", "text"),
    [
        ({"disableAllHooks": True}, doctor_settings.hooks, State.FAIL, "disableAllHooks switches our hooks off"),
        (
            {"env": {"CLAUDE_CODE_SIMPLE": "1"}},
            doctor_settings.environment,
            State.FAIL,
            "env.CLAUDE_CODE_SIMPLE switches every hook off",
        ),
        (
            {"env": {"ANTHROPIC_BASE_URL": "https://evil.test"}},
            doctor_settings.environment,
            State.FAIL,
            "env.ANTHROPIC_BASE_URL changes where requests and the key go",
        ),
        (
            {"env": {"LD_PRELOAD": "/x.so"}},
            doctor_settings.environment,
            State.FAIL,
            "env.LD_PRELOAD loads or replaces programs in hooks",
        ),
        ({"apiKeyHelper": "x"}, doctor_settings.project_runs, State.WARN, "starts programs of its own: apiKeyHelper"),
        (
            {"hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": "x"}]}]}},
            doctor_settings.project_runs,
            State.WARN,
            "starts programs of its own: hooks",
        ),
        (
            {"hooks": {"PreToolUse": [{"matcher": "bash", "hooks": []}]}},
            doctor_settings.matchers,
            State.WARN,
            'the matcher "bash" on PreToolUse never matches',
        ),
        (
            {"hooks": {"PreToolUse": [{"matcher": "mcp__srv", "hooks": []}]}},
            doctor_settings.matchers,
            State.WARN,
            'the matcher "mcp__srv" on PreToolUse never matches',
        ),
        (
            '{"permissions": {"defaultMode": "allowEdits"}}',
            doctor_settings.settings_files,
            State.FAIL,
            "the client passes over the whole file",
        ),
        ('{"a": 1,}', doctor_settings.settings_files, State.FAIL, ":1:8: a comma stands before the closing bracket"),
        (
            {"respondToBashCommands": True},
            doctor_settings.coverage,
            State.WARN,
            "!command output reaches the model without a hook",
        ),
    ],
)
def test_what_a_repository_brings_is_named(patient: Patient, settings: Any, checker: Any, state: State, text: str) -> None:
    assert bad(checker(patient)) == []
    path = project_file(patient, settings)
    found = bad(checker(patient))
    assert len(found) == 1
    assert found[0][0] is state
    assert text in found[0][1]
    assert str(path) in found[0][1] or checker is doctor_settings.coverage


def test_a_person_may_have_a_gateway_of_their_own(patient: Patient) -> None:
    install = dataclasses.replace(INSTALL, trust=patient.machine.trust)
    settings = build_settings({"env": {"ANTHROPIC_BASE_URL": "https://gateway.test", "CLAUDE_CODE_SIMPLE": "0"}}, install)
    put(patient.machine.paths.settings(Scope.USER), settings)
    assert [state for state, _ in bad(doctor_settings.environment(patient))] == [State.WARN]


def test_managed_hooks_survive_a_repository(patient: Patient) -> None:
    put(patient.machine.paths.settings(Scope.MANAGED), build_settings({}, INSTALL))
    project_file(patient, {"disableAllHooks": True})
    assert bad(doctor_settings.hooks(patient)) == []


def test_an_organisation_that_allows_managed_hooks_only(patient: Patient) -> None:
    put(patient.machine.paths.managed / "managed-settings.json", {"allowManagedHooksOnly": True})
    assert "allowManagedHooksOnly" in bad(doctor_settings.hooks(patient))[0][1]


def test_missing_and_stale_hooks_are_named(patient: Patient) -> None:
    file = patient.machine.paths.settings(Scope.USER)
    settings = build_settings({}, INSTALL)
    del settings["hooks"]["PreToolUse"]
    put(file, settings)
    assert bad(doctor_settings.hooks(patient)) == [(State.FAIL, "no hook of ours on PreToolUse")]
    put(file, build_settings({}, dataclasses.replace(INSTALL, token="another")))
    assert bad(doctor_settings.hooks(patient)) == [(State.FAIL, f"{file} names another port or token than the service has")]
    put(file, {})
    assert bad(doctor_settings.hooks(patient)) == [(State.FAIL, "no settings file holds our hooks")]


def test_an_address_that_is_not_pinned(patient: Patient) -> None:
    settings = build_settings({}, INSTALL)
    del settings["allowedHttpHookUrls"]
    put(patient.machine.paths.settings(Scope.USER), settings)
    assert "is not pinned" in bad(doctor_settings.hooks(patient))[0][1]
    project_file(patient, {"allowedHttpHookUrls": []})
    assert "does not name our address" in bad(doctor_settings.hooks(patient))[0][1]


def test_the_shell_itself_may_switch_hooks_off(patient: Patient) -> None:
    machine = dataclasses.replace(patient.machine, env={**patient.machine.env, "CLAUDE_CODE_SIMPLE": "1"})
    assert "set in this shell" in bad(doctor_settings.environment(dataclasses.replace(patient, machine=machine)))[0][1]


def test_the_service(patient: Patient) -> None:
    def seen(**fields: Any) -> list[tuple[State, str]]:
        service = dataclasses.replace(patient.service, **fields)
        return bad(doctor_machine.service_answers(dataclasses.replace(patient, service=service)))

    assert seen() == []
    assert seen(healthy=False, trouble="the service does not run") == [(State.FAIL, "the service does not run")]
    assert seen(version="0.0.1") == [(State.WARN, f"version 0.0.1 runs, {__version__} is installed")]


def test_the_port_must_be_ours(patient: Patient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ours = dataclasses.replace(patient.service, port=port)
        assert bad(doctor_machine.port_owner(dataclasses.replace(patient, service=ours))) == []
        theirs = dataclasses.replace(ours, pid=None)
        found = bad(doctor_machine.port_owner(dataclasses.replace(patient, service=theirs)))
        assert found == [(State.FAIL, f"another program listens on 127.0.0.1:{port}")]
    found = bad(doctor_machine.port_owner(dataclasses.replace(patient, service=ours)))
    assert found == [(State.FAIL, f"nobody listens on 127.0.0.1:{port}")]


@pytest.mark.parametrize(("version", "state"), [("2.1.330", State.OK), ("2.1.163", State.OK), ("2.1.162", State.FAIL)])
def test_clients_with_known_flaws(patient: Patient, version: str, state: State) -> None:
    program = patient.machine.paths.home / ".local/share/claude/versions" / version
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert [check.state for check in doctor_machine.clients(patient)] == [state]
    program.write_text("echo this is what npm leaves with --ignore-scripts\n")
    (client,) = doctor_machine.clients(patient)
    assert (client.state, "cannot be started" in client.text) == (State.WARN, True)


def test_open_files_and_their_readers(patient: Patient) -> None:
    assert bad(doctor_machine.file_modes(patient)) == []
    file = patient.machine.paths.settings(Scope.USER)
    file.chmod(0o644)
    patient.machine.paths.home.chmod(0o711)
    file.parent.chmod(0o700)
    assert bad(doctor_machine.file_modes(patient)) == []
    file.parent.chmod(0o711)
    text = f"2 of the client's files are open to others, the first {file.parent} (0711)"
    assert bad(doctor_machine.file_modes(patient)) == [(State.WARN, text)]


def test_people_who_reach_the_files(patient: Patient) -> None:
    uid = os.geteuid() + 4000
    patient.machine.accounts.passwd.write_text(f"alice:x:{uid}:{uid}::/home/alice:/bin/bash\n")
    assert bad(doctor_machine.other_people(patient)) == []
    patient.machine.paths.folder.chmod(0o755)
    for folder in (patient.machine.paths.home, *patient.machine.paths.home.parents):
        if folder.stat().st_uid == os.geteuid() and folder not in (Path("/"), Path("/tmp")):
            folder.chmod(0o755)
    found = bad(doctor_machine.other_people(patient))
    assert found == [
        (State.FAIL, "alice can read the client's files"),
        (State.WARN, f"{patient.machine.paths.home} can be listed by others"),
    ]


def test_policy_and_record(patient: Patient) -> None:
    assert bad(doctor_machine.policy(patient)) == []
    assert [check.state for check in doctor_machine.record(patient)] == [State.NOTE]
    file = patient.machine.paths.project / "checkrein.yaml"
    file.write_text("version: 1\nrulez: {}\n")
    (state, text), *_ = bad(doctor_machine.policy(patient))
    assert state is State.FAIL
    assert text.startswith(f"{file}:2:")


def test_a_check_that_breaks_is_a_failure_by_name(patient: Patient) -> None:
    def odd_check(patient: Patient) -> Iterator[Check]:
        raise RuntimeError("boom")

    checks = examine(patient, (odd_check, doctor_settings.settings_files))
    assert checks[0] == Check("odd check", State.FAIL, "the check itself failed: RuntimeError: boom", "report this")
    assert len(checks) == 2


def test_the_hook_client_is_the_one_that_was_made(patient: Patient, tmp_path: Path) -> None:
    program = tmp_path / command.NAME
    put(patient.machine.paths.settings(Scope.USER), build_settings({}, dataclasses.replace(INSTALL, helper=program)))

    def said() -> list[tuple[State, str]]:
        return [(check.state, check.text) for check in doctor_settings.hook_client(patient)]

    assert said() == [(State.FAIL, f"{program} is gone: the client stops every call")]
    program.write_text("x")
    assert said() == [(State.FAIL, f"{program} is not the program that was built")]
    program.with_suffix(".sha256").write_text(hashlib.sha256(b"x").hexdigest())
    assert said() == [(State.OK, f"{program} is in place")]


def test_the_python_client_is_looked_for_too(patient: Patient) -> None:
    put(patient.machine.paths.settings(Scope.USER), build_settings({}, dataclasses.replace(INSTALL, helper=None)))
    assert [check.state for check in doctor_settings.hook_client(patient)] == [State.OK]


def with_env(patient: Patient, **env: str) -> Patient:
    return dataclasses.replace(patient, machine=dataclasses.replace(patient.machine, env={**patient.machine.env, **env}))


def test_the_certificates_beside_ours_are_named(patient: Patient, tmp_path: Path) -> None:
    theirs = tmp_path / "corporate.pem"
    theirs.write_text("theirs\n")
    put(patient.machine.trust, trust.compose(CERTIFICATE, theirs))
    (check,) = doctor_settings.certificates(patient)
    assert (check.state, check.text) == (
        State.OK,
        f"the client knows the service by its certificate, beside those of {theirs}",
    )
    theirs.write_text("renewed\n")
    assert "changed, or is gone" in bad(doctor_settings.certificates(patient))[0][1]
    theirs.unlink()
    assert "changed, or is gone" in bad(doctor_settings.certificates(patient))[0][1]


@pytest.mark.parametrize("content", ["", "-----BEGIN CERTIFICATE-----\nan older one\n-----END CERTIFICATE-----\n", None])
def test_a_client_that_does_not_know_our_certificate_is_told(patient: Patient, content: str | None) -> None:
    patient.machine.trust.unlink()
    if content is not None:
        put(patient.machine.trust, content)
    (found,) = bad(doctor_settings.certificates(patient))
    assert found[0] is State.FAIL
    assert "every call is stopped" in found[1]


def test_settings_that_trust_another_file_are_told(patient: Patient) -> None:
    put(patient.machine.paths.settings(Scope.USER), build_settings({}, INSTALL))
    (found,) = bad(doctor_settings.certificates(patient))
    assert found == (State.FAIL, f"NODE_EXTRA_CA_CERTS does not name {patient.machine.trust}: every call is stopped")


def test_what_this_shell_would_do_to_https_hooks_is_told(patient: Patient) -> None:
    proxied = with_env(patient, HTTPS_PROXY="http://proxy.test:3128")
    assert "NO_PROXY" in bad(doctor_settings.certificates(proxied))[0][1]
    assert not bad(doctor_settings.certificates(with_env(proxied, NO_PROXY="127.0.0.1")))
    other = with_env(patient, NODE_EXTRA_CA_CERTS="/etc/corporate.pem")
    assert bad(doctor_settings.certificates(other)) == [
        (State.WARN, "what /etc/corporate.pem holds is not trusted by the client")
    ]


def test_command_hooks_need_no_certificate(patient: Patient) -> None:
    install = dataclasses.replace(INSTALL, transport=Transport.COMMAND)
    put(patient.machine.paths.settings(Scope.USER), build_settings({}, install))
    assert not list(doctor_settings.certificates(with_env(patient, HTTPS_PROXY="http://proxy.test:3128")))


class TestShell:
    @staticmethod
    def named(patient: Patient, path: Path) -> list[tuple[State, str]]:
        settings = patient.machine.paths.settings(Scope.USER)
        shown = json.loads(settings.read_text())
        put(settings, {**shown, "env": {**shown.get("env", {}), "CLAUDE_CODE_SHELL": str(path)}})
        return bad(doctor_settings.environment(patient))

    def test_ours_is_no_trouble(self, patient: Patient) -> None:
        program = patient.machine.paths.home / ".local/share/checkrein/shell/bash"
        program.parent.mkdir(parents=True)
        program.touch(0o700)
        assert self.named(patient, program) == []

    @pytest.mark.parametrize("name", [".local/share/checkrein/shell/bash", "elsewhere/checkrein/shell/bash"])
    def test_one_that_is_gone_and_one_elsewhere_are(self, patient: Patient, name: str) -> None:
        assert "CLAUDE_CODE_SHELL" in self.named(patient, patient.machine.paths.home / name)[0][1]


def test_what_hooks_cannot_close_is_named_where_there_is_no_gateway(patient: Patient) -> None:
    notes = [check for check in doctor_settings.coverage(patient) if check.state is State.NOTE]
    assert {check.text for check in notes} >= {f"open: {each.what}. {each.until}" for each in REMAINS}
    gateway = GatewayAnswering(healthy=True, address="https://127.0.0.1:1/checkrein", upstream="https://api.example", workers=1)
    through = dataclasses.replace(patient, service=dataclasses.replace(patient.service, gateway=gateway))
    assert not [check for check in doctor_settings.coverage(through) if check.text.startswith("open: A value")]
