"""The checks of the gateway: silent where all is well, loud with a fix where something leads past it."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checkrein import __version__
from checkrein.core import Decision, Event, EventKind, Verdict
from checkrein.ledger import Ledger
from checkrein.ledger.egress import EgressStore, Sent
from checkrein.ledger.egress import Verdict as Sending
from checkrein.locations import egress_dir, ledger_dir
from checkrein.setup import doctor_settings
from checkrein.setup.doctor import Answering, Check, GatewayAnswering, Patient, State
from checkrein.setup.doctor_gateway import gateway, gateway_traffic, gateway_way
from checkrein.setup.install import ClientPaths, Scope
from checkrein.setup.people import Accounts
from checkrein.setup.protect import Machine

ADDRESS = "https://127.0.0.1:4712/checkrein"
ON = GatewayAnswering(healthy=True, address=ADDRESS, upstream="https://api.example", workers=2)


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    home = tmp_path / "homes/me"
    (home / "project/.claude").mkdir(parents=True)
    (home / ".claude").mkdir(mode=0o700)
    (tmp_path / "passwd").write_text("")
    paths = ClientPaths(home, home / "project", home / ".claude", tmp_path / "etc")
    machine = Machine({"HOME": str(home), "PATH": ""}, paths, Accounts(tmp_path / "passwd", tmp_path / "none"))
    write(paths.settings(Scope.USER), ANTHROPIC_BASE_URL=ADDRESS)
    return Patient(machine, Answering(True, __version__, 4711, os.getpid(), "t", gateway=ON))


def write(path: Path, **env: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"env": env}))


def facing(patient: Patient, **fields: Any) -> Patient:
    return dataclasses.replace(
        patient, service=dataclasses.replace(patient.service, gateway=dataclasses.replace(ON, **fields) if fields else None)
    )


def failed(checks: Iterator[Check]) -> list[tuple[str, str]]:
    return [(check.text, check.fix) for check in checks if check.state is State.FAIL]


def test_all_is_well(patient: Patient) -> None:
    assert [check.text for checker in (gateway, gateway_way, gateway_traffic) for check in checker(patient)] == [
        f"{ADDRESS} answers, 2 processes, and sends on to https://api.example",
        "the client's settings send it there, and nothing here leads past it",
        "every session since it was put on went through it",
    ]
    assert [check.state for check in doctor_settings.environment(patient)] == [State.OK]


def test_a_gateway_that_does_not_answer(patient: Patient) -> None:
    told = failed(gateway(facing(patient, healthy=False, trouble="the vault's key is lost")))
    assert told == [("nothing reaches the model: the vault's key is lost", "checkrein up --gateway")]


class TestOff:
    def test_it_is_a_note(self, patient: Patient) -> None:
        patient.machine.paths.settings(Scope.USER).unlink()
        (check,) = gateway(facing(patient))
        assert (check.state, check.fix) == (State.NOTE, "checkrein up --gateway")
        assert list(gateway_way(facing(patient))) == list(gateway_traffic(facing(patient))) == []

    def test_the_policy_wants_it(self, patient: Patient) -> None:
        patient.machine.paths.settings(Scope.USER).unlink()
        policy = patient.machine.paths.home / ".config/checkrein/checkrein.yaml"
        policy.parent.mkdir(parents=True)
        policy.write_text("version: 1\ngateway: {enabled: true}\n")
        assert failed(gateway(facing(patient))) == [("the policy wants the gateway, and it is off", "checkrein up --gateway")]

    def test_settings_that_still_name_it(self, patient: Patient) -> None:
        ((text, fix),) = failed(gateway(facing(patient)))
        assert "names the gateway, which is off: nothing reaches the model" in text
        assert fix == "checkrein up --gateway, or checkrein up --no-gateway"


class TestPast:
    @pytest.mark.parametrize("name", ["settings.json", "settings.local.json"])
    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("ANTHROPIC_BASE_URL", "https://evil.example"),
            ("ANTHROPIC_BASE_URL", "https://127.0.0.1:9/checkrein"),
            ("CLAUDE_CODE_USE_VERTEX", "1"),
            ("ANTHROPIC_UNIX_SOCKET", "/tmp/x"),
        ],
    )
    def test_a_repositorys_settings(self, patient: Patient, name: str, variable: str, value: str) -> None:
        path = patient.machine.paths.project / ".claude" / name
        write(path, **{variable: value})
        assert failed(gateway_way(patient)) == [(f"{path}: env.{variable} leads past it", "remove the line")]

    def test_what_is_switched_off_leads_nowhere(self, patient: Patient) -> None:
        write(patient.machine.paths.project / ".claude/settings.json", CLAUDE_CODE_USE_BEDROCK="0", ANTHROPIC_BASE_URL=ADDRESS)
        assert failed(gateway_way(patient)) == []

    def test_managed_settings(self, patient: Patient) -> None:
        path = patient.machine.paths.managed / "managed-settings.json"
        write(path, ANTHROPIC_BASE_URL="https://corp.example")
        assert failed(gateway_way(patient)) == [(f"{path}: env.ANTHROPIC_BASE_URL leads past it", "remove the line")]

    def test_the_users_own_settings_have_lost_it(self, patient: Patient) -> None:
        write(patient.machine.paths.settings(Scope.USER))
        assert failed(gateway_way(patient)) == [("no settings file sends the client there", "checkrein up --gateway")]

    def test_this_shell(self, patient: Patient) -> None:
        env = {**patient.machine.env, "CLAUDE_CODE_USE_BEDROCK": "1"}
        found = dataclasses.replace(patient, machine=dataclasses.replace(patient.machine, env=env))
        assert failed(gateway_way(found)) == [("CLAUDE_CODE_USE_BEDROCK, set in this shell, leads past it", "unset it")]

    def test_a_proxy_in_between(self, patient: Patient) -> None:
        env = {**patient.machine.env, "HTTPS_PROXY": "http://proxy:3128"}
        found = dataclasses.replace(patient, machine=dataclasses.replace(patient.machine, env=env))
        ((text, _),) = failed(gateway_way(found))
        assert text.startswith("the client cannot reach it: the client sends its hooks to HTTPS_PROXY")


class TestTraffic:
    @staticmethod
    def called(patient: Patient, *sessions: str) -> None:
        """Put tool calls of these sessions on record."""
        with Ledger.open(ledger_dir(patient.machine.env)) as ledger:
            for session in sessions:
                event = Event(EventKind.TOOL_CALL, session, "/x", f"/srv/{session}", tool="Bash", input={"command": "ls"})
                ledger.append(event, Decision(ledger.new_id(), Verdict.NONE), 1, str)

    @staticmethod
    def sent(patient: Patient, *sessions: str) -> None:
        with EgressStore.open(egress_dir(patient.machine.env)) as egress:
            for session in sessions:
                egress.begin(Sent(time.time(), session, "POST", "/v1/messages", "m", "h", Sending.SENT, 1, 1))

    def test_sessions_that_went_past_it(self, patient: Patient) -> None:
        self.called(patient, "s1", "s2")
        self.sent(patient, "s1", "s22")
        ((text, fix),) = failed(gateway_traffic(patient))
        assert text == "a session in /srv/s2 asked the model, and nothing of it went through the gateway"
        assert fix.startswith("start the client anew")

    def test_many_of_them(self, patient: Patient) -> None:
        self.called(patient, *(f"s{number}" for number in range(7)))
        assert [text for text, _ in failed(gateway_traffic(patient))][-1] == "so did 4 more sessions"

    def test_sessions_from_before_do_not_count(self, patient: Patient) -> None:
        self.called(patient, "s1")
        assert failed(gateway_traffic(facing(patient, since=time.time() + 60))) == []
