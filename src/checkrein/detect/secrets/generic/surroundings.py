"""What stands around an assignment and says that its value is none to be kept: a digest of a secret, an attribute of a page."""

from __future__ import annotations

import base64
import re

_REACH = 400  # characters of the line before a name
_LIST = 20_000  # characters of a list of digests or of a document, up to a name in it
_DIGEST = re.compile(
    r"(?:sha\d{1,3}:)?(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})", re.IGNORECASE
)
_OF = re.compile(
    r"""
      ^[ \t+-]*["']?(?P<key>(?:checksum|digest|fingerprint|hash|md5|sha\d{1,3})s?/)   # as charts for Kubernetes have it
    | ^[ \t]*(?:binary|git|github)[ \t]+["'][^"'\n]*/           # github "owner/secrets" "revision", in Cartfile.resolved
    """,
    re.VERBOSE | re.MULTILINE,
)
_KEY_END = re.compile(r"[\w.-]+[\"']?:[ \t]")
_HEADING = "SPEC CHECKSUMS:"  # of Podfile.lock
_LISTED = re.compile(_HEADING + r"\r?\n(?:[ \t]+[^\s:]+:[ \t]*[0-9a-f]{40}\r?\n)*+[ \t]+[^\s:]*?")
_SEALED = re.compile(r"[\"']?\bencryptedData[\"']?[ \t]*:|\bkind[\"']?[ \t]*:[ \t]*[\"']?SealedSecret\b")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{4,}={0,2}")
_RSA_BYTES = (256, 384, 512)
_SIGNING_KEY = re.compile(r"(?:(?P<section>user|gpg)\.)?signingkey(?![\w.-])", re.IGNORECASE)
_KEY_ID = re.compile(r"(?:0x)?(?:[0-9a-f]{16}|[0-9a-f]{40})!?", re.IGNORECASE)
_SECTION = re.compile(r"^[ \t]*\[([^\]\n]*)\]", re.MULTILINE)
_CACHE_NAMES = frozenset({"key", "keys", "restore-key", "restore-keys"})
_WORD_OF_CACHE = r"(?:[A-Za-z]{1,16}\d{0,3}|v?\d{1,4}(?:\.\d{1,4}){0,2})"
_CACHE_KEY = re.compile(
    rf"(?!.*\b(?:api|live|prod|secret|sk|token)-)[A-Za-z]{{1,16}}\d{{0,3}}(?:-{_WORD_OF_CACHE}){{1,8}}-(?:[0-9a-f]{{40}}|[0-9a-f]{{64}})",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[A-Za-z][\w-]*[\s/][^<>]*")


def is_digest(text: str, start: int, content: str) -> bool:
    """Whether ``content``, under the name that starts at ``start``, is the digest of what has that name."""
    if not _DIGEST.fullmatch(content):
        return False
    line = max(text.rfind("\n", 0, start) + 1, start - _REACH)
    for of in _OF.finditer(text, line, start):
        if of.end() == start and (not of["key"] or _KEY_END.match(text, start)):
            return True
    head = text.rfind(_HEADING, max(0, start - _LIST), start)
    return head >= 0 and _LISTED.fullmatch(text, head, start) is not None


def is_attribute(text: str, start: int) -> bool:
    """Whether the name that starts at ``start`` is that of an attribute in a tag of HTML."""
    opening = text.rfind("<", max(0, start - _REACH), start)
    return opening >= 0 and _TAG.fullmatch(text, opening, start) is not None


def is_sealed(text: str, start: int, content: str) -> bool:
    """Whether ``content`` is what ``kubeseal`` encrypts, in a SealedSecret: whole, or the first line of it.

    It begins with the length of a key encrypted by RSA, in two bytes.
    """
    if not _BASE64.fullmatch(content) or int.from_bytes(base64.b64decode(content[:4])[:2], "big") not in _RSA_BYTES:
        return False
    earliest = max(0, start - _LIST)
    document = max(text.rfind("\n---", earliest, start), earliest)
    return _SEALED.search(text, document, start) is not None


def is_key_id(text: str, start: int, content: str) -> bool:
    """Whether ``content`` is the id of the OpenPGP key that git signs with: its ``user.signingkey``."""
    name = _SIGNING_KEY.match(text, start)
    if name is None or not _KEY_ID.fullmatch(content):
        return False
    if name["section"]:
        return True
    sections = _SECTION.findall(text, max(0, start - _REACH), start)
    return bool(sections) and sections[-1].strip().lower() == "user"


def is_cache_key(text: str, start: int, end: int, content: str) -> bool:
    """Whether ``content``, under the name ``text[start:end]``, is a cache's: words, and a digest of what it was made from."""
    named = text[start:end].lower() in _CACHE_NAMES and text[end : end + 2].lstrip("\"'").startswith(":")
    return named and _CACHE_KEY.fullmatch(content) is not None
