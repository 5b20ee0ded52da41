"""The client goes on writing into a transcript that is redacted while its session runs, and resumes it afterwards."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from checkrein.core.sensitive import PLACEHOLDER
from checkrein.decide.recall import Recall
from checkrein.detect.secrets.engine import Engine
from checkrein.detect.secrets.examples import expand
from checkrein.detect.sensitive import Scanner
from checkrein.prove.api import Text, ToolUse
from checkrein.sweep import Done, Report, Sweeper, copies, places, rewrite
from checkrein.vault.key import FILE, FileHolder
from checkrein.vault.vault import Vault
from some_kinds import KINDS

pytestmark = pytest.mark.client
TOKEN = expand("acme_{alnum:30}")


def written(home: Path) -> Path:
    """The transcript, once what the command printed stands in it: the client writes a moment later."""
    for _ in range(200):
        transcript = next((home / ".claude/projects").glob("*/*.jsonl"), None)
        if transcript is not None and transcript.read_text().count(TOKEN) >= 2:
            return transcript
        time.sleep(0.05)
    raise AssertionError("the client wrote no transcript")


def test_a_transcript_is_redacted_under_a_running_session(world: Any, tmp_path: Path) -> None:
    vault = Vault.open(tmp_path / "vault", holder=FileHolder(tmp_path / FILE))
    search = Scanner(Engine(KINDS))
    seen: list[tuple[bool, Report]] = []
    (world.project / "notes.txt").write_text(f"the key is {TOKEN}\n")

    def sweep() -> Report:
        uid, report = os.geteuid(), Report()
        env = {"HOME": str(world.home), "CLAUDE_CODE_TMPDIR": str(tmp_path)}
        own = [place for place in places(env, uid) if place.path.startswith(str(world.home))]
        return Sweeper(search, Recall(vault)).run([copy for place in own for copy in copies(place, uid, report.note)], report)

    def before_turn(turn: int) -> None:
        if turn == 2:
            transcript = written(world.home)
            seen.append((rewrite.is_open_elsewhere(str(transcript)), sweep()))

    read = ToolUse("Bash", {"command": "cat notes.txt", "description": "read"})
    later = ToolUse("Bash", {"command": "echo later", "description": "more"})
    outcome = world.play(((read,), (later,), (later,), (Text("done"),)), before_turn=before_turn)
    assert outcome.result(2).text.strip() == "later"
    ((held, report),) = seen
    assert not held
    assert [swept.done for swept in report.swept] == [Done.REDACTED]
    transcript = next((world.home / ".claude/projects").glob("*/*.jsonl"))
    sweep()
    text = transcript.read_text()
    assert TOKEN not in text
    records = [json.loads(line) for line in text.splitlines()]
    results = [record for record in records if "toolUseResult" in record]
    assert len(results) == 3
    assert PLACEHOLDER.search(str(results[0]["toolUseResult"]))
    uuids = {record["uuid"] for record in records if "uuid" in record}
    assert {record["parentUuid"] for record in records if record.get("parentUuid")} <= uuids
    again = world.play(((Text("resumed"),),), prompt="and now", arguments=("--continue",))
    sent = again.api.requests[-1].body.decode()
    assert TOKEN not in sent
    assert PLACEHOLDER.search(sent)
    vault.close()
