"""Sessions in ``Cookie`` and ``Set-Cookie`` headers (RFC 6265)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect.secrets.generic.judge import is_token
from checkrein.detect.secrets.generic.names import Kind

_PAIR = re.compile(r"(?P<name>[\w.$-]{1,80})=(?P<value>[^;\s\"'`,\\]{16,4096})")
_NAME = re.compile(r"sess|sid|auth|token|jwt|login|remember|ticket|bearer", re.IGNORECASE)
_LONGEST_HEADER = 8192  # what servers take at most
_END = re.compile(r"[\r\n]")


def sessions(text: str, ends: Iterable[int]) -> Iterator[Sensitive]:
    """The values of cookies that stand for a session, in the headers whose names end at ``ends``."""
    done = 0
    for end in ends:
        if end < done:
            continue
        line_end = _END.search(text, end, end + _LONGEST_HEADER)
        done = line_end.start() if line_end else min(len(text), end + _LONGEST_HEADER)
        for pair in _PAIR.finditer(text, end, done):
            if _NAME.search(pair["name"]) and is_token(pair["value"]):
                yield Sensitive(Kind.SESSION.rule, Kind.SESSION.label, *pair.span("value"), Certainty.GENERIC)
