"""A value that stands in an encoded form: what it holds, and another text in the same form."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, unquote

_BASE64 = re.compile(r"[A-Za-z0-9+/]{8,}={0,2}")
_URL_SAFE = re.compile(r"[A-Za-z0-9_-]{8,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-f]{2}){6,}|(?:[0-9A-F]{2}){6,}")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")


@dataclass(frozen=True, slots=True)
class Encoded:
    """``text`` is what it holds; ``sealed`` puts another text into the same form."""

    text: str
    sealed: Callable[[str], str]


def opened(surface: str) -> Encoded | None:
    """What ``surface`` holds; None where it is no encoded text."""
    if _HEX.fullmatch(surface) and (text := _text(bytes.fromhex(surface))):
        upper = surface.isupper()
        return Encoded(text, lambda inner: inner.encode().hex().upper() if upper else inner.encode().hex())
    if _PERCENT.search(surface) and (inner := unquote(surface)) != surface and inner.isprintable():
        return Encoded(inner, lambda other: quote(other, safe=""))
    for form, decode, encode in (
        (_BASE64, base64.b64decode, base64.b64encode),
        (_URL_SAFE, base64.urlsafe_b64decode, base64.urlsafe_b64encode),
    ):
        if form.fullmatch(surface):
            return _from_base64(surface, decode, encode)
    return None


def _from_base64(surface: str, decode: Callable[[bytes], bytes], encode: Callable[[bytes], bytes]) -> Encoded | None:
    bare = surface.rstrip("=")
    try:
        text = _text(decode((bare + "=" * (-len(bare) % 4)).encode()))
    except (binascii.Error, ValueError):
        return None
    if not text:
        return None
    padded = len(bare) % 4 == 0 or surface.endswith("=")
    return Encoded(
        text, lambda inner: encode(inner.encode()).decode() if padded else encode(inner.encode()).decode().rstrip("=")
    )


def _text(data: bytes) -> str:
    """It as text, "" where it is none."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return ""
    return text if all(letter.isprintable() or letter in "\r\n\t" for letter in text) else ""
