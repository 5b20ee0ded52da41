from __future__ import annotations

import json

import pytest

from checkrein.enforce.gateway import answers
from checkrein.enforce.gateway.answers import Answer, Lines, TooLongError, Unchanged, Whole, answer_for
from checkrein.enforce.gateway.ports import Restore
from checkrein.enforce.gateway.stream import AnswerStream
from gateway_world import placeholder_of

MARK = placeholder_of("s3cret-a")
VALUES = {MARK: "s3cret-a"}


@pytest.mark.parametrize(
    ("path", "kind", "expected"),
    [
        ("/v1/messages", "text/event-stream; charset=utf-8", AnswerStream),
        ("/v1/complete", "Text/Event-Stream", AnswerStream),
        ("/v1/messages", "application/json", Whole),
        ("/v1/messages/count_tokens", "application/json", Unchanged),
        ("/v1/messages/batches/b_1/results", "application/x-jsonl", Lines),
        ("/v1/messages/batches/b_1", "application/json", Unchanged),
        ("/v1/files/f/content", "application/octet-stream", Unchanged),
        ("/v1/messages", "", Unchanged),
    ],
)
def test_the_kind_of_answer(path: str, kind: str, expected: type[Answer]) -> None:
    assert type(answer_for(path, kind, Restore.TEXT, VALUES.get)) is expected


def message(text: str) -> bytes:
    return json.dumps({"result": {"message": {"content": [{"type": "text", "text": text}]}}}).encode()


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_results_are_restored_line_by_line(size: int) -> None:
    stream = message(MARK) + b"\n" + b"\r\n" + message("x") + b"\n" + message(f"{MARK}.")
    lines = Lines(Restore.TEXT, VALUES.get)
    out = b"".join(lines.feed(stream[at : at + size]) for at in range(0, len(stream), size))
    assert lines.waits
    assert out + lines.end() == stream.replace(MARK.encode(), b"s3cret-a")


def test_a_line_goes_on_when_it_is_there() -> None:
    lines = Lines(Restore.TEXT, VALUES.get)
    assert lines.feed(b"{}\n{") == b"{}\n"


def test_a_message_goes_on_when_it_is_whole() -> None:
    whole = Whole(Restore.TEXT, VALUES.get)
    assert not whole.waits
    data = message(MARK)
    assert whole.feed(data[:30]) + whole.feed(data[30:]) == b""
    assert whole.end() == message("s3cret-a")
    assert whole.end() == b""


def test_a_message_too_long_to_hold_is_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MAX_BYTES", 10)
    with pytest.raises(TooLongError):
        Whole(Restore.TEXT, VALUES.get).feed(b"x" * 11)


def test_what_is_not_changed_goes_on_as_it_came() -> None:
    unchanged = Unchanged()
    assert (unchanged.feed(b"x"), unchanged.end(), unchanged.waits) == (b"x", b"", False)
