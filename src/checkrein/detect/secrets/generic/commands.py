"""Passwords on command lines: ``curl -u USER:PASSWORD``, ``mysql -pPASSWORD``, ``echo PASSWORD | docker login ...``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect.secrets.generic.judge import is_password
from checkrein.detect.secrets.generic.names import Kind

_LINE = 400  # characters before an option in which its program's name may stand
_HTTP = re.compile(r"\b(?:curl|wget|http|https|xh|svn|smbclient|rclone)(?:\.exe)?\b")
_TAKES = {
    "p": re.compile(
        r"\b(?:mysql\w*|mariadb\w*|sshpass|login|az|mongo\w*|sqlcmd|twine|oc|dockerd?|podman|skopeo|htpasswd|rabbitmq\w*|influx|arangosh)\b"
    ),
    "a": re.compile(r"\bredis-\w+\b"),
    "w": re.compile(r"\bldap\w+\b"),
    "pw": re.compile(r"\b(?:plink|pscp|psftp|putty|kitty)\b"),
}
_ACCOUNT = re.compile(r"[ \t](?:-u|-U|--user|--proxy-user)[ =]?(?P<quote>[\"']?)(?P<user>[^\s:\"']{0,64})[\"']?:$")
_OPTION = re.compile(r"(?P<letters>pw(?=[ =])|[paw])[ =]?[\"']?(?P<value>[^\s\"'`|;&<>]+)")
_ARGUMENT = re.compile(r"[\"']?(?P<value>[^\s\"'`|;&<>]+)")
_ECHO = re.compile(r"\b(?:echo|printf)[ \t]+(?:-\w[ \t]+)?[\"']?(?:[\w.@-]{1,40}:)?(?P<value>[^\s\"'|]+)[\"']?[ \t]*\|[^|]*$")
_QUOTED_ARGUMENT = re.compile(r"(?P<value>[^\s\"']+)")


def accounts(text: str, ends: Iterable[int]) -> Iterator[Sensitive]:
    """Passwords in ``-u USER:PASSWORD``, and the token in ``-u TOKEN:``, whose colons end at ``ends``."""
    for end in ends:
        account = _ACCOUNT.search(text, max(0, end - 90), end)
        if account is None or not _HTTP.search(_command_before(text, end)):
            continue
        found = (_QUOTED_ARGUMENT if account["quote"] else _ARGUMENT).match(text, end)
        if found is None and is_password(account["user"]):
            yield _found(Kind.TOKEN, account.span("user"))
        elif found and is_password(found["value"]):
            yield _found(Kind.PASSWORD, found.span("value"))


def options(text: str, ends: Iterable[int]) -> Iterator[Sensitive]:
    """Passwords of ``-p``, ``-a``, ``-w`` and ``-pw`` after a program that takes them so; the letters begin before ``ends``."""
    for end in ends:
        option = _OPTION.match(text, end - 1)
        if option and _TAKES[option["letters"]].search(_command_before(text, end)) and is_password(option["value"]):
            yield _found(Kind.PASSWORD, option.span("value"))


def piped(text: str, ends: Iterable[int]) -> Iterator[Sensitive]:
    """Passwords in ``echo PASSWORD |`` before a command that reads one, which ends at ``ends``."""
    for end in ends:
        echoed = _ECHO.search(_command_before(text, end))
        if echoed and is_password(echoed["value"]):
            start = text.rindex(echoed["value"], 0, end)
            yield _found(Kind.PASSWORD, (start, start + len(echoed["value"])))


def _command_before(text: str, end: int) -> str:
    """What stands before ``end`` in its command; a line that ends in a backslash goes on."""
    begin = max(0, end - _LINE)
    newline = text.rfind("\n", begin, end)
    while newline > begin and text[newline - 1] == "\\":
        newline = text.rfind("\n", begin, newline)
    return text[max(begin, newline + 1) : end]


def _found(kind: Kind, span: tuple[int, int]) -> Sensitive:
    return Sensitive(kind.rule, kind.label, *span, Certainty.GENERIC)
