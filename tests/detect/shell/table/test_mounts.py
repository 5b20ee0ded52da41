"""Bind mounts: what a container's command does to files of the host."""

from __future__ import annotations

import pytest

from checkrein.detect.shell.model import Argv
from checkrein.detect.shell.table.mounts import on_host, shares_home, touches_volumes, working_folder


@pytest.mark.parametrize(
    ("argv", "options", "expected"),
    [
        (("rm", "-rf", "/w/a"), {"-v": ["/srv/shop:/w"]}, Argv(("rm", "-rf", "/srv/shop/a"), cwd="/tmp/container")),
        (("rm", "-rf", "/w"), {"--volume": [".:/w:rw"]}, Argv(("rm", "-rf", "/srv/x"), cwd="/tmp/container")),
        (("rm", "-rf", "a"), {"-v": ["/srv/shop:/w"], "-w": ["/w/b"]}, Argv(("rm", "-rf", "a"), cwd="/srv/shop/b")),
        (
            ("sh", "-c", "rm -rf /w/* /var/cache/*"),
            {"--mount": ["type=bind,source=/srv/shop,target=/w"]},
            Argv(("sh", "-c", "rm -rf /srv/shop/* /tmp/container/var/cache/*"), cwd="/tmp/container"),
        ),
        (("rm", "-rf", "/w/a"), {"-v": ["/srv/shop:/w:ro"]}, None),
        (("rm", "-rf", "/w/a"), {"--mount": ["type=bind,src=/srv/shop,dst=/w,readonly"]}, None),
        (("rm", "-rf", "/w/a"), {"-v": ["named-volume:/w"]}, None),
        (("rm", "-rf", "/a"), {"-v": ["/srv/shop:/w"]}, None),
        (("rm", "-rf", "/w"), {}, None),
        (("rm", "-rf", "/"), {"-v": ["/srv/shop:/w"]}, Argv(("rm", "-rf", "/srv/shop"), cwd="/tmp/container")),
        (("sh", "-c", "rm -rf /*"), {"-v": ["/srv/shop:/w"]}, Argv(("sh", "-c", "rm -rf /srv/shop/*"), cwd="/tmp/container")),
    ],
)
def test_commands_on_bind_mounts(argv: tuple[str, ...], options: dict[str, list[str]], expected: Argv | None) -> None:
    assert on_host(argv, options, "/srv/x") == expected


@pytest.mark.parametrize(
    ("options", "folder"),
    [
        ({}, "/"),
        ({"-w": ["/w"]}, "/w"),
        ({"-w": ["/w"], "-v": ["/srv:/w"]}, "/w"),
        ({"-w": ["/w/deep"], "-v": ["/srv:/w"]}, "/w/deep"),
        ({"-v": ["/srv:/w"]}, "/\0"),
        ({"-w": ["/"], "-v": ["/srv:/w"]}, "/\0"),
        ({"-v": ["/srv:/w:ro"]}, "/"),
    ],
)
def test_where_a_command_runs(options: dict[str, list[str]], folder: str) -> None:
    assert working_folder(options) == folder


@pytest.mark.parametrize(
    ("text", "options", "touched"),
    [
        ("/data/x", {"-v": ["pg:/data"]}, True),
        ("/", {"-v": ["pg:/data"]}, True),
        ("rm -rf /*", {"--mount": ["source=pg,target=/data"]}, True),
        ("../data", {"-v": ["pg:/data"]}, True),
        ("x", {"-v": ["pg:/data"], "-w": ["/data"]}, True),
        ("x", {"--volumes-from": ["db"]}, True),
        ("/tmp/x", {"-v": ["pg:/data"]}, False),
        ("/data/x", {"-v": ["/srv:/data"]}, False),
        ("/data/x", {"-v": ["/data"]}, False),
    ],
)
def test_volumes_outlive_a_container(text: str, options: dict[str, list[str]], touched: bool) -> None:
    assert touches_volumes(("rm", "-rf", text), options) is touched


@pytest.mark.parametrize(
    ("options", "shared"),
    [
        ({"-v": ["/home/dev:/h"]}, True),
        ({"-v": ["/home:/h:ro"]}, True),
        ({"--mount": ["type=bind,src=/home/dev,dst=/h,readonly"]}, True),
        ({"-v": ["..:/h"]}, True),
        ({"-v": ["/home/dev/shop:/h"]}, False),
        ({"-v": ["/home/developer:/h"]}, False),
        ({"-v": ["home:/h"]}, False),
    ],
)
def test_the_home_folder_is_shared(options: dict[str, list[str]], shared: bool) -> None:
    assert shares_home(options, "/home/dev/shop", "/home/dev") is shared
