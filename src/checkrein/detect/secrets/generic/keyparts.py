"""Parts of private keys without their first line: ``tail key.pem``, ``sed -n 5,20p id_rsa``, a key that two outputs share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect.offsets import Encoded
from checkrein.detect.secrets.checks import entropy
from checkrein.detect.secrets.generic.landmarks import PEM_END_PREFIX
from checkrein.detect.secrets.generic.names import Kind

_LONGEST = 20_000
_END = re.compile(r"[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_BESIDE_LINES = r"[\s\"'+,#>|*]"
_LAST_LINE = re.compile(rf"{_BESIDE_LINES}*(?:[\w+/]{{4}}=\s+)?={{0,2}}[A-Za-z0-9+/]{{1,80}}(?={_BESIDE_LINES}|$)")
_LINES = re.compile(rf"(?:{_BESIDE_LINES}*[A-Za-z0-9+/]{{16,}})*")
_BEHIND = re.compile(r"(?:[\s\"',#>|*]|\+(?=[\s\"']))*")
"""All read backwards, from the dashes of the END: the last line may be short, and a checksum stands below it in PGP's."""
_LEAST_BODY = 16  # characters above the END that may be of a key
_KINDS = tuple(map(re.compile, ("[a-z]", "[A-Z]", "[0-9+/]")))

_OPENSSH, _PEM, _MIME = 70, 64, 76  # characters of a line
_LEAST_LINES = {_OPENSSH: 3, _PEM: 4, _MIME: 4}
_BITS = {_OPENSSH: 5.0, _PEM: 5.4, _MIME: 5.4}
"""For each character: random bytes have more, text and numbers less. Small keys of OpenSSH hold a comment and zeros as well."""
_MEASURED = 1_024
_SHORTEST = 200  # bytes of a text that has so many lines
_STANDARD = re.compile(rb"[A-Za-z0-9+/\s]+")
_LINE_END = re.compile(rb"[ \t]{0,16}\r?\n[ \t]{0,16}")
_ABOVE = re.compile(rb"(?:^|(?<=\n))[ \t]*(?P<part>[A-Za-z0-9+/]{1,76})[ \t\r]*\n[ \t]*\Z")
_BELOW = re.compile(rb"[ \t]*\r?\n[ \t]*(?P<part>[A-Za-z0-9+/]{1,76}={0,2})(?=\s|\Z)")
_ARMOUR_ABOVE = re.compile(rb"-{4,5} ?BEGIN (?![A-Z0-9 ]{0,40}PRIVATE KEY)[^\n]*\s*\Z")
_ARMOUR_BELOW = re.compile(rb"\s*-{4,5} ?END (?![A-Z0-9 ]{0,40}PRIVATE KEY)")
_NEAR = 200  # bytes before, in which a key is named
_NAMED = re.compile(rb"(?i)private|privkey|secret.?key|id_(?:rsa|dsa|ecdsa|ed25519)\b|\.key\b|\bkey\.pem|\.p8\b|\.ppk\b")
_PUBLIC = re.compile(rb"(?i)cert|public|\.crt\b|\.pub\b")
_OF_CERTIFICATES = (b"BgNV", b"YDVR", b"GA1U")
"""Base64, at each place in a group, of the identifiers 2.5.4 and 2.5.29 that the names and extensions in certificates have."""
_OTHERS = (b"MI", b"mQ", b"xs", b"AAAA", b"iVBOR", b"/9j/", b"JVBER", b"H4sI", b"UEsD", b"R0lG")
"""What the first line of something else begins with: DER (which is known as a key by that), public keys, files."""


def ends_of_keys(text: str, ends: Iterable[int]) -> Iterator[Sensitive]:
    """What stands above the last line of a private key, as far as it can be of one; that line's END ends at ``ends``."""
    for end in ends:
        if _END.match(text, end) is None:
            continue
        stop = end - len(PEM_END_PREFIX)
        above = text[max(0, stop - _LONGEST) : stop][::-1]
        last = _LAST_LINE.match(above)
        lines = _LINES.match(above, last.end() if last else 0)
        body = above[: lines.end() if lines else 0]
        behind = _BEHIND.match(body)
        bare = body[behind.end() if behind else 0 :]
        if len(bare) >= _LEAST_BODY and all(kind.search(bare) for kind in _KINDS):
            yield _found(stop - len(body), stop - len(body) + len(bare))


def middles_of_keys(encoded: Encoded) -> Iterable[Sensitive]:
    """Full lines of base64 as keys are wrapped, with neither the first nor the last line of one.

    Seventy characters are what OpenSSH's private keys have, and hardly anything else. Sixty-four are those of all PEM, and
    seventy-six those of mail: they count where a key is named before them, sixty-four also where nothing else is there.
    """
    return _middles(encoded) if len(encoded.data) >= _SHORTEST else ()


def _middles(encoded: Encoded) -> Iterator[Sensitive]:
    data = encoded.data
    for start, end, width in _blocks(encoded):
        if not _is_random(data[start:end], _BITS[width]):
            continue
        above = _ABOVE.search(data, max(0, start - _MIME - 32), start)
        below = _BELOW.match(data, end)
        first, last = above.start("part") if above else start, below.end("part") if below else end
        if _is_key(data, first, last, width):
            numbers = encoded.characters((first, last))
            yield _found(numbers[first], numbers[last])


def _blocks(encoded: Encoded) -> Iterator[tuple[int, int, int]]:
    """Where lines of one of these widths follow each other, and the width; enough of them for a key."""
    data = encoded.data
    lines = [(start, end) for start, end in encoded.long_runs if end - start in _LEAST_LINES]
    at = 0
    while at < len(lines):
        start, end = lines[at]
        width, count = end - start, 1
        while at + count < len(lines):
            following, stop = lines[at + count]
            if stop - following != width or _LINE_END.fullmatch(data, end, following) is None:
                break
            end = stop
            count += 1
        if count >= _LEAST_LINES[width]:
            yield start, end, width
        at += count


def _is_random(lines: bytes, bits: float) -> bool:
    sample = b"".join(lines[:_MEASURED].split())
    return _STANDARD.fullmatch(lines) is not None and entropy(sample) >= bits


def _is_key(data: bytes, start: int, end: int, width: int) -> bool:
    """Whether these lines, which are random, are of a private key and of nothing public."""
    before = data[max(0, start - _NEAR) : start]
    if _ARMOUR_ABOVE.search(before) or _ARMOUR_BELOW.match(data, end) or data.startswith(_OTHERS, start, end):
        return False
    if width == _OPENSSH:
        return True
    if any(mark in data[start:end] for mark in _OF_CERTIFICATES):
        return False
    alone = width == _PEM and not data[:start].strip() and not data[end:].strip()
    return alone or (_NAMED.search(before) is not None and _PUBLIC.search(before) is None)


def _found(start: int, end: int) -> Sensitive:
    return Sensitive(Kind.PRIVATE_KEY.rule, Kind.PRIVATE_KEY.label, start, end, Certainty.GENERIC)
