import os
import socket
from pathlib import Path

import pytest

from checkrein.service.peer import Peer, answer_proof, peer_of, request_proof, same, user_of


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


@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"), (socket.AF_INET6, "::ffff:127.0.0.1")]
)
def test_the_kernel_names_the_user_at_the_other_end(family: socket.AddressFamily, address: str) -> None:
    listening = "127.0.0.1" if address.startswith("::f") else address
    own = socket.AF_INET6 if listening == "::1" else socket.AF_INET
    with socket.create_server((listening, 0), family=own) as server, socket.socket(family) as caller:
        caller.connect((address, server.getsockname()[1]))
        served, _ = server.accept()
        with served:
            assert user_of(served) == os.geteuid()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_is_told_from_us() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        "".encode("idna")  # which is loaded for addresses, and could not be by that user
        os.seteuid(65534)
        try:
            caller = socket.create_connection(server.getsockname())
        finally:
            os.seteuid(0)
        served, _ = server.accept()
        with caller, served:
            assert user_of(served) == 65534


def test_a_kernel_that_tells_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        served, _ = server.accept()
        with served:
            assert user_of(served, tmp_path) is None


def test_a_caller_from_elsewhere_has_no_user_here() -> None:
    class Remote(socket.socket):
        def getpeername(self) -> tuple[str, int]:
            return "192.0.2.1", 4711

    with Remote(socket.AF_INET) as remote:
        remote.bind(("127.0.0.1", 0))
        assert user_of(remote) is None
