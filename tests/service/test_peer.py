import os
import socket

import pytest

from checkrein.service.peer import Peer, answer_proof, peer_of, request_proof, same


def test_the_kernel_names_the_peer() -> None:
    left, right = socket.socketpair(socket.AF_UNIX)
    with left, right:
        assert peer_of(left) == Peer(os.getpid(), os.geteuid())


def test_proofs_differ_by_everything_that_goes_into_them() -> None:
    base = request_proof("t", "n", "/p", b"b")
    others = {
        request_proof("u", "n", "/p", b"b"),
        request_proof("t", "m", "/p", b"b"),
        request_proof("t", "n", "/q", b"b"),
        request_proof("t", "n", "/p", b"c"),
        answer_proof("t", "n", b"b"),
    }
    assert len(others) == 5
    assert base not in others


@pytest.mark.parametrize("left", ["x", "", "é", b"\xff"])
def test_comparison_takes_anything(left: str | bytes) -> None:
    assert not same(left, "0" * 64)


def test_equal() -> None:
    assert same(b"abc", "abc")
