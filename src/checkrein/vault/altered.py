"""Placeholders that were altered on their way: cut, in another case, escaped, broken by a line end, in base64 or hex.

A model that copied one badly writes such a thing, or a program that wrapped or escaped a text. Where the check of a placeholder
holds once that is undone, it was one. What is merely cut is known by how it begins. A model that encodes what it takes for the
value, as a manifest of Kubernetes asks for, writes the placeholder encoded.

What lost its prefix or its label has no check to be told by: it is known by the placeholders of the vault (``remains``).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator

from checkrein.core.placeholder import CHECKED, KEYED, PREFIX, find, holds, label_of
from checkrein.vault.placeholder import MAX_LENGTH

_GAP = "(?:\\\\?\r?\n[ \t>#*|+-]{0,16}+|\xad|[\u200b-\u200f\u2060\ufeff]|''|\"\")"
"""A line end, with what stands before the next line; a character without a width; a pair of quotes, which a shell drops."""
_ESCAPED = r"(?:\\?_|&#0{0,4}95;|&#[xX]0{0,4}5[fF];|&lowbar;|%5[fF]|\\u005[fF]|\\x5[fF])"
"""The underscore: as it is, and escaped for Markdown, HTML, URLs, JSON and programs."""
_UNDERSCORE = rf"(?:{_ESCAPED}|[-. \uff3f])"
_START = re.compile(rf"C{_GAP}*+K{_GAP}*+R{_GAP}*+{_UNDERSCORE}", re.IGNORECASE)
_SIGN = re.compile(rf"{_GAP}|(?P<underscore>{_UNDERSCORE})|(?P<letter>[A-Za-z0-9])")
_LIKE = re.compile(
    rf"(?:{_GAP}*+(?:{_UNDERSCORE}|[A-Za-z0-9])){{4,36}}?{_GAP}*+{_UNDERSCORE}(?:{_GAP}*+[A-Za-z2-7]){{{KEYED + CHECKED}}}"
)
_MARK = re.compile(rf"(?=_([a-z2-7]{{{KEYED + CHECKED}}}))")
_CUT = re.compile(rf"CKR{_ESCAPED}[A-Z](?:[A-Z0-9]|{_ESCAPED}){{0,30}}?{_ESCAPED}(?=[A-Z0-9]*[a-z])[A-Za-z0-9]{{6,}}")
"""Something in lower case behind the label: constants of programs that begin alike (PKCS #11) have none."""
_TAIL = re.compile(
    rf"(?<=[A-Z0-9]_)[a-z2-7]{{{KEYED + CHECKED}}}|(?<![A-Za-z0-9_])[a-z2-7]{{{KEYED + CHECKED}}}(?![A-Za-z0-9_])"
)
"""The end of one, with something before it or by itself."""
_SIGNS = bytes(97 if chr(sign) in "abcdefghijklmnopqrstuvwxyz234567" else 32 for sign in range(256))
_RUN = b"a" * (KEYED + CHECKED)
"""Bytes of which an end may be made, all written alike, and as many of them as it has: to be looked for quickly."""
_TAILLESS = re.compile(r"CKR_([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)_?(?![A-Za-z0-9])")
_BEGINNINGS = ("Q0tSX", "NLUl9", "DS1Jf", "434b525f", "434B525F")
"""How a placeholder begins in base64, at each of the three places in a group, and in hex."""
_ENCODED = re.compile("|".join(_BEGINNINGS))
_HEX = "0123456789abcdefABCDEF"
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
_LONGEST_ENCODED = 4096  # characters beside such a beginning
_WORD_BEFORE = re.compile(r"\w*\Z")


def mentions(text: str) -> bool:
    """Whether something like the beginning or the end of a placeholder stands in ``text``."""
    if PREFIX in text or any(beginning in text for beginning in _BEGINNINGS):
        return True
    return _START.search(text) is not None or _tail(text) is not None


def remains(text: str, known: Callable[[], Iterable[str]]) -> tuple[str, ...]:
    """What is left of a placeholder without its prefix or its label, or without all that follows the label. Each once.

    ``known`` gives the placeholders there are; it is asked only where something might be left of one.
    """
    rest = _without_places(text)
    tails = [found for found in _TAIL.finditer(rest) if _is_tail(found)]
    tailless = list(_TAILLESS.finditer(rest))
    if not tails and not tailless:
        return ()
    names = tuple(known())
    ends, labels = {name[-KEYED - CHECKED :] for name in names}, {label_of(name) for name in names}
    found = [_with_word(rest, tail) for tail in tails if tail[0] in ends]
    found += [cut[0] for cut in tailless if cut[1] in labels]
    return tuple(dict.fromkeys(found))


def _tail(text: str) -> re.Match[str] | None:
    if _RUN not in text.encode("latin-1", "replace").translate(_SIGNS):
        return None
    return next(filter(_is_tail, _TAIL.finditer(text)), None)


def _is_tail(found: re.Match[str]) -> bool:
    """By itself it has a digit, as nearly all of them have: words of sixteen letters have none."""
    return found.string[found.start() - 1 : found.start()] == "_" or not found[0].isalpha()


def _with_word(text: str, tail: re.Match[str]) -> str:
    """The end of a placeholder, with the word that it stands behind."""
    start = max(0, tail.start() - MAX_LENGTH)
    before = _WORD_BEFORE.search(text[start : tail.start()])
    return (before[0] if before else "") + tail[0]


def altered(text: str) -> tuple[str, ...]:
    """What was a placeholder once and is none any more, as it stands. Each once."""
    rest = _without_places(text)
    found = [stretch for at in _starts(rest) if (stretch := _undone(rest, at))]
    found += [PREFIX + place.text for place in find(text) if text.endswith(PREFIX, 0, place.start)]
    found += [cut[0] for cut in _CUT.finditer(rest) if not any(cut[0] in stretch for stretch in found)]
    found += _encoded(rest)
    return tuple(dict.fromkeys(found))


def _encoded(text: str) -> Iterator[str]:
    """What holds a placeholder once it is decoded. Each stretch is decoded once, however often one seems to begin in it."""
    looked = {_HEX: 0, _BASE64: 0}  # one that begins before this has been looked for
    for beginning in _ENCODED.finditer(text):
        signs = _HEX if beginning[0].startswith("4") else _BASE64
        if beginning.start() < looked[signs]:
            continue
        before = text[max(beginning.start() - _LONGEST_ENCODED, 0) : beginning.start()]
        behind = text[beginning.end() : beginning.end() + _LONGEST_ENCODED]
        head = before[len(before.rstrip(signs)) :]
        tail = behind[: len(behind) - len(behind.lstrip(signs))]
        run = head + beginning[0] + tail
        looked[signs] = beginning.end() + len(tail) - (2 * MAX_LENGTH if len(tail) == _LONGEST_ENCODED else 0)
        decode, group = (bytes.fromhex, 2) if signs is _HEX else (base64.urlsafe_b64decode, 4)
        for shift in range(group):
            if any(find(decode(_whole_groups(run[shift:], group)).decode("latin-1"))):
                yield run
                break


def _whole_groups(run: str, group: int) -> str:
    """``run`` as it can be decoded: without half a byte at its end."""
    if group == len("ff"):
        return run[: len(run) // group * group]
    run = run[: len(run) - (len(run) % group == 1)].replace("+", "-").replace("/", "_")
    return run + "=" * (-len(run) % group)


def _starts(text: str) -> Iterator[int]:
    """Where what is as long as a placeholder begins like one."""
    return (start.start() for start in _START.finditer(text) if _LIKE.match(text, start.start()))


def _undone(text: str, at: int) -> str:
    """The stretch from ``at`` on that is a placeholder once it is written as one is; "" where none is."""
    plain, ends = "", [at]
    for sign in _signs(text, at):
        plain += "_" if sign["underscore"] else sign["letter"].lower()
        ends.append(sign.end())
    for mark in _MARK.finditer(plain):
        if holds(plain[: mark.start() + 1].upper() + mark[1]):
            return text[at : ends[mark.end(1)]]
    return ""


def _signs(text: str, at: int) -> Iterator[re.Match[str]]:
    """What may stand for the characters of one placeholder."""
    count = 0
    while count < MAX_LENGTH and (sign := _SIGN.match(text, at)):
        at = sign.end()
        if sign.lastgroup:
            count += 1
            yield sign


def _without_places(text: str) -> str:
    """``text`` with spaces for its placeholders."""
    parts, end = [], 0
    for place in find(text):
        parts += [text[end : place.start], " "]
        end = place.end
    return "".join((*parts, text[end:])) if parts else text
