"""Bodies of requests to the Messages API, and what leaves in their place."""

from __future__ import annotations

import base64
import json
from typing import Any

from checkrein.core.redacted import Redacted
from checkrein.enforce.gateway.body import Reader
from checkrein.enforce.gateway.memory import Memory
from checkrein.policy.privacy import Attachments
from gateway_world import Redaction, placeholder_of

SECRET = "s3cret-abc123"
MARK = placeholder_of(SECRET)
MESSAGES = "/v1/messages"
PNG = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(b"\x89PNG s3cret-in-pixels").decode()}


def read(
    value: Any,
    path: str = MESSAGES,
    *,
    policy: Attachments = Attachments.COUNT,
    memory: Memory | None = None,
    redaction: Redaction | None = None,
    session: str = "",
) -> tuple[Any, Reader]:
    """What leaves in place of ``value``, parsed, and its reader."""
    reader = Reader(redaction or Redaction(), policy, memory or Memory(), session)
    body = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    out = reader.rewritten(body, path, "application/json")
    reader.keep()
    return json.loads(out), reader


def request(*messages: Any, **fields: Any) -> dict[str, Any]:
    """The body of a request with these messages."""
    return {"model": "claude", "max_tokens": 1, **fields, "messages": list(messages)}


def user(*content: Any) -> dict[str, Any]:
    """A message of the person."""
    return {"role": "user", "content": list(content)}


def assistant(*content: Any) -> dict[str, Any]:
    """A message of the model."""
    return {"role": "assistant", "content": list(content)}


def hidden(value: Any) -> Any:
    """``value`` with the secret replaced in every string and key."""
    return json.loads(json.dumps(value).replace(SECRET, MARK))


class Learning(Redaction):
    """Knows its secret only once it met ``key=``."""

    knows = False

    def redact(self, text: str, source: str) -> Redacted:
        """Replace it, from then on."""
        self.knows = self.knows or f"key={SECRET}" in text
        return super().redact(text, source) if self.knows else Redacted(text)

    def stands_in(self, redacted: str) -> bool:
        """Whether it does."""
        return self.knows and SECRET in redacted
