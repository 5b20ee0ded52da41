"""What stands around an assignment and says that its value is none to be kept: a digest of a secret, an attribute of a page."""

from __future__ import annotations

import re

_REACH = 400  # characters of the line before a name
_LIST = 20_000  # characters of a list of digests, up to a name in it
_DIGEST = re.compile(
    r"(?:sha\d{1,3}:)?(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})", re.IGNORECASE
)
_OF = re.compile(
    r"""
      \b(?:checksum|digest|fingerprint|hash|md5|sha\d{1,3})s?/   # checksum/secret: ..., as charts for Kubernetes have it
    | ^[ \t]*(?:binary|git|github)[ \t]+["'][^"'\n]*/           # github "owner/secrets" "revision", in Cartfile.resolved
    """,
    re.VERBOSE | re.MULTILINE,
)
_HEADING = "SPEC CHECKSUMS:"  # of Podfile.lock
_LISTED = re.compile(_HEADING + r"\r?\n(?:[ \t]+[^\s:]+:[ \t]*[0-9a-f]{40}\r?\n)*+[ \t]+[^\s:]*?")
_TAG = re.compile(r"<[A-Za-z][\w-]*[\s/][^<>]*")


def is_digest(text: str, start: int, content: str) -> bool:
    """Whether ``content``, under the name that starts at ``start``, is the digest of what has that name."""
    if not _DIGEST.fullmatch(content):
        return False
    line = max(text.rfind("\n", 0, start) + 1, start - _REACH)
    if any(of.end() == start for of in _OF.finditer(text, line, start)):
        return True
    head = text.rfind(_HEADING, max(0, start - _LIST), start)
    return head >= 0 and _LISTED.fullmatch(text, head, start) is not None


def is_attribute(text: str, start: int) -> bool:
    """Whether the name that starts at ``start`` is that of an attribute in a tag of HTML."""
    opening = text.rfind("<", max(0, start - _REACH), start)
    return opening >= 0 and _TAG.fullmatch(text, opening, start) is not None
