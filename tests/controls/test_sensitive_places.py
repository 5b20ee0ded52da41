"""Searches in folders of the system are nobody's business; a project that lies there is somebody's."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from checkrein.controls.sensitive import _is_nobodys


@pytest.mark.parametrize(
    ("path", "nobodys"),
    [
        ("/usr/share/doc", True),
        ("/var/log", True),
        ("/var/www/site", False),
        ("/var/www/site/src", False),
        ("/var/lib/ci", False),
        ("/var/lib/ci/x", False),
        ("/var/lib/cinema", True),
        ("/home/dev/p", False),
    ],
)
def test_whose_folder_it_is(path: str, nobodys: bool) -> None:
    project = "/var/www/site"
    context = SimpleNamespace(
        places=SimpleNamespace(home="/var/lib/ci"), inside=lambda at: at == project or at.startswith(project + "/")
    )
    assert _is_nobodys(context, path) is nobodys  # type: ignore[arg-type]
