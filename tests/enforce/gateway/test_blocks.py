from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core.redacted import Redacted
from checkrein.enforce.gateway.body import Reader
from checkrein.enforce.gateway.memory import Memory
from checkrein.enforce.gateway.refuse import RefusedError
from checkrein.policy.privacy import Attachments
from gateway_bodies import MARK, MESSAGES, PNG, SECRET, assistant, hidden, read, request, user
from gateway_world import RULE, Redaction, placeholder_of

SEARCHED = {
    "text": user({"type": "text", "text": f"a {SECRET} b"}),
    "string": {"role": "user", "content": SECRET},
    "mid-conversation system": {"role": "system", "content": f"Called the Read tool: {SECRET}"},
    "tool_use": assistant({"type": "tool_use", "id": "toolu_1", "name": "n", "input": {"a": [{"b": SECRET}], SECRET: 1}}),
    "tool_use by name": assistant({"type": "tool_use", "id": "toolu_1", "name": f"mcp__{SECRET}", "input": {}}),
    "tool_result string": user({"type": "tool_result", "tool_use_id": "toolu_1", "content": SECRET, "is_error": True}),
    "tool_result blocks": user({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": SECRET}]}),
    "mcp_tool_use": assistant({"type": "mcp_tool_use", "id": "m", "name": "n", "server_name": "s", "input": {"q": SECRET}}),
    "mcp_tool_result": assistant(
        {"type": "mcp_tool_result", "tool_use_id": "m", "is_error": False, "content": [{"type": "text", "text": SECRET}]}
    ),
    "server_tool_use": assistant({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": SECRET}}),
    "web_search_tool_result": assistant(
        {
            "type": "web_search_tool_result",
            "tool_use_id": "s",
            "content": [{"type": "web_search_result", "title": SECRET, "url": "https://a/b", "encrypted_content": "E"}],
        }
    ),
    "web_fetch_tool_result": assistant(
        {
            "type": "web_fetch_tool_result",
            "tool_use_id": "s",
            "content": {
                "type": "web_fetch_result",
                "url": f"https://a/?{SECRET}",
                "content": {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": SECRET}},
            },
        }
    ),
    "code_execution_tool_result": assistant(
        {
            "type": "code_execution_tool_result",
            "tool_use_id": "s",
            "content": {"type": "code_execution_result", "stdout": SECRET, "stderr": "", "return_code": 0, "content": []},
        }
    ),
    "an id": user({"type": "tool_result", "tool_use_id": SECRET, "content": "x"}),
    "a kind": user({"type": SECRET, "cache_control": {"type": SECRET}}),
    "beside a thought": assistant({"type": "thinking", "thinking": "x", "signature": "y", "note": SECRET, SECRET: 1}),
    "beside an image": user({"type": "image", "source": {**PNG, "note": SECRET, "more": {"data": SECRET}}}),
    "what only says that it is an image": user({"type": "image", "source": {**PNG, "data": SECRET}}),
    "an image that is text": user(
        {"type": "image", "source": {"type": "base64", "media_type": "image/svg+xml", "data": SECRET}}
    ),
    "what only says that it is a PDF": user(
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": SECRET}}
    ),
    "document text": user(
        {"type": "document", "title": SECRET, "source": {"type": "text", "media_type": "text/plain", "data": f"x{SECRET}"}}
    ),
    "document content": user(
        {"type": "document", "context": SECRET, "source": {"type": "content", "content": [{"type": "text", "text": SECRET}]}}
    ),
    "document content string": user({"type": "document", "source": {"type": "content", "content": SECRET}}),
    "document url": user({"type": "document", "source": {"type": "url", "url": f"https://a/{SECRET}"}}),
    "search_result": user(
        {"type": "search_result", "source": SECRET, "title": SECRET, "content": [{"type": "text", "text": SECRET}]}
    ),
    "citations": assistant({"type": "text", "text": "x", "citations": [{"type": "char_location", "cited_text": SECRET}]}),
    "unknown block": user({"type": "hologram", "layers": [{"deep": {"er": f"{SECRET}"}}], SECRET: None}),
    "block without type": user({"words": SECRET}),
    "string among blocks": user(SECRET),
    "message of another kind": [SECRET, {"x": SECRET}],
    "thinking of the user": user({"type": "thinking", "thinking": SECRET, "signature": SECRET}),
    "thinking in a tool's input": assistant(
        {"type": "tool_use", "id": "t", "name": "n", "input": {"type": "thinking", "thinking": SECRET, "signature": SECRET}}
    ),
    "thinking in a tool's result": user(
        {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "thinking", "thinking": SECRET}]}
    ),
    "a type that is a text": user({"type": f"my {SECRET}", "id": f"id with spaces {SECRET}"}),
    "a role that is a text": {"role": f"the {SECRET}", "content": "x"},
}


@pytest.mark.parametrize("message", SEARCHED.values(), ids=SEARCHED)
def test_every_text_of_every_block_is_searched(message: Any) -> None:
    got, reader = read(request({"role": "user", "content": "x"}, message))
    assert got == hidden(request({"role": "user", "content": "x"}, message))
    assert SECRET not in json.dumps(got)
    assert reader.facts.found[RULE] >= 1
    assert reader.facts.made == {MARK}


SIGNED = "RXFvQkNrWUlB+/=="
USER_IDS = (
    f"user_{'a1' * 32}_account__session_{'0' * 8}-0000-4000-8000-{'0' * 12}",
    json.dumps({"device_id": "a1" * 32, "account_uuid": "", "session_id": f"{'0' * 8}-0000-4000-8000-{'0' * 12}"}),
)
UNTOUCHED = {
    "thinking": assistant({"type": "thinking", "thinking": SECRET, "signature": SIGNED}),
    "redacted_thinking": assistant({"type": "redacted_thinking", "data": SECRET}),
    "signature": assistant({"type": "text", "text": "x", "signature": SIGNED}),
    "encrypted_content": assistant(
        {
            "type": "web_search_tool_result",
            "tool_use_id": "s",
            "content": [{"type": "web_search_result", "encrypted_content": SIGNED}],
        }
    ),
    "encrypted_index": assistant({"type": "text", "text": "x", "citations": [{"encrypted_index": SIGNED, "cited_text": "y"}]}),
    "image": user({"type": "image", "source": PNG}),
}


@pytest.mark.parametrize("message", UNTOUCHED.values(), ids=UNTOUCHED)
@pytest.mark.parametrize("user_id", USER_IDS, ids=["in words", "in JSON"])
def test_what_the_provider_compares_stays_byte_for_byte(message: Any, user_id: str) -> None:
    body = orjson.dumps(request(message, metadata={"user_id": user_id}))
    redaction = Redaction()
    reader = Reader(redaction, Attachments.COUNT, Memory())
    assert reader.rewritten(body, MESSAGES, "application/json") == body
    assert not {SIGNED, user_id} & {text for text, _ in redaction.seen}


@pytest.mark.parametrize("key", ["signature", "encrypted_content", "encrypted_index", "encrypted_stdout", "encrypted_url"])
def test_what_only_says_that_it_is_signed_or_encrypted_is_searched(key: str) -> None:
    for block in ({"type": "text", "text": "x", key: SECRET}, {"type": "thinking", "thinking": "x", "signature": SECRET}):
        got, _ = read(request(assistant(block)))
        assert SECRET not in json.dumps(got)


PICTURES = (
    *("iVBORw0KGgp4eHh4eHh4eHh4eHh4eHh4", "/9j/4AAQSkZJRgABAQAAAQABAAD/", "R0lGODlhAQABAIAAAAAAAP///yH5BAEA"),
    *("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCd", "JVBERi0xLjcKJeLjz9MKMSAwIG9iago8", "AAAAHGZ0eXBhdmlmAAAAAGF2aWZtaWYx"),
)


@pytest.mark.parametrize("data", PICTURES, ids=["PNG", "JPEG", "GIF", "WEBP", "PDF", "AVIF"])
def test_a_picture_is_kept_back_wherever_it_stands(data: str) -> None:
    inner = {"type": "hologram", "image": {"data": data}}
    source = {"type": "base64", "media_type": "text/plain", "data": data}
    for block in (
        inner,
        {"type": "tool_result", "tool_use_id": "t", "content": [inner]},
        {"type": "tool_result", "tool_use_id": "t", "content": f"data:image/png;base64,{data}"},
        {"type": "document", "source": source},
        {"type": "image", "source": source},
    ):
        for policy in (Attachments.REFUSE, Attachments.EXTRACT):
            with pytest.raises(RefusedError, match="whose content cannot be searched"):
                read(request(user(block)), policy=policy)
        assert read(request(user(block)))[0] == request(user(block))


@pytest.mark.parametrize(
    "text", ["/9j/4 is a path of ours", "H4sI and other words of a text", "SUkqA", "UklGR\nUklGR: what is it?"]
)
def test_a_text_that_begins_like_a_picture_is_none(text: str) -> None:
    assert read(request(user({"type": "text", "text": text})), policy=Attachments.REFUSE)[0]


def test_the_data_of_an_image_is_base64_and_nothing_else() -> None:
    got, _ = read(request(user({"type": "image", "source": {**PNG, "data": f"{PNG['data']} {SECRET}"}})))
    assert SECRET not in json.dumps(got)


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({"password": "hunter2"}, 'password="hunter2"'),
        ({"a": {"name": "password", "value": "hunter2"}}, 'password="hunter2"'),
        ({"a": [{"value": "hunter2", "key": "password"}]}, 'password="hunter2"'),
        ({"args": ["run", "--password", "hunter2", "x"]}, 'password="hunter2"'),
        ({"passwords": ["hunter2"]}, 'passwords="hunter2"'),
        ({"password": 'a"hunter2'}, "password='a\"hunter2'"),
        ({"password": "a\"'hunter2"}, "password=`a\"'hunter2`"),
        ({"password": "a\"'`hunter2"}, "password=a\"'`hunter2"),
    ],
)
def test_a_value_is_looked_at_with_its_key(given: dict[str, Any], asked: str) -> None:
    class Keys(Redaction):
        def redact(self, text: str, source: str) -> Any:
            return super().redact(text.replace("hunter2", "s3cret-hunter2") if text == asked else text, source)

    got, _ = read(request(assistant({"type": "tool_use", "id": "t", "name": "n", "input": given})), redaction=Keys())
    expected = json.loads(json.dumps(given).replace("hunter2", placeholder_of("s3cret-hunter2")))
    assert got["messages"][0]["content"][0]["input"] == expected


def test_the_ids_of_calls_that_the_api_gave_are_not_searched() -> None:
    redaction = Redaction()
    call, other = f"toolu_{'01Ab' * 6}", "call-from-elsewhere"
    asked = assistant(*({"type": "tool_use", "id": each, "name": "Read", "input": {}} for each in (call, other)))
    got = user(*({"type": "tool_result", "tool_use_id": each, "content": "x"} for each in (call, other)))
    read(request(asked, got), redaction=redaction)
    assert {call, other} & dict(redaction.seen).keys() == {other}


def test_a_conversation_is_told_where_its_texts_come_from() -> None:
    redaction = Redaction()
    calls = [
        ("Read", {"file_path": "/p/.env"}, "/p/.env"),
        ("NotebookEdit", {"notebook_path": "/p/n.ipynb"}, "/p/n.ipynb"),
        ("Read", {"file_path": "relative"}, "command"),
        ("Bash", {"command": "env"}, "command"),
        ("mcp__jira__get_issue", {"key": "A-1"}, "mcp:jira"),
    ]
    messages: list[Any] = [{"role": "user", "content": "from the prompt"}]
    for number, (name, given_input, _) in enumerate(calls):
        messages.append(assistant({"type": "tool_use", "id": f"t{number}", "name": name, "input": given_input}))
        messages.append(user({"type": "tool_result", "tool_use_id": f"t{number}", "content": f"result {number}"}))
    messages.append(user({"type": "tool_result", "tool_use_id": "unknown", "content": [{"type": "text", "text": "result ?"}]}))
    _, reader = read(request(*messages), redaction=redaction)
    seen = dict(redaction.seen)
    assert seen["from the prompt"] == "prompt"
    assert [seen[f"result {number}"] for number in range(5)] == [source for _, _, source in calls]
    assert seen["result ?"] == "command"
    assert list(reader.facts.files) == ["/p/.env", "/p/n.ipynb", "relative"]


def test_a_kind_that_is_not_known_is_not_counted_by_its_name() -> None:
    _, reader = read(request(user({"type": f"{SECRET}_tool_result", "content": "x"})))
    assert reader.facts.kinds == {"other": 1, "text": 1}


def test_parts_are_counted_by_kind() -> None:
    _, reader = read(
        request(
            user({"type": "image", "source": PNG}, {"type": "text", "text": "a"}, {"type": "hologram"}),
            assistant({"type": "thinking", "thinking": "x", "signature": "y"}),
            user({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "image", "source": PNG}]}),
        )
    )
    assert reader.facts.kinds == {"image": 2, "text": 1, "other": 1, "thinking": 1, "tool_result": 1}


@pytest.mark.parametrize("policy", [Attachments.REFUSE, Attachments.EXTRACT])
@pytest.mark.parametrize("place", ["message", "tool_result"])
def test_an_image_is_refused_where_the_policy_says_so(policy: Attachments, place: str) -> None:
    image = {"type": "image", "source": PNG}
    block = image if place == "message" else {"type": "tool_result", "tool_use_id": "t", "content": [image]}
    with pytest.raises(RefusedError, match="an image") as caught:
        read(request(user(block)), policy=policy)
    assert caught.value.status == 403


def test_an_image_of_another_kind_is_refused_where_the_policy_says_so() -> None:
    block = {"type": "image", "source": {"type": "base64", "media_type": "image/svg+xml", "data": "PHN2Zz4="}}
    assert read(request(user(block)))[0] == request(user(block))
    with pytest.raises(RefusedError, match="an image of a kind that is not known"):
        read(request(user(block)), policy=Attachments.REFUSE)


@pytest.mark.parametrize("source", [{"type": "url", "url": "https://a/x.pdf"}, {"type": "file", "file_id": "f"}])
def test_what_stands_elsewhere_is_refused_where_the_policy_says_so(source: Any) -> None:
    block = {"type": "document", "source": source}
    assert read(request(user(block)))[0] == request(user(block))
    with pytest.raises(RefusedError, match="a document that is stored elsewhere"):
        read(request(user(block)), policy=Attachments.REFUSE)


LEAVES = (
    st.sampled_from([f"a {SECRET}\n", "plain", "", "\u00e9\U0001f600", "type", "thinking", "text"]) | st.none() | st.integers()
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "content", "source", "input", "role", "name", "data", "x", SECRET, "title"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(TREES, st.sampled_from(["user", "system", ""]), st.sampled_from([MESSAGES, "/v1/other"]))
def test_no_shape_of_a_message_hides_a_text(value: Any, role: str, path: str) -> None:
    whole = request({"role": role, "content": value}, value, system=value, tools=[value], other=value)
    got, reader = read(whole, path)
    assert got == hidden(whole)
    assert (RULE in reader.facts.found) == (SECRET in json.dumps(whole))


@given(TREES)
def test_in_the_models_own_words_only_thoughts_and_signatures_are_left(value: Any) -> None:
    whole = request(assistant({"type": "tool_use", "id": "t", "name": "n", "input": value}, {"type": "text", "text": "x"}))
    assert read(whole)[0] == hidden(whole)


@dataclass
class Numbers(Redaction):
    """Knows one long number, as a text."""

    def redact(self, text: str, source: str) -> Redacted:
        self.seen.append((text, source))
        count = text.count("411111111111")
        return Redacted(text.replace("411111111111", placeholder_of("411111111111")), {RULE: count} if count else {})


@pytest.mark.parametrize("number", ["411111111111", "-411111111111", "411111111111.0", "4.11111111111e11", "411111111111.5"])
def test_a_long_number_is_searched_as_a_text(number: str) -> None:
    body = b'{"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "n", "input": %s}]}]}'
    given = '{"411": [%s, {"card": %s}], "other 411111111111": 1700000000000, "\\"x": 12}'
    got, reader = read(body % (given % (number, number)).encode(), redaction=Numbers())
    new = got["messages"][0]["content"][0]["input"]
    assert placeholder_of("411111111111") in new["411"][0]
    assert new["411"][1] == {"card": new["411"][0]}
    assert (new["other " + placeholder_of("411111111111")], new['"x']) == (1700000000000, 12)
    assert reader.facts.made == {placeholder_of("411111111111")}


def test_numbers_that_say_nothing_stay_as_they_are_written() -> None:
    body = b'{"messages": [{"role": "user", "content": [{"type": "x", "a": [1.0e12, 170000000000, -0.0, 12345678]}]}]}'
    reader = Reader(Numbers(), Attachments.COUNT, Memory())
    assert reader.rewritten(body, MESSAGES, "application/json") == body
