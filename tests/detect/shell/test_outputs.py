"""What simple programs print: known where it follows from their words and input, else said to be unknown."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.model import Invocation
from checkrein.detect.shell.outputs import TABLE, output_of
from checkrein.detect.shell.values import Stream

FILES = {"/p/list": "b\na\n", "/p/unknown": UNKNOWN}


def content(path: str) -> Stream:
    return Stream(FILES.get(path, UNKNOWN), frozenset((f"file:{path}",)))


@pytest.fixture
def prints(world: Any) -> Any:
    """``prints(words, stdin)``: the text, None where nothing is known of it."""

    def call(*words: str, stdin: str | None = None) -> str | None:
        found = output_of(Invocation(words, "/p", world(), stdin=stdin), content)
        return None if found is None else found.text

    return call


@pytest.mark.parametrize(
    ("words", "stdin", "text"),
    [
        ("echo rm -rf", None, "rm -rf\n"),
        ("echo -n a", None, "a"),
        ("git ls-files -o", None, f"./{UNKNOWN}\n"),
        ("git ls-files --others --exclude-standard", None, None),
        ("git ls-files", None, None),
        ("echo -e a\\tb", None, "a\tb\n"),
        ("echo a\\tb", None, "a\\tb\n"),
        ("printf %s-%s a b", None, "a-b"),
        ("cat", "x", "x"),
        ("cat list", None, "b\na\n"),
        ("cat list list", None, "b\na\nb\na\n"),
        ("base64", "rm\n", "cm0K\n"),
        ("base64 -d", "cm0=", "rm"),
        ("base64 --decode", "cm0=!x", "rm"),
        ("base32 -d", "OJWQ====", "rm"),
        ("xxd -r -p", "726d", "rm"),
        ("tr a-y b-z", "ql", "rm"),
        ("tr -d x", "rxm", "rm"),
        ("rev", "mr", "rm"),
        ("head -1 list", None, "b\n"),
        ("head -c 1", "rm", "r"),
        ("tail -n 1", "a\nb\n", "b\n"),
        ("tail -n +2", "a\nb\nc\n", "b\nc\n"),
        ("head -n-1", "a\nb\n", "a\n"),
        ("sort list", None, "a\nb\n"),
        ("sort -r", "a\nb\n", "b\na\n"),
        ("uniq", "a\na\nb\n", "a\nb\n"),
        ("tac", "a\nb\n", "b\na\n"),
        ("tee out", "x", "x"),
        ("pwd", None, "/p\n"),
        ("basename /a/b.sh .sh", None, "b\n"),
        ("dirname /a/b", None, "/a\n"),
        ("dirname b", None, ".\n"),
        ("realpath ../x", None, "/x\n"),
        ("which rm", None, "/usr/bin/rm\n"),
        ("seq 3", None, "1\n2\n3\n"),
        ("seq 4 -2 0", None, "4\n2\n0\n"),
        ("rot13", "ez", "rm"),
        ("mktemp", None, f"/tmp/tmp.{UNKNOWN}\n"),
    ],
)
def test_known(prints: Any, words: str, stdin: str | None, text: str) -> None:
    assert prints(*words.split(" "), stdin=stdin) == text


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        ("cat unknown", None),
        ("cat missing", None),
        ("base64 -d", "%%%="),
        ("tr [=a=] b", "x"),
        ("tr -s a", "aab"),
        ("head -n x list", None),
        ("sort", "B\na\n"),
        ("sort -n", "2\n1\n"),
        ("tail -n 1", f"a\n{UNKNOWN}\nb\n"),
        ("pgrep node", None),
    ],
)
def test_unknown(prints: Any, words: str, stdin: str | None) -> None:
    found = prints(*words.split(" "), stdin=stdin)
    assert found in (UNKNOWN, "")  # "" where nothing valid is decoded


@pytest.mark.parametrize("words", ["make", "cat", "base64 -d", "tr a b", "seq x", "seq 1 1 9999999", "basename", "which ./x"])
def test_nothing_known_without_input_or_meaning(prints: Any, words: str) -> None:
    assert prints(*words.split(" ")) is None


def test_a_files_content_keeps_where_it_is_from(world: Any) -> None:
    found = output_of(Invocation(("cat", "list"), "/p", world()), content)
    assert found is not None
    assert found.origins == {"file:/p/list"}


@pytest.mark.parametrize("words", [("pgrep", "node"), ("pidof", "node")])
def test_process_ids_say_whose_they_are(world: Any, words: tuple[str, ...]) -> None:
    found = output_of(Invocation(words, "/p", world()), content)
    assert found is not None
    assert found.origins == {"process:node"}
    found = output_of(Invocation(("lsof", "-ti:4747"), "/p", world()), content)
    assert found is not None
    assert found.origins == {"process:port:4747"}


@given(st.binary(max_size=60))
def test_what_is_encoded_is_decoded(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    encoded = base64.b64encode(text.encode()).decode()
    found = output_of(Invocation(("base64", "-d"), "/p", None, stdin=encoded), content)  # type: ignore[arg-type] # asks nothing
    assert found is not None
    assert found.text == text


@given(st.sampled_from(sorted(TABLE)), st.lists(st.text(max_size=8), max_size=4), st.none() | st.text(max_size=30))
def test_no_words_crash_it(world: Any, name: str, words: list[str], stdin: str | None) -> None:
    output_of(Invocation((name, *words), "/p", world(), stdin=stdin), content)
