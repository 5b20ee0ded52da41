"""Hook JSON, read strictly: bytes in, a checked payload or one clear reason out.

The client builds its payloads with ``JSON.stringify``, which emits valid UTF-8 and no duplicate key. Anything else did not
come from the client, or would be read differently by two readers, and is refused.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import orjson

from checkrein.enforce.hooks.events import HookEvent

MAX_BYTES = 16 * 1024 * 1024
"""Largest body that is read. The client's own tool results stay far below: it cuts command output at 30,000 characters."""

MAX_NAME = 256
_OPTIONAL_STRINGS = ("transcript_path", "permission_mode", "agent_id", "tool_use_id")


class PayloadError(ValueError):
    """The body is not a hook payload. The text says why in one clause, without quoting the body."""


def _unique(pairs: list[tuple[str, Any]]) -> None:
    """Refuse an object that names a key twice. The value is dropped at once: only the check is wanted."""
    if len(pairs) > 1 and len({key for key, _ in pairs}) != len(pairs):
        raise PayloadError("an object names the same key twice")


def _no_constant(word: str) -> NoReturn:
    raise PayloadError(f"it holds {word}, which is not JSON")


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object in ``body``. PayloadError for everything else, lone surrogates and duplicate keys included."""
    if len(body) > MAX_BYTES:
        raise PayloadError(f"it is larger than {MAX_BYTES // (1024 * 1024)} MB")
    if not body.strip():
        raise PayloadError("it is empty")
    try:
        value = orjson.loads(body)
        json.loads(body, object_pairs_hook=_unique, parse_constant=_no_constant)
    except PayloadError:
        raise
    except RecursionError as exc:
        raise PayloadError("it is nested too deeply") from exc
    except ValueError as exc:
        raise PayloadError(_reason(body)) from exc
    if not isinstance(value, dict):
        raise PayloadError("it is not a JSON object")
    return value


def _reason(body: bytes) -> str:
    """Why ``body`` is not JSON, without quoting it."""
    try:
        body.decode()
    except UnicodeDecodeError as exc:
        return f"byte {exc.start} is not valid UTF-8"
    try:
        json.loads(body)
    except json.JSONDecodeError as exc:
        return f"it is not JSON ({exc.msg} at character {exc.pos})"
    except (RecursionError, ValueError):
        return "it is nested too deeply, or holds a number that is too long"
    return "it is not strict JSON (a lone surrogate, NaN, or nesting that is too deep)"


def _string(payload: dict[str, Any], name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str):
        raise PayloadError(f"{name} is missing or not a string")
    return value


def _name(payload: dict[str, Any], name: str) -> str:
    """A short printable string: an identifier or a tool's name."""
    value = _string(payload, name)
    if not value or len(value) > MAX_NAME or not value.isprintable():
        raise PayloadError(f"{name} is empty, too long or holds control characters")
    return value


def check(payload: dict[str, Any], event: HookEvent) -> None:
    """Raise PayloadError unless ``payload`` has the shape that the client gives to ``event``."""
    if _name(payload, "hook_event_name") != event.name:
        raise PayloadError(f"it was sent to the address of {event.name}, but hook_event_name says something else")
    _name(payload, "session_id")
    cwd = _string(payload, "cwd")
    if not cwd.startswith("/") or "\0" in cwd:
        raise PayloadError("cwd is not an absolute path")
    for field in _OPTIONAL_STRINGS:
        if payload.get(field) is not None:
            _string(payload, field)
    for field in event.required:
        _string(payload, field)
    if event.tool:
        _name(payload, "tool_name")
        if not isinstance(payload.get("tool_input"), dict):
            raise PayloadError("tool_input is missing or not an object")
