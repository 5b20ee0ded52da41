"""What is known of the secrets of a machine and a project, and when it is read again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pygit2
import pytest

from checkrein.observe.credentials import Credentials, Found, credentials, files
from checkrein.observe.credentials.credentials import label_of

RARE = "q7" + "XbV2mZr9" + "LkT4wYpN"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Machine:
    """A home folder with a project in it."""

    def __init__(self, root: Path) -> None:
        self.home, self.project = root / "home", root / "home/project"
        self.project.mkdir(parents=True)
        self.clock = Clock()
        self.registered: dict[str, str] = {}
        self.environment: dict[str, str] = {}

    def write(self, name: str, text: str) -> Path:
        path = self.home / name[2:] if name.startswith("~/") else self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def credentials(self) -> Credentials:
        return Credentials(
            str(self.home), self.environment, lambda: self.registered, clock=self.clock, aside=lambda task: task()
        )

    def found(self) -> Found:
        return self.credentials().of(str(self.project))

    def values(self) -> dict[str, str]:
        return {known.value: known.source for known in self.found().values}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    "name",
    [".env", ".env.production", "api/.env.local", "prod.env", ".envrc", "deep/er/still/.env"],
)
def test_files_of_the_project(machine: Machine, name: str) -> None:
    path = machine.write(name, f"API_TOKEN={RARE}\n")
    assert machine.values() == {RARE: str(path)}


@pytest.mark.parametrize("name", [".env.example", "sample.env", "node_modules/x/.env", ".git/.env", "env.py", "README.md"])
def test_files_that_hold_none(machine: Machine, name: str) -> None:
    machine.write(name, f"API_TOKEN={RARE}\n")
    assert machine.values() == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("~/.netrc", f"machine a login b password {RARE}"),
        ("~/.git-credentials", f"https://{RARE}:x-oauth@git.example"),
        ("~/.npmrc", f"//r/:_authToken={RARE}"),
        ("~/.pypirc", f"[pypi]\npassword={RARE}"),
        ("~/.aws/credentials", f"[default]\naws_secret_access_key={RARE}"),
        ("~/.docker/config.json", f'{{"auths": {{"r": {{"identitytoken": "{RARE}"}}}}}}'),
        ("~/.kube/config", f"users: [{{user: {{token: {RARE}}}}}]"),
        ("~/.config/gcloud/application_default_credentials.json", f'{{"client_secret": "{RARE}"}}'),
        ("~/.config/gh/hosts.yml", f"github.com: {{oauth_token: {RARE}}}"),
        ("~/.terraformrc", f'credentials "app.terraform.io" {{\n  token = "{RARE}"\n}}'),
        ("~/.vault-token", RARE),
    ],
)
def test_files_of_the_home_folder(machine: Machine, name: str, text: str) -> None:
    path = machine.write(name, text)
    assert any(RARE in value for value in machine.values())
    assert set(machine.values().values()) == {str(path)}


def test_variables_and_registered_values(machine: Machine) -> None:
    machine.environment = {"GITHUB_TOKEN": RARE, "HOME": "/home/me", "LANG": "C", "TOKENIZERS_PARALLELISM": "false"}
    machine.registered = {"deploy key": "registered value"}
    assert machine.values() == {RARE: "env:GITHUB_TOKEN", "registered value": "registered"}


def test_each_value_once_with_its_first_source(machine: Machine) -> None:
    machine.environment = {"GITHUB_TOKEN": RARE}
    path = machine.write(".env", f"A_TOKEN={RARE}\nB_TOKEN={RARE}")
    assert [(known.label, known.source) for known in machine.found().values] == [("A_TOKEN", str(path))]


def test_what_is_not_read_is_named(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 1000)
    large = machine.write(".env", f"A_TOKEN={RARE}\n" * 100)
    broken = machine.write("~/.docker/config.json", "{")
    outside = tmp_path / "elsewhere"
    outside.write_text(f"A_TOKEN={RARE}\n")
    link = machine.project / ".env.local"
    link.symlink_to(outside)
    pipe = machine.project / ".env.pipe"
    os.mkfifo(pipe)
    found = machine.found()
    assert found.values == ()
    assert {each.path for each in found.unread} == {str(path) for path in (large, broken, link, pipe)}
    assert all(each.why and RARE not in each.why for each in found.unread)


def test_a_link_within_the_project_is_followed(machine: Machine) -> None:
    machine.write("shared/prod.txt", f"A_TOKEN={RARE}\n")
    (machine.project / ".env").symlink_to("shared/prod.txt")
    assert list(machine.values()) == [RARE]


def test_bounds_are_told(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        machine.write(f"a{number}/.env", f"A_TOKEN={RARE}{number}\nB_TOKEN={number}{RARE}")
    monkeypatch.setattr(files, "MAX_FILES", 3)
    assert [each.path for each in machine.found().unread] == [str(machine.project)]
    monkeypatch.setattr(credentials, "MAX_VALUES", 2)
    assert len(machine.found().values) == 2
    assert "more than 2" in machine.found().unread[-1].why


def test_it_is_read_again_where_something_changed(machine: Machine) -> None:
    path = machine.write(".env", f"A_TOKEN={RARE}\n")
    known = machine.credentials()
    first = known.of(str(machine.project))
    machine.clock.now += 5
    assert known.of(str(machine.project)) is first
    path.write_text(f"A_TOKEN=new{RARE}\n")
    assert known.of(str(machine.project)) is first, "not more than once a second"
    machine.clock.now += 5
    assert [each.value for each in known.of(str(machine.project)).values] == [f"new{RARE}"]
    machine.write("api/.env", f"B_TOKEN=other{RARE}\n")
    machine.registered["x"] = "registered value"
    machine.clock.now += 60
    assert len(known.of(str(machine.project)).values) == 3
    path.unlink()
    machine.clock.now += 60
    assert len(known.of(str(machine.project)).values) == 2


def test_files_further_up_come_first(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        machine.write(f"aaa/deep/f{number}", "")
    machine.write(".env", f"A_TOKEN={RARE}\n")
    machine.write("zzz/.env", f"B_TOKEN=other{RARE}\n")
    monkeypatch.setattr(files, "MAX_LOOKED", 5)
    found = machine.found()
    assert RARE in {each.value for each in found.values}
    assert [each.why for each in found.unread] == ["it holds more files than are looked through"]


def test_nobody_waits_for_a_new_search(machine: Machine) -> None:
    tasks: list[Callable[[], None]] = []
    known = Credentials(str(machine.home), {}, clock=machine.clock, aside=tasks.append)
    assert known.of(str(machine.project)).values == ()
    machine.write(".env", f"A_TOKEN={RARE}\n")
    machine.clock.now += 60
    assert known.of(str(machine.project)).values == ()
    (search,) = tasks
    search()
    machine.clock.now += 2
    assert [each.value for each in known.of(str(machine.project)).values] == [RARE]


def test_projects_are_apart_and_bounded(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "MAX_PROJECTS", 2)
    known = machine.credentials()
    for number in range(4):
        machine.write(f"p{number}/.env", f"A_TOKEN={number}{RARE}\n")
        assert [each.value for each in known.of(str(machine.project / f"p{number}")).values] == [f"{number}{RARE}"]
    assert len(known._projects) == 2


def test_the_addresses_of_the_user_and_of_the_history_are_published(machine: Machine) -> None:
    known = machine.credentials()
    first = known.of(str(machine.project))
    assert first.published == frozenset()
    machine.write("~/.gitconfig", "[user]\n\temail = me@example.com\n")
    repository = pygit2.init_repository(machine.project)
    repository.config["user.email"] = "not-mine@example.com"
    who = pygit2.Signature("A", "a@example.com", 1_700_000_000, 0)
    repository.create_commit("HEAD", who, who, "first", repository.index.write_tree(), [])
    machine.clock.now += 2
    second = known.of(str(machine.project))
    assert second.published == {"me@example.com", "a@example.com"}
    repository.create_commit("HEAD", who, who, "again", repository.index.write_tree(), [repository.head.target])
    machine.clock.now += 2
    assert known.of(str(machine.project)) is second, "nobody else came"


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("DB_PASSWORD", "DB_PASSWORD"),
        ("db.password", "DB_PASSWORD"),
        ("clientSecret", "CLIENT_SECRET"),
        ("_authToken", "AUTH_TOKEN"),
        ("client-key-data", "CLIENT_KEY_DATA"),
        ("a" * 40, "A" * 24),
        ("1password", "SECRET"),
        ("", "SECRET"),
        ("пароль", "SECRET"),
    ],
)
def test_labels(name: str, label: str) -> None:
    assert label_of(name) == label
