from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from checkrein.enforce.gateway.bounded import MAX_AGE, Bounded
from checkrein.enforce.gateway.cache import (
    Chunk,
    ChunkKey,
    Chunks,
    KnownChunk,
    KnownText,
    Origin,
    Text,
    TextKey,
    Texts,
    digest,
    placeholders,
)
from gateway_world import placeholder_of

ONE = Origin("one", 1)
"""A session, when something was known."""
LATER, OTHER, OTHER_LATER, NAMELESS_LATER = Origin("one", 2), Origin("other", 1), Origin("other", 2), Origin("", 2)
"""The same when more was known; another session; requests that name none."""


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class World:
    """What several requests share; what each of them learns is kept at once."""

    clock: Clock = field(default_factory=Clock)
    max_age: float = MAX_AGE

    def __post_init__(self) -> None:
        self.shared_texts: Bounded[TextKey, KnownText] = Bounded(100_000, self.max_age, self.clock)
        self.shared_chunks: Bounded[ChunkKey, tuple[KnownChunk, ...]] = Bounded(100_000, self.max_age, self.clock)

    def texts(self, version: int = 1, origin: Origin = ONE) -> Texts:
        return Texts(version, origin, self.shared_texts)

    def chunks(self, version: int = 1, origin: Origin = ONE) -> Chunks:
        return Chunks(version, origin, self.shared_chunks, self.max_age, self.clock)

    def put_text(self, source: str, text: str, outcome: Text) -> None:
        texts = self.texts()
        texts.put(source, mark(text), outcome)
        texts.keep()

    def put(self, kind: str, element: str) -> Chunk:
        chunks, made = self.chunks(), chunk(element[-12:])
        chunks.put(kind, element, made)
        chunks.keep()
        return made


def mark(text: str) -> bytes:
    return digest(text.encode())


def chunk(text: str | None = None) -> Chunk:
    return Chunk(text, (), (), (), (), frozenset(), (), ())


def element(number: int = 0, length: int = 300) -> str:
    return '{"a": "' + f"{number:05d}" * (length // 5) + '"}'


def test_a_text_in_which_nothing_was_found_is_known_wherever_it_stands() -> None:
    world = World()
    world.put_text("prompt", "text", Text(None, ()))
    assert world.texts().get("command", mark("text")) == Text(None, ())
    assert world.texts(2).get("prompt", mark("text")) is None
    world.put_text("prompt", "other", Text(None, ((("rule", "LABEL"), 1),)))
    assert world.texts().get("command", mark("other")) is None


def test_texts_are_known_by_version_source_and_digest() -> None:
    world, outcome = World(), Text("new", ((("r", "L"), 1),))
    world.put_text("/p", "old", outcome)
    assert world.texts().get("/p", mark("old")) is outcome
    assert world.texts(2).get("/p", mark("old")) is None
    assert world.texts().get("/q", mark("old")) is None
    assert world.texts().get("/p", mark("older")) is None


def test_an_element_is_known_where_it_stands() -> None:
    world = World()
    outcome = world.put("messages", element())
    body = f"[{element()},{element(1)}]"
    assert world.chunks().get("messages", body, 1) == (outcome, 1 + len(element()))
    assert world.chunks().get("messages", body, len(element()) + 2) is None
    assert world.chunks(2).get("messages", body, 1) is None
    assert world.chunks().get("system", body, 1) is None


@pytest.mark.parametrize("other", [element()[:-2] + 'x"}', element()[:-1], element()[:200] + '"}', element(0, 310)])
def test_an_element_that_only_begins_alike_is_not_known(other: str) -> None:
    world = World()
    world.put("messages", element())
    assert world.chunks().get("messages", f"[{other}]", 1) is None


def test_elements_that_begin_alike_are_told_apart() -> None:
    world = World()
    elements = [element()[:-2] + f'{number}"}}' for number in range(8)]
    outcomes = [world.put("messages", text) for text in elements]
    for text, outcome in zip(elements, outcomes, strict=True):
        assert world.chunks().get("messages", text, 0) == (outcome, len(text))


@pytest.mark.parametrize("text", ['{"a": 1}', '"' + "x" * 300 + '"', "[" + "1," * 200 + "1]"])
def test_short_elements_and_other_values_are_not_kept(text: str) -> None:
    world = World()
    world.put("messages", text)
    assert world.chunks().get("messages", text, 0) is None


def test_an_element_grows_old_even_where_others_like_it_come() -> None:
    world = World(max_age=10)
    world.put("messages", element())
    world.clock.now = 8
    world.put("messages", element()[:-2] + 'x"}')
    assert world.chunks().get("messages", element(), 0) is not None
    world.clock.now = 11
    assert world.chunks().get("messages", element(), 0) is None
    assert world.chunks().get("messages", element()[:-2] + 'x"}', 0) is not None


@pytest.mark.parametrize("origin", [ONE, LATER, OTHER])
def test_an_outcome_holds_for_its_session_and_for_all_until_more_is_known(origin: Origin) -> None:
    world = World()
    world.put("messages", element())
    world.put_text("", "text", Text(None, ()))
    assert world.chunks(origin=origin).get("messages", element(), 0) is not None
    assert world.texts(origin=origin).get("", mark("text")) is not None


@pytest.mark.parametrize("origin", [OTHER_LATER, NAMELESS_LATER])
def test_an_outcome_holds_for_no_other_session_once_more_is_known(origin: Origin) -> None:
    world = World()
    world.put("messages", element())
    world.put_text("", "text", Text(None, ()))
    assert world.chunks(origin=origin).get("messages", element(), 0) is None
    assert world.texts(origin=origin).get("", mark("text")) is None
    assert not Origin("", 1).vouches_for(Origin("", 2)), "requests that name no session may be anybody's"


def test_no_text_that_was_looked_at_is_kept() -> None:
    world = World()
    secret = element().replace("00000", "s3cre")
    chunks = world.chunks()
    chunks.put("messages", secret, chunk())
    chunks.keep()
    world.put_text("", secret, Text(None, ()))
    assert "s3cre" not in repr((vars(world.shared_chunks), vars(world.shared_texts)))


def test_placeholders_are_found() -> None:
    one, two = placeholder_of("s3cret-1"), placeholder_of("s3cret-2")
    assert placeholders(f"{one} {two}{one} CKR_X") == {one, two}
    assert placeholders("nothing") == frozenset()
