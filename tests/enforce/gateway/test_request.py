from __future__ import annotations

import json
import time

import pytest

from checkrein.enforce.gateway.memory import Memory
from checkrein.enforce.gateway.ports import Ports, Settings
from checkrein.enforce.gateway.refuse import RefusedError
from checkrein.enforce.gateway.request import Arrived, Preparer
from checkrein.policy.privacy import Attachments
from gateway_bodies import SECRET, Learning, request, user
from gateway_world import Observed, Records

PLAIN = request(user({"type": "text", "text": "hello"}))
SHOWS = request(user({"type": "text", "text": f"key={SECRET}"}))


def arrived(path: str = "/v1/messages", **headers: str) -> Arrived:
    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Arrived(time.time(), "POST", path, path.encode(), given, dict(given))


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(
    ("path", "headers", "named"),
    [
        (f"/v1/messages/{SECRET}", {}, "address"),
        ("/v1/messages", {"x_note": f"of {SECRET}"}, "the header x-note"),
        ("/v1/messages", {"x_claude_code_session_id": SECRET}, "the header x-claude-code-session-id"),
    ],
)
def test_what_the_body_shows_to_be_a_value_leaves_in_no_header(
    path: str, headers: dict[str, str], named: str, known: bool
) -> None:
    redaction, records = Learning(), Records()
    ports = Ports(lambda _: redaction, lambda _: Attachments.COUNT, redaction.restore, lambda _: (), records, Observed())
    preparer = Preparer(Settings("http://x"), ports, "x", Memory())
    if known:
        preparer.ready(arrived(path, **headers), json.dumps(PLAIN).encode())
        records.begun.clear()
    with pytest.raises(RefusedError, match=named):
        preparer.ready(arrived(path, **headers), json.dumps(SHOWS).encode())
    assert SECRET not in repr(records.begun)
