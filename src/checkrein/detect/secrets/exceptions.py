"""Findings that are known and accepted: by a comment on their line, or by a baseline file. They are listed, never dropped."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from checkrein.core import UsageError
from checkrein.core.sensitive import Certainty, Sensitive

_COMMENT = re.compile(r"(?:#|//|--|;|/\*|<!--|%|\bREM\b)[ \t]*checkrein:[ \t]*allow(?=[ \t])(?P<reason>[^\r\n]*)")
_WORD = re.compile(r"[^\W\d_]{3}")
_ENDS = ("*/", "-->", "--}}", "#}")
_ESCAPED_LINE_END = re.compile(r"\\[nr](?![\"'`])")
_FAR = 1_000  # characters between a finding and the comment that allows it
_VERSION = 1
_DIGEST = 32  # hexadecimal digits: enough that no other value has the same by chance


@dataclass(frozen=True, slots=True)
class Allowed:
    """A finding that a comment on its line allows, with the reason that it gives."""

    found: Sensitive
    reason: str


def divided(text: str, found: Iterable[Sensitive]) -> tuple[tuple[Sensitive, ...], tuple[Allowed, ...]]:
    """``found`` without what a comment ``# checkrein: allow REASON`` behind it on its line allows, and that, with its reason.

    A reason has a word of at least three letters. A value that is known to be secret is not allowed by what a text says.
    """
    comments = list(_comments(text)) if "checkrein:" in text else []
    if not comments:
        return tuple(found), ()
    kept: list[Sensitive] = []
    allowed: list[Allowed] = []
    for each in found:
        reason = _reason(text, each, comments)
        if reason is None or each.certainty is Certainty.KNOWN:
            kept.append(each)
        else:
            allowed.append(Allowed(each, reason))
    return tuple(kept), tuple(allowed)


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """Where each comment begins, and its reason."""
    for match in _COMMENT.finditer(text):
        reason = _ESCAPED_LINE_END.split(match["reason"])[0].strip()
        for end in _ENDS:
            reason = reason.removesuffix(end).rstrip()
        if _WORD.search(reason):
            yield match.start(), reason


def _reason(text: str, found: Sensitive, comments: Sequence[tuple[int, str]]) -> str | None:
    """The reason of the first comment behind ``found``, where that stands on the same line, also of a text in a literal."""
    number = bisect_left(comments, found.end, key=lambda comment: comment[0])
    if number == len(comments):
        return None
    at, reason = comments[number]
    between = text[found.end : at] if at - found.end <= _FAR else "\n"
    return None if "\n" in between or _ESCAPED_LINE_END.search(between) else reason


@dataclass(frozen=True, slots=True)
class Baseline:
    """Findings that were there before: a file that may be shared holds their keyed hashes, never a value.

    ``id`` (hexadecimal) keys the hashes, and stands in the file too. It keeps values from being looked up in ready-made
    tables, not from being guessed: a password that is easy to guess has to be changed, not accepted.
    """

    id: str
    accepted: Mapping[tuple[str, str], str]
    """The path at which it was found, for a reader, by rule and digest: it is accepted wherever it stands."""

    @classmethod
    def empty(cls) -> Baseline:
        """Without findings, with a new id."""
        return cls(secrets.token_hex(16), {})

    @classmethod
    def parse(cls, text: str, name: str) -> Baseline:
        """The baseline that a file holds. UsageError, naming the file, where it is none."""
        try:
            document = json.loads(text)
            if document["version"] != _VERSION:
                raise ValueError(f"its version is {document['version']!r}, not {_VERSION}")
            bytes.fromhex(document["id"])
            return cls(document["id"], {(str(e["rule"]), str(e["digest"])): str(e["place"]) for e in document["accepted"]})
        except (ValueError, KeyError, TypeError) as error:
            why = f"it has no {error.args[0]}" if isinstance(error, KeyError) else f"{type(error).__name__}: {error}"
            fix = "bring it back from version control, or name another file, which --update writes"
            raise UsageError(f"{name} is not a baseline", why=why, fix=fix) from error

    def render(self) -> str:
        """The file's text: the same findings give the same bytes, ordered for a readable difference."""
        rows = sorted((place, rule, digest) for (rule, digest), place in self.accepted.items())
        entries = [dict(zip(("place", "rule", "digest"), row, strict=True)) for row in rows]
        return json.dumps({"version": _VERSION, "id": self.id, "accepted": entries}, indent=2) + "\n"

    def holds(self, found: Sensitive, value: str) -> bool:
        """Whether ``value``, which is what was ``found``, is accepted."""
        return (found.rule, self._digest(value)) in self.accepted

    def with_all(self, findings: Iterable[tuple[Sensitive, str, str]]) -> Baseline:
        """A baseline with the same id that accepts these findings (what was found, its value, its path) and no others."""
        return Baseline(self.id, {(found.rule, self._digest(value)): place for found, value, place in findings})

    def _digest(self, value: str) -> str:
        data = value.encode("utf-8", "surrogatepass")
        return hmac.new(bytes.fromhex(self.id), data, hashlib.sha256).hexdigest()[:_DIGEST]
