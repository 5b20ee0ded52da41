"""One value on its way: read, redacted, written back, and never in the record."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from checkrein.core import VaultError
from checkrein.enforce.hooks.projects import slug
from checkrein.enforce.hooks.protocol import HookProtocol
from checkrein.locations import ledger_dir, state_dir
from checkrein.service import parts
from checkrein.service.paths import ServicePaths
from checkrein.vault.lazy import LazyVault

RARE = "q7" + "XbV2mZr9" + "LkT4wYpN"
Send = Callable[..., Mapping[str, Any]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = Path(os.path.realpath(tmp_path))
    (home / "project").mkdir()
    (home / "project/.env").write_text(f"APP_SECRET={RARE}\n")
    return home


@pytest.fixture
def send(home: Path) -> Iterator[Send]:
    env = {"HOME": str(home), "XDG_RUNTIME_DIR": f"{home}/run"}
    paths = ServicePaths.of_user(env)
    paths.prepare()
    made = parts.build(env, paths)
    hooks = HookProtocol(made.point, made.recorder, made.redaction)
    project = home / "project"

    def post(name: str, tool: str, given: Mapping[str, Any], **fields: Any) -> Mapping[str, Any]:
        payload = {
            "hook_event_name": name,
            "session_id": "s1",
            "transcript_path": f"{home}/.claude/projects/{slug(str(project))}/s1.jsonl",
            "cwd": str(project),
            "permission_mode": "default",
            "tool_name": tool,
            "tool_input": given,
            "tool_use_id": "toolu_1",
            **fields,
        }
        answer = orjson.loads(hooks.handle(name, orjson.dumps(payload)))
        return dict(answer.get("hookSpecificOutput", {}))

    yield post
    assert made.close is not None
    made.close()


def output(command: str, stdout: str) -> dict[str, Any]:
    return {"tool_response": {"stdout": stdout, "stderr": "", "interrupted": False, "isImage": False}}


def test_a_value_goes_out_as_a_placeholder_and_comes_back(send: Send, home: Path) -> None:
    shown = send("PostToolUse", "Bash", {"command": "make"}, **output("make", f"using {RARE}\n"))
    text = shown["updatedToolOutput"]["stdout"]
    assert RARE not in text
    name = text.split()[1]

    wanted = {"file_path": str(home / "project/.env"), "content": f"APP_SECRET={name}\nB=1\n"}
    answer = send("PreToolUse", "Write", wanted)
    assert answer["updatedInput"] == {**wanted, "content": f"APP_SECRET={RARE}\nB=1\n"}

    elsewhere = {"file_path": str(home / "project/app.py"), "content": name}
    answer = send("PreToolUse", "Write", elsewhere)
    assert (answer["permissionDecision"], "updatedInput" in answer) == ("deny", False)

    command = {"command": f"curl -H 'A: {name}' http://localhost:1/"}
    given = send("PreToolUse", "Bash", command)["updatedInput"]
    assert given == {"command": f"curl -H 'A: {RARE}' http://localhost:1/"}
    send("PostToolUse", "Bash", given, **output("curl", f"ok {RARE}"))
    send("PermissionRequest", "Bash", given)

    for folder in (ledger_dir({"HOME": str(home)}), state_dir({"HOME": str(home)})):
        for path in folder.rglob("*"):
            assert not path.is_file() or RARE.encode() not in path.read_bytes(), path


def test_a_vault_that_is_broken_lets_nothing_out(send: Send, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object) -> str:
        raise VaultError("the vault is locked", fix="wait")

    monkeypatch.setattr(LazyVault, "gathering", locked)
    answer = send("PostToolUse", "Bash", {"command": "make"}, **output("make", f"using {RARE}\n"))
    assert RARE not in str(answer)
    assert "withheld" in str(answer["updatedToolOutput"])
