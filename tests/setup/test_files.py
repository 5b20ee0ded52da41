"""Settings files on disk: byte-exact restoration, atomic writes, links, and refusals that leave the file alone."""

from __future__ import annotations

import dataclasses
import json
import stat
from pathlib import Path

import pytest

from checkrein.core import SettingsError
from checkrein.setup.files import MAX_BYTES, Change, SettingsStore, read
from checkrein.setup.install import CommandForm, Install, Transport
from checkrein.setup.settings import build_settings, our_handlers

INSTALL = Install(
    base_url="https://127.0.0.1:4711",
    token="not-a-real-token",
    socket=Path("/run/x/service.sock"),
    token_file=Path("/state/token"),
    trust=Path("/state/checkrein-trust.pem"),
    helper=Path("/opt/x/checkrein-hook"),
    transport=Transport.BOTH,
    form=CommandForm.WORDS,
    deny_read=(".env",),
)
ODD = (
    b'\xef\xbb\xbf{\r\n\t"model" :  "opus",\r\n\r\n'
    b'\t"hooks": {"Stop": [ {"hooks": [{"type":"command","command":"x"}]} ]},\r\n\t"a": 1e2\r\n}  '
)


@pytest.fixture
def store(tmp_path: Path) -> SettingsStore:
    return SettingsStore(tmp_path / "state")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home" / "settings.json"


@pytest.mark.parametrize("before", [ODD, b"{}", b"{ }\n", b"", b"\n", b'{"model":"opus"}', b'{\n    "model": "opus"\n}\n'])
def test_up_and_down_restore_every_byte(store: SettingsStore, file: Path, before: bytes) -> None:
    file.write_bytes(before)
    file.chmod(0o640)
    written = store.protect(file, INSTALL)
    assert (written.change, written.path) == (Change.UPDATED, file)
    assert written.backup is not None
    assert written.backup.read_bytes() == before
    assert list(our_handlers(json.loads(file.read_bytes().decode("utf-8-sig"))))
    assert store.release(file).change is Change.RESTORED
    assert file.read_bytes() == before
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert store.records() == ()


def test_what_was_not_there_is_not_there_afterwards(store: SettingsStore, tmp_path: Path) -> None:
    file = tmp_path / "project" / ".claude" / "settings.json"
    assert store.protect(file, INSTALL).change is Change.CREATED
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert json.loads(file.read_text()) == build_settings({}, INSTALL)
    assert store.release(file).change is Change.REMOVED
    assert not file.parent.exists()


def test_a_folder_that_others_came_to_use_stays(store: SettingsStore, tmp_path: Path) -> None:
    file = tmp_path / ".claude" / "settings.json"
    store.protect(file, INSTALL)
    (file.parent / "notes").touch()
    store.release(file)
    assert (file.parent / "notes").exists()


def test_protecting_twice_changes_nothing(store: SettingsStore, file: Path) -> None:
    file.write_bytes(ODD)
    store.protect(file, INSTALL)
    first = (file.read_bytes(), file.stat().st_ino, file.stat().st_mtime_ns, store.since())
    again = store.protect(file, INSTALL)
    assert again.change is Change.UNCHANGED
    assert (file.read_bytes(), file.stat().st_ino, file.stat().st_mtime_ns, store.since()) == first
    assert store.release(file).change is Change.RESTORED
    assert file.read_bytes() == ODD


def test_a_new_installation_still_restores_the_first_file(store: SettingsStore, file: Path) -> None:
    file.write_bytes(ODD)
    store.protect(file, INSTALL)
    store.protect(file, dataclasses.replace(INSTALL, base_url="https://127.0.0.1:5000", transport=Transport.HTTP, deny_read=()))
    assert b"4711" not in file.read_bytes()
    store.release(file)
    assert file.read_bytes() == ODD


def test_edits_made_meanwhile_are_kept(store: SettingsStore, file: Path) -> None:
    file.write_bytes(ODD)
    store.protect(file, INSTALL)
    file.write_bytes(file.read_bytes().replace(b'"opus"', b'"haiku"'))
    assert store.release(file).change is Change.CLEANED
    assert file.read_bytes() == ODD.replace(b'"opus"', b'"haiku"')


def test_edits_survive_a_second_up_and_down(store: SettingsStore, file: Path) -> None:
    file.write_bytes(ODD)
    store.protect(file, INSTALL)
    file.write_bytes(file.read_bytes().replace(b'"opus"', b'"haiku"'))
    store.protect(file, INSTALL)
    assert store.protect(file, INSTALL).change is Change.UNCHANGED
    assert store.release(file).change is Change.RESTORED
    assert file.read_bytes() == ODD.replace(b'"opus"', b'"haiku"')
    assert len(list((store.folder / "backup").iterdir())) == 2


def test_hooks_that_somebody_took_out_come_back(store: SettingsStore, file: Path) -> None:
    file.write_bytes(ODD)
    store.protect(file, INSTALL)
    file.write_bytes(ODD)
    assert store.protect(file, INSTALL).change is Change.UPDATED
    assert list(our_handlers(json.loads(file.read_bytes().decode("utf-8-sig"))))


def test_a_removed_file_stays_removed(store: SettingsStore, file: Path) -> None:
    file.write_bytes(ODD)
    store.protect(file, INSTALL)
    file.unlink()
    assert store.release(file).change is Change.UNCHANGED
    assert not file.exists()
    assert store.records() == ()


def test_a_created_file_keeps_what_a_person_put_there(store: SettingsStore, file: Path) -> None:
    store.protect(file, INSTALL)
    file.write_text(json.dumps(json.loads(file.read_text()) | {"model": "haiku"}))
    assert store.release(file).change is Change.CLEANED
    assert json.loads(file.read_text()) == {"model": "haiku"}


def test_without_a_record_the_marks_tell_what_is_ours(store: SettingsStore, file: Path, tmp_path: Path) -> None:
    file.write_bytes(b'{"model": "opus"}')
    store.protect(file, INSTALL)
    assert SettingsStore(tmp_path / "other").release(file).change is Change.CLEANED
    left = json.loads(file.read_text())
    assert not list(our_handlers(left))
    assert left["model"] == "opus"


def test_a_link_is_followed_and_kept(store: SettingsStore, file: Path, tmp_path: Path) -> None:
    target = tmp_path / "dotfiles.json"
    target.write_bytes(ODD)
    file.symlink_to(target)
    assert store.protect(file, INSTALL).path == target
    assert file.is_symlink()
    assert target.read_bytes() != ODD
    store.release(file)
    assert file.is_symlink()
    assert target.read_bytes() == ODD


def test_a_failed_write_leaves_the_file_and_no_rest(store: SettingsStore, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_bytes(ODD)
    replace = Path.replace

    def fail(self: Path, target: Path) -> Path:
        if Path(target) == file:
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(SettingsError, match="cannot be written"):
        store.protect(file, INSTALL)
    assert file.read_bytes() == ODD
    assert [path.name for path in file.parent.iterdir()] == ["settings.json"]
    monkeypatch.undo()
    store.protect(file, INSTALL)
    store.release(file)
    assert file.read_bytes() == ODD


@pytest.mark.parametrize(
    ("content", "message", "fix"),
    [
        (b'{\n  "a": 1,\n}', ":2:9: a comma stands before the closing bracket", "remove the comma"),
        (b'{\n  // c\n  "a": 1}', ":2:3: JSON has no comments", "remove the comment"),
        (b'{"a":\n "\xff"}', ":2: not UTF-8 text", "save the file as UTF-8"),
        (b"[]", ":1: settings are not an object", "write {} into the file"),
        (
            b'{\n "permissions": {\n  "defaultMode": "allowEdits"}}',
            ":3: permissions.defaultMode must be one of acceptEdits, auto, bypassPermissions, default, dontAsk, plan",
            "mend or remove permissions.defaultMode, then run the command again",
        ),
    ],
)
def test_refuses_a_broken_file_and_leaves_it(store: SettingsStore, file: Path, content: bytes, message: str, fix: str) -> None:
    file.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        store.protect(file, INSTALL)
    assert caught.value.what == f"{file}{message}"
    assert caught.value.fix == fix
    assert caught.value.exit_code == 2
    assert file.read_bytes() == content
    assert store.records() == ()


def test_refuses_to_release_a_file_that_broke_meanwhile(store: SettingsStore, file: Path) -> None:
    store.protect(file, INSTALL)
    file.write_bytes(b"{")
    with pytest.raises(SettingsError):
        store.release(file)
    assert file.read_bytes() == b"{"
    assert len(store.records()) == 1


def test_refuses_what_is_no_plain_file_or_too_large(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="not a plain file"):
        read(tmp_path)
    large = tmp_path / "large"
    with large.open("wb") as handle:
        handle.truncate(MAX_BYTES + 1)
    with pytest.raises(SettingsError, match="larger than 8 MiB"):
        read(large)


def test_a_damaged_record_is_named(store: SettingsStore, file: Path) -> None:
    store.protect(file, INSTALL)
    next(store.folder.glob("*.json")).write_text("{}")
    with pytest.raises(SettingsError, match=r"the record of .* cannot be read"):
        store.release(file)


def test_records_and_backups_are_private(store: SettingsStore, file: Path) -> None:
    file.write_bytes(ODD)
    store.protect(file, INSTALL)
    for path in store.folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
