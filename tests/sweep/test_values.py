"""Values are counted once in whatever form they stand, with their kind and since when they are known."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect.secrets.engine import Engine
from checkrein.detect.secrets.examples import expand
from checkrein.sweep import Copy, Place, Value, Values
from checkrein.sweep.values import decoded
from checkrein.vault.entry import Entry
from some_kinds import KINDS

TOKEN = expand("acme_{alnum:30}")
SESSION = "8b2c1d94-3e5f-4a67-9c01-d2e3f4a5b6c7"
OTHER = "0b2c1d94-3e5f-4a67-9c01-d2e3f4a5b6c8"
PLACE = Place("/home/.claude/projects", "transcripts")


def counted(text: str, *values: str, path: str = "/p/x.jsonl", vaulted: dict[str, Entry] | None = None) -> list[Value]:
    found = [
        Sensitive("secret.known", "MY_PASS", at, at + len(each), Certainty.KNOWN)
        for each in values
        if (at := text.find(each)) >= 0
    ]
    into: dict[bytes, Value] = {}
    Values(Engine(KINDS), vaulted).count(Copy(PLACE.path + path, PLACE, 1, 0o600), text, found, into)
    return list(into.values())


@pytest.mark.parametrize(
    "form",
    [
        base64.b64encode("pä word 7!".encode()).decode(),
        base64.b64encode(base64.b64encode("pä word 7!".encode())).decode(),
        "pä word 7!".encode().hex(),
        quote("pä word 7!"),
    ],
    ids=["base64", "twice", "hex", "url"],
)
def test_a_value_and_its_forms_are_one(form: str) -> None:
    assert decoded(form) == "pä word 7!"
    assert [value.times for value in counted(f"pä word 7! {form}", "pä word 7!", form)] == [2]


def test_what_is_only_known_is_named_by_its_form() -> None:
    (value,) = counted(f"x {TOKEN}", TOKEN)
    assert (value.rule, value.label, value.labels) == ("secret.acme-token", "ACME_TOKEN", {"MY_PASS"})
    (value,) = counted("a hunter22 b", "hunter22")
    assert (value.rule, value.label) == ("secret.known", "MY_PASS")


def test_since_when_a_value_is_known() -> None:
    entry = Entry("CKR_X_1", "DEPLOY", frozenset(), 7.0, 9.0)
    (value,) = counted(f"x {TOKEN}", TOKEN, vaulted={TOKEN: entry})
    assert (value.known, value.labels) == (7.0, {"MY_PASS", "DEPLOY"})
    assert counted(f"x {TOKEN}", TOKEN)[0].known is None


def line(**fields: object) -> str:
    return json.dumps({**fields, "text": TOKEN}) + "\n"


@pytest.mark.parametrize(
    ("text", "path", "sessions"),
    [
        (line(sessionId=SESSION, timestamp="2026-01-01T00:00:10Z"), f"/p/{SESSION}.jsonl", {SESSION: 1767225610.0}),
        (line(sessionId=OTHER, timestamp=1767225610000), f"/p/{SESSION}.jsonl", {SESSION: 1767225610.0, OTHER: 1767225610.0}),
        (line(timestamp="yesterday"), f"/p/{SESSION}/subagents/agent-1.jsonl", {SESSION: 0.0}),
        (line(sessionId=OTHER, timestamp=None), "/history.jsonl", {OTHER: 0.0}),
        (line(), "/history.jsonl", {"": 0.0}),
        (f"{TOKEN} {{", "/history.jsonl", {"": 0.0}),
        (f"[{TOKEN!r}]", f"/p/{SESSION}/tool-results/x.txt", {SESSION: 0.0}),
        (TOKEN, "/paste-cache/1.txt", {"": 0.0}),
    ],
    ids=["record", "copied", "no-time", "history", "no-session", "no-record", "output", "paste"],
)
def test_whose_copies_it_stands_in(text: str, path: str, sessions: dict[str, float]) -> None:
    assert counted(text, TOKEN, path=path)[0].sessions == sessions


def test_the_first_record_counts() -> None:
    text = "".join(line(sessionId=SESSION, timestamp=1000 * at, number=at) for at in (30, 20))
    found = [Sensitive("secret.known", "X", at, at + len(TOKEN)) for at in (text.find(TOKEN), text.rfind(TOKEN))]
    into: dict[bytes, Value] = {}
    Values().count(Copy("/x.jsonl", PLACE, 1, 0o600), text, found, into)
    assert [value.sessions for value in into.values()] == [{SESSION: 20.0}]
