"""Keeps files such that the client can read them: JSON stays JSON, and no block keeps a signature that does not fit it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

Redact = Callable[[str], str]


def repaired_lines(before: str, after: str, redact: Redact) -> str:
    """``after``, which is ``before`` redacted, as JSONL: each line that was JSON is JSON.

    A redaction replaces stretches of text, and one that went over the end of a string would break its line: such a line is
    redacted string by string. The API refuses thinking that is not what it signed, so a block of it that changed becomes text.
    """
    old, new = before.split("\n"), after.split("\n")
    if len(old) != len(new):
        new = [redact(line) for line in old]
    return "\n".join(now if was == now else repaired(was, now, redact) for was, now in zip(old, new, strict=True))


def repaired(before: str, after: str, redact: Redact) -> str:
    """``after``, which is ``before`` redacted: as JSON where that was JSON (see ``repaired_lines``)."""
    if not _is_json(before):
        return after
    was = orjson.loads(before)
    if not _is_json(after):
        after = _dumped(_by_strings(was, redact))
    now = orjson.loads(after)
    return _dumped(now) if _unsign(was, now) else after


def _is_json(line: str) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def _dumped(record: Any) -> str:
    return orjson.dumps(record).decode()


def _by_strings(value: Any, redact: Redact) -> Any:
    match value:
        case str():
            return redact(value)
        case list():
            return [_by_strings(item, redact) for item in value]
        case dict():
            return {redact(name): _by_strings(item, redact) for name, item in value.items()}
    return value


def _unsign(was: Any, now: Any) -> bool:
    """Turn each block of thinking in ``now`` that differs from the one in ``was`` into text; whether there was one."""
    old, new = _blocks(was), _blocks(now)
    changed = False
    for index, (before, after) in enumerate(zip(old, new, strict=False)):
        if isinstance(before, dict) and before.get("type") == "thinking" and before != after:
            new[index] = {"type": "text", "text": str(after.get("thinking", ""))}
            changed = True
    return changed


def _blocks(record: Any) -> list[Any]:
    message = record.get("message") if isinstance(record, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    return content if isinstance(content, list) else []
