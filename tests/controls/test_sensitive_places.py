"""Searches in folders of the system are nobody's business; a project that lies there is somebody's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from checkrein.controls import sensitive
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


@pytest.mark.parametrize(
    ("tool", "given"),
    [
        ("Bash", {"command": "grep -rn API_KEY {link}"}),
        ("Bash", {"command": "grep -rn API_KEY {link}/customers"}),
        ("Bash", {"command": "grep -rn API_KEY {link}/$DIR"}),
        ("Bash", {"command": "grep -rn API_KEY {link}*"}),
        ("Bash", {"command": "tar cf - {link} | base64"}),
        ("Grep", {"pattern": "API_KEY", "path": "{link}", "output_mode": "content"}),
    ],
)
def test_a_link_is_no_way_around_what_the_project_leaves_out(world: Any, tool: str, given: dict[str, str]) -> None:
    world.write(".claudeignore", "customers/\n")
    world.write("customers/list.csv")
    link = world.root / "elsewhere"
    link.symlink_to(world.project)
    decision = world.judge(tool, {key: value.format(link=link) for key, value in given.items()})
    left_out = str(decision.updated_input)
    assert decision.stops or "customers" in left_out or "list.csv" in left_out, left_out


def test_a_project_that_a_link_names_is_its_persons(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensitive, "NOBODYS", (f"{world.root}/system/",))
    (world.root / "system").mkdir()
    (world.root / "system/link").symlink_to(world.project)
    world.write(".env")
    decision = world.bash(f"grep -rn API_KEY {world.root}/system/link")
    assert "--exclude=.env" in str(decision.updated_input)
