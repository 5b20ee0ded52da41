"""Every event of the protocol with values in every field that holds text: none of their bytes may stand in the record."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

from checkrein.cli import cli
from checkrein.core import VaultError
from checkrein.enforce.hooks.events import EVENTS
from checkrein.enforce.hooks.protocol import HookProtocol
from checkrein.ledger import LedgerReader
from checkrein.locations import ledger_dir, vault_dir
from checkrein.policy import PolicyFiles, PolicyStore
from checkrein.service import parts
from checkrein.service.paths import ServicePaths
from checkrein.service.redaction import redactors_of, vault_of
from checkrein.vault.lazy import LazyVault
from checkrein.vault.vault import Vault

REGISTERED = "from-a-" + "pipe-77"
OF_THE_PROJECT = "sunny" + "meadow4471"
BY_ITS_WORD = "Wq7ZrT" + "n4Xb9K"
OF_THE_VAULT = "Zk8tQ" + "w3Lm5Rp7"
TOKEN = "gh" + "p_" + "A1b2C3d4e5F6" * 3
EMAIL = "jane.roe" + "@" + "customers-of-ours.com"
VALUES = (REGISTERED, OF_THE_PROJECT, BY_ITS_WORD, OF_THE_VAULT, TOKEN, EMAIL)
TEXT = f"tell {EMAIL} that x-{REGISTERED}-y, {OF_THE_PROJECT} and {OF_THE_VAULT} go; db_password={BY_ITS_WORD} with {TOKEN}"
WORDS = (
    *("source", "trigger", "file_path", "prompt", "delta", "reason", "message", "title", "notification_type", "agent_type"),
    *("last_assistant_message", "task_id", "task_subject", "task_description", "teammate_name", "error", "error_details"),
    *("new_cwd", "old_cwd", "directory", "name", "worktree_path", "custom_instructions", "compact_summary", "session_title"),
    *("command_name", "command_args", "mcp_server_name", "load_reason", "memory_type", "model", "something_new"),
)
INPUTS: Mapping[str, Mapping[str, Any]] = {
    "Bash": {"command": f"echo '{TEXT}' # {REGISTERED}", "description": TEXT},
    "Read": {"file_path": f"/srv/{TEXT}"},
    "Write": {"file_path": f"/srv/{REGISTERED}/{OF_THE_VAULT}", "content": TEXT},
    "Edit": {"file_path": f"/srv/{EMAIL}", "old_string": TEXT, "new_string": TEXT},
    "WebFetch": {"url": f"https://host.example/{REGISTERED}?a={TOKEN}", "prompt": TEXT},
    "mcp__db__query": {"sql": TEXT, "rows": [{"note": TEXT, REGISTERED: 1}], EMAIL: TEXT, "command": TEXT},
}


@dataclass(frozen=True)
class Machine:
    """A home folder with a service in it."""

    home: Path
    env: Mapping[str, str]
    hooks: HookProtocol

    def send(self, event: str, **fields: Any) -> Mapping[str, Any]:
        """The answer to an event."""
        project = str(self.home / "project")
        common = {"hook_event_name": event, "session_id": "s1", "cwd": project, "permission_mode": "default"}
        answer: Mapping[str, Any] = orjson.loads(self.hooks.handle(event, orjson.dumps({**common, **fields})))
        return answer

    def bytes_of_record(self) -> bytes:
        """All that stands in the record's files."""
        return b"".join(path.read_bytes() for path in sorted(ledger_dir(self.env).iterdir()) if "ledger" in path.name)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    home = Path(os.path.realpath(tmp_path))
    (home / "project").mkdir()
    (home / "project/.env").write_text(f"SHOP_PASSWORD={OF_THE_PROJECT}\n")
    env = {"HOME": str(home), "XDG_RUNTIME_DIR": f"{home}/run", "PATH": os.defpath}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    store = Vault.open(vault_dir(env))
    store.add_secret("PIPE", REGISTERED)
    store.close()
    policies = PolicyStore(PolicyFiles.standard(env))
    vault = vault_of(env, policies)  # of another process, as the gateway is one
    redactor = redactors_of(env, policies, vault).of(str(home / "project"))
    assert redactor is not None
    assert OF_THE_VAULT not in redactor.redact(f"db_password={OF_THE_VAULT}", "prompt").text
    vault.close()
    paths = ServicePaths.of_user(env)
    paths.prepare()
    made = parts.build(env, paths)
    yield Machine(home, env, HookProtocol(made.point, made.recorder, made.redaction))
    assert made.close is not None
    made.close()


def play(machine: Machine) -> None:
    """Every event, with values in all its texts."""
    texts = dict.fromkeys(WORDS, TEXT)
    more = {"background_tasks": [{"command": TEXT, "status": TEXT}], "globs": [TEXT], "tool_calls": [{"tool_response": TEXT}]}
    for name, event in EVENTS.items():
        if not event.tool:
            machine.send(name, **texts, **more)
            continue
        for number, (tool, given) in enumerate(INPUTS.items()):
            calls = {
                "tool_name": tool,
                "tool_input": given,
                "tool_use_id": f"toolu_{number}",
                "tool_response": {"stdout": TEXT},
            }
            machine.send(name, **calls, reason=TEXT, error=TEXT)
    machine.hooks.handle("SessionEnd", f"broken {TEXT}".encode())
    machine.hooks.note("guard.client-folder", f"a file named {TEXT}")


def test_no_value_stands_in_the_record(machine: Machine) -> None:
    play(machine)
    record = machine.bytes_of_record()
    assert [value for value in VALUES if value.encode() in record] == []
    runner = CliRunner()
    printed = [runner.invoke(cli, words).output for words in (["log", "-n", "0"], ["log", "-n", "0", "--json"])]
    assert [value for value in VALUES if any(value in text for text in printed)] == []
    with LedgerReader.open(ledger_dir(machine.env)) as reader:
        summaries = {f"{entry.name} {entry.tool}".strip(): entry.summary for entry in reader.entries()}
    assert summaries["PreToolUse Bash"].startswith("echo ")
    assert f"last_assistant_message=({len(TEXT)} bytes)" in summaries["Stop"]
    assert set(EVENTS) <= {name.partition(" ")[0] for name in summaries}


def test_a_command_is_recorded_with_what_it_does(machine: Machine) -> None:
    for command in (f"echo x-{REGISTERED}-y", "git status --short"):
        machine.send("PreToolUse", tool_name="Bash", tool_input={"command": command}, tool_use_id="t")
    with LedgerReader.open(ledger_dir(machine.env)) as reader:
        assert [entry.summary for entry in reader.entries()] == ["echo x-[masked]-y", "git status --short"]


def test_where_the_vault_is_lost_events_are_recorded_without_their_texts(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_vault: LazyVault) -> Vault:
        raise VaultError("the key of the vault is gone")

    monkeypatch.setattr(LazyVault, "get", lost)
    play(machine)
    record = machine.bytes_of_record()
    assert [value for value in VALUES if value.encode() in record] == []
    assert b"could not be searched for secrets" in record


def test_the_record_holds_no_values_either_where_redaction_is_off(machine: Machine) -> None:
    (machine.home / ".config/checkrein").mkdir(parents=True, exist_ok=True)
    (machine.home / ".config/checkrein/checkrein.yaml").write_text("version: 1\nprivacy: {redaction: {enabled: false}}\n")
    play(machine)
    record = machine.bytes_of_record()
    assert [value for value in VALUES if value.encode() in record] == []
