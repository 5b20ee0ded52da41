"""Values as bytes and text that can be stored and hashed, whatever a client sends."""

from __future__ import annotations

import json
from typing import Any

import orjson

from checkrein.core import LedgerError

LONGEST_NAME = 4096  # characters of a name, an id or a path


def canonical(value: Any) -> bytes:
    """JSON with sorted keys. Lone surrogates, which no UTF-8 holds, are escaped. LedgerError where it is nested too deeply."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except TypeError:
        pass
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), default=repr).encode()
    except (RecursionError, ValueError, TypeError) as error:
        raise LedgerError("an input cannot be recorded", why=f"it is not JSON that can be encoded: {error}") from error


def storable(text: str, *, longest: int | None = LONGEST_NAME) -> str:
    """``text`` without what SQLite and UTF-8 cannot hold (lone surrogates, NUL), and cut to ``longest`` characters."""
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode()
    text = text.replace("\0", "\\0")
    return text if longest is None or len(text) <= longest else text[: longest - 1] + "…"
