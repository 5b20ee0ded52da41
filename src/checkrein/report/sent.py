"""What left the machine, in words and numbers: added up from the record, for a person and as JSON.

A conversation is sent whole with every request, so counts of requests do not add up to what left. Bytes do; of values and
attachments the most that stood in one request is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, Protocol

from checkrein.report.retention import UNKNOWN, Retention
from checkrein.report.text import clean, counted, shorten, size

_FILES_SHOWN = 20
_REASONS_SHOWN = 5
_WIDTH = 160
_ATTACHMENTS = {"image": "image", "pdf": "PDF", "file": "other file"}
_REFUSED = "refused"
_WHICH_FILES = "that tools were called on or the client put in (commands: `checkrein log --tool Bash`)"


class Row(Protocol):
    """A request of the record, as ``checkrein.ledger.egress.Sent``."""

    @property
    def at(self) -> float: ...
    @property
    def session(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def verdict(self) -> Enum: ...
    @property
    def bytes_in(self) -> int: ...
    @property
    def bytes_out(self) -> int: ...
    @property
    def bytes_back(self) -> int: ...
    @property
    def files(self) -> Sequence[str]: ...
    @property
    def more_files(self) -> int: ...
    @property
    def kinds(self) -> Mapping[str, int]: ...
    @property
    def found(self) -> Mapping[tuple[str, str], int]: ...
    @property
    def reason(self) -> str: ...
    @property
    def status(self) -> int | None: ...


@dataclass(slots=True)
class Summary:
    """What went to one host. Times are seconds since the epoch, sizes bytes; ``labels`` and ``attachments`` count the most that
    stood in one request. ``unanswered`` requests have no answer on record.
    """

    host: str
    requests: int = 0
    first: float = 0
    last: float = 0
    bytes_out: int = 0
    largest: int = 0
    bytes_back: int = 0
    unanswered: int = 0
    more_files: int = 0
    sessions: dict[str, None] = field(default_factory=dict)
    models: dict[str, None] = field(default_factory=dict)
    files: dict[str, None] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    attachments: dict[str, int] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, row: Row) -> None:
        """Add a request."""
        self.first = min(self.first or row.at, row.at)
        self.last = max(self.last, row.at)
        if row.session:
            self.sessions[row.session] = None
        if row.verdict.value == _REFUSED:
            self.refused[row.reason] += 1
            return
        self.requests += 1
        self.bytes_out += row.bytes_out
        self.largest = max(self.largest, row.bytes_out)
        self.bytes_back += row.bytes_back
        self.unanswered += not row.status
        self.more_files = max(self.more_files, row.more_files)
        if row.model:
            self.models[row.model] = None
        self.files.update(dict.fromkeys(row.files))
        labels: Counter[str] = Counter()
        for (_, label), count in row.found.items():
            labels[label] += count
        _raise(self.labels, labels)
        _raise(self.attachments, {kind: count for kind, count in row.kinds.items() if kind in _ATTACHMENTS})

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "host": self.host,
            "requests": self.requests,
            "first": _iso(self.first),
            "last": _iso(self.last),
            "bytes_sent": self.bytes_out,
            "bytes_of_largest_request": self.largest,
            "bytes_received": self.bytes_back,
            "unanswered": self.unanswered,
            "sessions": list(self.sessions),
            "models": list(self.models),
            "files": list(self.files),
            "files_not_listed": self.more_files,
            "held_back": dict(self.labels),
            "attachments": dict(self.attachments),
            "refused": [{"reason": reason, "requests": count} for reason, count in self.refused.items()],
        }


def summed(rows: Iterable[Row]) -> list[Summary]:
    """What went to each host, in the order in which they were first met."""
    hosts: dict[str, Summary] = {}
    for row in rows:
        hosts.setdefault(row.host, Summary(row.host)).add(row)
    return list(hosts.values())


def lines(summary: Summary, table: Retention, account: str, today: date) -> Iterator[str]:
    """The summary for a person. ``account`` is the policy's ``gateway.account``."""
    host = clean(summary.host)
    yield f"to {host}, {_clock(summary.first)} to {_clock(summary.last)}, {counted(len(summary.sessions), 'session')}"
    yield from _left(summary)
    yield from _held_back(summary)
    yield from _refused(summary)
    yield from _kept(host, table, account, today)


def _left(summary: Summary) -> Iterator[str]:
    if not summary.requests:
        yield "  left        nothing"
        return
    amount = f"{counted(summary.requests, 'request')}, {size(summary.bytes_out)} in all, the largest {size(summary.largest)}"
    yield f"  left        {amount} (a conversation goes along whole with every request)"
    yield f"  came back   {size(summary.bytes_back)}"
    if summary.models:
        yield f"  models      {clean(', '.join(summary.models))}"
    if summary.unanswered:
        yield f"  unanswered  {counted(summary.unanswered, 'request')}"
    for kind, count in summary.attachments.items():
        yield f"  attached    {counted(count, _ATTACHMENTS[kind])}, of which the content was not searched"
    if summary.files:
        yield f"  files       {counted(len(summary.files) + summary.more_files, 'file')} {_WHICH_FILES}"
        for name in list(summary.files)[:_FILES_SHOWN]:
            yield f"              {shorten(clean(name), _WIDTH)}"
        left_out = len(summary.files) + summary.more_files - _FILES_SHOWN
        if left_out > 0:
            yield f"              and {left_out} more: --json lists them"


def _held_back(summary: Summary) -> Iterator[str]:
    if not summary.labels:
        yield "  held back   nothing was found that had to be"
        return
    yield "  held back   placeholders left in place of these (a conversation repeats one value many times):"
    width = max(map(len, summary.labels))
    for label, count in sorted(summary.labels.items()):
        most = "once in a request" if count == 1 else f"up to {count} times in one request"
        yield f"              {clean(label):{width}}  replaced {most}"


def _refused(summary: Summary) -> Iterator[str]:
    if not summary.refused:
        return
    yield f"  refused     {counted(summary.refused.total(), 'request')}; nothing of them left"
    for reason, count in summary.refused.most_common(_REASONS_SHOWN):
        yield f"              {count} x {shorten(clean(reason), _WIDTH)}"


def _kept(host: str, table: Retention, account: str, today: date) -> Iterator[str]:
    if not table.covers(host):
        yield f"  kept there  not known for {host}: ask whoever runs it"
        return
    known = table.accounts.get(account)
    if known is not None:
        yield f"  kept there  {known.kept}"
        yield f"              ({known.title}, as the policy says in gateway.account)"
    else:
        yield "  kept there  depends on the kind of account; set gateway.account in the policy to see only yours"
        for name, each in table.accounts.items():
            yield f"              {name}: {each.kept}"
    yield from (f"              {exception}" for exception in table.always)
    yield f"              (as of {table.read.isoformat()}, {table.sources[0]})"
    if table.is_old(today):
        yield f"  warning     this was read {table.age(today)} days ago and may have changed: look at"
        yield from (f"              {source}" for source in table.sources)


def kept_as_dict(table: Retention, account: str, today: date) -> dict[str, Any]:
    """For JSON: what is known of how long the provider keeps what is sent."""
    known = table.accounts.get(account)
    return {
        "account": account if known else UNKNOWN,
        "kept": known.kept if known else "",
        "always": list(table.always),
        "hosts": list(table.hosts),
        "read": table.read.isoformat(),
        "old": table.is_old(today),
        "sources": list(table.sources),
    }


def _raise(most: dict[str, int], now: Mapping[str, int]) -> None:
    for name, count in now.items():
        most[name] = max(most.get(name, 0), count)


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
