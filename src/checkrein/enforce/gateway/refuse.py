"""What is not sent, and the error of the Messages API that says so.

The client shows the message of such an error to the person, and tries again by itself where the status is 408, 409, 429 or
500 and above. So what trying again cannot mend has a status below 500.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

import orjson

from checkrein.core import RedactionError
from checkrein.enforce.gateway.jsonbody import BodyError


class Refusal(Enum):
    """HTTP status and the API's own name for the kind of error (docs: "Errors" of the Messages API)."""

    INVALID = (400, "invalid_request_error")
    FORBIDDEN = (403, "permission_error")
    METHOD = (405, "invalid_request_error")
    TOO_LARGE = (413, "request_too_large")
    ENCODING = (415, "invalid_request_error")
    UPSTREAM = (502, "api_error")
    UNSAFE = (503, "api_error")
    TIMEOUT = (504, "api_error")


class RefusedError(Exception):
    """A request that goes no further. ``message`` is for the person and holds no value."""

    def __init__(self, refusal: Refusal, message: str) -> None:
        super().__init__(message)
        self.refusal = refusal
        self.message = message

    @property
    def status(self) -> int:
        """The HTTP status."""
        status, _ = self.refusal.value
        return status

    def body(self) -> bytes:
        """The error as the Messages API words it."""
        _, kind = self.refusal.value
        return error_body(kind, self.message)


def error_body(kind: str, message: str) -> bytes:
    """``{"type": "error", "error": {"type": kind, "message": message}}``."""
    return orjson.dumps({"type": "error", "error": {"type": kind, "message": f"Checkrein: {message}"}})


_LOOK = "`checkrein doctor` says more."
_BEDROCK = re.compile(r"/model/[^/]+/(?:invoke|invoke-with-response-stream|converse|converse-stream)$")
_VERTEX = re.compile(r":(?:rawPredict|streamRawPredict)$")


def refuse_clouds(path: str, headers: Mapping[bytes, bytes]) -> None:
    """Raises RefusedError for a request in the form of Amazon Bedrock or Google Vertex AI.

    Bedrock's signature (AWS SigV4) covers the body: changed, it would be void, and we have no key to sign anew.
    """
    if headers.get(b"authorization", b"").startswith(b"AWS4-"):
        name, why = "Amazon Bedrock", "its request is signed over the body, which redaction changes"
    elif _BEDROCK.search(path):
        name, why = "Amazon Bedrock", "the path is one of its own"
    elif _VERTEX.search(path):
        name, why = "Google Vertex AI", "the path is one of its own"
    else:
        return
    raise RefusedError(
        Refusal.INVALID,
        f"nothing was sent. This is a request to {name} ({why}), which this gateway does not speak. "
        "Point ANTHROPIC_BASE_URL at a Messages API, or unset the variable that chooses the cloud "
        "(CLAUDE_CODE_USE_BEDROCK, CLAUDE_CODE_USE_VERTEX).",
    )


def unreadable(error: BodyError) -> RefusedError:
    """For a body of which we cannot say what the provider would read in it."""
    return RefusedError(
        Refusal.INVALID,
        f"nothing was sent, because the request's body cannot be checked: {error}. "
        "If a file or an output with broken characters was put into the conversation, start a new one without it.",
    )


def unsafe(error: RedactionError) -> RefusedError:
    """For a scan or a vault that failed: what was not searched does not leave."""
    fix = f" {error.fix[:1].upper()}{error.fix[1:]}." if error.fix else ""
    why = f" ({error.why})" if error.why else ""
    return RefusedError(
        refusal_of(error), f"nothing was sent, because it could not be searched for secrets: {error.what}{why}.{fix} {_LOOK}"
    )


def refusal_of(error: RedactionError) -> Refusal:
    """With a status that the client tries again only where that may help: a key that is lost does not come back by itself."""
    return Refusal.UNSAFE if error.passing else Refusal.INVALID


def forbidden(reasons: tuple[str, ...]) -> RefusedError:
    """For data of a class that does not leave. ``reasons`` say what it is, and which line of which policy says so."""
    return RefusedError(
        Refusal.FORBIDDEN,
        f"nothing was sent, because the policy keeps this on your machine: {'; '.join(reasons)}. "
        "Whoever owns that policy can change it. What is part of the conversation is sent with every turn: "
        "use /clear, or start a new session that leaves it out.",
    )
