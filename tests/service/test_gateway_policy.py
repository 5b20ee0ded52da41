"""What the policy holds back, and in whose name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from checkrein.decide.sessions import SessionStore
from checkrein.enforce.gateway.ports import Caller, Outgoing
from checkrein.policy import PolicyFiles, PolicyStore
from checkrein.service.gateway_policy import GatewayPolicy


@dataclass
class World:
    root: Path

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def policy(self) -> GatewayPolicy:
        files = PolicyFiles(self.root / "home", self.root / "home/checkrein.yaml", self.root / "none.yaml")
        return GatewayPolicy(PolicyStore(files), self.root / "sessions", str(self.root / "home"))

    def user(self, text: str) -> None:
        (self.root / "home/checkrein.yaml").write_text(f"version: 1\n{text}\n")

    def reasons(self, session: str = "s1", **fields: object) -> tuple[str, ...]:
        values: dict[str, object] = {"folders": (), "paths": (), "found": {}}
        outgoing = Outgoing(caller=Caller(session), method="POST", path="/v1/messages", **(values | fields))  # type: ignore[arg-type]
        return tuple(reason.replace(f"{self.root}/", "") for reason in self.policy.reasons(outgoing))


@pytest.fixture
def world(tmp_path: Path) -> World:
    for name in ("home", "project", "other"):
        (tmp_path / name).mkdir()
    store = SessionStore(tmp_path / "sessions")
    store.note_project(store.get("s1"), str(tmp_path / "project"))
    return World(tmp_path)


def test_whose_project_it_is(world: World) -> None:
    assert world.policy.project(Caller("s1")) == str(world.project)
    assert world.policy.project(Caller("never-seen")) == str(world.root / "home")
    assert world.policy.project(Caller("")) == str(world.root / "home")


def test_ordinary_data_may_leave(world: World) -> None:
    world.user("privacy: {classes: [{paths: [customers/], class: restricted}]}")
    assert world.reasons(paths=(f"{world.project}/src/a.py",), folders=(str(world.project),)) == ()


def test_a_restricted_project(world: World) -> None:
    (world.project / "checkrein.yaml").write_text("version: 1\nprivacy: {class: restricted}\n")
    told = (
        "the project project is restricted, and what is restricted does not leave this machine"
        " (project/checkrein.yaml:2 says so, and can be changed there)"
    )
    assert world.reasons() == (told,)
    assert world.reasons(session="never-seen") == ()
    assert world.reasons(session="never-seen", folders=(str(world.project),)) == (told,)


def test_a_policy_file_that_was_never_good_holds_everything_back(world: World) -> None:
    world.user("privcy: {class: restricted}")
    (reason,) = world.reasons()
    assert reason.startswith("a policy file is broken, and nothing of it is in force: home/checkrein.yaml:2: unknown key")


def test_a_policy_file_whose_last_good_version_is_in_force_holds_nothing_back(world: World) -> None:
    world.user("unknown: ask")
    policy = world.policy
    outgoing = Outgoing(Caller("s1"), "POST", "/v1/messages", (), (), {})
    assert policy.reasons(outgoing) == ()
    world.user("unknwon: ask # broken")
    assert policy.reasons(outgoing) == ()
    assert policy.policies.current(str(world.project)).errors


@pytest.mark.parametrize("folder", ["relative", "/nowhere\0", "/" + "x" * 5000, ""])
def test_folders_that_are_none(world: World, folder: str) -> None:
    assert world.reasons(folders=(folder,)) == ()


@pytest.mark.parametrize("path", ["{project}/customers/a.csv", "customers/a.csv", "{project}/src/../customers/a.csv"])
def test_a_restricted_file(world: World, path: str) -> None:
    world.user("privacy: {classes: [{paths: [customers/], class: restricted}]}")
    (reason,) = world.reasons(paths=(path.format(project=world.project),))
    assert reason == (
        "the conversation is about project/customers/a.csv, which is restricted"
        " (home/checkrein.yaml:2 says so, and can be changed there): go on without it, after /clear"
    )


def test_many_restricted_files_are_one_reason(world: World) -> None:
    world.user("privacy: {classes: [{paths: [customers/], class: restricted}]}")
    (reason,) = world.reasons(paths=tuple(f"customers/{number}" for number in range(9)))
    assert "customers/4 and 4 more, which is restricted" in reason


def test_a_restricted_name(world: World) -> None:
    world.user("redaction: {dictionary: [{term: Acme Corp, label: CUSTOMER, class: restricted}, Osprey]}")
    assert world.reasons(found={("dictionary.term", "NAME"): 3, ("secret.x", "CUSTOMER"): 1}) == ()
    (reason,) = world.reasons(found={("dictionary.term", "CUSTOMER"): 1})
    assert world.reasons(found={("vault.placeholder", "CUSTOMER"): 1}) == (reason,), "a hook was there first"
    assert world.reasons(found={("vault.placeholder", "API_KEY"): 1}) == ()
    assert reason.startswith("a restricted name (CUSTOMER) stands in it (home/checkrein.yaml:2")
    assert "Acme" not in reason
