"""Modes as ``chmod`` takes them."""

from __future__ import annotations

import pytest

from checkrein.controls.modes import parsed, sets_id, tighter, world_writable


@pytest.mark.parametrize(
    "mode",
    [
        "4755",
        "04755",
        "2755",
        "6755",
        "5755",
        "3755",
        "7777",
        "+4000",
        "=2755",
        "u+s",
        "g+s",
        "+s",
        "u=rwxs",
        "a+x,u+s",
        "u+x+s",
    ],
)
def test_modes_that_set_an_id(mode: str) -> None:
    assert sets_id(mode)


@pytest.mark.parametrize("mode", ["755", "0755", "1777", "-4000", "u-s", "u+x", "a=rx", "", "s", "9755"])
def test_modes_that_do_not(mode: str) -> None:
    assert not sets_id(mode)


@pytest.mark.parametrize(
    "mode", ["777", "666", "0777", "1777", "7", "o+w", "a+w", "+w,o+w", "a=rwx", "ugo+rw", "o=w", "o=u", "go=u", "o-x+w"]
)
def test_modes_that_let_others_write(mode: str) -> None:
    assert world_writable(mode)


@pytest.mark.parametrize(
    "mode", ["755", "775", "644", "u+w", "g+w", "ug+w", "+w", "o-w", "a-w", "o+r", "a+x", "", "g=u", "-002"]
)
def test_modes_that_keep_others_out(mode: str) -> None:
    assert not world_writable(mode)


@pytest.mark.parametrize("mode", ["600", "0600", "400", "700", "640", "750", "go-rwx", "go=", "u=rw,go=", "a-x", "u+x"])
def test_modes_that_are_tighter(mode: str) -> None:
    assert tighter(mode)


@pytest.mark.parametrize("mode", ["644", "660", "000", "200", "4700", "go=rwx", "o=u", "o+r", "u-r", "+x", "-w", "", "x"])
def test_modes_that_are_not(mode: str) -> None:
    assert not tighter(mode)


def test_what_is_no_mode() -> None:
    assert parsed("u+q") is None
    assert parsed("--reference=x") is None
