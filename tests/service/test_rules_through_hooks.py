"""Every rule, through the running service: the client's own JSON over HTTP, the answer that it honours, and the record."""

from __future__ import annotations

import http.client
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import orjson
import pytest

from checkrein.core import Action, Example, Rule
from checkrein.enforce.hooks.projects import slug
from checkrein.ledger.store import LedgerReader
from checkrein.locations import ledger_dir, undo_dir, vault_dir
from checkrein.rules import load_rules
from checkrein.service import certificate, manage
from checkrein.service.launch import Runner
from checkrein.service.paths import ServicePaths
from checkrein.undo import SnapshotStore
from example_vault import fill

RULES = load_rules()
ANSWERS = {Action.ALLOW: ("",), Action.SNAPSHOT: ("",), Action.ASK: ("ask", "deny"), Action.DENY: ("deny",)}
PORT_IN_EXAMPLES = "4747"


class Machine(Protocol):
    """What this test uses of one of the ``worlds``."""

    home: Path
    project: Path

    def place(self, example: Example) -> None: ...
    def expanded(self, given: Mapping[str, Any]) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Outcome:
    """What the hook answered to a rule's first bad example, and what the record says."""

    answer: Mapping[str, Any]
    recorded: tuple[str, ...]
    kept: bool

    @property
    def permission(self) -> str:
        return str(self.answer.get("hookSpecificOutput", {}).get("permissionDecision", ""))


def post(paths: ServicePaths, session: str, machine: Machine, example: Example) -> Mapping[str, Any]:
    given = machine.expanded(example.input)
    if "command" in given:
        given["command"] = given["command"].replace(PORT_IN_EXAMPLES, str(paths.port()))
    payload = {
        "hook_event_name": "PreToolUse",
        "session_id": session,
        "transcript_path": f"{machine.home}/.claude/projects/{slug(str(machine.project))}/{session}.jsonl",
        "cwd": str(machine.project),
        "permission_mode": "default",
        "tool_name": example.tool,
        "tool_input": given,
    }
    connection = http.client.HTTPSConnection("127.0.0.1", paths.port() or 0, timeout=30, context=certificate.calling(paths))
    connection.request("POST", "/hook/PreToolUse", orjson.dumps(payload), {"X-Checkrein-Token": paths.token()})
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    assert reply.status == 200
    answer: Mapping[str, Any] = orjson.loads(body)
    return answer


@pytest.fixture(scope="module")
def outcomes(worlds: Callable[[Path, str], Machine]) -> Iterator[Mapping[str, Outcome]]:
    root = Path(os.path.realpath(tempfile.mkdtemp(prefix="crh")))
    env = {"HOME": str(root / "home"), "PATH": os.environ["PATH"]}
    shared = worlds(root, "shared")  # by the rules whose example needs no files
    machines = {
        rule.id: worlds(root, f"p{number}") if rule.bad[0].files else shared for number, rule in enumerate(RULES.values())
    }
    paths = ServicePaths.of_user(env)
    try:
        fill(vault_dir(env))
        manage.start(paths, env=env, runner=Runner.BACKGROUND)
        answers = {}
        for rule in RULES.values():
            machines[rule.id].place(rule.bad[0])
            answers[rule.id] = post(paths, rule.id.replace(".", "-"), machines[rule.id], rule.bad[0])
        with LedgerReader.open(ledger_dir(env)) as ledger:
            recorded = {entry.session: entry.rule_ids for entry in ledger.entries()}
        kept = {Path(snapshot.root).name for snapshot in SnapshotStore(undo_dir(env)).all()}
        yield {
            rule: Outcome(answer, recorded.get(rule.replace(".", "-"), ()), machines[rule].project.name in kept)
            for rule, answer in answers.items()
        }
    finally:
        manage.stop(paths, env=env)
        shutil.rmtree(root)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_a_rule_holds_through_the_hook(outcomes: Mapping[str, Outcome], rule: Rule) -> None:
    outcome = outcomes[rule.id]
    assert rule.id in outcome.recorded
    assert outcome.permission in ANSWERS[rule.action], outcome.answer
    if rule.action <= Action.SNAPSHOT:
        assert outcome.answer == {}
    assert outcome.kept == (rule.action is Action.SNAPSHOT)
    if outcome.permission:
        assert outcome.answer["hookSpecificOutput"]["permissionDecisionReason"]
