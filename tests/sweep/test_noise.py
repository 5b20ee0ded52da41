"""What stands in an image is no secret; what stands in a text in base64 may be one."""

from __future__ import annotations

import base64
import random

import pytest

from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.sweep.noise import LEAST, WithoutNoise

IMAGE = base64.b64encode(random.Random(1).randbytes(LEAST * 4)).decode()
TEXT = base64.b64encode(b"some words and a key\n" * 100).decode()


class Finds:
    """Finds the characters from ``start`` to ``end``."""

    def __init__(self, start: int, end: int, certainty: Certainty = Certainty.SPECIFIC) -> None:
        self.found = Sensitive("secret.x", "X", start, end, certainty)

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        return (self.found,)


@pytest.mark.parametrize(
    ("text", "start", "end", "kept"),
    [
        (f'"data":"{IMAGE}"', 500, 540, False),
        (f'"data":"{IMAGE}"', 8, 48, False),
        (f'"data":"{TEXT}"', 500, 540, True),
        (f'"data":"{IMAGE[:100]}"', 20, 60, True),
        (f'"data":"{IMAGE}" key', len(IMAGE) + 10, len(IMAGE) + 13, True),
        (f'"data":"{IMAGE}", "a"', len(IMAGE), len(IMAGE) + 14, True),
    ],
)
def test_noise(text: str, start: int, end: int, kept: bool) -> None:
    assert bool(WithoutNoise(Finds(start, end)).scan(text)) is kept


def test_what_is_known_is_none() -> None:
    assert WithoutNoise(Finds(500, 540, Certainty.KNOWN)).scan(IMAGE)
