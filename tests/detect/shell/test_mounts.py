"""Bind mounts: what a container's command does to files of the host."""

from __future__ import annotations

import pytest

from checkrein.detect.shell.model import Argv
from checkrein.detect.shell.mounts import on_host


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
    ],
)
def test_commands_on_bind_mounts(argv: tuple[str, ...], options: dict[str, list[str]], expected: Argv | None) -> None:
    assert on_host(argv, options, "/srv/x") == expected
