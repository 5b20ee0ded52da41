"""Passwords in URLs: ``scheme://user:password@host``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect.secrets.generic.judge import is_password, is_token
from checkrein.detect.secrets.generic.names import Kind

_LONGEST = 240


def in_userinfo(text: str, ends: Iterable[int]) -> Iterator[Sensitive]:
    """The passwords (or the tokens in their place) in the URLs with userinfo whose ``@`` ends at ``ends``."""
    for end in ends:
        start = text.rfind("://", max(0, end - _LONGEST - 3), end) + 3
        user, colon, password = text[start : end - 1].partition(":")
        # People write a bare % as well, and what it seems to escape may be no text.
        if colon and any(is_password(each) or is_token(each) for each in {password, unquote(password)}):
            yield Sensitive(Kind.PASSWORD.rule, Kind.PASSWORD.label, end - 1 - len(password), end - 1, Certainty.GENERIC)
        elif is_token(unquote(user)):
            yield Sensitive(Kind.TOKEN.rule, Kind.TOKEN.label, start, start + len(user), Certainty.GENERIC)
