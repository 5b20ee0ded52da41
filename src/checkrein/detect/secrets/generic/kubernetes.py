"""What Kubernetes Secrets hold: every entry of ``data`` and ``stringData`` in a YAML document of kind Secret."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator

from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect.secrets.generic.dummies import is_dummy
from checkrein.detect.secrets.generic.names import Kind

_REACH = 20_000  # characters of a document, before and behind its kind
_SECTION = re.compile(r"^(?P<indent>[ \t]*)[\"']?(?P<name>data|stringData)[\"']?:[ \t]*\r?\n", re.MULTILINE)
_LINE = re.compile(
    r"(?P<indent>[ \t]*)(?P<key>[\"']?[\w.\-]+[\"']?):[ \t]*(?P<quote>[\"']?)(?P<value>[^\r\n]*?)(?P=quote)[ \t]*\r?(?:\n|$)"
)
_BLOCK = re.compile(r"[|>][-+]?\d?")
_REMARK = re.compile(r"[ \t]*(?:#[^\n]*)?\r?\n")
_COMMENT = re.compile(r"[ \t]+#.*")
_TEXT = re.compile(r"(?P<indent>[ \t]*)(?P<value>[^\r\n]*)\r?(?:\n|$)")


def entries(text: str, ends: Iterable[int]) -> Iterator[Sensitive]:
    """The values in the documents whose ``kind: Secret`` ends at ``ends``."""
    done = 0
    for end in ends:
        if end < done or text[end : end + 1].isalnum():
            continue
        earliest = max(done, end - _REACH)
        start = text.rfind("\n---", earliest, end) + 1 or earliest
        stop = text.find("\n---", end, end + _REACH)
        stop = stop if stop >= 0 else min(len(text), end + _REACH)
        for section in _SECTION.finditer(text, start, stop):
            yield from _section(text, section, stop)
        done = stop


def _section(text: str, section: re.Match[str], stop: int) -> Iterator[Sensitive]:
    at = section.end()
    while at < stop:
        if remark := _REMARK.match(text, at, stop):
            at = remark.end()
            continue
        line = _LINE.match(text, at, stop)
        if line is None or len(line["indent"]) <= len(section["indent"]):
            return
        start, end = line.span("value")
        if not line["quote"] and (comment := _COMMENT.search(text, start, end)):
            end = comment.start()
        at = line.end()
        if _BLOCK.fullmatch(text, start, end):
            start, end, at = _block(text, at, stop, len(line["indent"]))
        if _is_value(text[start:end], encoded=section["name"] == "data"):
            yield Sensitive(Kind.SECRET.rule, Kind.SECRET.label, start, end, Certainty.GENERIC)


def _block(text: str, at: int, stop: int, indent: int) -> tuple[int, int, int]:
    """Start and end of the text of a block scalar below a key ``indent`` characters in, and where what follows begins."""
    start = end = at
    while at < stop and (line := _TEXT.match(text, at, stop)) and (not line["value"] or len(line["indent"]) > indent):
        if line["value"]:
            start = line.start("value") if end == start else start
            end = line.end("value")
        at = line.end()
    return start, end, at


def _is_value(content: str, *, encoded: bool) -> bool:
    if len(content) < 4:
        return False
    if not encoded:
        return not is_dummy(content.ljust(6, "\0"))
    try:
        decoded = base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(decoded) >= 3
