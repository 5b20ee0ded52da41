from __future__ import annotations

import json
import re
from collections import defaultdict
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.enforce.gateway.frames import Frames
from checkrein.enforce.gateway.ports import Restore
from checkrein.enforce.gateway.restore import JSON, PLAIN, restored
from checkrein.enforce.gateway.stream import AnswerStream, BrokenStreamError
from checkrein.vault.alone import Alone
from gateway_world import broken_vault, placeholder_of

QUOTED = 's3cret-"q"\\\n\u00e9'
VALUES = {placeholder_of(value): value for value in ("s3cret-a", QUOTED)}
PLAIN_MARK, QUOTED_MARK = VALUES
BOTH = Restore.TEXT_AND_TOOLS


def event(kind: str, **fields: Any) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), json.dumps({"type": kind, **fields}).encode())


def start(index: int, **block: Any) -> bytes:
    return event("content_block_start", index=index, content_block=block)


def delta(index: int, **fields: Any) -> bytes:
    return event("content_block_delta", index=index, delta=fields)


def stop(index: int) -> bytes:
    return event("content_block_stop", index=index)


def text_of(stream: bytes) -> dict[int, str]:
    """What a client puts together from the deltas of each block."""
    out: dict[int, str] = defaultdict(str)
    open_blocks: set[int] = set()
    for frame in Frames(10**6).feed(stream):
        value = json.loads(frame.data) if frame.data else {}
        if value.get("type") == "content_block_start":
            open_blocks.add(value["index"])
        elif value.get("type") == "content_block_stop":
            open_blocks.remove(value["index"])
        elif value.get("type") == "content_block_delta":
            assert value["index"] in open_blocks, "a delta outside its block"
            fields = value["delta"]
            out[value["index"]] += fields.get("text", "") + fields.get("partial_json", "") + fields.get("thinking", "")
    return dict(out)


CONVERSATION = (
    event("message_start", message={"content": []})
    + event("ping")
    + start(0, type="thinking", thinking="")
    + delta(0, type="thinking_delta", thinking=f"use {PLAIN_MARK}")
    + delta(0, type="signature_delta", signature="CKR_xyz")
    + stop(0)
    + start(1, type="text", text="")
    + delta(1, type="text_delta", text=f"It is {PLAIN_MARK[:9]}")
    + delta(1, type="text_delta", text=f"{PLAIN_MARK[9:]} and {QUOTED_MARK}")
    + delta(1, type="text_delta", text=" then C")
    + stop(1)
    + start(2, type="tool_use", id="t", name="Write", input={})
    + delta(2, type="input_json_delta", partial_json="")
    + delta(2, type="input_json_delta", partial_json='{"content":"k=' + QUOTED_MARK[:20])
    + delta(2, type="input_json_delta", partial_json=QUOTED_MARK[20:] + '\\n", "b": 1')
    + delta(2, type="input_json_delta", partial_json="}")
    + stop(2)
    + start(3, type="server_tool_use", id="s", name="web_search", input={})
    + delta(3, type="input_json_delta", partial_json=json.dumps({"query": PLAIN_MARK}))
    + stop(3)
    + event("message_delta", delta={"stop_reason": "tool_use"}, usage={"output_tokens": 1})
    + event("message_stop")
)
RESTORED = {
    0: f"use {PLAIN_MARK}",
    1: f"It is s3cret-a and {QUOTED} then C",
    2: '{"content":"k=' + json.dumps(QUOTED, ensure_ascii=False)[1:-1] + '\\n", "b": 1}',
    3: json.dumps({"query": PLAIN_MARK}),
}


def play(pieces: list[bytes], restore: Restore = BOTH) -> bytes:
    stream = AnswerStream(restore, VALUES.get)
    return b"".join(map(stream.feed, pieces)) + stream.end()


@pytest.mark.parametrize("step", range(4))
def test_every_split_of_the_stream_restores_exactly(step: int) -> None:
    for place in range(step, len(CONVERSATION), 4):
        assert text_of(play([CONVERSATION[:place], CONVERSATION[place:]])) == RESTORED


def test_byte_by_byte_restores_exactly() -> None:
    assert text_of(play([CONVERSATION[place : place + 1] for place in range(len(CONVERSATION))])) == RESTORED


@given(st.lists(st.integers(0, len(CONVERSATION)), max_size=30))
def test_any_splits_restore_exactly(places: list[int]) -> None:
    ends = sorted({0, len(CONVERSATION), *places})
    pieces = [CONVERSATION[one:two] for one, two in pairwise(ends)]
    assert text_of(play(pieces)) == RESTORED


def spelled(frame: bytes, source: Random, share: float) -> bytes:
    """The frame with some letters in the strings of its JSON written as escapes. It must hold no letters elsewhere."""

    def spell(found: re.Match[bytes]) -> bytes:
        return b"\\u%04x" % ord(found[0]) if len(found[0]) == 1 and source.random() < share else found[0]

    head, data, rest = frame.partition(b"data: ")
    return head + data + re.sub(rb"\\u....|\\.|[A-Za-z]", spell, rest)


@given(st.integers(), st.sampled_from([0.02, 0.5, 1]), st.integers(1, 400))
def test_however_letters_are_spelled_placeholders_are_found(seed: int, share: float, size: int) -> None:
    source = Random(seed)
    stream = b"".join(spelled(frame.raw, source, share) for frame in Frames(10**6).feed(CONVERSATION))
    assert text_of(play([stream[at : at + size] for at in range(0, len(stream), size)])) == RESTORED


@pytest.mark.parametrize("size", range(1, 12))
def test_any_deltas_restore_exactly(size: int) -> None:
    texts = {1: f"a{PLAIN_MARK}{QUOTED_MARK}CKR_\u00e9 \U0001f600", 2: json.dumps({"x": f"{QUOTED_MARK}", "C": "CKR_"})}
    frames = [start(1, type="text", text=""), start(2, type="tool_use", id="t", name="n", input={})]
    longest = max(map(len, texts.values()))
    for place in range(0, longest, size):
        if piece := texts[1][place : place + size]:
            frames.append(delta(1, type="text_delta", text=piece))
        if piece := texts[2][place : place + size]:
            frames.append(delta(2, type="input_json_delta", partial_json=piece))
    got = text_of(play([b"".join((*frames, stop(1), stop(2)))]))
    assert got[1] == f"as3cret-a{QUOTED}CKR_\u00e9 \U0001f600"
    assert json.loads(got[2]) == {"x": QUOTED, "C": "CKR_"}


def test_a_stream_without_placeholders_keeps_every_byte() -> None:
    stream = (
        b": hello\r\n\r\nevent: ping\r\ndata: {}\r\n\r\n"
        + start(0, type="text", text="")
        + b'event: content_block_delta\r\ndata: {"index":0 , "type":"content_block_delta",\r\n'
        + b'data: "delta":{"text":"abc","type":"text_delta"}, "n": 1.50}\r\n\r\n'
        + b"data: not json\n\n"
        + stop(0)
        + b"trailing"
    )
    assert play([stream]) == stream


def test_a_frame_goes_on_at_once_unless_it_may_begin_a_placeholder() -> None:
    stream = AnswerStream(BOTH, VALUES.get)
    stream.feed(start(0, type="text", text=""))
    frame = delta(0, type="text_delta", text="word")
    assert stream.feed(frame) == frame
    assert stream.feed(delta(0, type="text_delta", text="CKR")) == b""
    assert stream.waits
    assert text_of(start(0) + stream.feed(delta(0, type="text_delta", text=" no"))) == {0: "CKR no"}
    assert not stream.waits


@pytest.mark.parametrize(
    ("restore", "text", "tool"),
    [
        (Restore.TEXT, "s3cret-a", PLAIN_MARK),
        (Restore.TEXT_AND_TOOLS, "s3cret-a", "s3cret-a"),
    ],
)
def test_only_what_the_settings_say_is_restored(restore: Restore, text: str, tool: str) -> None:
    stream = (
        start(0, type="text", text="")
        + delta(0, type="text_delta", text=PLAIN_MARK)
        + stop(0)
        + start(1, type="tool_use", id="t", name="n", input={})
        + delta(1, type="input_json_delta", partial_json=PLAIN_MARK)
        + stop(1)
    )
    assert text_of(play([stream], restore)) == {0: text, 1: tool}


def test_what_stands_whole_at_the_start_of_a_block_is_restored() -> None:
    out = play([start(0, type="text", text=f"x{PLAIN_MARK}") + start(1, type="tool_use", id="t", name=PLAIN_MARK, input={})])
    blocks = [json.loads(frame.data or b"")["content_block"] for frame in Frames(10**6).feed(out)]
    assert blocks[0]["text"] == "xs3cret-a"
    assert blocks[1]["name"] == "s3cret-a"


@pytest.mark.parametrize("last", [event("message_delta", delta={}), event("error", error={"type": "overloaded_error"}), b""])
def test_what_waits_goes_out_before_the_message_ends(last: bytes) -> None:
    out = play([start(0, type="text", text="") + delta(0, type="text_delta", text="a CKR_AP") + last])
    assert text_of(out) == {0: "a CKR_AP"}
    assert out.endswith(last)


def test_a_cut_stream_gives_what_waited_and_an_error() -> None:
    stream = AnswerStream(BOTH, VALUES.get)
    stream.feed(start(0, type="text", text="") + delta(0, type="text_delta", text=PLAIN_MARK + " CKR") + b"event: content_blo")
    out = stream.cut("the connection was cut")
    assert text_of(start(0) + out) == {0: "CKR"}
    frames = list(Frames(10**6).feed(out))
    assert json.loads(frames[-1].data or b"") == {
        "type": "error",
        "error": {"type": "api_error", "message": "Checkrein: the connection was cut"},
    }


def test_a_vault_that_fails_ends_the_stream_with_an_error() -> None:
    def fail(_mark: str) -> str:
        raise broken_vault()

    stream = AnswerStream(BOTH, fail)
    stream.feed(start(0, type="text", text=""))
    with pytest.raises(BrokenStreamError) as caught:
        stream.feed(delta(0, type="text_delta", text="before ") + delta(0, type="text_delta", text=PLAIN_MARK))
    assert text_of(start(0) + caught.value.last) == {0: "before "}
    assert b"the vault is locked" in caught.value.last


def test_half_surrogates_pass_and_do_not_disturb_the_rest() -> None:
    stream = start(0, type="text", text="") + b"".join(
        delta(0, type="text_delta", text=piece) for piece in ("\ud83d", f"\ude00 {PLAIN_MARK}\ud83d", "\ude00")
    )
    got = text_of(play([stream + stop(0)]))[0]
    assert got.encode("utf-16", "surrogatepass").decode("utf-16") == "\U0001f600 s3cret-a\U0001f600"


WORD = placeholder_of("sunflowergarden")
WORDS = {**VALUES, WORD: Alone("sunflowergarden")}
WITH_WORDS = (
    start(0, type="text", text="x")
    + delta(0, type="text_delta", text=f"{WORD} {WORD}")
    + delta(0, type="citations_delta", citation={"cited_text": "none"})
    + delta(0, type="text_delta", text=f".{WORD}")
    + delta(0, type="text_delta", text="y")
    + delta(0, type="text_delta", text=" end ")
    + delta(0, type="text_delta", text=WORD)
    + stop(0)
    + start(1, type="tool_use", id="t", name="Write", input={})
    + delta(1, type="input_json_delta", partial_json='{"a": "' + WORD)
    + delta(1, type="input_json_delta", partial_json="\\u0078 " + WORD + "\\")
    + delta(1, type="input_json_delta", partial_json='n", "b": "\\\\n' + WORD + '"}')
    + stop(1)
    + start(2, type="text", text=WORD)
    + stop(2)
    + event("message_stop")
)
WITH_WORDS_RESTORED = {
    0: f"{WORD} sunflowergarden.{WORD}y end sunflowergarden",
    1: '{"a": "' + WORD + '\\u0078 sunflowergarden\\n", "b": "\\\\n' + WORD + '"}',
    2: "sunflowergarden",
}


def with_words(pieces: list[bytes]) -> bytes:
    stream = AnswerStream(BOTH, WORDS.get)
    return b"".join(map(stream.feed, pieces)) + stream.end()


@pytest.mark.parametrize("step", range(4))
def test_words_are_put_back_only_where_they_stand_alone(step: int) -> None:
    for place in range(step, len(WITH_WORDS), 4):
        assert text_of(with_words([WITH_WORDS[:place], WITH_WORDS[place:]])) == WITH_WORDS_RESTORED


@pytest.mark.parametrize("size", range(1, 9))
def test_words_are_put_back_alone_from_any_deltas(size: int) -> None:
    text = f"x{WORD} {WORD}\n{WORD}{PLAIN_MARK}, \u00e9{WORD} {WORD}"
    expected = f"x{WORD} sunflowergarden\n{WORD}s3cret-a, \u00e9{WORD} sunflowergarden"
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    deltas = b"".join(delta(0, type="text_delta", text=piece) for piece in pieces)
    assert text_of(with_words([start(0, type="text", text="") + deltas + stop(0)])) == {0: expected}
    spelling = json.dumps({"x": text})
    pieces = [spelling[at : at + size] for at in range(0, len(spelling), size)]
    deltas = b"".join(delta(0, type="input_json_delta", partial_json=piece) for piece in pieces)
    got = text_of(with_words([start(0, type="tool_use", id="t", name="n", input={}) + deltas + stop(0)]))
    assert json.loads(got[0]) == {"x": expected}


PIECES = st.sampled_from(["my", "", " ", WORD, "\\", "n", "\\n", "\\\\", "."])
BETWEEN = st.sampled_from([b"", b"", delta(0, type="citations_delta", citation={}), event("ping")])


@given(st.lists(st.tuples(PIECES, BETWEEN), max_size=6))
def test_whatever_pieces_go_by_words_are_put_back_as_in_the_whole(pieces: list[tuple[str, bytes]]) -> None:
    text = "".join(piece for piece, _ in pieces)
    for kind, member, block, spelling in (
        ("text_delta", "text", {"type": "text", "text": ""}, PLAIN),
        ("input_json_delta", "partial_json", {"type": "tool_use", "id": "t", "name": "n", "input": {}}, JSON),
    ):
        frames = [delta(0, type=kind, **{member: piece}) + other for piece, other in pieces]
        got = text_of(with_words([start(0, **block), *frames, stop(0)])).get(0, "")
        assert got == restored(text, WORDS.get, spelling)


@pytest.mark.parametrize("how", ["ends", "is cut"])
def test_a_vault_that_fails_at_the_end_ends_the_stream_with_an_error(how: str) -> None:
    answers = iter([Alone("sunflowergarden")])

    def once(_mark: str) -> str:
        for value in answers:
            return value
        raise broken_vault()

    stream = AnswerStream(BOTH, once)
    stream.feed(start(0, type="text", text="") + delta(0, type="text_delta", text=WORD))
    assert stream.waits
    if how == "is cut":
        last = stream.cut("the connection was cut")
    else:
        with pytest.raises(BrokenStreamError) as caught:
            stream.end()
        last = caught.value.last
    assert text_of(start(0) + last) == {}
    assert b"the vault is locked" in last
