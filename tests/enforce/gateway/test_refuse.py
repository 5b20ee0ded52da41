from __future__ import annotations

import json

import pytest

from checkrein.core import VaultError
from checkrein.enforce.gateway.jsonbody import BodyError
from checkrein.enforce.gateway.refuse import Refusal, RefusedError, forbidden, refuse_clouds, unreadable, unsafe
from gateway_world import broken_vault


def error(refused: RefusedError) -> tuple[int, str, str]:
    body = json.loads(refused.body())
    assert body["type"] == "error"
    return refused.status, body["error"]["type"], body["error"]["message"]


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_is_an_error_of_the_api(refusal: Refusal) -> None:
    status, kind, message = error(RefusedError(refusal, "why"))
    assert 400 <= status < 600
    assert kind in ("invalid_request_error", "permission_error", "request_too_large", "api_error")
    assert message == "Checkrein: why"


@pytest.mark.parametrize(
    ("path", "authorization", "name"),
    [
        ("/model/anthropic.claude/invoke", "", "Bedrock"),
        ("/model/a:b/invoke-with-response-stream", "", "Bedrock"),
        ("/v1/messages", "AWS4-HMAC-SHA256 Credential=x", "Bedrock"),
        ("/v1/projects/p/locations/l/publishers/anthropic/models/claude:rawPredict", "", "Vertex"),
        ("/v1/projects/p/models/claude:streamRawPredict", "Bearer x", "Vertex"),
    ],
)
def test_requests_in_the_form_of_a_cloud_are_refused(path: str, authorization: str, name: str) -> None:
    with pytest.raises(RefusedError, match=name) as caught:
        refuse_clouds(path, {b"authorization": authorization.encode()})
    assert caught.value.status == 400


@pytest.mark.parametrize("path", ["/v1/messages", "/model/x", "/v1/models/claude", "/v1/messages/count_tokens"])
def test_requests_of_the_api_are_not(path: str) -> None:
    refuse_clouds(path, {b"authorization": b"Bearer x"})


def test_reasons_are_said() -> None:
    status, kind, message = error(forbidden(("the project /p is restricted (checkrein.yaml:3)", "the term ACME is restricted")))
    assert (status, kind) == (403, "permission_error")
    assert "/p is restricted (checkrein.yaml:3); the term ACME" in message
    assert "/clear" in message


def test_what_cannot_be_searched() -> None:
    status, kind, message = error(unsafe(broken_vault()))
    assert (status, kind) == (503, "api_error")
    assert message.startswith("Checkrein: nothing was sent, because it could not be searched for secrets: the vault is locked")
    assert message.endswith("(another process holds it). Try again. `checkrein doctor` says more.")
    lost = VaultError("the vault's key is gone", fix="put it back")
    assert error(unsafe(lost))[:2] == (400, "invalid_request_error")
    assert error(unsafe(lost))[2].endswith("the vault's key is gone. Put it back. `checkrein doctor` says more.")
    assert error(unreadable(BodyError("a key stands twice in one object")))[:2] == (400, "invalid_request_error")
