from __future__ import annotations

import pytest

from checkrein.enforce.gateway.jsonbody import BodyError
from checkrein.enforce.gateway.multipart import boundary, rewritten


def part(head: str, content: str) -> bytes:
    return f"--B\r\n{head}\r\n\r\n{content}\r\n".encode()


def through(body: bytes) -> tuple[bytes, list[tuple[bytes, str]]]:
    seen: list[tuple[bytes, str]] = []

    def content(data: bytes, name: str) -> bytes:
        seen.append((data, name))
        return data.upper()

    return rewritten(body, b"B", lambda head: head, content), seen


NAMED = 'content-disposition: form-data; name="f"; filename="a b.txt"'


def test_each_part_is_given_with_its_name() -> None:
    body = part(NAMED, "one\r\n--two") + part('Content-Disposition: form-data; name="purpose"', "") + b"--B--\r\n"
    out, seen = through(body)
    assert seen == [(b"one\r\n--two", "a b.txt"), (b"", "")]
    assert out == body.replace(b"one\r\n--two", b"ONE\r\n--TWO")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--B--",
        part(NAMED, "x"),
        b"before" + part(NAMED, "x") + b"--B--",
        part(NAMED, "x") + b"--B--behind",
        b"--B\n" + NAMED.encode() + b"\n\nx\n--B--",
        b"--B\r\n\r\nx\r\n--B--",
        part(NAMED + "\r\nContent-Transfer-Encoding: base64", "x") + b"--B--",
        part(NAMED + "\r\n" + NAMED, "x") + b"--B--",
        part(NAMED + "\r\n folded: x", "x") + b"--B--",
        part("no colon", "x") + b"--B--",
        part("x: a\nb: c", "x") + b"--B--",
    ],
)
def test_a_form_that_could_be_read_otherwise_is_refused(body: bytes) -> None:
    if body == b"--B--":
        assert through(body)[1] == []
        return
    with pytest.raises(BodyError):
        through(body)


@pytest.mark.parametrize(
    ("content_type", "mark"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('Multipart/Form-Data; boundary="a b"', b"a b"),
        ("application/json", None),
        ("", None),
        ("text/plain; boundary=abc", None),
    ],
)
def test_the_boundary(content_type: str, mark: bytes | None) -> None:
    assert boundary(content_type) == mark


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/x; boundary=\u00e9"]
)
def test_a_form_without_a_boundary_is_refused(content_type: str) -> None:
    with pytest.raises(BodyError):
        boundary(content_type)
