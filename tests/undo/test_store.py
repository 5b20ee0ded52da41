import errno
import fcntl
import os
import shutil
import socket
import stat
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkrein.core import UndoError
from checkrein.undo import Restored, Snapshot, SnapshotStore
from checkrein.undo import objects as objects_module

MANY = 1 << 30


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    return SnapshotStore(tmp_path / "state" / "undo")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def take(store: SnapshotStore, root: Path, *paths: str, public_id: str = "abc123", **more: Any) -> Snapshot:
    return store.take([*paths], public_id=public_id, root=root, reason="rm", max_bytes=more.pop("max_bytes", MANY), **more)


def tree(folder: Path) -> dict[str, tuple[Any, ...]]:
    """All there is to compare, without following links."""
    found: dict[str, tuple[Any, ...]] = {}
    for base, folders, files in os.walk(os.fsencode(folder)):
        for name in folders + files:
            path = os.path.join(base, name)  # noqa: PTH118 -- bytes
            status = os.lstat(path)
            content: bytes | None = None
            if stat.S_ISLNK(status.st_mode):
                content = os.readlink(path)  # noqa: PTH115 -- bytes
            elif stat.S_ISREG(status.st_mode):
                content = Path(os.fsdecode(path)).read_bytes()
            found[os.fsdecode(path)] = (status.st_mode, status.st_mtime_ns, content)
    return found


def test_everything_comes_back_exactly(store: SnapshotStore, root: Path) -> None:
    (root / "build" / "empty").mkdir(parents=True)
    (root / "build" / "run.sh").write_text("#!/bin/sh\n")
    (root / "build" / "run.sh").chmod(0o4750)
    (root / "build" / "broken").symlink_to("../nowhere")
    (root / "build" / os.fsdecode(b"\xff name\n")).write_bytes(b"\0\xff")
    (root / "build" / "old").write_text("old")
    os.utime(root / "build" / "old", ns=(1, 1))
    (root / "build" / "empty").chmod(0o500)
    before = tree(root)
    snapshot = take(store, root, "build", session="s1")
    assert (snapshot.files, snapshot.size, snapshot.notes) == (3, 15, ())
    (root / "build" / "empty").chmod(0o700)
    shutil.rmtree(root / "build")
    done = store.restore("abc123")
    assert tree(root) == before
    assert (len(done.paths), done.unchanged, done.before) == (6, 0, "")
    assert store.get("abc123") == snapshot


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=6).filter(
    lambda name: name not in (".", "..")
)
LEAVES = st.one_of(
    st.tuples(st.just("file"), st.binary(max_size=60), st.integers(0, 0o777), st.integers(0, 2**33 * 10**9)),
    st.tuples(st.just("link"), st.text("ab./", min_size=1, max_size=8)),
)
TREES = st.recursive(
    st.dictionaries(NAMES, LEAVES, max_size=4),
    lambda inner: st.dictionaries(
        NAMES, st.one_of(LEAVES, st.tuples(st.just("dir"), inner, st.integers(0o700, 0o777))), max_size=4
    ),
    max_leaves=8,
)


def build(folder: Path, wanted: dict[str, tuple[Any, ...]]) -> None:
    for name, (kind, *rest) in wanted.items():
        path = folder / name
        if kind == "file":
            path.write_bytes(rest[0])
            path.chmod(rest[1])
            os.utime(path, ns=(rest[2], rest[2]))
        elif kind == "link":
            path.symlink_to(rest[0])
        else:
            path.mkdir()
            build(path, rest[0])
            path.chmod(rest[1])


@settings(max_examples=60)
@given(wanted=TREES, picks=st.lists(st.integers(0, 3), max_size=4))
def test_any_tree_comes_back(wanted: dict[str, tuple[Any, ...]], picks: list[int]) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "root"
        root.mkdir()
        build(root, wanted)
        before = tree(root)
        store = SnapshotStore(Path(name) / "undo")
        top = sorted(path.name for path in root.iterdir())
        kept = take(store, root, *top)
        for pick in {top[number % len(top)] for number in picks} if top else set():
            victim = root / pick
            shutil.rmtree(victim) if victim.is_dir() and not victim.is_symlink() else victim.unlink()
        if kept.items:
            store.restore("abc123")
        assert tree(root) == before


def test_folders_on_the_way_come_back_with_their_modes(store: SnapshotStore, root: Path) -> None:
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "f").write_text("x")
    (root / "a" / "b").chmod(0o711)
    (root / "a" / "other").write_text("y")
    before = tree(root)
    take(store, root, "a/b/f")
    shutil.rmtree(root / "a")
    store.restore("abc123")
    del before[str(root / "a" / "other")]
    assert tree(root) == before


def test_the_root_itself_comes_back(store: SnapshotStore, root: Path) -> None:
    (root / "f").write_text("x")
    before = tree(root)
    take(store, root, ".")
    shutil.rmtree(root)
    store.restore("abc123")
    assert tree(root) == before


def test_what_stands_unchanged_is_left_alone(store: SnapshotStore, root: Path) -> None:
    for name in "ab":
        (root / name).write_text(name)
    take(store, root, "a", "b")
    (root / "a").unlink()
    inode = (root / "b").stat().st_ino
    done = store.restore("abc123")
    assert (done.paths, done.unchanged) == (("a",), 1)
    assert (root / "b").stat().st_ino == inode


def test_something_else_in_the_way_is_refused_with_the_list(store: SnapshotStore, root: Path) -> None:
    (root / "d").mkdir()
    for name in ("a", "d/b", "c"):
        (root / name).write_text("old")
    take(store, root, "a", "d", "c")
    (root / "a").write_text("new")
    shutil.rmtree(root / "d")
    (root / "d").symlink_to("/etc")
    (root / "c").unlink()
    before = tree(root)
    assert store.conflicts("abc123") == ("a", "d")
    with pytest.raises(UndoError, match="would be restored: a, d\n") as error:
        store.restore("abc123")
    assert "--force" in error.value.fix
    assert tree(root) == before


def test_force_keeps_what_had_to_make_way_so_that_undo_can_be_undone(store: SnapshotStore, root: Path) -> None:
    (root / "a").write_text("old")
    take(store, root, "a")
    (root / "a").unlink()
    (root / "a" / "deep").mkdir(parents=True)
    (root / "a" / "deep" / "f").write_text("new")
    newer = tree(root)
    done: Restored = store.restore("abc123", force=True)
    assert (root / "a").read_text() == "old"
    assert done.before == "abc123-1"
    store.restore("abc123-1", force=True)
    assert tree(root) == newer


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../x"])
def test_nothing_outside_the_root_is_kept(store: SnapshotStore, root: Path, path: str) -> None:
    with pytest.raises(UndoError, match="is not below"):
        take(store, root, path)


def test_nothing_behind_a_link_is_kept(store: SnapshotStore, root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "f").write_text("x")
    (root / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(UndoError, match="lies behind"):
        take(store, root, "link/f")
    assert [item.kind for item in take(store, root, "link").items] == ["link"]


def test_a_root_that_is_given_as_a_link_is_understood(store: SnapshotStore, root: Path, tmp_path: Path) -> None:
    (root / "f").write_text("x")
    (tmp_path / "alias").symlink_to(root)
    snapshot = store.take([tmp_path / "alias" / "f"], public_id="a", root=tmp_path / "alias", reason="", max_bytes=MANY)
    assert (snapshot.root, [item.path for item in snapshot.items]) == (str(root), ["f"])


def test_restoring_never_goes_through_a_link(store: SnapshotStore, root: Path, tmp_path: Path) -> None:
    (root / "d").mkdir()
    (root / "d" / "f").write_text("x")
    take(store, root, "d/f")
    shutil.rmtree(root / "d")
    (tmp_path / "outside").mkdir()
    (root / "d").symlink_to(tmp_path / "outside")
    with pytest.raises(UndoError, match="something else stands now"):
        store.restore("abc123")
    store.restore("abc123", force=True)
    assert list((tmp_path / "outside").iterdir()) == []
    assert (root / "d" / "f").read_text() == "x"


@pytest.mark.parametrize("path", ["../evil", "/evil", "a//b", "a/../../b", "./x", ".."])
def test_a_manifest_that_would_leave_the_root_is_refused(store: SnapshotStore, root: Path, tmp_path: Path, path: str) -> None:
    (root / "victim").write_text("x")
    take(store, root, "victim")
    manifest = store.folder / "snapshots" / "abc123.json"
    manifest.write_text(manifest.read_text().replace('"victim"', f'"{path}"'))
    with pytest.raises(UndoError, match="would leave the root"):
        store.restore("abc123")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 2}', "null", '{"version": 1, "items": [{}]}'])
def test_a_broken_manifest_is_an_error(store: SnapshotStore, root: Path, text: str) -> None:
    (store.folder / "snapshots" / "bad.json").write_text(text)
    with pytest.raises(UndoError, match="the snapshot bad is broken"):
        store.get("bad")


def test_changed_and_missing_contents_are_noticed_before_anything_is_touched(store: SnapshotStore, root: Path) -> None:
    for name in "ab":
        (root / name).write_text(name)
    snapshot = take(store, root, "a", "b")
    for path in root.iterdir():
        path.unlink()
    kept = store._objects.path(snapshot.items[1].object)
    kept.write_text("X")
    with pytest.raises(UndoError, match="was changed"):
        store.restore("abc123")
    kept.unlink()
    with pytest.raises(UndoError, match="is gone"):
        store.restore("abc123")
    assert list(root.iterdir()) == []


def test_special_files_are_refused_by_name(store: SnapshotStore, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(root / "pipe")
    with pytest.raises(UndoError, match=r"pipe cannot be kept\nwhy: it is a named pipe"):
        take(store, root, ".")
    (root / "pipe").unlink()
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("sock")
        with pytest.raises(UndoError, match="it is a socket"):
            take(store, root, "sock")
    with pytest.raises(UndoError, match="a character device"):
        take(store, Path("/dev"), "null")


def test_caps_are_held_before_anything_is_kept(store: SnapshotStore, root: Path) -> None:
    for number in range(3):
        (root / f"f{number}").write_text("x" * 10)
    with pytest.raises(UndoError, match="more than 29 bytes"):
        take(store, root, ".", max_bytes=29)
    with pytest.raises(UndoError, match="3 paths"):
        take(store, root, ".", max_items=3)
    assert store.all() == []
    assert list(store._objects.names()) == []
    assert take(store, root, ".", max_bytes=30, max_items=4).size == 30


def test_what_is_not_there_is_left_out_and_an_empty_snapshot_is_not_stored(store: SnapshotStore, root: Path) -> None:
    (root / "a").write_text("x")
    assert [item.path for item in take(store, root, "a", "missing", "no/such/folder").items] == ["a"]
    assert take(store, root, "missing", public_id="empty").items == ()
    assert [snapshot.id for snapshot in store.all()] == ["abc123"]


def test_the_same_path_twice_counts_once(store: SnapshotStore, root: Path) -> None:
    (root / "d").mkdir()
    (root / "d" / "f").write_text("12345")
    snapshot = take(store, root, "d/f", "d", str(root / "d" / "f"), max_bytes=5)
    assert [(item.path, item.kind.value) for item in snapshot.items] == [("d", "folder"), ("d/f", "file")]


def test_a_file_that_changes_while_it_is_kept_is_read_again_and_else_said_so(
    store: SnapshotStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = root / "busy"
    path.write_text("0")
    calls = 0
    keep = objects_module.ObjectStore.keep

    def busy_keep(self: objects_module.ObjectStore, source: int) -> tuple[str, int]:
        nonlocal calls
        calls += 1
        kept = keep(self, source)
        if calls < limit:
            path.write_text("x" * (calls + 1))
        return kept

    monkeypatch.setattr(objects_module.ObjectStore, "keep", busy_keep)
    limit = 2
    assert take(store, root, "busy").notes == ()
    calls, limit = 0, 99
    assert take(store, root, "busy", public_id="two").notes == (
        "busy kept changing while it was kept: what is kept may be a mixture",
    )


def test_a_file_that_vanishes_is_said_so(store: SnapshotStore, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "ab":
        (root / name).write_text(name)
    keep = objects_module.ObjectStore.keep

    def keep_and_remove(self: objects_module.ObjectStore, source: int) -> tuple[str, int]:
        (root / "b").unlink(missing_ok=True)
        return keep(self, source)

    monkeypatch.setattr(objects_module.ObjectStore, "keep", keep_and_remove)
    snapshot = take(store, root, "a", "b")
    assert (snapshot.files, snapshot.notes) == (1, ("b vanished before it could be kept",))


def test_clones_are_used_where_the_file_system_has_them(
    store: SnapshotStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def clone(target: int, request: int, source: int) -> int:
        asked.append(request)
        os.pwrite(target, os.pread(source, 100, 0), 0)
        return 0

    monkeypatch.setattr(fcntl, "ioctl", clone)
    (root / "f").write_text("cloned")
    take(store, root, "f")
    (root / "f").unlink()
    store.restore("abc123")
    assert (root / "f").read_text() == "cloned"
    assert set(asked) == {0x40049409}


def test_a_full_disk_is_an_error(store: SnapshotStore, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "f").write_text("x")

    def full(target: int, request: int, source: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fcntl, "ioctl", full)
    with pytest.raises(UndoError, match="cannot keep f"):
        take(store, root, "f")
    assert store.all() == []
    assert list(store._objects.names()) == []


def test_sparse_files_stay_sparse(store: SnapshotStore, root: Path) -> None:
    with (root / "sparse").open("wb") as file:
        file.seek(40 << 20)
        file.write(b"end")
    before = tree(root)
    snapshot = take(store, root, "sparse")
    (root / "sparse").unlink()
    store.restore("abc123")
    assert tree(root) == before
    for path in (root / "sparse", store._objects.path(snapshot.items[0].object)):
        assert path.stat().st_blocks * 512 < 8 << 20


def test_contents_are_shared_and_private(store: SnapshotStore, root: Path) -> None:
    for name in "abc":
        (root / name).write_text("the same")
    take(store, root, ".")
    assert len(list(store._objects.names())) == 1
    modes = {path.is_dir(): path.stat().st_mode & 0o777 for path in store.folder.rglob("*")}
    assert modes == {True: 0o700, False: 0o600}


def test_prune_by_age_and_by_size(store: SnapshotStore, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    for number, days in enumerate((40, 20, 1)):
        (root / "f").write_text(f"{number}" * 100)
        monkeypatch.setattr(time, "time", lambda days=days: now - days * 86_400)
        take(store, root, "f", public_id=f"s{number}")
    monkeypatch.setattr(time, "time", lambda: now)
    assert store.prune(30, MANY).snapshots == ("s0",)
    pruned = store.prune(30, 150)
    assert (pruned.snapshots, pruned.size) == (("s1",), 100)
    assert [snapshot.id for snapshot in store.all()] == ["s2"]
    (root / "f").unlink()
    store.restore("s2")
    assert (root / "f").read_text() == "2" * 100
    assert store.prune(30, 150).snapshots == ()


@pytest.mark.parametrize("public_id", ["", "../x", "a/b", "A", "x" * 65, ".hidden"])
def test_ids_are_names_not_paths(store: SnapshotStore, root: Path, public_id: str) -> None:
    with pytest.raises(UndoError, match="is not the id of a snapshot"):
        store.get(public_id)
    with pytest.raises(UndoError, match="is not the id of a snapshot"):
        take(store, root, "x", public_id=public_id)


def test_an_id_is_used_once_and_an_unknown_one_is_an_error(store: SnapshotStore, root: Path) -> None:
    (root / "f").write_text("x")
    take(store, root, "f")
    with pytest.raises(UndoError, match="there is a snapshot abc123 already"):
        take(store, root, "f")
    with pytest.raises(UndoError, match="there is no snapshot other"):
        store.restore("other")


def test_snapshots_of_one_project(store: SnapshotStore, root: Path, tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    for number, folder in enumerate((root, tmp_path / "two")):
        (folder / "f").write_text("x")
        take(store, folder, "f", public_id=f"s{number}")
    assert [snapshot.id for snapshot in store.all(root=tmp_path / "two")] == ["s1"]


def test_what_a_snapshot_cannot_bring_back_is_said(store: SnapshotStore, root: Path) -> None:
    (root / "a").write_text("x")
    (root / "b").hardlink_to(root / "a")
    (root / "c").write_text("x")
    assert take(store, root, "c").notes == ()
    notes = take(store, root, "a", "b", public_id="second").notes
    assert notes == ("a, b: had other names (hard links), and comes back as a file of its own",)


def test_attributes_that_do_not_come_back_are_said(store: SnapshotStore, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "sub").mkdir()
    (root / "sub" / "a").write_text("x")
    monkeypatch.setattr(os, "listxattr", lambda _: ["security.selinux"], raising=False)
    assert take(store, root, "sub").notes == ()
    monkeypatch.setattr(os, "listxattr", lambda _: ["security.selinux", "user.origin"], raising=False)
    notes = take(store, root, "sub", public_id="second").notes
    assert notes == ("sub, sub/a: had extended attributes or an access control list, which do not come back",)


def test_a_project_that_was_moved_away(store: SnapshotStore, root: Path) -> None:
    (root / "a").write_text("x")
    take(store, root, "a")
    root.rename(root.parent / "elsewhere")
    with pytest.raises(UndoError, match="is not there any more") as caught:
        store.restore("abc123")
    assert f"move it back to {root}" in caught.value.fix
    assert not root.exists()


@pytest.mark.parametrize("order", [("inner", "outer"), ("outer", "inner")])
def test_overlapping_deletions_come_back_in_either_order(store: SnapshotStore, root: Path, order: tuple[str, str]) -> None:
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "one").write_text("1")
    (root / "a" / "b" / "two").write_text("2")
    before = tree(root)
    take(store, root, "a/b", public_id="inner")
    shutil.rmtree(root / "a" / "b")
    take(store, root, "a", public_id="outer")
    shutil.rmtree(root / "a")
    for public_id in order:
        store.restore(public_id)
    assert {path: entry[2] for path, entry in tree(root).items()} == {path: entry[2] for path, entry in before.items()}


def test_an_older_snapshot_does_not_replace_what_was_written_since(store: SnapshotStore, root: Path) -> None:
    (root / "a").write_text("old")
    take(store, root, "a", public_id="first")
    (root / "a").write_text("new")
    take(store, root, "a", public_id="second")
    (root / "a").unlink()
    store.restore("second")
    with pytest.raises(UndoError, match="something else stands now"):
        store.restore("first")
    assert (root / "a").read_text() == "new"


def test_a_repository_that_is_still_there_is_never_rolled_back(store: SnapshotStore, root: Path) -> None:
    (root / ".git" / "refs").mkdir(parents=True)
    for name, text in (("a", "one"), (".git/HEAD", "ref: main"), (".git/refs/main", "old"), (".git/index", "old")):
        (root / name).write_text(text)
    take(store, root, "a", ".git")
    (root / "a").write_text("two")
    (root / ".git" / "refs" / "main").write_text("new")
    (root / ".git" / "index").unlink()
    assert store.conflicts("abc123") == ("a",)
    done = store.restore("abc123", force=True)
    assert (root / "a").read_text() == "one"
    assert (root / ".git" / "refs" / "main").read_text() == "new"
    assert not (root / ".git" / "index").exists()
    assert (done.paths, set(done.left)) == (("a",), {".git", ".git/HEAD", ".git/index", ".git/refs", ".git/refs/main"})


@pytest.mark.parametrize("remains", [False, True])
def test_a_repository_that_is_gone_comes_back(store: SnapshotStore, root: Path, remains: bool) -> None:
    (root / "vendor" / ".git").mkdir(parents=True)
    (root / "vendor" / ".git" / "HEAD").write_text("ref: main")
    take(store, root, "vendor")
    shutil.rmtree(root / "vendor")
    if remains:
        (root / "vendor" / ".git").mkdir(parents=True)
    assert store.restore("abc123").left == ()
    assert (root / "vendor" / ".git" / "HEAD").read_text() == "ref: main"
