from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from checkrein.ledger.egress import Sent, Verdict
from checkrein.report.retention import retention
from checkrein.report.sent import Summary, kept_as_dict, lines, summed

AT = 1_795_000_000.0
TODAY = retention().read + timedelta(days=1)


@pytest.fixture(autouse=True)
def utc() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def row(**fields: Any) -> Sent:
    given: dict[str, Any] = {
        "at": AT,
        "session": "s-1",
        "method": "POST",
        "path": "/v1/messages",
        "model": "claude-x",
        "host": "api.anthropic.com",
        "verdict": Verdict.REDACTED,
        "bytes_in": 2048,
        "bytes_out": 2000,
        "bytes_back": 500,
        "status": 200,
    }
    return Sent(**{**given, **fields})


ROWS = [
    row(
        at=AT + 60,
        files=("/p/a.py", "/p/b.py"),
        kinds={"text": 3, "image": 1},
        found={("secret.a", "API_KEY"): 1, ("secret.b", "API_KEY"): 1, ("pii.email", "EMAIL"): 1},
    ),
    row(
        session="s-2",
        files=("/p/b.py", "/p/c.py"),
        kinds={"pdf": 2, "image": 1},
        found={("pii.email", "EMAIL"): 5},
        bytes_out=4096,
    ),
    row(at=AT + 120, verdict=Verdict.REFUSED, reason="nothing was sent, because", bytes_out=0, status=403),
    row(at=AT + 180, verdict=Verdict.SENT, status=None, bytes_back=0, model=""),
]


def test_requests_are_added_up() -> None:
    (summary,) = summed(ROWS)
    assert summary.as_dict() == {
        "host": "api.anthropic.com",
        "requests": 3,
        "first": "2026-11-18T11:06:40+00:00",
        "last": "2026-11-18T11:09:40+00:00",
        "bytes_sent": 2000 + 4096 + 2000,
        "bytes_of_largest_request": 4096,
        "bytes_received": 1000,
        "unanswered": 1,
        "sessions": ["s-1", "s-2"],
        "models": ["claude-x"],
        "files": ["/p/a.py", "/p/b.py", "/p/c.py"],
        "files_not_listed": 0,
        "held_back": {"API_KEY": 2, "EMAIL": 5},
        "attachments": {"image": 1, "pdf": 2},
        "refused": [{"reason": "nothing was sent, because", "requests": 1}],
    }


def test_a_person_reads_it() -> None:
    (summary,) = summed(ROWS)
    text = "\n".join(lines(summary, retention(), "team", TODAY))
    assert text.splitlines()[:19] == [
        "to api.anthropic.com, 2026-11-18 11:06 to 2026-11-18 11:09, 2 sessions",
        "  left        3 requests, 7.9 KiB in all, the largest 4.0 KiB (a conversation goes along whole with every request)",
        "  came back   1000 B",
        "  models      claude-x",
        "  unanswered  1 request",
        "  attached    1 image, of which the content was not searched",
        "  attached    2 PDFs, of which the content was not searched",
        "  files       3 files that tools were called on or the client put in (commands: `checkrein log --tool Bash`)",
        "              /p/a.py",
        "              /p/b.py",
        "              /p/c.py",
        "  held back   placeholders left in place of these (a conversation repeats one value many times):",
        "              API_KEY  replaced up to 2 times in one request",
        "              EMAIL    replaced up to 5 times in one request",
        "  refused     1 request; nothing of them left",
        "              1 x nothing was sent, because",
        "  kept there  30 days for Claude Code, and not used for training unless the organisation opted in",
        "              (Team plan, as the policy says in gateway.account)",
        *(f"              {each}" for each in retention().always[:1]),
    ]
    assert "warning" not in text


def test_hosts_are_kept_apart() -> None:
    summaries = summed([*ROWS, row(host="127.0.0.1:4000")])
    assert [(each.host, each.requests) for each in summaries] == [("api.anthropic.com", 3), ("127.0.0.1:4000", 1)]
    assert "not known for 127.0.0.1:4000" in "\n".join(lines(summaries[1], retention(), "team", TODAY))


def test_an_unknown_account_is_shown_all_of_them() -> None:
    text = "\n".join(lines(summed(ROWS)[0], retention(), "unknown", TODAY))
    assert "set gateway.account" in text
    assert all(each.kept in text for each in retention().accounts.values())


def test_an_old_table_warns() -> None:
    late = retention().read + timedelta(days=200)
    text = "\n".join(lines(summed(ROWS)[0], retention(), "api", late))
    assert "was read 200 days ago" in text
    assert all(source in text for source in retention().sources)
    assert kept_as_dict(retention(), "api", late)["old"] is True


def test_what_is_known_of_keeping_as_json() -> None:
    kept = kept_as_dict(retention(), "api", date(2026, 9, 1))
    assert (kept["account"], kept["kept"], kept["old"]) == ("api", retention().accounts["api"].kept, False)
    assert (kept_as_dict(retention(), "nonsense", TODAY)["account"], kept["read"]) == ("unknown", "2026-08-22")


def test_many_files_are_counted() -> None:
    summary = Summary("h")
    summary.add(row(files=tuple(f"/f{number}" for number in range(25)), more_files=7))
    text = "\n".join(lines(summary, retention(), "api", TODAY))
    assert "32 files" in text
    assert "/f19" in text
    assert "/f20" not in text
    assert "and 12 more" in text


def test_where_nothing_was_found_or_left_it_says_so() -> None:
    refused = replace(ROWS[2], found={})
    text = "\n".join(lines(summed([refused])[0], retention(), "api", TODAY))
    assert "left        nothing" in text
    assert "nothing was found that had to be" in text


def test_what_strangers_wrote_is_made_safe() -> None:
    hostile = row(host="h\x1b]0;x\x07", files=("/p/\u202e\x1b[2J",), model="m\n", found={("r", "L\x07"): 1}, reason="\r")
    text = "\n".join(lines(summed([hostile, replace(hostile, verdict=Verdict.REFUSED)])[0], retention(), "api", TODAY))
    assert all(character.isprintable() or character == "\n" for character in text)
