"""Offsets in UTF-8, and in characters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from checkrein.core.sensitive import Sensitive
from checkrein.detect.offsets import Encoded, characters


@given(st.text(), st.data())
def test_offsets_of_whole_characters(text: str, data: st.DataObject) -> None:
    spans = [sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2))) for _ in range(3)]

    def in_bytes(index: int) -> int:
        return len(text[:index].encode("utf-8", "surrogatepass"))

    found = [Sensitive("r", "R", in_bytes(start), in_bytes(end)) for start, end in spans]
    assert [[each.start, each.end] for each in characters(Encoded(text), found)] == spans


@given(st.text("aé中😀", min_size=1), st.data())
def test_what_is_partly_covered_is_covered(text: str, data: st.DataObject) -> None:
    encoded = text.encode()
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(encoded))] * 2)))
    (found,) = characters(Encoded(text), [Sensitive("r", "R", start, end)])
    assert encoded[start:end] in text[found.start : found.end].encode()
    if start < end:
        assert len(text[found.start : found.end].encode()) <= end - start + 6


@given(st.text(), st.lists(st.integers(0, 200)), st.integers(0, 9_000))
def test_any_offsets_of_any_text(text: str, offsets: list[int], wide: int) -> None:
    """Also within characters, and behind stretches that are counted together."""
    encoded = Encoded("é" * wide + text)
    data = encoded.data
    asked = [offset for near in offsets for offset in (near, len(data) - near) if 0 <= offset <= len(data)]
    for some in (asked[:1], asked):
        expected = {offset: sum((byte & 0xC0) != 0x80 for byte in data[:offset]) for offset in some}
        assert encoded.characters(some) == expected


@given(st.text(st.sampled_from("aé中😀\ud83d\n")))
def test_a_text_is_known_by_its_utf8(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    assert (Encoded.of_utf8(data).text, Encoded.of_utf8(data).data, Encoded(text).data) == (text, data, data)


@given(st.text(st.sampled_from("aé中😀\ud83d\udc00\n")), st.integers(0, 3))
def test_a_long_text_is_encoded_as_a_whole(text: str, stretches: int) -> None:
    """``encode`` looks at long texts in stretches; no character is cut by them."""
    long = f"{text}{'.' * 65_530 * stretches}{text}😀"
    encoded = Encoded(long)
    assert encoded.data == long.encode("utf-8", "surrogatepass")
    assert encoded.characters([len(encoded.data), 0]) == {0: 0, len(encoded.data): len(long)}


def test_utf8_is_made_once() -> None:
    encoded = Encoded("é" * 10)
    assert encoded.data is encoded.data


def test_characters_are_counted_across_stretches() -> None:
    text = f"{'a' * 5_000}é{'b' * 5_000}中{'c' * 5_000}"
    ends = {len(text[:at].encode()): at for at in (0, 5_000, 5_001, 10_001, 10_002, len(text))}
    assert Encoded(text).characters(ends) == ends
