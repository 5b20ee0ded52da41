from pathlib import Path

import pytest

from checkrein.core import ServiceError
from checkrein.service.paths import ServicePaths


@pytest.fixture
def paths(tmp_path: Path) -> ServicePaths:
    made = ServicePaths(tmp_path / "state", tmp_path / "run")
    made.state.mkdir(mode=0o700)
    return made


def test_the_token_is_made_once_and_private(paths: ServicePaths) -> None:
    token = paths.token()
    assert len(token) == 64
    assert paths.token() == token
    assert paths.token_file.stat().st_mode & 0o777 == 0o600


def test_a_token_that_others_could_read_is_an_error(paths: ServicePaths) -> None:
    paths.token()
    paths.token_file.chmod(0o640)
    with pytest.raises(ServiceError, match="not private"):
        paths.token()


def test_a_token_behind_a_link_is_an_error(paths: ServicePaths) -> None:
    (paths.state / "other").write_text("0" * 64)
    paths.token_file.symlink_to(paths.state / "other")
    with pytest.raises(ServiceError, match="not private"):
        paths.token()


@pytest.mark.parametrize("text", ["", "short", "Z" * 64, "0" * 65])
def test_a_damaged_token_is_an_error(paths: ServicePaths, text: str) -> None:
    paths.token_file.touch(0o600)
    paths.token_file.write_text(text)
    with pytest.raises(ServiceError, match="damaged"):
        paths.token()


def test_port(paths: ServicePaths) -> None:
    assert paths.port() is None
    paths.port_file.write_text("40000\n")
    assert paths.port() == 40000
    for text in ("", "x", "80", "70000"):
        paths.port_file.write_text(text)
        with pytest.raises(ServiceError, match="damaged"):
            paths.port()


def test_a_socket_path_that_linux_cannot_take_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="too long"):
        ServicePaths(tmp_path, tmp_path / ("x" * 108)).prepare()


def test_folders_follow_the_environment() -> None:
    found = ServicePaths.of_user({"HOME": "/h", "XDG_RUNTIME_DIR": "/run/user/7"})
    assert found.socket == Path("/run/user/7/checkrein/service.sock")
    assert found.token_file == Path("/h/.local/state/checkrein/token")
