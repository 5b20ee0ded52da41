from __future__ import annotations

import codecs
import copy
import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core import VaultError
from checkrein.enforce.gateway.body import Reader
from checkrein.enforce.gateway.cache import STANDING
from checkrein.enforce.gateway.jsonbody import BodyError
from checkrein.enforce.gateway.memory import Memory
from checkrein.enforce.gateway.refuse import RefusedError
from checkrein.policy.privacy import Attachments
from checkrein.vault.placeholder import label_of
from gateway_bodies import MARK, MESSAGES, PNG, SECRET, Learning, assistant, hidden, read, request, user
from gateway_world import RULE, Redaction, broken_vault

TEXT = user({"type": "text", "text": f"a {SECRET} b"})
THINKING = assistant({"type": "thinking", "thinking": SECRET, "signature": "RXFv"})


OUTSIDE = {
    "system string": {"system": f"be {SECRET}"},
    "system blocks": {"system": [{"type": "text", "text": SECRET, "cache_control": {"type": "ephemeral"}}]},
    "tools": {"tools": [{"name": "n", "description": SECRET, "input_schema": {"properties": {SECRET: {"enum": [SECRET]}}}}]},
    "stop_sequences": {"stop_sequences": [SECRET]},
    "metadata": {"metadata": {"user_id": "u", "note": SECRET}},
    "mcp_servers": {"mcp_servers": [{"url": f"https://u:{SECRET}@h/", "authorization_token": SECRET}]},
    "unknown": {"later": {"x": [SECRET]}},
    "a key": {SECRET: 1},
    "an odd model": {"model": {"name": SECRET}},
    "messages that are none": {"messages": {"a": SECRET}},
    "a message that is a string": {"messages": [SECRET]},
    "a model that is a text": {"model": f"the {SECRET}"},
    "a word that could be any": {"service_tier": SECRET},
}


@pytest.mark.parametrize("fields", OUTSIDE.values(), ids=OUTSIDE)
def test_everything_around_the_messages_is_searched(fields: dict[str, Any]) -> None:
    got, _ = read({**request({"role": "user", "content": "x"}), **fields})
    assert got == hidden({**request({"role": "user", "content": "x"}), **fields})


def test_what_was_held_back_before_the_request_counts_too() -> None:
    """Hooks put placeholders into what tools give back, so the request comes with them."""
    other = MARK[:-1] + ("a" if MARK[-1] != "a" else "b")
    memory = Memory()
    for _ in range(2):
        body, reader = read(request(user({"type": "text", "text": f"{MARK} and {MARK}, not {other}"}), TEXT), memory=memory)
        assert other in json.dumps(body)
        assert reader.facts.found == {(STANDING, label_of(MARK)): 2, RULE: 1}


def test_a_changed_body_keeps_every_other_byte() -> None:
    body = (
        b' {"temperature": 1.50, "big":123456789012345678901234,"messages" : [\n {"content":"%s","role":"user"} ,\t'
        b'{"role":"assistant","content":[{"type":"thinking","thinking":"\\u00e9\\/","signature":"a=="}]} ],"x":1e400}\n'
    )
    reader = Reader(Redaction(), Attachments.COUNT, Memory())
    out = reader.rewritten(body % SECRET.encode(), MESSAGES, "application/json")
    assert out == body % MARK.encode()


def test_a_batch_is_searched_request_by_request() -> None:
    params = request(TEXT, THINKING)
    value = {"requests": [{"custom_id": "a", "params": params}, {"custom_id": SECRET, "params": params}, SECRET]}
    got, _ = read(value, "/v1/messages/batches")
    expected = request(hidden(TEXT), THINKING)
    assert got == {"requests": [{"custom_id": "a", "params": expected}, {"custom_id": MARK, "params": expected}, MARK]}


@pytest.mark.parametrize(
    "path", ["/v1/complete", "/v1/messages/", "/v1/messages/batches/b/cancel", "/api/event_logging/v2/batch"]
)
def test_other_bodies_are_searched_leaf_by_leaf(path: str) -> None:
    value = {"prompt": SECRET, "events": [{"type": "thinking", "thinking": SECRET, SECRET: [True, None, 1.0, SECRET]}]}
    assert read(value, path)[0] == hidden(value)
    assert read([SECRET], path)[0] == [MARK]
    assert read(orjson.dumps(SECRET), path)[0] == MARK


@pytest.mark.parametrize(
    "body",
    [
        b'{"messages":[],"messages":[]}',
        b'{"messages":[{"role":"user","role":"user","content":"x"}]}',
        b'{"messages":[{"role":"user","content":"\\ud800"}]}',
        b'{"messages":[{"role":"user","content":NaN}]}',
        b'{"messages":[]} x',
        b'{"messages":[] "x":1}',
        b'{"messages":[{}{}]}',
        b'{"messages":[{},]}',
        b'{"messages":[],}',
        b'{"messages":[',
        b'{"messages"}',
        b"{1:2}",
        b"[1",
        b'{"messages":[{"role":"user","content":"\xff"}]}',
    ],
)
def test_a_body_that_is_not_one_json_value_is_refused(body: bytes) -> None:
    memory = Memory()
    for _ in range(2):
        with pytest.raises(BodyError):
            Reader(Redaction(), Attachments.COUNT, memory).rewritten(body, MESSAGES, "application/json")


def test_a_result_is_looked_at_anew_where_its_call_was_another() -> None:
    memory, redaction = Memory(), Redaction()
    result = user({"type": "tool_result", "tool_use_id": "t", "content": f"{SECRET} {'x' * 300}"})
    for path in ("/p/a", "/p/b"):
        call = assistant({"type": "tool_use", "id": "t", "name": "Read", "input": {"file_path": path}})
        read(request(call, result, user()), memory=memory, redaction=redaction)
    assert [source for text, source in redaction.seen if text.startswith(SECRET)] == ["/p/a", "/p/b"]


def conversation(turns: int) -> list[Any]:
    messages: list[Any] = [user({"type": "text", "text": f"start {SECRET} {'y' * 200}"})]
    for turn in range(turns):
        messages.append(
            assistant(
                {"type": "thinking", "thinking": "", "signature": f"S{turn}" + "=" * 200},
                {"type": "tool_use", "id": f"toolu_{turn}", "name": "Read", "input": {"file_path": f"/p/{turn}"}},
            )
        )
        text = f"line\n{turn} s3cret-n{turn}\n" * 20
        messages.append(user({"type": "tool_result", "tool_use_id": f"toolu_{turn}", "content": text}))
    return messages


def marked(messages: list[Any]) -> list[Any]:
    """As the client sends them: the last block carries a mark for the cache."""
    result = copy.deepcopy(messages)
    result[-1]["content"][-1]["cache_control"] = {"type": "ephemeral"}
    return result


def test_each_request_is_a_prefix_of_the_next_and_costs_what_is_new() -> None:
    memory, redaction = Memory(), Redaction()
    before = b""
    for turns in range(30):
        messages = conversation(turns)
        reader = Reader(redaction, Attachments.COUNT, memory)
        looked = len(redaction.seen)
        out = reader.rewritten(orjson.dumps({"messages": messages}), MESSAGES, "application/json")
        reader.keep()
        assert out.startswith(before)
        before = out.removesuffix(b"]}")
        new = [text for text, _ in redaction.seen[looked:] if "s3cret" in text]
        assert len(new) == 1
        assert reader.facts.found[RULE] == turns * 20 + 1
        assert list(reader.facts.files) == [f"/p/{turn}" for turn in range(turns)]
        assert len(reader.facts.made) == turns + 1
        assert b"s3cret" not in out


def test_what_is_remembered_is_what_would_be_found() -> None:
    memory, redaction = Memory(), Redaction()
    for turns in (3, 5, 4, 6, 2, 6, 9):
        value = {"system": [{"type": "text", "text": f"z{SECRET}" * 50}], "messages": marked(conversation(turns)), "n": 1.0}
        warm, one = read(value, memory=memory, redaction=redaction)
        cold, other = read(value)
        assert warm == cold
        assert "s3cret" not in json.dumps(warm)
        assert one.facts == other.facts


@given(
    st.lists(
        st.tuples(st.sampled_from(["user", "assistant"]), st.sampled_from([SECRET, "a" * 300, f"{SECRET} {'b' * 300}"])),
        max_size=8,
    ),
    st.data(),
)
def test_no_history_changes_what_leaves(turns: list[tuple[str, str]], data: st.DataObject) -> None:
    memory = Memory()
    messages = [{"role": role, "content": [{"type": "text", "text": text}]} for role, text in turns]
    for _ in range(3):
        value = request(*messages[: data.draw(st.integers(0, len(messages)))])
        warm, one = read(value, memory=memory)
        cold, other = read(value)
        assert warm == cold == hidden(value)
        assert one.facts == other.facts


def test_the_words_of_the_api_and_of_its_tools_are_no_texts() -> None:
    redaction = Redaction()
    call = {"type": "tool_use", "id": "t", "name": "Read", "input": {"file_path": "/p", "command": {SECRET: 1, "note": 2}}}
    value = {**request(assistant(call), stream=True, temperature=0.5, metadata=None), "unknown": 3, SECRET: True}
    got, _ = read(value, redaction=redaction)
    assert got == hidden(value)
    keys = {text for text, _ in redaction.seen}
    assert keys >= {"note", "unknown", SECRET}
    assert keys.isdisjoint({"messages", "max_tokens", "stream", "temperature", "metadata", "file_path", "command", "input"})


def test_another_version_of_the_redactor_looks_anew() -> None:
    memory, redaction = Memory(), Redaction()
    value = request(user({"type": "text", "text": "later-secret " * 40}), user(), user(), user(), user())
    read(value, memory=memory, redaction=redaction)
    read(value, memory=memory, redaction=redaction)
    assert len([text for text, _ in redaction.seen if "later" in text]) == 1
    redaction.version = 2
    read(value, memory=memory, redaction=redaction)
    assert len([text for text, _ in redaction.seen if "later" in text]) == 2


def test_what_one_policy_lets_out_another_still_refuses() -> None:
    memory = Memory()
    image = {"type": "image", "source": {**PNG, "data": "A" * 400}}
    value = request(user(image), user(), user(), user(), user())
    for _ in range(2):
        read(value, memory=memory)
    with pytest.raises(RefusedError):
        read(value, memory=memory, policy=Attachments.REFUSE)


def test_a_failure_is_not_remembered() -> None:
    memory, redaction = Memory(), Redaction(failure=broken_vault())
    value = request(TEXT)
    with pytest.raises(VaultError):
        read(value, memory=memory, redaction=redaction)
    redaction.failure = None
    assert read(value, memory=memory, redaction=redaction)[0] == hidden(value)


def test_what_could_not_be_kept_is_not_relied_upon() -> None:
    memory, redaction = Memory(), Redaction(unkept=broken_vault())
    value = request(TEXT, user({"type": "text", "text": f"{SECRET} " * 40}), user(), user(), user())
    with pytest.raises(VaultError):
        read(value, memory=memory, redaction=redaction)
    assert redaction.kept == 0
    redaction.unkept = None
    looked = len(redaction.seen)
    assert read(value, memory=memory, redaction=redaction)[0] == hidden(value)
    assert sum("s3cret" in text for text, _ in redaction.seen[looked:]) == 2
    assert redaction.kept == 1


@pytest.mark.parametrize(
    "user_id",
    [json.dumps({"device_id": "d", "session_id": "1234-5"}), "user_abc_account_def_session_1234-5"],
)
def test_the_session_is_found_in_the_metadata(user_id: str) -> None:
    _, reader = read(request(metadata={"user_id": user_id}))
    assert (reader.named_session, reader.model) == ("1234-5", "claude")


@pytest.mark.parametrize("metadata", [None, {}, {"user_id": 1}, {"user_id": "{"}, {"user_id": "[]"}, {"user_id": "plain"}])
def test_metadata_without_a_session(metadata: Any) -> None:
    assert read(request(metadata=metadata))[1].named_session == ""


@pytest.mark.parametrize("before", ["", "a_session_", '{"session_id": "'])
def test_a_user_id_that_is_none_is_searched(before: str) -> None:
    got, _ = read(request(metadata={"user_id": before + SECRET}))
    assert got["metadata"]["user_id"] == before + MARK


FORM = (
    b'--XyZ\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n'
    b'--XyZ\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nx %s\r\n\r\n'
    b"--XyZ--\r\n"
)


def form(body: bytes, policy: Attachments = Attachments.COUNT) -> tuple[bytes, Reader]:
    reader = Reader(Redaction(), policy, Memory())
    return reader.rewritten(body, "/v1/files", "multipart/form-data; boundary=XyZ"), reader


def test_a_file_in_form_data_is_searched() -> None:
    out, reader = form(FORM % SECRET.encode())
    assert out == FORM % MARK.encode()
    assert list(reader.facts.files) == ["a.txt"]
    assert reader.facts.found == {RULE: 1}
    assert reader.facts.made == {MARK}
    assert form(FORM.replace(b"a.txt", SECRET.encode()) % b"")[0] == FORM.replace(b"a.txt", MARK.encode()) % b""


def test_a_binary_file_is_counted_or_refused() -> None:
    body = FORM % b"\x00\x01\x02x"
    out, reader = form(body)
    assert out == body
    assert reader.facts.kinds == {"text": 1, "file": 1}
    with pytest.raises(RefusedError, match="not text"):
        form(body, Attachments.REFUSE)


def test_a_binary_file_with_a_secret_is_refused() -> None:
    with pytest.raises(RefusedError, match=r"holds something sensitive \(API_KEY\)"):
        form(FORM % b"\x00\x01s3cret-x")


def without_zero(pack: Callable[[bytes], bytes], data: bytes) -> bytes:
    """``data``, and something behind it so that no byte of it compressed is 0."""
    texts = (data + b"".join(b" %d" % (number * each) for each in range(60)) for number in range(10_000))
    return next(packed for text in texts if b"\0" not in (packed := pack(text)))


def narrow(data: bytes) -> bytes:
    """``data`` in zlib with a window of 1024 bytes."""
    packer = zlib.compressobj(wbits=10)
    return packer.compress(data) + packer.flush()


PACKED = {
    "gzip": lambda data: gzip.compress(data, mtime=0x0101_0101),
    "gzip twice": lambda data: gzip.compress(b"first", mtime=0) + gzip.compress(data, mtime=0),
    "gzip in gzip": lambda data: gzip.compress(gzip.compress(data, mtime=0), mtime=0),
    "zlib in gzip": lambda data: gzip.compress(zlib.compress(data), mtime=0),
    "small window": lambda data: narrow(data) + bytes(1),
    "cut gzip": lambda data: gzip.compress(data, mtime=0)[:-6],
    "zlib": lambda data: without_zero(zlib.compress, data),
    "zlib, stored": lambda data: zlib.compress(data, 0),
    "UTF-16 in gzip": lambda data: gzip.compress(data.decode().encode("utf-16"), mtime=0),
}


@pytest.mark.parametrize("pack", PACKED.values(), ids=PACKED)
@pytest.mark.parametrize("in_form", [True, False])
def test_what_is_compressed_is_looked_into(pack: Callable[[bytes], bytes], in_form: bool) -> None:
    def send(data: bytes, policy: Attachments = Attachments.COUNT) -> tuple[bytes, Reader]:
        if in_form:
            return form(FORM.replace(b"x %s", b"%s") % pack(data), policy)
        reader = Reader(Redaction(), policy, Memory())
        return reader.rewritten(pack(data), "/v1/x", ""), reader

    with pytest.raises(RefusedError, match=r"holds something sensitive \(API_KEY\)"):
        send(f"TOKEN={SECRET} and more of it".encode())
    out, reader = send(b"nothing of that kind")
    assert pack(b"nothing of that kind") in out
    assert reader.facts.kinds["file"] == 1
    with pytest.raises(RefusedError, match="not text"):
        send(b"nothing of that kind", Attachments.REFUSE)


def test_a_compressed_file_that_becomes_too_large_is_refused() -> None:
    with pytest.raises(RefusedError, match="becomes too large"):
        form(FORM.replace(b"x %s", b"%s") % gzip.compress(bytes(65 * 1024 * 1024)))


@pytest.mark.parametrize(
    "encoding", ["utf-8", "latin-1", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]
)
def test_a_text_in_another_encoding_is_searched(encoding: str) -> None:
    text = f"\u00e9\u00e8 {SECRET} \u00fc"
    reader = Reader(Redaction(), Attachments.COUNT, Memory())
    out = reader.rewritten(text.encode(encoding), "/v1/x", "text/plain")
    assert out.decode(encoding) == text.replace(SECRET, MARK)


@pytest.mark.parametrize("start", [codecs.BOM_UTF8, b"\n" + codecs.BOM_UTF8])
def test_json_behind_a_byte_order_mark_is_refused(start: bytes) -> None:
    with pytest.raises(BodyError):
        Reader(Redaction(), Attachments.COUNT, Memory()).rewritten(start + b'{"messages":[]}', MESSAGES, "text/plain")


def test_a_model_with_a_secret_for_a_name_is_searched() -> None:
    got, reader = read({"model": SECRET, "messages": []})
    assert (got["model"], reader.model) == (MARK, "")


def test_json_needs_no_content_type_to_be_read_as_json() -> None:
    reader = Reader(Redaction(), Attachments.COUNT, Memory())
    escaped = b'{"messages":[{"role":"user","content":"s3cret\\u002dabc123"}]}'
    assert json.loads(reader.rewritten(escaped, MESSAGES, "text/plain"))["messages"][0]["content"] == MARK


def test_what_a_later_text_shows_to_be_a_value_is_held_back_in_the_earlier_ones() -> None:
    memory, redaction = Memory(), Learning()
    bare, named = user({"type": "text", "text": f"login {SECRET}"}), user({"type": "text", "text": f"key={SECRET}"})
    value = {**request(bare, named), "system": f"be {SECRET}"}
    got, reader = read(value, redaction=redaction, memory=memory)
    assert got == hidden(value)
    assert reader.facts.found == {RULE: 3}
    assert read(value, redaction=redaction, memory=memory)[0] == got


def test_what_was_clean_for_one_session_is_looked_at_anew_for_others_once_more_is_known() -> None:
    memory, redaction = Memory(), Learning()
    bare, named = user({"type": "text", "text": f"login {SECRET} {'y' * 200}"}), user({"type": "text", "text": f"key={SECRET}"})
    value = {
        **request(bare, bare, bare, bare, bare),
        "system": [bare["content"][0]] * 2,
        "tools": [{"note": f"{SECRET} " * 20}] * 2,
    }

    def sent(session: str) -> Any:
        return read(value, redaction=redaction, memory=memory, session=session)[0]

    assert sent("one") == sent("other") == sent("") == value
    looked = len(redaction.seen)
    assert sent("new") == value
    assert len(redaction.seen) == looked, "nothing was learnt: what is known holds for every session"
    read(request(named), redaction=redaction, memory=memory, session="fourth")
    redaction.known += 1
    assert sent("one") == value, "what left with a conversation does not change behind it"
    assert sent("fifth") == hidden(value)
    nameless = sent("")
    assert (nameless["system"], nameless["tools"]) == (hidden(value["system"]), hidden(value["tools"]))


def test_what_left_with_an_earlier_request_stays_as_it_was() -> None:
    memory, redaction = Memory(), Learning()
    bare, named = user({"type": "text", "text": f"login {SECRET}"}), user({"type": "text", "text": f"key={SECRET}"})
    again = user({"type": "text", "text": f"now {SECRET}"})
    assert read(request(bare), redaction=redaction, memory=memory, session="s")[0] == request(bare)
    got, _ = read(request(bare, again, named), redaction=redaction, memory=memory, session="s")
    assert got == request(bare, hidden(again), hidden(named))


@pytest.mark.parametrize("length", [0, 300])
@pytest.mark.parametrize("session", ["other", ""])
def test_what_left_with_another_session_is_looked_at_anew_where_a_value_is_met(length: int, session: str) -> None:
    memory, redaction = Memory(), Learning()
    bare = user({"type": "text", "text": f"login {SECRET} {'y' * length}"})
    named = user({"type": "text", "text": f"key={SECRET}"})
    first = {**request(bare), "system": [bare["content"][0]] * 2}
    second = {**first, "messages": [bare, named]}
    for one in ("one", ""):
        assert read(first, redaction=redaction, memory=memory, session=one)[0] == first
    assert read(second, redaction=redaction, memory=memory, session=session)[0] == hidden(second)
    redaction.known += 1
    assert read(first, redaction=redaction, memory=memory, session="one")[0] == first, "what left with it stays"


@pytest.mark.parametrize("length", [0, 300])
def test_what_a_session_took_from_another_stays_as_it_left(length: int) -> None:
    memory, redaction = Memory(), Learning()
    bare = user({"type": "text", "text": f"login {SECRET} {'y' * length}"})
    named = user({"type": "text", "text": f"key={SECRET}"})
    for session in ("one", "other"):
        assert read(request(bare), redaction=redaction, memory=memory, session=session)[0] == request(bare)
    got, _ = read(request(bare, named), redaction=redaction, memory=memory, session="other")
    assert got == request(bare, hidden(named))
