from pathlib import Path

from checkrein.service import watch
from checkrein.service.watch import Watch


def private(folder: Path) -> Path:
    """A folder that others may pass, with a file that is not open to them."""
    folder.parent.chmod(0o711)
    folder.mkdir()
    folder.chmod(0o711)
    (folder / "settings.json").touch(0o600)
    return folder


def watch_of(folder: Path, **more: int) -> Watch:
    return Watch(folder, folder.parent, **more)


def test_a_private_folder_is_no_news(tmp_path: Path) -> None:
    assert watch_of(private(tmp_path / "c")).poll() == ()


def test_a_missing_folder_is_no_news(tmp_path: Path) -> None:
    assert watch_of(tmp_path / "none").poll() == ()


def test_an_opened_file_is_reported_once(tmp_path: Path) -> None:
    folder = private(tmp_path / "c")
    look = watch_of(folder)
    look.poll()
    (folder / "settings.json").chmod(0o644)
    assert look.poll() == (f"{folder}/settings.json can be read by other users (mode 0644)",)
    assert look.poll() == ()
    assert len(look.remarks) == 1
    (folder / "settings.json").chmod(0o666)
    assert "written" in look.poll()[0]
    (folder / "settings.json").chmod(0o600)
    assert look.poll() == ()
    assert look.remarks == ()


def test_what_nobody_can_reach_is_not_open(tmp_path: Path) -> None:
    folder = private(tmp_path / "c")
    (folder / "settings.json").chmod(0o666)
    look = watch_of(folder)
    folder.chmod(0o700)
    assert look.poll() == ()
    folder.chmod(0o711)
    tmp_path.chmod(0o700)
    assert look.poll() == ()
    tmp_path.chmod(0o711)
    assert len(look.poll()) == 1


def test_another_owner_is_reported(tmp_path: Path) -> None:
    folder = private(tmp_path / "c")
    remarks = watch_of(folder, uid=folder.stat().st_uid + 1).poll()
    expected = 0 if folder.stat().st_uid == 0 else 2
    assert len(remarks) == expected


def test_links_are_not_followed(tmp_path: Path) -> None:
    folder = private(tmp_path / "c")
    (folder / "link").symlink_to("/etc")
    assert watch_of(folder).poll() == ()


def test_a_huge_folder_says_that_it_is_not_watched_whole(tmp_path: Path, monkeypatch: object) -> None:
    folder = private(tmp_path / "c")
    for number in range(20):
        (folder / str(number)).touch(0o600)
    limit, watch.MAX_ENTRIES = watch.MAX_ENTRIES, 10
    try:
        assert "more than 10 entries" in watch_of(folder).poll()[0]
    finally:
        watch.MAX_ENTRIES = limit
