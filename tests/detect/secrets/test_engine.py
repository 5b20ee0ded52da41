"""The engine: exact spans, the same with either backend, in any text, in bounded work."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect.secrets.catalogue import Kind
from checkrein.detect.secrets.engine import Engine, standard
from checkrein.detect.secrets.examples import expand
from checkrein.detect.secrets.hyperscan_backend import HyperscanBackend
from checkrein.detect.secrets.portable_backend import PortableBackend
from some_kinds import KINDS, TEMPLATES

HYPERSCAN, PORTABLE = Engine(KINDS, HyperscanBackend), Engine(KINDS, PortableBackend)
ENGINES = pytest.mark.parametrize("engine", [HYPERSCAN, PORTABLE], ids=["hyperscan", "portable"])

values = st.builds(expand, st.sampled_from(TEMPLATES), st.integers(0, 50))
BEGIN, END = (f"-----{word} PRIVATE KEY-----" for word in ("BEGIN", "END"))
noise = st.text(max_size=30) | st.sampled_from(
    [" ", "\n", "acme_", "acme_pat_", "nova", "cut-", "pg://", BEGIN, END, "é", "😀"]
)
mixed = st.lists(values | noise, max_size=12).map("".join)


def values_of(engine: Engine, text: str) -> list[str]:
    return [text[each.start : each.end] for each in engine.scan(text)]


@ENGINES
def test_the_span_is_the_value(engine: Engine) -> None:
    token = expand("acme_{alnum:30}")
    text = f"export TOKEN='{token}' # mine"
    assert engine.scan(text) == (Sensitive("secret.acme-token", "ACME_TOKEN", 14, 14 + len(token), Certainty.SPECIFIC),)


@ENGINES
@pytest.mark.parametrize("before", ["", "é", "中文 ", "😀😀 = ", "a\u0301 "])
def test_offsets_are_characters(engine: Engine, before: str) -> None:
    token = expand("acme_{alnum:30}")
    assert values_of(engine, f"{before} {token} 中 {token}é") == [token, token]


@ENGINES
def test_a_group_is_the_value(engine: Engine) -> None:
    assert values_of(engine, "x pg://me:hunter2hunter@db/x") == ["hunter2hunter"]


@ENGINES
@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("nova_api = {hex:32}", True),
        ("NOVA_API={hex:32}", True),
        ("myNovaKey={hex:32}", True),
        ("id={hex:32}  // for nova", True),
        ("supernova {hex:32}", False),
        ("md5 {hex:32}", False),
        ("nova\n" + "x" * 90 + "\nmd5 {hex:32}", False),
        ("nova" + "x" * 300 + " {hex:32}", False),
    ],
)
def test_a_word_has_to_be_near(engine: Engine, template: str, found: bool) -> None:
    assert bool(engine.scan(expand(template))) is found


@ENGINES
@pytest.mark.parametrize(
    "text",
    [
        "acme_" + "x" * 30,
        "acme_" + "EXAMPLE" * 4 + "ab",
        "acme_your_token_goes_here_my_friend_",
        "nova: " + "00000000000000000000000000000001",
        "nova: " + "ab" * 16,
        "pg://me:changeme@db",
        "-----BEGIN PRIVATE KEY-----\n" + "<insert the key of your own machine here, please>" + "\n-----END PRIVATE KEY-----",
    ],
)
def test_dummies_are_none(engine: Engine, text: str) -> None:
    assert engine.scan(text) == ()


@given(mixed)
def test_both_backends_find_the_same(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    assert set(HYPERSCAN.matches(data)) == set(PORTABLE.matches(data))


@given(mixed)
def test_windows_miss_nothing(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    in_windows = {(kind, m.span()) for engine in (HYPERSCAN, PORTABLE) for kind, m in raw_matches(engine, data)}
    assert in_windows == {(kind, m.span()) for kind in KINDS for m in re.finditer(kind.pattern.encode(), data)}


def raw_matches(engine: Engine, data: bytes) -> Iterator[tuple[Kind, re.Match[bytes]]]:
    for number, windows in engine._backend.windows(data).items():
        yield from ((KINDS[number], match) for match in windows.matches(re.compile(KINDS[number].pattern.encode()), data))


PATTERNS = (r"\bab{1,4}c?\b", r"a[a-z]{2,9}$", r"ab{2,6}(?:[^b]|$)", r"a(?:b|bc|c){1,5}?d", r"a[\s\S]{1,8}?d")


@pytest.mark.parametrize("pattern", PATTERNS)
@given(st.text("abcd \n", max_size=60))
def test_windows_give_what_a_search_of_all_gives(pattern: str, text: str) -> None:
    kinds = [dataclasses.replace(KINDS[0], pattern=pattern, keywords=("a",), width=20)]
    data = text.encode()
    expected = [match.span() for match in re.finditer(pattern.encode(), data)]
    for backend in (HyperscanBackend, PortableBackend):
        windows = backend(kinds).windows(data)
        assert [m.span() for w in windows.values() for m in w.matches(re.compile(pattern.encode()), data)] == expected


def test_a_match_may_be_wider_than_what_stands_behind_the_window() -> None:
    """The last window ends before a run of letters, in which no match ends."""
    text = "cut-" + expand("{lowernum:20}") + "-" + "a" * 500
    assert values_of(HYPERSCAN, text) == values_of(PORTABLE, text) == [text[4:24]]


@ENGINES
def test_no_kinds_find_nothing(engine: Engine) -> None:
    backend = type(engine._backend)
    assert Engine((), backend).scan("acme_" * 9) == ()
    assert engine.scan("") == ()


def test_lone_surrogates_are_scanned() -> None:
    token = expand("acme_{alnum:30}")
    assert values_of(HYPERSCAN, f"\ud83d {token} \udcff") == [token]


def test_threads_share_an_engine() -> None:
    texts = [expand("k=acme_{alnum:30}\n", seed) * 200 for seed in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: len(HYPERSCAN.scan(text)), texts * 8))
    assert found == [200] * 64


@pytest.mark.parametrize("unit", ["acme_pat_", "acme_", "-----BEGIN PRIVATE KEY-----", "pg://a:", "cut-", "nova0a1b", "aA0_-"])
def test_hostile_repetition_is_bounded(unit: str) -> None:
    """What ``re`` is given to look at is never more than the text, for each kind, and no stretch of it twice."""
    data = (unit * (200_000 // len(unit))).encode()
    for engine in (HYPERSCAN, PORTABLE):
        for windows in engine._backend.windows(data).values():
            assert all(start < end for start, end in windows.spans)
            assert all(first[1] < second[0] for first, second in pairwise(windows.spans))
        assert len(list(engine.matches(data))) <= len(data) // 20


def test_the_standard_engine_holds_the_catalogue() -> None:
    assert standard() is standard()


def test_without_hyperscan_the_portable_backend_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(Engine(KINDS)._backend, HyperscanBackend)
    monkeypatch.setitem(sys.modules, "checkrein.detect.secrets.hyperscan_backend", None)
    assert isinstance(Engine(KINDS)._backend, PortableBackend)
