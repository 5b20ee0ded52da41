from __future__ import annotations

import pytest

from checkrein.detect.paths.table import Table
from checkrein.detect.paths.view import view_of

TABLE = Table(
    [
        {"rule": "home", "home": ["notes"]},
        {"rule": "name", "names": ["Exact"], "globs": ["*.key", "pre-*"], "unless": ["*.pub.key"], "not_below": ["vendor"]},
        {"rule": "below", "below": [".x/{a,b}"], "except": [".x/a/ok"]},
        {"rule": "root", "root": ["/sys"]},
    ],
    ["example"],
)


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("/home/dev/notes/x.key", "home"),
        ("/p/exact", "name"),
        ("/p/x.key", "name"),
        ("/p/pre-x", "name"),
        ("/p/x-example.key", ""),
        ("/p/example.key", "name"),
        ("/p/x.pub.key", ""),
        ("/p/vendor/x.key", ""),
        ("/p/.x/a/deep", "below"),
        ("/p/.x/c", ""),
        ("/p/.x/a/ok", ""),
        ("/sys/x", "root"),
        ("/p/sys/x", ""),
        ("/p/x.key.bak", ""),
    ],
)
def test_find(path: str, rule: str) -> None:
    view = view_of(path, "/home/dev")
    assert view is not None
    assert TABLE.find(view) == rule


def test_copies_and_places() -> None:
    view = view_of("/p/x.key.bak", "/home/dev")
    assert view is not None
    assert TABLE.find(view, copies=True) == "name"
    assert TABLE.find(view, copies=True, by_name=False) == ""


def test_an_unknown_field_is_an_error() -> None:
    with pytest.raises(ValueError, match="nmaes"):
        Table([{"rule": "x", "nmaes": []}])
