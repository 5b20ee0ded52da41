"""Tells words that people write from strings that a machine drew at random.

A letter pair that is common in English and in source code scores high, one that hardly occurs scores low. Random letters have
a mean of 2.9 (99.9 % of 12-letter strings stay below 6.0, of 20-letter strings below 5.2); of words of 12 letters and more,
99 % are above 5.2. The table was counted over the words of the Python standard library's own sources: each digit is
``round(5 + log2(p / uniform))``, cut to 0..9, row = first letter, column = second letter.
"""

from __future__ import annotations

import re
from itertools import pairwise

_PAIRS = (
    "06762361604877061878554450",
    "52325110540622530452501040",
    "70537327506643831647531030",
    "63358331711523630554521230",
    "74786653413768464988355742",
    "50235610700522620544501030",
    "41227135500435420553411001",
    "60137100601322610435300020",
    "65766560202769761677150506",
    "20003000100000200010300000",
    "31226130400303210152203010",
    "73458311802723740255531061",
    "74248100602452660154400020",
    "72777683604435642378552030",
    "45663551404678560866656411",
    "72447314602622650756512050",
    "00000000000000000110500000",
    "73559452704565740576543050",
    "53638346714543662378633150",
    "73548417802544751776634263",
    "45535440500657460666100000",
    "60207100500021310220000000",
    "50225204600204420442002000",
    "21424201400220250125000220",
    "12324210300334250244012011",
    "20005000300010300000000000",
)
_KNOWN = frozenset(
    {"base64", "k8s", "k3s", "i18n", "l10n", "a11y", "x86", "amd64", "arm64", "p2p", "b64", "localhost", "mysql"}
)
_HUMPS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SPANS = re.compile(r"[A-Za-z]+|[0-9]+")
_SHORT = 5  # letters; too few to tell
_SECRET = 16  # characters: letters and digits in one piece as long as this are no name
_LONGEST_NUMBER = 12  # digits; a card number has 13 or more
_LONGEST_INDEX = 6  # digits after a word: python311, run20240115 is read as 8 and is not one


def is_plain(piece: str) -> bool:
    """Whether ``piece`` (ASCII letters and digits only) reads like a word, an identifier, a word with a number, or a number."""
    if piece.lower() in _KNOWN:
        return True
    if piece.isdigit():
        return len(piece) <= _LONGEST_NUMBER
    spans: list[str] = _SPANS.findall(piece)
    if len(spans) == 1:
        return _is_word(piece)
    if len(piece) >= _SECRET:
        return False
    letters, number = (spans[0], spans[1]) if spans[1].isdigit() else (spans[1], spans[0])
    return len(spans) == 2 and len(number) <= _LONGEST_INDEX and _is_word(letters)


def _is_word(letters: str) -> bool:
    if len(letters) <= _SHORT:
        return letters.islower() or letters.isupper() or letters.istitle()
    humps: list[str] = _HUMPS.findall(letters)
    if len(humps) > 1 and len(letters) / len(humps) < 3.5:
        return False
    return _score(letters.lower()) >= _threshold(len(letters))


def _threshold(length: int) -> float:
    """The mean that a word of this length has to reach: random strings come closer to it the shorter they are."""
    if length >= _SECRET:
        return 5.9
    return 5.2 if length >= 12 else 4.6


def _score(word: str) -> float:
    total = sum(int(_PAIRS[ord(first) - 97][ord(second) - 97]) for first, second in pairwise(word))
    return total / (len(word) - 1)
