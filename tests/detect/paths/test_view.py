from __future__ import annotations

import pytest

from checkrein.detect.paths.view import view_of


@pytest.mark.parametrize(
    ("path", "below_home"),
    [
        ("/home/dev/.ssh/config", (".ssh", "config")),
        ("/HOME/DEV//.ssh/../x", ("x",)),
        ("/Users/other/x", ("x",)),
        ("/root/.aws", (".aws",)),
        ("/p/c:\\Users\\me\\x", ("x",)),
        ("/home/dev", None),
        ("/home/developer", None),
        ("/srv/home/dev/x", None),
    ],
)
def test_below_home(path: str, below_home: tuple[str, ...] | None) -> None:
    view = view_of(path, "/home/dev")
    assert view is not None
    assert view.below_home == below_home


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("a.txt", ("a.txt",)),
        ("a.bak.gz", ("a.bak.gz", "a.bak", "a")),
        ("a copy 2.txt", ("a copy 2.txt", "a.txt")),
        (".a.swp", (".a.swp", "a")),
        ("copy", ("copy",)),
        ("backup", ("backup",)),
        (".bak", (".bak",)),
    ],
)
def test_the_names_that_a_copy_stands_for(name: str, names: tuple[str, ...]) -> None:
    view = view_of(f"/p/{name}", "/home/dev")
    assert view is not None
    assert view.names[: len(names)] == names


def test_urls_are_no_paths() -> None:
    assert view_of("/p/https:/example.com/x", "/h") is None
    assert view_of("https://example.com/x", "/h") is None
    view = view_of("/p/file:/etc/x", "/h")
    assert view is not None
    assert view.absolute == "/etc/x"
