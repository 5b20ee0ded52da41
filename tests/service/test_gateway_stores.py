"""The running gateway, when what it keeps things in is full, locked or lost: nothing leaves, it says why, and it mends."""

from __future__ import annotations

import json
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

import full_disk
from checkrein.decide.redaction import search_of
from checkrein.detect.secrets import engine
from checkrein.ledger.egress import DATABASE as EGRESS
from checkrein.locations import egress_dir, state_dir, vault_dir
from checkrein.observe.credentials import Found
from checkrein.policy import PolicyFiles, load_policy
from checkrein.prove.api import Script, ScriptedApi
from checkrein.prove.run import can_mount
from checkrein.service import manage_gateway
from checkrein.vault.key import FILE as KEYS
from checkrein.vault.store import DATABASE as VAULT
from live_gateway import LiveGateway

FOLDERS: Mapping[str, Callable[[Mapping[str, str]], Path]] = {"vault": vault_dir, "egress": egress_dir, "state": state_dir}
SIZES = {"vault": "1m", "egress": "1m", "state": "64m"}
"""The whole state holds the compiled patterns as well."""
_ON_SMALL_DISK = 'mount -t tmpfs -o size="$1",mode=0700 none "$2" && shift 2 && exec "$@"'


@pytest.fixture
def api() -> Iterator[ScriptedApi]:
    with ScriptedApi(Script([])) as made:
        yield made


@pytest.fixture(scope="module")
def patterns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scan folder in which all is compiled that a gateway searches with by default."""
    nowhere, folder = "/nonexistent", tmp_path_factory.mktemp("scan")
    search_of(load_policy(nowhere, PolicyFiles.standard({"HOME": nowhere})).policy.privacy.redaction, Found((), ()))
    engine.lend(folder)
    return folder


@pytest.fixture
def gateway(api: ScriptedApi, tmp_path: Path, patterns: Path) -> Iterator[LiveGateway]:
    """One that is not started yet."""
    with tempfile.TemporaryDirectory(prefix="crg") as runtime:
        yield LiveGateway(tmp_path, Path(runtime), api.url, patterns)


def value() -> str:
    """A new secret."""
    return f"ghp_{secrets.token_hex(18)}"


def refused(told: tuple[int, str], *words: str, passing: bool = False) -> None:
    """It was said that nothing was sent, and why; the client tries again by itself only where the trouble is ``passing``."""
    status, message = told
    assert status == (503 if passing else 400), told
    assert message.startswith("Checkrein: ")
    assert all(word in message for word in ("nothing was sent", *words)), message


@pytest.mark.parametrize("name", FOLDERS)
def test_a_full_disk(gateway: LiveGateway, api: ScriptedApi, name: str) -> None:
    if not can_mount():
        pytest.skip("a disk of its own needs a mount namespace, which this system does not give")
    first, second = value(), value()
    folder = FOLDERS[name](gateway.env)
    folder.mkdir(parents=True, mode=0o700)
    rights = [] if os.geteuid() == 0 else ["--map-root-user"]
    small = ["unshare", "--mount", *rights, "sh", "-c", _ON_SMALL_DISK, "sh", SIZES[name], str(folder)]
    given = [str(folder), str(gateway.home), str(gateway.runtime), gateway.upstream, str(gateway.patterns)]
    ran = subprocess.run(
        [*small, sys.executable, full_disk.__file__, *given, first, second],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    before, full, after = json.loads(ran.stdout)
    assert before[0] == 200
    refused(full, "full", passing=name == "egress")
    assert after[0] == 200
    assert len(api.messages()) == 2
    assert not api.sent(first)
    assert not api.sent(second)


@pytest.mark.parametrize(("name", "database"), [("vault", VAULT), ("egress", EGRESS)])
def test_a_store_that_another_program_holds(gateway: LiveGateway, api: ScriptedApi, name: str, database: str) -> None:
    first, second = value(), value()
    with gateway:
        assert gateway.ask(first)[0] == 200
        held = sqlite3.connect(FOLDERS[name](gateway.env) / database, isolation_level=None)
        held.execute("BEGIN EXCLUSIVE")
        refused(gateway.ask(second), "locked", passing=True)
        assert len(api.messages()) == 1
        held.execute("ROLLBACK")
        held.close()
        assert gateway.ask(second)[0] == 200
    assert not api.sent(first)
    assert not api.sent(second)


def test_a_key_that_is_lost(gateway: LiveGateway, api: ScriptedApi) -> None:
    """The process that knows it goes on; the next one sends nothing, until the key is back."""
    first, second, third = value(), value(), value()
    key = vault_dir(gateway.env) / KEYS
    with gateway:
        assert gateway.ask(first)[0] == 200
        kept = key.read_bytes()
        key.unlink()
        assert gateway.ask(second)[0] in (200, 400)
        sent = len(api.messages())
        replace_worker(gateway)
        refused(gateway.ask(third), "key", "vault forget --all")
        assert len(api.messages()) == sent
        assert not key.exists(), "a new key would hide that the old one is gone"
        key.touch(0o600)
        key.write_bytes(kept)
        assert gateway.ask(third)[0] == 200
    assert not [each for each in (first, second, third) if api.sent(each)]


def replace_worker(gateway: LiveGateway) -> None:
    """Kill the worker, and wait for the next one."""
    (worker,) = manage_gateway.serving(gateway.paths)
    os.kill(worker, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while manage_gateway.serving(gateway.paths) in ((), (worker,)):
        assert time.monotonic() < deadline, "no worker took its place"
        time.sleep(0.05)
