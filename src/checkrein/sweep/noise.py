"""Leaves out what only happens to look like a secret: stretches of an image, or of a signature, in base64.

Transcripts hold images twice, and megabytes of random letters have every short shape in them. An image with a placeholder in it
is none any more, and the API refuses a conversation that holds one.
"""

from __future__ import annotations

import base64
import binascii

from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect.sensitive import Detector

LEAST = 512
"""Characters of base64 in a row from which on they are looked at."""
_NEAR, _FAR = 1_024, 4_000_000
"""Characters on either side that are looked at: at first, and at most."""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


class WithoutNoise:
    """Finds what ``search`` finds, but for what lies within the base64 of something that is no text."""

    def __init__(self, search: Detector) -> None:
        self._search = search

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        """What is found in ``text``."""
        return tuple(each for each in self._search.scan(text) if each.certainty is Certainty.KNOWN or not _is_noise(text, each))


def _is_noise(text: str, found: Sensitive) -> bool:
    value = text[found.start : found.end]
    if value.strip(_LETTERS + "="):
        return False
    run = f"{_head(text, found.start)}{value.rstrip('=')}{_tail(text, found.end)}"
    return len(run) >= LEAST and not _is_text(run)


def _head(text: str, end: int) -> str:
    """The base64 that ends there."""
    size = _NEAR
    while True:
        before = text[max(0, end - size) : end]
        rest = before.rstrip(_LETTERS)
        if rest or size >= min(_FAR, end):
            return before[len(rest) :]
        size *= 8


def _tail(text: str, start: int) -> str:
    """The base64 that begins there."""
    size = _NEAR
    while True:
        after = text[start : start + size]
        rest = after.lstrip(_LETTERS)
        if rest or size >= min(_FAR, len(text) - start):
            return after[: len(after) - len(rest)]
        size *= 8


def _is_text(run: str) -> bool:
    """Whether base64 decodes to text; the last, incomplete group is left out."""
    try:
        base64.b64decode(run[: len(run) // 4 * 4]).decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    except binascii.Error:
        return False
    return True
