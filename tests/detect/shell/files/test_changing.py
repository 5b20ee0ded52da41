"""Programs that create, change, move and remove files: exact targets and flags."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import EffectKind, Flag

P = "/home/dev/project"


@pytest.mark.parametrize(
    ("command", "targets", "flags"),
    [
        ("rm a b", [f"{P}/a", f"{P}/b"], Flag.NONE),
        ("rm -rf -- a", [f"{P}/a"], Flag.RECURSIVE | Flag.FORCE),
        ("rm --recursiv --forc a", [f"{P}/a"], Flag.RECURSIVE | Flag.FORCE),
        ("rm -- -rf", [f"{P}/-rf"], Flag.NONE),
        ("rm -r link/", [f"{P}/link"], Flag.RECURSIVE | Flag.THROUGH),
        ("rm *.o", [f"{P}/*.o"], Flag.GLOB),
        ("rimraf dist", [f"{P}/dist"], Flag.RECURSIVE | Flag.FORCE),
        ("unlink a", [f"{P}/a"], Flag.FORCE),
        ("shred -n 3 -u a", [f"{P}/a"], Flag.FORCE),
        ("mv a /dev/null", [f"{P}/a"], Flag.RECURSIVE | Flag.FORCE),
        ("truncate -s 0 f", [f"{P}/f"], Flag.NONE),
        ("truncate --size=-1 f", [f"{P}/f"], Flag.NONE),
        ("truncate -s '<5' f", [f"{P}/f"], Flag.NONE),
        ("fallocate --punch-hole -o 0 -l 5 f", [f"{P}/f"], Flag.NONE),
        ("fallocate -c -o 0 -l 5 f", [f"{P}/f"], Flag.NONE),
    ],
)
def test_what_is_lost(judge: Any, command: str, targets: list[str], flags: Flag) -> None:
    effects = [effect for effect in judge(command).analysis.effects if effect.kind is EffectKind.DELETE]
    assert [effect.target for effect in effects] == targets
    assert {effect.flags for effect in effects} == {flags}


@pytest.mark.parametrize(
    "command",
    [
        "rm --help",
        "rmdir -p a/b",
        "mkdir -p a/b",
        "touch -d now a",
        "truncate -s +1M f",
        "truncate -s '>5' f",
        "fallocate -l 1G f",
        "rename -n 's/a/b/' *.txt",
        "rename --no-act a b *.txt",
        "split -l 5 f out",
    ],
)
def test_nothing_is_lost(judge: Any, command: str) -> None:
    assert not {EffectKind.DELETE, EffectKind.MOVE, EffectKind.DEVICE} & judge(command).kinds


@pytest.mark.parametrize(
    ("command", "writes"),
    [
        ("cp a b", [f"{P}/b"]),
        ("cp a sub/", [f"{P}/sub/a"]),
        ("cp -t /etc a b", ["/etc/a", "/etc/b"]),
        ("cp -rt /etc a", ["/etc/a"]),
        ("cp --target-directory=/etc a", ["/etc/a"]),
        ("cp a /etc", ["/etc/a"]),
        ("cp -T a /etc", ["/etc"]),
        ("mv -t /etc a b", ["/etc/a", "/etc/b"]),
        ("mv a b c dir/", [f"{P}/dir/a", f"{P}/dir/b", f"{P}/dir/c"]),
        ("install -d /srv/a /srv/b", ["/srv/a", "/srv/b"]),
        ("install -D -m 755 a /usr/bin/a", ["/usr/bin/a"]),
        ("install -m 755 -t /usr/bin a b", ["/usr/bin/a", "/usr/bin/b"]),
        ("echo x | tee -a f g", [f"{P}/f", f"{P}/g"]),
        ("split -b 1m f /etc/x", ["/etc/x\0"]),
    ],
)
def test_what_is_written(judge: Any, command: str, writes: list[str]) -> None:
    assert judge(command).of(EffectKind.WRITE) == writes


def test_flags_of_writes(judge: Any) -> None:
    assert judge("echo x | tee -a f").one(EffectKind.WRITE).flags == Flag.APPEND
    assert judge("echo x | tee f").one(EffectKind.WRITE).flags == Flag.NONE
    assert judge("echo x | tee f").one(EffectKind.WRITE).text == "x\n"
    assert judge("cp -n a b").one(EffectKind.WRITE).flags == Flag.CREATE
    assert judge("install -d x").one(EffectKind.WRITE).flags == Flag.CREATE
    assert judge("cp /dev/null f").one(EffectKind.WRITE).text == ""
    assert judge("truncate -s +1 f").one(EffectKind.WRITE).flags == Flag.CREATE


@pytest.mark.parametrize(
    "command", ["cp a /dev/sda", "tee /dev/sda", "shred -n 3 /dev/sda", "truncate -s 0 /dev/sda", "echo 1<>/dev/sda"]
)
def test_devices(judge: Any, command: str) -> None:
    assert judge(command).of(EffectKind.DEVICE) == ["/dev/sda"]


@pytest.mark.parametrize(
    ("command", "link", "to", "detail"),
    [
        ("ln a b", f"{P}/b", f"{P}/a", "hard"),
        ("link a b", f"{P}/b", f"{P}/a", "hard"),
        ("ln /etc/passwd mine", f"{P}/mine", "/etc/passwd", "hard"),
        ("ln -sf /etc/passwd mine", f"{P}/mine", "/etc/passwd", "symbolic"),
        ("ln -s /etc/passwd", f"{P}/passwd", "/etc/passwd", "symbolic"),
        ("ln -st dir /etc/passwd", f"{P}/dir/passwd", "/etc/passwd", "symbolic"),
        ("cp -l /etc/passwd b", f"{P}/b", "/etc/passwd", ""),
        ("cp -s /etc/passwd b", f"{P}/b", "/etc/passwd", ""),
    ],
)
def test_links(judge: Any, command: str, link: str, to: str, detail: str) -> None:
    effect = judge(command).one(EffectKind.LINK)
    assert (effect.target, effect.to, effect.detail) == (link, to, detail)


@pytest.mark.parametrize(
    ("command", "target", "detail", "flags"),
    [
        ("chmod 777 f", f"{P}/f", "777", Flag.NONE),
        ("chmod -R 777 /", "/", "777", Flag.RECURSIVE),
        ("chmod u+x f", f"{P}/f", "u+x", Flag.NONE),
        ("chmod +x f", f"{P}/f", "+x", Flag.NONE),
        ("chmod -x f", f"{P}/f", "-x", Flag.NONE),
        ("chmod -w f", f"{P}/f", "-w", Flag.NONE),
        ("chmod -R -w d", f"{P}/d", "-w", Flag.RECURSIVE),
        ("chmod a=rwx,o= f", f"{P}/f", "a=rwx,o=", Flag.NONE),
        ("chmod -Rv go-w d", f"{P}/d", "go-w", Flag.RECURSIVE),
        ("chmod --reference=a b", f"{P}/b", "", Flag.NONE),
        ("chown -R me:me /etc", "/etc", "me:me", Flag.RECURSIVE),
        ("chown --from=a b c", f"{P}/c", "b", Flag.NONE),
        ("chgrp staff d", f"{P}/d", "staff", Flag.NONE),
        ("chattr +i f", f"{P}/f", "+i", Flag.NONE),
        ("chattr -R -i /etc", "/etc", "-i", Flag.RECURSIVE),
        ("setfacl -m u:x:rw f", f"{P}/f", "u:x:rw", Flag.NONE),
        ("setfacl -b f", f"{P}/f", "remove", Flag.NONE),
    ],
)
def test_modes_and_owners(judge: Any, command: str, target: str, detail: str, flags: Flag) -> None:
    effect = judge(command).one(EffectKind.CHMOD)
    assert (effect.target, effect.detail, effect.flags) == (target, detail, flags)


def test_programs_that_are_handed_on(judge: Any) -> None:
    assert judge("split --filter='rm -rf /etc' f").of(EffectKind.DELETE) == ["/etc"]
    assert judge("rename 's/a/b/' *.txt").one(EffectKind.MOVE).flags == Flag.GLOB
    assert judge("trash-empty").rules == {"files.empty-trash"}
