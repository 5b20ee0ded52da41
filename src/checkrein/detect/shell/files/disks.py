"""Programs that write to disks as such: copies of blocks, new file systems, partition tables."""

from __future__ import annotations

from collections.abc import Iterator

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.model import Handler, Invocation, Outcome, absolute
from checkrein.detect.shell.options import listed, parse_options, paths
from checkrein.detect.shell.values import network_in

DEVICES = listed(
    "/dev/sd /dev/nvme /dev/hd /dev/vd /dev/xvd /dev/mmcblk /dev/disk /dev/mapper/ /dev/md /dev/dm- /dev/loop /dev/mem "
    "/dev/kmem /dev/port"
)


def is_device(path: str) -> bool:
    """True for a block or memory device, whose content is a disk's or the machine's."""
    return path.startswith(DEVICES)


def dd(invocation: Invocation) -> Iterator[Outcome]:
    """dd if=X of=Y."""
    operands = dict(word.split("=", 1) for word in invocation.args if "=" in word)
    source = absolute(operands["if"], invocation.cwd) if "if" in operands else ""
    if source and not source.startswith("/dev/"):
        yield Effect(EffectKind.READ, source, "dd", flags=Flag.NONE if "of" in operands else Flag.CONTENT_OUT)
    if "of" not in operands:
        return
    target = absolute(operands["of"], invocation.cwd)
    if is_device(target):
        yield Effect(EffectKind.DEVICE, target, "dd")
    elif not target.startswith("/dev/"):
        reads = () if source.startswith("/dev/") else (source or "-",)
        whole = not source and not operands.keys() & {"skip", "seek", "count", "conv", "cbs"}
        text = invocation.stdin if whole and UNKNOWN not in (invocation.stdin or UNKNOWN) else None
        origin = "" if source else next((f"network:{url}" for url in (network_in(invocation.origins),) if url), "")
        yield Effect(EffectKind.WRITE, target, "dd", reads=reads, text=text, detail=origin)


def mkfs(invocation: Invocation) -> Iterator[Outcome]:
    """mkfs.*, mke2fs, mkswap, wipefs and their like: whatever was on the device is gone."""
    options = parse_options(
        invocation.args, values=("-t", "-L", "-U", "-b", "-m", "-O", "-E", "-N", "-I", "-i", "-F", "-n", "-s", "-o")
    )
    harmless = {
        "wipefs": not options.has("-a", "--all", "-o", "--offset", "-f"),
        "sfdisk": options.has("-l", "-d", "--dump", "--list"),
        "fdisk": options.has("-l", "--list"),
        "parted": options.has("-l", "--list") or {"print", "p"} & set(options.words[1:]),
        "gdisk": options.has("-l"),
        "sgdisk": options.has("-p", "-i", "-v"),
    }
    if harmless.get(invocation.name) or options.has("-V", "--help", "--version", "-h"):
        return
    for path, _ in paths(options, invocation):
        if path.startswith("/dev/"):
            yield Effect(EffectKind.DEVICE, path, invocation.name)
        elif invocation.name.startswith(("mkfs", "mke2fs", "mkswap")) and "." in path.rsplit("/", 1)[-1]:
            yield Effect(EffectKind.WRITE, path, invocation.name)


FILE_SYSTEMS = listed("ext2 ext3 ext4 xfs btrfs vfat fat exfat ntfs f2fs minix cramfs bfs msdos")
HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("dd", "gdd", "dcfldd"), dd),
    **dict.fromkeys(listed("mke2fs mkswap wipefs fdisk sfdisk gdisk sgdisk cfdisk parted blkdiscard"), mkfs),
    **dict.fromkeys(("mkfs", *(f"mkfs.{kind}" for kind in FILE_SYSTEMS)), mkfs),
}
