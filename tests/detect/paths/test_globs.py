from __future__ import annotations

import re

import pytest

from checkrein.detect.paths.globs import expand, name_expression, path_expression


def test_expand() -> None:
    assert list(expand("a{b,c}d{e,f}")) == ["abde", "abdf", "acde", "acdf"]
    assert list(expand("plain")) == ["plain"]


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c/d", True),
        ("a/b", "a/bc", False),
        ("a/*.c", "a/x.c", True),
        ("a/*.c", "a/b/x.c", False),
        ("a/**/*.c", "a/x.c", True),
        ("a/**/*.c", "a/b/d/x.c", True),
        ("a/[0-9]*", "a/7x", True),
        ("a.b", "axb", False),
    ],
)
def test_path_expression(glob: str, path: str, *, matches: bool) -> None:
    assert (re.fullmatch(path_expression(glob), path) is not None) is matches


def test_a_name_glob_spans_no_blank() -> None:
    assert re.fullmatch(name_expression("id-*"), "id-rsa")
    assert not re.fullmatch(name_expression("id-*"), "id-rsa is fine")
