"""A port of this machine, however it is spelled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.controls.loopback import is_this_machine, reaches

PORT = 4747
HERE = ("127.0.0.1", "127.1", "127.9.9.9", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "LOCALHOST.", "a.localhost")
HERE_V6 = ("::1", "::", "::ffff:127.0.0.1", "::1%lo", "0:0:0:0:0:0:0:1")
ELSEWHERE = ("203.0.113.7", "example.com", "2001:db8::1", "localhost.example.com", "1.2.3.4.5", "127.0.0.1.example.com", "")


@pytest.mark.parametrize("host", [*HERE, *HERE_V6, "0.0.0.0", "0", "[::1]"])
def test_this_machine(host: str) -> None:
    assert is_this_machine(host)


@pytest.mark.parametrize("host", ELSEWHERE)
def test_another_machine(host: str) -> None:
    assert not is_this_machine(host)


@pytest.mark.parametrize("host", [*HERE, *(f"[{host}]" for host in HERE_V6)])
@pytest.mark.parametrize("form", ["http://{}:4747/x", "https://u:p@{}:4747", "{}:4747", "TCP:{}:4747,crlf", "--to=x:{}:4747"])
def test_words_that_reach_the_port(host: str, form: str) -> None:
    assert reaches((form.format(host),), PORT)


@pytest.mark.parametrize("words", [("localhost", "4747"), ("-w", "3", "127.1", "4747"), ("::1", "4747"), ("4747", "0")])
def test_host_and_port_in_words_of_their_own(words: tuple[str, ...]) -> None:
    assert reaches(words, PORT)


@pytest.mark.parametrize(
    "words",
    [
        ("http://127.0.0.1:47470/",),
        ("http://127.0.0.1:80/4747",),
        ("http://example.com:4747/",),
        ("example.com", "4747"),
        ("4747",),
        ("localhost",),
        (),
    ],
)
def test_words_that_do_not(words: tuple[str, ...]) -> None:
    assert not reaches(words, PORT)


def test_no_port_is_reached_by_nothing() -> None:
    assert not reaches(("localhost:0", "0"), 0)


@given(st.lists(st.text(), max_size=5), st.integers(0, 65535))
def test_any_words_are_read(words: list[str], port: int) -> None:
    assert reaches(words, port) in (True, False)
