"""``up`` and ``down`` as a whole, against a service that is only pretended."""

from __future__ import annotations

import dataclasses
import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from checkrein.core import PolicyError, ServiceError, SettingsError
from checkrein.enforce.hooks import command
from checkrein.setup import trust
from checkrein.setup.files import Change
from checkrein.setup.install import ClientPaths, CommandForm, Scope, Transport
from checkrein.setup.people import Accounts
from checkrein.setup.protect import Endpoint, GatewayWish, Machine, down, up
from checkrein.setup.settings import MANAGED_ENV

TOKEN = "not-a-real-token"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nours\n-----END CERTIFICATE-----\n"


@dataclass(slots=True)
class PretendedService:
    folder: Path
    broken: bool = False
    calls: list[str] = field(default_factory=list)
    gateway: GatewayWish | None = None

    def start(self) -> Endpoint:
        self.calls.append("start")
        if self.broken:
            raise ServiceError("the service does not come up")
        return Endpoint(4711, TOKEN, self.folder / "service.sock", self.folder / "token", CERTIFICATE)

    def stop(self) -> None:
        self.calls.append("stop")

    def gateway_upstream(self) -> str | None:
        return self.gateway.upstream if self.gateway else None

    def start_gateway(self, wish: GatewayWish) -> str:
        self.calls.append("start gateway")
        self.gateway = wish
        return "https://127.0.0.1:4712/checkrein"

    def stop_gateway(self) -> None:
        if self.gateway:
            self.calls.append("stop gateway")
        self.gateway = None


@pytest.fixture(autouse=True)
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "build", lambda dest: None)


@pytest.fixture
def service(tmp_path: Path) -> PretendedService:
    return PretendedService(tmp_path)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    home = tmp_path / "homes/me"
    project = home / "project"
    project.mkdir(parents=True)
    home.chmod(0o700)
    (tmp_path / "passwd").write_text("")
    env = {"HOME": str(home), "PATH": str(tmp_path / "bin")}
    paths = ClientPaths(home, project, home / ".claude", tmp_path / "etc")
    return Machine(env, paths, Accounts(tmp_path / "passwd", tmp_path / "none"))


def client(machine: Machine, version: str) -> None:
    program = machine.paths.home / ".local/share/claude/versions" / version
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)


def written(machine: Machine, scope: Scope = Scope.USER) -> dict[str, object]:
    settings: dict[str, object] = json.loads(machine.paths.settings(scope).read_text())
    return settings


def test_up_then_down(machine: Machine, service: PretendedService) -> None:
    client(machine, "2.1.330")
    file = machine.paths.settings(Scope.USER)
    file.parent.mkdir()
    file.parent.chmod(0o755)
    file.write_text('{"model": "opus"}\n')
    report = up(machine, service, Scope.USER)
    assert report.install.transport is Transport.HTTP
    assert report.install.form is CommandForm.WORDS
    assert report.written.change is Change.UPDATED
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "Read(.env)" in written(machine)["permissions"]["deny"]  # type: ignore[index]
    again = up(machine, service, Scope.USER)
    assert again.written.change is Change.UNCHANGED
    assert again.tightened.changed == ()
    undone = down(machine, service)
    assert [each.change for each in undone.written] == [Change.RESTORED]
    assert undone.stopped
    assert file.read_text() == '{"model": "opus"}\n'
    assert service.calls == ["start", "start", "stop"]


def test_down_without_up_says_so(machine: Machine, service: PretendedService) -> None:
    report = down(machine, service)
    assert [each.change for each in report.written] == [Change.UNCHANGED]
    assert service.calls == ["stop"]


def test_the_service_stays_for_another_scope(machine: Machine, service: PretendedService) -> None:
    up(machine, service, Scope.USER)
    up(machine, service, Scope.PROJECT)
    assert not down(machine, service, Scope.PROJECT).stopped
    assert "stop" not in service.calls
    assert down(machine, service).stopped


def test_no_client_means_both_transports(machine: Machine, service: PretendedService) -> None:
    report = up(machine, service, Scope.USER)
    assert (report.install.transport, report.install.form) == (Transport.BOTH, CommandForm.LINE)


def test_a_project_file_holds_no_token(machine: Machine, service: PretendedService) -> None:
    client(machine, "2.1.330")
    report = up(machine, service, Scope.PROJECT, Transport.HTTP)
    assert report.install.transport is Transport.COMMAND
    assert TOKEN not in machine.paths.settings(Scope.PROJECT).read_text()


def test_managed_settings_hold_no_token_where_others_read_them(machine: Machine, service: PretendedService) -> None:
    client(machine, "2.1.330")
    machine.accounts.passwd.write_text(f"alice:x:{os.geteuid() + 4000}:{os.geteuid() + 4000}::/home/alice:/bin/bash\n")
    report = up(machine, service, Scope.MANAGED)
    assert report.install.transport is Transport.COMMAND
    assert written(machine, Scope.MANAGED)["env"] == MANAGED_ENV
    assert TOKEN not in machine.paths.settings(Scope.MANAGED).read_text()


def test_the_policy_chooses_the_transport_and_adds_read_rules(machine: Machine, service: PretendedService) -> None:
    client(machine, "2.1.330")
    policy = machine.paths.home / ".config/checkrein/checkrein.yaml"
    policy.parent.mkdir(parents=True)
    policy.write_text(
        "version: 1\ntransport: both\nsensitive:\n  - customers/\n  - /srv/keys\n  - paths: ['*.key', '!ok.key']\n"
    )
    report = up(machine, service, Scope.USER)
    assert report.install.transport is Transport.BOTH
    assert report.why == "as asked for"
    assert report.install.deny_read[-2:] == ("customers/**", "//srv/keys")
    assert report.left_out == ("*.key", "!ok.key")


def test_other_people_of_this_machine_cannot_answer_for_the_service(machine: Machine, service: PretendedService) -> None:
    client(machine, "2.1.330")
    machine.accounts.passwd.write_text(f"alice:x:{os.geteuid() + 4000}:{os.geteuid() + 4000}::/home/alice:/bin/bash\n")
    assert up(machine, service, Scope.USER).install.transport is Transport.HTTP


def settings_of(machine: Machine, **settings: object) -> Path:
    file = machine.paths.settings(Scope.USER)
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(settings))
    return file


def corporate(machine: Machine) -> Path:
    file = machine.paths.home / "corporate.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\ntheirs\n-----END CERTIFICATE-----")
    return file


def named(machine: Machine) -> object:
    return written(machine)["env"]["NODE_EXTRA_CA_CERTS"]  # type: ignore[index]


def test_the_client_is_told_which_certificate_to_trust(machine: Machine, service: PretendedService) -> None:
    client(machine, "2.1.330")
    up(machine, service, Scope.USER)
    assert named(machine) == str(machine.trust)
    assert CERTIFICATE in machine.trust.read_text()
    assert stat.S_IMODE(machine.trust.stat().st_mode) == 0o600
    up(machine, service, Scope.PROJECT)
    assert machine.trust.exists()
    down(machine, service)
    assert not machine.trust.exists()


@pytest.mark.parametrize("by", ["settings", "shell"])
def test_what_the_person_trusts_stays_trusted(machine: Machine, service: PretendedService, by: str) -> None:
    client(machine, "2.1.330")
    theirs = corporate(machine)
    env = {"NODE_EXTRA_CA_CERTS": str(theirs)}
    file = settings_of(machine, env=env) if by == "settings" else settings_of(machine, model="opus")
    before = file.read_bytes()
    here = machine if by == "settings" else dataclasses.replace(machine, env={**machine.env, **env})
    up(here, service, Scope.USER)
    assert named(machine) == str(machine.trust)
    assert machine.trust.read_text() == trust.compose(CERTIFICATE, theirs)
    assert theirs.read_text() in machine.trust.read_text()
    theirs.write_text(theirs.read_text().replace("theirs", "renewed"))
    assert up(machine, service, Scope.USER).written.change is Change.UNCHANGED  # a shell without the variable
    assert "renewed" in machine.trust.read_text()
    assert "theirs" not in machine.trust.read_text()
    down(machine, service)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("env", "transport"),
    [
        ({"NODE_TLS_REJECT_UNAUTHORIZED": "0"}, Transport.COMMAND),
        ({"https_proxy": "http://proxy.test:3128"}, Transport.COMMAND),
        ({"HTTP_PROXY": "http://proxy.test:3128", "NO_PROXY": "localhost,10.0.0.0/8"}, Transport.COMMAND),
        ({"HTTP_PROXY": "http://proxy.test:3128", "NO_PROXY": "localhost, 127.0.0.1"}, Transport.HTTP),
        ({"ALL_PROXY": "http://proxy.test:3128", "no_proxy": "*"}, Transport.HTTP),
        ({"NODE_TLS_REJECT_UNAUTHORIZED": "1", "HTTPS_PROXY": ""}, Transport.HTTP),
    ],
)
@pytest.mark.parametrize("by", ["settings", "shell"])
def test_where_tls_proves_nothing_or_a_proxy_stands_between_hooks_are_commands(
    machine: Machine, service: PretendedService, env: dict[str, str], transport: Transport, by: str
) -> None:
    client(machine, "2.1.330")
    if by == "settings":
        settings_of(machine, env=env)
    else:
        machine = dataclasses.replace(machine, env={**machine.env, **env})
    report = up(machine, service, Scope.USER, Transport.HTTP)
    assert report.install.transport is transport
    assert machine.trust.exists() == (transport is Transport.HTTP)


def test_managed_settings_that_name_certificates_leave_the_command(machine: Machine, service: PretendedService) -> None:
    client(machine, "2.1.330")
    file = machine.paths.managed / "managed-settings.d/corporate.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"env": {"NODE_EXTRA_CA_CERTS": "/etc/corporate.pem"}}))
    report = up(machine, service, Scope.USER)
    assert report.install.transport is Transport.COMMAND
    assert "/etc/corporate.pem" in report.why
    assert "NODE_EXTRA_CA_CERTS" not in written(machine)["env"]  # type: ignore[operator]


def test_a_file_that_is_no_collection_of_certificates_is_refused(machine: Machine, service: PretendedService) -> None:
    client(machine, "2.1.330")
    theirs = corporate(machine)
    theirs.write_bytes(bytes(trust.MAX_BYTES + 1))
    settings_of(machine, env={"NODE_EXTRA_CA_CERTS": str(theirs)})
    with pytest.raises(SettingsError, match="larger than"):
        up(machine, service, Scope.USER)


@pytest.mark.parametrize("content", ['{"a": 1,}', '{"permissions": {"deny": "x"}}'])
def test_broken_settings_stop_it_before_the_service_starts(machine: Machine, service: PretendedService, content: str) -> None:
    file = machine.paths.settings(Scope.USER)
    file.parent.mkdir()
    file.write_text(content)
    with pytest.raises(SettingsError):
        up(machine, service, Scope.USER)
    assert service.calls == []
    assert file.read_text() == content


def test_a_broken_policy_stops_it_before_the_service_starts(machine: Machine, service: PretendedService) -> None:
    (machine.paths.project / "checkrein.yaml").write_text("version: 1\nrulez: {}\n")
    with pytest.raises(PolicyError):
        up(machine, service, Scope.USER)
    assert service.calls == []


def test_no_service_no_change(machine: Machine, service: PretendedService) -> None:
    service.broken = True
    with pytest.raises(ServiceError):
        up(machine, service, Scope.USER)
    assert not machine.paths.settings(Scope.USER).exists()


def test_down_keeps_the_service_where_settings_broke(machine: Machine, service: PretendedService) -> None:
    up(machine, service, Scope.USER)
    machine.paths.settings(Scope.USER).write_text("{")
    report = down(machine, service)
    assert [(each.path, each.backup) for each in report.left] == [(machine.paths.settings(Scope.USER), None)]
    assert (report.stopped, report.was_on, report.written) == (False, True, ())
    assert "stop" not in service.calls


def test_a_broken_file_is_left_with_its_backup_and_the_others_are_restored(machine: Machine, service: PretendedService) -> None:
    file = machine.paths.settings(Scope.USER)
    file.parent.mkdir()
    file.write_text('{"model": "opus"}\n')
    up(machine, service, Scope.USER)
    up(machine, service, Scope.PROJECT)
    file.write_text("{")
    report = down(machine, service)
    assert [each.change for each in report.written] == [Change.REMOVED]
    (left,) = report.left
    assert left.backup is not None
    assert left.backup.read_text() == '{"model": "opus"}\n'
    file.write_bytes(left.backup.read_bytes())
    assert down(machine, service).stopped


def test_a_settings_file_that_is_gone_is_said_to_be(machine: Machine, service: PretendedService) -> None:
    file = machine.paths.settings(Scope.USER)
    file.parent.mkdir()
    file.write_text("{}")
    up(machine, service, Scope.USER)
    file.unlink()
    report = down(machine, service)
    assert report.gone == {file}
    assert report.written[0].backup is not None
    assert (report.stopped, report.was_on) == (True, True)
    assert not down(machine, service).was_on


class TestGateway:
    API = "https://api.anthropic.com"

    def test_up_then_down(self, machine: Machine, service: PretendedService) -> None:
        client(machine, "2.1.330")
        file = machine.paths.settings(Scope.USER)
        file.parent.mkdir()
        file.write_text('{"env": {"ANTHROPIC_BASE_URL": "https://corp.example/api/"}, "model":"opus"}\n')
        report = up(machine, service, Scope.USER, gateway=True)
        assert report.upstream == "https://corp.example/api"
        env = written(machine)["env"]
        assert env == {"ANTHROPIC_BASE_URL": "https://127.0.0.1:4712/checkrein", "NODE_EXTRA_CA_CERTS": str(machine.trust)}
        assert CERTIFICATE in machine.trust.read_text()
        assert service.gateway is not None
        assert service.gateway.variables["ANTHROPIC_BASE_URL"] == "https://corp.example/api/"
        again = up(machine, service, Scope.USER)
        assert again.written.change is Change.UNCHANGED
        assert again.upstream == "https://corp.example/api"
        assert down(machine, service).stopped
        assert file.read_text() == '{"env": {"ANTHROPIC_BASE_URL": "https://corp.example/api/"}, "model":"opus"}\n'
        assert service.calls[-2:] == ["stop gateway", "stop"]

    def test_it_is_off_unless_asked_for(self, machine: Machine, service: PretendedService) -> None:
        report = up(machine, service, Scope.USER)
        assert report.upstream == ""
        assert "ANTHROPIC_BASE_URL" not in str(written(machine))
        assert "start gateway" not in service.calls

    def test_the_policy_asks_for_it(self, machine: Machine, service: PretendedService) -> None:
        (machine.paths.home / ".config/checkrein").mkdir(parents=True)
        (machine.paths.home / ".config/checkrein/checkrein.yaml").write_text(
            "version: 1\ngateway: {enabled: true, upstream: 'https://team.example', workers: 3}\n"
        )
        assert up(machine, service, Scope.USER).upstream == "https://team.example"
        assert service.gateway is not None
        assert service.gateway.workers == 3
        assert up(machine, service, Scope.USER, gateway=False).upstream == ""
        assert "stop gateway" in service.calls

    def test_it_is_taken_off_and_the_rest_stays(self, machine: Machine, service: PretendedService) -> None:
        client(machine, "2.1.330")
        up(machine, service, Scope.USER, gateway=True)
        up(machine, service, Scope.USER, gateway=False)
        assert "ANTHROPIC_BASE_URL" not in str(written(machine))
        assert written(machine)["hooks"]
        assert service.calls == ["start", "start gateway", "start", "stop gateway"]

    def test_the_client_believes_it_although_hooks_go_by_command(self, machine: Machine, service: PretendedService) -> None:
        up(machine, service, Scope.USER, Transport.COMMAND, gateway=True)
        assert written(machine)["env"]["NODE_EXTRA_CA_CERTS"] == str(machine.trust)  # type: ignore[index]
        assert CERTIFICATE in machine.trust.read_text()

    def test_the_persons_own_certificates_are_for_the_way_on(self, machine: Machine, service: PretendedService) -> None:
        own = machine.paths.home / "corp.pem"
        own.write_text("corp")
        machine = dataclasses.replace(machine, env={**machine.env, "NODE_EXTRA_CA_CERTS": str(own)})
        up(machine, service, Scope.USER, gateway=True)
        assert service.gateway is not None
        assert service.gateway.variables["NODE_EXTRA_CA_CERTS"] == str(own)

    @pytest.mark.parametrize(
        ("env", "upstream"),
        [
            ({}, API),
            ({"ANTHROPIC_BASE_URL": "http://127.0.0.1:8080/"}, "http://127.0.0.1:8080"),
            ({"ANTHROPIC_BASE_URL": "https://127.0.0.1:4712/checkrein"}, API),
        ],
    )
    def test_what_stood_in_the_environment_is_where_requests_go(
        self, machine: Machine, service: PretendedService, env: dict[str, str], upstream: str
    ) -> None:
        here = dataclasses.replace(machine, env={**machine.env, **env})
        assert up(here, service, Scope.USER, gateway=True).upstream == upstream
        assert up(machine, service, Scope.USER).upstream == upstream  # another shell does not make it forget

    @pytest.mark.parametrize(
        ("env", "message"),
        [
            ({"CLAUDE_CODE_USE_BEDROCK": "1"}, "CLAUDE_CODE_USE_BEDROCK leads the client past the gateway"),
            ({"HTTPS_PROXY": "http://proxy:3128"}, "the client would not reach the gateway"),
            ({"NODE_TLS_REJECT_UNAUTHORIZED": "0"}, "the client would not reach the gateway"),
        ],
    )
    def test_what_would_lead_past_it_is_named_and_nothing_is_changed(
        self, machine: Machine, service: PretendedService, env: dict[str, str], message: str
    ) -> None:
        machine = dataclasses.replace(machine, env={**machine.env, **env})
        with pytest.raises(SettingsError, match=message):
            up(machine, service, Scope.USER, gateway=True)
        assert service.calls == []
        assert not machine.paths.settings(Scope.USER).exists()

    def test_a_proxy_that_leaves_this_machine_alone_is_no_trouble(self, machine: Machine, service: PretendedService) -> None:
        env = {**machine.env, "HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "localhost,127.0.0.1"}
        up(dataclasses.replace(machine, env=env), service, Scope.USER, gateway=True)
        assert service.gateway is not None
        assert service.gateway.variables["HTTPS_PROXY"] == "http://proxy:3128"

    def test_a_projects_protection_leaves_it_as_it_is(self, machine: Machine, service: PretendedService) -> None:
        up(machine, service, Scope.USER, gateway=True)
        assert up(machine, service, Scope.PROJECT).upstream == ""
        assert "stop gateway" not in service.calls

    def test_not_in_a_projects_settings(self, machine: Machine, service: PretendedService) -> None:
        with pytest.raises(SettingsError, match="shared"):
            up(machine, service, Scope.PROJECT, gateway=True)

    def test_not_for_everybody_on_a_shared_machine(self, machine: Machine, service: PretendedService) -> None:
        machine.accounts.passwd.write_text("bob:x:1001:1001::/home/bob:/bin/bash\n")
        with pytest.raises(SettingsError, match="serves you alone"):
            up(machine, service, Scope.MANAGED, gateway=True)

    def test_managed_settings_that_name_another_address_win(self, machine: Machine, service: PretendedService) -> None:
        machine.paths.managed.mkdir()
        (machine.paths.managed / "managed-settings.json").write_text('{"env": {"ANTHROPIC_BASE_URL": "https://corp.example"}}')
        with pytest.raises(SettingsError, match="beats ours"):
            up(machine, service, Scope.USER, gateway=True)


class TestShell:
    """The program that the client runs commands in, so that what failing ones print is redacted."""

    @staticmethod
    def policy(machine: Machine, text: str) -> None:
        file = machine.paths.home / ".config/checkrein/checkrein.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"version: 1\n{text}\n")

    @staticmethod
    def named(machine: Machine) -> str:
        env = written(machine).get("env")
        return str(env.get("CLAUDE_CODE_SHELL", "")) if isinstance(env, dict) else ""

    def test_up_names_it_and_down_lets_it_be_the_shell_itself(self, machine: Machine, service: PretendedService) -> None:
        report = up(machine, service, Scope.USER)
        program = report.install.shell
        assert program is not None
        assert self.named(machine) == str(program)
        assert str(service.folder / "service.sock") in program.read_text()
        before = program.read_text()
        assert up(machine, service, Scope.USER).written.change is Change.UNCHANGED
        assert program.read_text() == before
        down(machine, service)
        assert not machine.paths.settings(Scope.USER).exists()
        assert program.read_text().endswith('exec "$shell" "$@"\n')

    def test_with_a_gateway_the_client_takes_its_own(self, machine: Machine, service: PretendedService) -> None:
        client(machine, "2.1.330")
        program = up(machine, service, Scope.USER).install.shell
        assert program is not None
        assert up(machine, service, Scope.USER, gateway=True).install.shell is None
        assert not self.named(machine)
        assert "service.sock" not in program.read_text()

    @pytest.mark.parametrize("text", ["redaction: {enabled: false}", "redaction: {wrap: false}"])
    def test_by_policy_the_client_takes_its_own(self, machine: Machine, service: PretendedService, text: str) -> None:
        self.policy(machine, text)
        assert up(machine, service, Scope.USER).install.shell is None
        assert not self.named(machine)

    def test_the_one_that_the_person_chose_is_run(self, machine: Machine, service: PretendedService, tmp_path: Path) -> None:
        own = tmp_path / "bin/bash"
        own.parent.mkdir()
        own.touch(0o755)
        settings = machine.paths.settings(Scope.USER)
        settings.parent.mkdir()
        settings.write_text(json.dumps({"env": {"CLAUDE_CODE_SHELL": str(own)}}))
        for _ in range(2):
            program = up(machine, service, Scope.USER).install.shell
            assert program is not None
            assert f"shell={own}\n" in program.read_text()
        down(machine, service)
        assert self.named(machine) == str(own)
