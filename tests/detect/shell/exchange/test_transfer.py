"""Programs that copy whole trees, to other machines and into archives."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import EffectKind, Flag
from checkrein.detect.shell.exchange.transfer import archive_options, packs

P = "/home/dev/project"


@pytest.mark.parametrize(
    "command",
    [
        "tar -I 'sh -c \"rm -rf /etc\"' -xf a.tar",
        "tar xf a.tar --to-command='rm -rf /etc'",
        "tar cf x.tar --checkpoint=1 --checkpoint-action=exec='rm -rf /etc' .",
        "tar --use-compress-program='rm -rf /etc' -cf x.tar src",
        "zip x.zip a -T -TT 'rm -rf /etc'",
        "rsync -e 'sh -c \"rm -rf /etc\"' a host:b",
        "scp -o ProxyCommand='rm -rf /etc' a h:b",
        "sftp -oProxyCommand='rm -rf /etc' host",
        "sftp host <<< '!rm -rf /etc'",
    ],
)
def test_programs_that_options_start(judge: Any, command: str) -> None:
    assert "/etc" in judge(command).of(EffectKind.DELETE)


@pytest.mark.parametrize(
    ("command", "writes"),
    [
        ("tar xf a.tar -C /srv", ["/srv/\0"]),
        ("tar xzvf a.tgz", [f"{P}/\0"]),
        ("tar -x --file a.tar --directory=/", ["/"]),
        ("tar xPf a.tar", ["/"]),
        ("tar -xOf a.tar", []),
        ("tar -tf a.tar", []),
        ("tar czf out.tgz src docs", [f"{P}/out.tgz"]),
        ("tar cfC out.tar /srv x", [f"{P}/out.tar"]),
        ("tar --delete -f a.tar member", [f"{P}/a.tar"]),
        ("tar cf - src", []),
        ("unzip -o x.zip -d /srv", ["/srv/\0"]),
        ("unzip -l x.zip", []),
        ("unzip x.zip -d /", ["/"]),
        ("zip -r x.zip src", [f"{P}/x.zip"]),
        ("rsync -a src/ dst/", [f"{P}/dst"]),
        ("rsync -an src/ dst/", []),
        ("scp a b", [f"{P}/b"]),
        ("scp host:/etc/x .", [f"{P}/x"]),
        ("scp host:dir/x local/", [f"{P}/local/x"]),
        ("rsync -a host:/srv/x .", [f"{P}/x"]),
    ],
)
def test_what_is_written(judge: Any, command: str, writes: list[str]) -> None:
    assert judge(command).of(EffectKind.WRITE) == writes


def test_tar_reads_and_removes(judge: Any) -> None:
    assert judge("tar cfC out.tar /srv x").of(EffectKind.READ) == ["/srv/x"]
    assert judge("tar cf - src").one(EffectKind.READ).flags == Flag.RECURSIVE | Flag.CONTENT_OUT
    assert judge("tar -cf x.tar --remove-files src").of(EffectKind.DELETE) == [f"{P}/src"]
    assert judge("tar -xf a.tar --recursive-unlink -C d").of(EffectKind.DELETE) == [f"{P}/d"]
    assert judge("tar -cf /dev/sda src").of(EffectKind.DEVICE) == ["/dev/sda"]
    assert judge("tar -cf me@host:/x.tar src").of(EffectKind.SEND) == ["host"]
    assert judge("zip -m x.zip src").of(EffectKind.DELETE) == [f"{P}/src"]


@pytest.mark.parametrize(
    ("command", "host"),
    [
        ("rsync -a src/ user@host:/srv", "host"),
        ("rsync -a src rsync://host/module", "host"),
        ("rsync -a src h:x", "h"),
        ("scp a host:b", "host"),
        ("scp a h:b", "h"),
        ("sftp host <<< 'put a'", "host"),
    ],
)
def test_what_leaves(judge: Any, command: str, host: str) -> None:
    effect = judge(command).one(EffectKind.SEND)
    assert effect.target == host
    assert effect.reads == ((f"{P}/a",) if " a" in command else (f"{P}/src",))


@pytest.mark.parametrize("command", ["rsync -a ./a:b/c d", "scp C:/x/y d", "scp a b", "rsync -a src/ dst/"])
def test_what_stays(judge: Any, command: str) -> None:
    assert EffectKind.SEND not in judge(command).kinds


@pytest.mark.parametrize(
    "command", ["scp host:x.sh . && sh x.sh", "rsync host:x.sh . && sh x.sh", "sftp host <<< 'get x.sh' && sh x.sh"]
)
def test_what_came_over_the_network_is_known_when_it_runs(judge: Any, command: str) -> None:
    assert judge(command).of(EffectKind.RUN_FETCHED)


def test_options_of_tar_from_the_environment(judge: Any) -> None:
    assert "reboot" in judge("TAR_OPTIONS='-v --to-command=reboot' tar xf a.tar").programs
    assert "reboot" not in judge("TAR_OPTIONS=-v tar xf a.tar").programs


def test_rsync_deletes(judge: Any) -> None:
    assert judge("rsync -a --delete src/ /srv/").one(EffectKind.DELETE).flags == Flag.RECURSIVE | Flag.FILTERED
    assert judge("rsync -a --delete-excluded src/ h:/srv").rules == {"files.sync-delete"}
    assert judge("rsync -a --remove-source-files src/ /srv").of(EffectKind.DELETE) == [f"{P}/src"]
    assert judge("rsync -a --rsync-path='rm -rf /srv; rsync' a host:b").one(EffectKind.DELETE).flags & Flag.REMOTE
    assert EffectKind.DELETE not in judge("rsync -a src/ /srv").kinds


def test_sftp_batch(judge: Any) -> None:
    judged = judge("sftp -b cmds host", files={f"{P}/cmds": "put a\nrm b\nget c d\n"})
    assert judged.one(EffectKind.SEND).reads == (f"{P}/a",)
    assert judged.one(EffectKind.DELETE).flags & Flag.REMOTE
    assert judged.of(EffectKind.WRITE) == [f"{P}/d"]
    assert judge("sftp host").of(EffectKind.FETCH) == ["host"]


@pytest.mark.parametrize(
    ("words", "packed", "before"),
    [
        ("czf x.tgz .", True, 2),
        ("cf x .", True, 2),
        ("-czf x.tgz .", True, 0),
        ("-z -c -f x .", True, 0),
        ("--create --file=x .", True, 0),
        ("--exclude=c -cf x .", True, 0),
        ("tzf x.tgz", False, 2),
        ("-xf x.tgz -C d", False, 0),
        ("--extract --file=c", False, 0),
    ],
)
def test_calls_of_tar(words: str, packed: bool, before: int) -> None:
    assert packs(tuple(words.split())) is packed
    assert archive_options(tuple(words.split())) == before


@pytest.mark.parametrize("command", ["scp -S ./evil a b:", "sftp -S ./evil host", "scp -S./evil a b:"])
def test_the_program_that_connects(judge: Any, command: str) -> None:
    assert judge(command, scripts={"/home/dev/project/evil": "rm -rf /etc"}).of(EffectKind.DELETE) == ["/etc"]
    assert judge(command.replace("./evil", " ssh")).programs == [command.split(maxsplit=1)[0]]


@pytest.mark.parametrize(
    ("command", "sources"),
    [
        ("echo a/b | tar czf - -T -", [f"{P}/a/b"]),
        ("echo a > list; tar cf x.tar --files-from=list", [f"{P}/a"]),
        ("tar cf x.tar -T nowhere", ["/\0"]),
        ("tar cf x.tar --add-file=./b a", [f"{P}/a", f"{P}/b"]),
        ("printf 'a\nb\n' | zip -@ x.zip", [f"{P}/a", f"{P}/b"]),
        ("tar xOf x.tar a/b", [f"{P}/a/b"]),
        ("7z a x.7z a b", [f"{P}/a", f"{P}/b"]),
        ("7z a x.7z", [P]),
    ],
)
def test_what_is_packed(judge: Any, command: str, sources: list[str]) -> None:
    packed = [effect.target for effect in judge(command).analysis.effects if effect.kind is EffectKind.READ]
    assert [path for path in packed if path not in (f"{P}/list", f"{P}/x.tar")] == sources


@pytest.mark.parametrize("command", ["tar cf - a", "zip -r - a", "7z a -so x.7z a"])
def test_what_is_packed_to_the_output_is_shown(judge: Any, command: str) -> None:
    (read,) = (effect for effect in judge(command).analysis.effects if effect.kind is EffectKind.READ)
    assert read.flags == Flag.RECURSIVE | Flag.CONTENT_OUT
