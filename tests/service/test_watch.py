from pathlib import Path

from checkrein.service import watch
from checkrein.service.watch import Watch


def private(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    (folder / "settings.json").touch(0o600)
    return folder


def test_a_private_folder_is_no_news(tmp_path: Path) -> None:
    assert Watch(private(tmp_path / "c")).poll() == ()


def test_a_missing_folder_is_no_news(tmp_path: Path) -> None:
    assert Watch(tmp_path / "none").poll() == ()


def test_an_opened_file_is_reported_once(tmp_path: Path) -> None:
    folder = private(tmp_path / "c")
    look = Watch(folder)
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


def test_another_owner_is_reported(tmp_path: Path) -> None:
    folder = private(tmp_path / "c")
    remarks = Watch(folder, uid=folder.stat().st_uid + 1).poll()
    expected = 0 if folder.stat().st_uid == 0 else 2
    assert len(remarks) == expected


def test_links_are_not_followed(tmp_path: Path) -> None:
    folder = private(tmp_path / "c")
    (folder / "link").symlink_to("/etc")
    assert Watch(folder).poll() == ()


def test_a_huge_folder_says_that_it_is_not_watched_whole(tmp_path: Path, monkeypatch: object) -> None:
    folder = private(tmp_path / "c")
    for number in range(20):
        (folder / str(number)).touch(0o600)
    limit, watch.MAX_ENTRIES = watch.MAX_ENTRIES, 10
    try:
        assert "more than 10 entries" in Watch(folder).poll()[0]
    finally:
        watch.MAX_ENTRIES = limit
