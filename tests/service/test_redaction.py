"""What redacts, put together for one user."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from checkrein.core import VaultError
from checkrein.core.sensitive import Sensitive
from checkrein.enforce.hooks.redaction import HookRedaction
from checkrein.locations import vault_dir
from checkrein.policy import PolicyFiles, PolicyStore
from checkrein.service.redaction import HookRedactors, redactors_of, vault_of
from checkrein.service.upkeep import Upkeep
from checkrein.vault.key import FILE

RARE = "q7" + "XbV2mZr9" + "LkT4wYpN"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    home = os.path.realpath(tmp_path)
    (tmp_path / "project").mkdir()
    return {"HOME": home, "DEPLOY_TOKEN": f"env{RARE}"}


def user_policy(env: dict[str, str], text: str) -> None:
    folder = Path(env["HOME"]) / ".config/checkrein"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "checkrein.yaml").write_text(f"version: 1\n{text}\n")


def made(env: dict[str, str], *, gateway: bool = False) -> HookRedactors:
    policies = PolicyStore(PolicyFiles.standard(env))
    vault = vault_of(env, policies)
    return HookRedactors(redactors_of(env, policies, vault), policies, lambda _session: gateway)


def test_a_project_s_secrets_are_redacted(env: dict[str, str]) -> None:
    project = Path(env["HOME"]) / "project"
    (project / ".env").write_text(f"APP_SECRET={RARE}\n")
    here = made(env, gateway=True).of(str(project))
    assert here is not None
    assert (here.wrap, here.gateway) == (True, True)
    redacted = here.redactor.redact(f"it is {RARE} and env{RARE}", "command")
    assert RARE not in redacted.text
    assert redacted.counts == {"APP_SECRET": 1, "DEPLOY_TOKEN": 1}


def test_a_registered_secret_is_found_from_then_on(env: dict[str, str]) -> None:
    policies = PolicyStore(PolicyFiles.standard(env))
    vault = vault_of(env, policies)
    vault.get().add_secret("deploy", "a registered value")
    here = redactors_of(env, policies, vault).of(env["HOME"] + "/project")
    assert here is not None
    assert here.redact("it is a registered value", "").counts == {"DEPLOY": 1}


@pytest.mark.parametrize("piecewise", [False, True])
def test_what_another_process_redacted_is_found_at_once(env: dict[str, str], piecewise: bool) -> None:
    policies = PolicyStore(PolicyFiles.standard(env))
    value = f"other{RARE}"
    vault_of(env, policies).get().redact(value, [Sensitive("secret.test", "TOKEN", 0, len(value))])
    hooks = made(env)
    if piecewise:
        piece = HookRedaction(hooks).piece("s", env["HOME"], f"it is {value}\n".encode())
        assert piece is not None
        assert value.encode() not in piece
    else:
        here = hooks.of(env["HOME"])
        assert here is not None
        assert value not in here.redactor.redact(f"it is {value}\n", "command").text


def test_policy_switches_it_off(env: dict[str, str]) -> None:
    user_policy(env, "redaction: {enabled: false}")
    assert made(env).of(env["HOME"] + "/project") is None


def test_policy_says_whether_commands_are_wrapped(env: dict[str, str]) -> None:
    user_policy(env, "redaction: {wrap: false}")
    here = made(env).of(env["HOME"] + "/project")
    assert here is not None
    assert not here.wrap


def test_a_vault_that_cannot_be_opened_is_told_when_it_is_needed(env: dict[str, str]) -> None:
    vault_dir(env).mkdir(parents=True, mode=0o700)
    (vault_dir(env) / FILE).write_text("nonsense")
    (vault_dir(env) / FILE).chmod(0o600)
    with pytest.raises(VaultError, match="keys"):
        made(env).of(env["HOME"] + "/project")


def test_values_that_nobody_used_go(env: dict[str, str]) -> None:
    class Unused:
        def prune(self, *_: object) -> int:
            return 0

    policies = PolicyStore(PolicyFiles.standard(env))
    vault = vault_of(env, policies)
    redactor = redactors_of(env, policies, vault).of(env["HOME"])
    assert redactor is not None
    name = redactor.redact(f"env{RARE}", "").text
    vault.get()._store.touch({name: ()}, 1.0)  # no change: an entry's time never goes back
    notes: list[tuple[str, object]] = []
    upkeep = Upkeep(Unused(), Unused(), policies, env["HOME"], lambda kind, fields: notes.append((kind, fields)), vault)  # type: ignore[arg-type]
    upkeep._values()
    assert notes == []
    user_policy(env, "redaction: {expire_days: 1}")
    vault.get()._clock = lambda: 9e9
    upkeep._values()
    assert notes == [("pruned", {"values": 1, "keep_days": 1})]
    assert vault.values([name]) == {}
