"""Which sessions go through the gateway."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from checkrein.core import ServiceError
from checkrein.decide import SessionStore
from checkrein.ledger.egress import EgressStore, Sent, Verdict
from checkrein.locations import egress_dir
from checkrein.service import manage_gateway
from checkrein.service.paths import ServicePaths
from checkrein.service.routed import Routed


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": f"{tmp_path}/run"}


@pytest.fixture
def paths(env: dict[str, str]) -> ServicePaths:
    paths = ServicePaths.of_user(env)
    paths.prepare()
    return paths


@pytest.fixture
def sessions(tmp_path: Path) -> SessionStore:
    return SessionStore(tmp_path / "sessions")


@pytest.fixture
def routed(paths: ServicePaths, env: dict[str, str], sessions: SessionStore) -> Routed:
    return Routed(paths, env, sessions, lambda: "")


def put_on(paths: ServicePaths, since: float) -> None:
    manage_gateway.write_route(paths, manage_gateway.Route("https://api.example", {}, workers=1), since)


def test_none_while_there_is_no_gateway(routed: Routed) -> None:
    assert not routed("new")


def test_those_that_begin_after_it(routed: Routed, paths: ServicePaths, sessions: SessionStore) -> None:
    sessions.get("old")
    put_on(paths, time.time())
    assert routed("new")
    assert not routed("old")
    assert not routed("")


def test_a_session_is_old_for_another_process_too(
    paths: ServicePaths, env: dict[str, str], sessions: SessionStore, tmp_path: Path
) -> None:
    sessions.get("old")
    put_on(paths, time.time())
    assert not Routed(paths, env, SessionStore(tmp_path / "sessions"), lambda: "")("old")


def test_one_that_is_continued_is_known_by_the_record(
    routed: Routed, paths: ServicePaths, env: dict[str, str], sessions: SessionStore
) -> None:
    sessions.get("old")
    with EgressStore.open(egress_dir(env)) as egress:
        egress.begin(sent("old", time.time() - 60))
        put_on(paths, time.time())
        assert not routed("old")
        egress.begin(sent("other", time.time()))
        assert not routed("old")
        egress.begin(sent("old", time.time()))
    assert routed("old")
    put_on(paths, time.time() + 60)
    assert not routed("old")


def test_what_cannot_be_read_is_no_answer(routed: Routed, paths: ServicePaths) -> None:
    paths.gateway_file.write_text("{")
    with pytest.raises(ServiceError):
        routed("new")


def sent(session: str, at: float) -> Sent:
    return Sent(at, session, "POST", "/v1/messages", "model", "api.example", Verdict.SENT, bytes_in=10, bytes_out=10)
