from __future__ import annotations

import pytest

from checkrein.enforce.gateway.cache import Bounded, Chunk, Chunks, Text, Texts, digest, placeholders
from gateway_world import placeholder_of


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def chunk(text: str | None = None) -> Chunk:
    return Chunk(text, (), (), (), (), frozenset(), (), ())


def element(number: int = 0, length: int = 300) -> str:
    return '{"a": "' + f"{number:05d}" * (length // 5) + '"}'


def test_what_was_used_last_is_kept() -> None:
    cache: Bounded[str, int] = Bounded(30)
    for name, value in (("a", 1), ("b", 2), ("c", 3)):
        cache.put(name, value, 10)
    assert cache.get("a") == 1
    cache.put("d", 4, 10)
    assert [cache.get(name) for name in "abcd"] == [1, None, 3, 4]
    assert cache.size == 30


def test_an_entry_is_replaced_with_its_size() -> None:
    cache: Bounded[str, int] = Bounded(30)
    cache.put("a", 1, 10)
    cache.put("a", 2, 25)
    assert (cache.get("a"), cache.size) == (2, 25)
    cache.put("b", 1, 31)
    assert (cache.get("a"), cache.get("b"), cache.size) == (None, None, 0)


def test_what_is_too_old_is_gone() -> None:
    clock = Clock()
    cache: Bounded[str, int] = Bounded(30, 10, clock)
    cache.put("a", 1, 5)
    clock.now = 10
    assert cache.get("a") == 1
    clock.now = 10.5
    assert (cache.get("a"), cache.size) == (None, 0)


def test_what_is_too_old_makes_room_without_being_asked_for() -> None:
    clock = Clock()
    cache: Bounded[str, int] = Bounded(1000, 10, clock)
    for number in range(5):
        cache.put(str(number), number, 5)
    clock.now = 11
    cache.put("new", 1, 5)
    assert cache.size == 5


def test_a_text_in_which_nothing_was_found_is_known_wherever_it_stands() -> None:
    texts = Texts()
    mark = digest("text")
    texts.put(1, "prompt", mark, Text(None, ()))
    assert texts.get(1, "command", mark) == Text(None, ())
    assert texts.get(2, "prompt", mark) is None
    texts.put(1, "prompt", digest("other"), Text(None, ((("rule", "LABEL"), 1),)))
    assert texts.get(1, "command", digest("other")) is None


def test_texts_are_known_by_version_source_and_digest() -> None:
    texts = Texts()
    outcome = Text("new", ((("r", "L"), 1),))
    texts.put(1, "/p", digest("old"), outcome)
    assert texts.get(1, "/p", digest("old")) is outcome
    assert texts.get(2, "/p", digest("old")) is None
    assert texts.get(1, "/q", digest("old")) is None
    assert texts.get(1, "/p", digest("older")) is None


def test_an_element_is_known_where_it_stands() -> None:
    chunks, outcome = Chunks(), chunk()
    chunks.put(1, "messages", element(), outcome)
    body = f"[{element()},{element(1)}]"
    assert chunks.get(1, "messages", body, 1) == (outcome, 1 + len(element()))
    assert chunks.get(1, "messages", body, len(element()) + 2) is None
    assert chunks.get(2, "messages", body, 1) is None
    assert chunks.get(1, "system", body, 1) is None


@pytest.mark.parametrize("other", [element()[:-2] + 'x"}', element()[:-1], element()[:200] + '"}', element(0, 310)])
def test_an_element_that_only_begins_alike_is_not_known(other: str) -> None:
    chunks = Chunks()
    chunks.put(1, "messages", element(), chunk())
    assert chunks.get(1, "messages", f"[{other}]", 1) is None


def test_elements_that_begin_alike_are_told_apart() -> None:
    chunks = Chunks()
    elements = [element()[:-2] + f'{number}"}}' for number in range(8)]
    outcomes = [chunk(str(number)) for number in range(8)]
    for text, outcome in zip(elements, outcomes, strict=True):
        chunks.put(1, "messages", text, outcome)
    for text, outcome in zip(elements, outcomes, strict=True):
        assert chunks.get(1, "messages", text, 0) == (outcome, len(text))


@pytest.mark.parametrize("text", ['{"a": 1}', '"' + "x" * 300 + '"', "[" + "1," * 200 + "1]"])
def test_short_elements_and_other_values_are_not_kept(text: str) -> None:
    chunks = Chunks()
    chunks.put(1, "messages", text, chunk())
    assert chunks.get(1, "messages", text, 0) is None


def test_an_element_grows_old_even_where_others_like_it_come() -> None:
    clock = Clock()
    chunks = Chunks(max_age=10, clock=clock)
    chunks.put(1, "messages", element(), chunk())
    clock.now = 8
    chunks.put(1, "messages", element()[:-2] + 'x"}', chunk())
    assert chunks.get(1, "messages", element(), 0) is not None
    clock.now = 11
    assert chunks.get(1, "messages", element(), 0) is None
    assert chunks.get(1, "messages", element()[:-2] + 'x"}', 0) is not None


def test_no_text_that_was_looked_at_is_kept() -> None:
    chunks, texts = Chunks(), Texts()
    secret = element().replace("00000", "s3cre")
    chunks.put(1, "messages", secret, chunk())
    texts.put(1, "", digest(secret), Text(None, ()))
    assert "s3cre" not in repr((vars(chunks), vars(vars(chunks)["_entries"]), vars(vars(texts)["_entries"])))


def test_placeholders_are_found() -> None:
    one, two = placeholder_of("s3cret-1"), placeholder_of("s3cret-2")
    assert placeholders(f"{one} {two}{one} CKR_X") == {one, two}
    assert placeholders("nothing") == frozenset()
