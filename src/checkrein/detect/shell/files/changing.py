"""Programs that create, change, move and remove files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.exchange.archives import copied_into
from checkrein.detect.shell.files.disks import is_device
from checkrein.detect.shell.model import Handler, Invocation, Outcome, ShellText, absolute
from checkrein.detect.shell.options import Options, listed, parse_options, paths


def rm(invocation: Invocation) -> Iterator[Outcome]:
    """rm, srm, rimraf, trash and their like."""
    name = invocation.name
    options = parse_options(
        invocation.args,
        flags=listed(
            "--recursive --force --dir --verbose --interactive --one-file-system --preserve-root --no-preserve-root "
            "--help --version"
        ),
    )
    if options.has("--help", "--version"):
        return
    recursive = options.has("-r", "-R", "--recursive") or name in ("rimraf", "del-cli", "rmtree")
    flags = Flag.NONE
    if recursive:
        flags |= Flag.RECURSIVE
    if options.has("-f", "--force") or name != "rm":
        flags |= Flag.FORCE
    label = f"{name}{' -r' if options.has('-r', '-R', '--recursive') else ''}"
    for at, word in options.operands:
        glob = Flag.GLOB if at + 1 in invocation.globs else Flag.NONE
        through = Flag.THROUGH if word.endswith(("/", "/.")) else Flag.NONE
        if word:
            yield Effect(EffectKind.DELETE, absolute(word, invocation.cwd), label, flags=flags | glob | through)


def unlink(invocation: Invocation) -> Iterator[Outcome]:
    """unlink, rmdir, shred -u."""
    options = parse_options(invocation.args, values=("-n", "-s", "--iterations", "--size", "--random-source"))
    if invocation.name == "rmdir":
        return  # removes empty folders only
    for path, glob in paths(options, invocation):
        if is_device(path):
            yield Effect(EffectKind.DEVICE, path, invocation.name)
        else:
            rule = "files.shred" if invocation.name in ("shred", "srm", "wipe") else ""
            yield Effect(EffectKind.DELETE, path, invocation.name, rule=rule, flags=glob | Flag.FORCE)


CP_VALUES = listed("-t -S --target-directory --suffix -m -o -g --mode --owner --group --backup --context --reflink --sparse")


def _sources_and_target(invocation: Invocation) -> tuple[Options, list[tuple[str, Flag]], str, bool]:
    """Options, sources, target and whether the target is a folder, of cp, mv, install and ln."""
    options = parse_options(
        invocation.args,
        values=CP_VALUES,
        flags=listed(
            "--recursive --force --no-clobber --no-target-directory --archive --verbose --update --directory --symbolic"
        ),
    )
    items = list(paths(options, invocation))
    folder = options.last("-t", "--target-directory")
    if folder is not None:
        return options, items, absolute(folder, invocation.cwd), True
    if not items:
        return options, [], "", False
    target = items.pop()[0]
    written = options.operands[-1][1]
    is_folder = len(items) > 1 or written.endswith(("/", "/.")) or written in (".", "..") or invocation.world.is_dir(target)
    return options, items, target, is_folder and not options.has("-T", "--no-target-directory")


def _inside(target: str, source: str, *, folder: bool) -> str:
    return f"{target.rstrip('/')}/{source.rsplit('/', 1)[-1]}" if folder else target


def cp(invocation: Invocation) -> Iterator[Outcome]:
    """cp, gcp, install."""
    options, sources, target, folder = _sources_and_target(invocation)
    if invocation.name == "install" and options.has("-d", "--directory"):
        for path, _ in [*sources, (target, Flag.NONE)]:
            yield Effect(EffectKind.WRITE, path, "install -d", flags=Flag.CREATE)
        return
    contents = {absolute(word, invocation.cwd) for word in options.words if word.endswith(("/.", "/./")) or word in (".", "./")}
    for source, glob in sources:
        yield Effect(EffectKind.READ, source, invocation.name, flags=glob, to=target)
        destination = _inside(target, source, folder=folder and source not in contents)
        if options.has("-l", "--link", "-s", "--symbolic-link"):
            yield Effect(EffectKind.LINK, destination, invocation.name, to=source)
        elif is_device(target):
            yield Effect(EffectKind.DEVICE, target, invocation.name)
        elif source == "/dev/null":
            yield Effect(EffectKind.WRITE, destination, invocation.name, text="")
        elif target != "/dev/null":
            flags = Flag.CREATE if options.has("-n", "--no-clobber") else Flag.NONE
            yield Effect(EffectKind.WRITE, destination, invocation.name, flags=flags, reads=(source,))
            if source in contents:
                yield from copied_into(source, target, invocation.name, invocation.world, invocation.cwd)


def mv(invocation: Invocation) -> Iterator[Outcome]:
    """mv, rename a file."""
    options, sources, target, folder = _sources_and_target(invocation)
    for source, glob in sources:
        if target == "/dev/null":
            yield Effect(EffectKind.DELETE, source, "mv to /dev/null", flags=glob | Flag.RECURSIVE | Flag.FORCE)
            continue
        destination = _inside(target, source, folder=folder)
        yield Effect(EffectKind.MOVE, source, "mv", flags=glob, to=destination)
        if not options.has("-n", "--no-clobber"):
            yield Effect(EffectKind.WRITE, destination, "mv", reads=(source,))


def ln(invocation: Invocation) -> Iterator[Outcome]:
    """ln: a new name for what another path holds."""
    options, sources, target, folder = _sources_and_target(invocation)
    if not sources and target:
        sources, target, folder = [(target, Flag.NONE)], invocation.cwd, True
    symbolic = options.has("-s", "--symbolic")
    words = [word for _, word in options.operands if word]
    for (source, _), word in zip(sources, words, strict=False):
        destination = _inside(target, source, folder=folder)
        if not symbolic:
            yield Effect(EffectKind.LINK, destination, "ln", to=source, detail="hard")
            continue
        there = source if options.has("-r", "--relative") else absolute(word, destination.rpartition("/")[0] or "/")
        yield Effect(EffectKind.LINK, destination, "ln -s", to=there, detail="symbolic")  # read where the link is


def create(invocation: Invocation) -> Iterator[Outcome]:
    """mkdir, touch, mkfifo: they lose nothing."""
    options = parse_options(invocation.args, values=("-m", "--mode", "-d", "-t", "-r", "--date", "--reference", "-Z"))
    for path, glob in paths(options, invocation):
        yield Effect(EffectKind.WRITE, path, invocation.name, flags=Flag.CREATE | glob)


HOLES = listed("-p -c -z --punch-hole --collapse-range --zero-range")


def truncate(invocation: Invocation) -> Iterator[Outcome]:
    """truncate -s SIZE FILE, fallocate."""
    options = parse_options(invocation.args, values=("-s", "--size", "-r", "--reference", "-l", "-o"))
    size = options.last("-s", "--size") or ""
    for path, glob in paths(options, invocation):
        if is_device(path):
            yield Effect(EffectKind.DEVICE, path, invocation.name)
        elif invocation.name == "truncate" and not size.startswith(("+", ">", "%")):
            yield Effect(EffectKind.DELETE, path, f"truncate -s {size}", flags=glob)
        elif invocation.name == "fallocate" and options.has(*HOLES):
            yield Effect(EffectKind.DELETE, path, "fallocate", flags=glob)
        else:
            yield Effect(EffectKind.WRITE, path, invocation.name, flags=glob | Flag.CREATE)


def tee(invocation: Invocation) -> Iterator[Outcome]:
    """tee, sponge."""
    options = parse_options(invocation.args, flags=("--append",))
    text = invocation.stdin if invocation.stdin is not None and UNKNOWN not in invocation.stdin else None
    flags = Flag.APPEND if options.has("-a", "--append") else Flag.NONE
    detail = next((origin for origin in sorted(invocation.origins) if origin.startswith("network:")), "")
    for path, glob in paths(options, invocation):
        if is_device(path):
            yield Effect(EffectKind.DEVICE, path, invocation.name)
        elif not path.startswith("/dev/") or path.startswith("/dev/fd/"):
            yield Effect(EffectKind.WRITE, path, invocation.name, flags=flags | glob, text=text, detail=detail, reads=("-",))


MODE = re.compile(r"-[rwxXstugoa,+=-]+")
ATTRIBUTES = re.compile(r"[-+=][aAcCdDeFijmPsStTuxE]+")


def chmod(invocation: Invocation) -> Iterator[Outcome]:
    """chmod, chown, chgrp, setfacl, chattr, chflags."""
    name = invocation.name
    values = ("--reference", "--from") if name != "setfacl" else listed("-m -x -M -X --modify --remove --set --set-file")
    options = parse_options(invocation.args, values=(*values, "-v", "-p") if name == "chattr" else values)
    words = list(options.operands)
    detail = ""
    if name == "setfacl":
        detail = options.last("-m", "--modify", "--set", "-x", "--remove") or "remove"
    elif name == "chattr":
        modes = [word for word in invocation.args if ATTRIBUTES.fullmatch(word)]
        words = [(at, word) for at, word in words if not ATTRIBUTES.fullmatch(word)]
        detail = " ".join(modes)
    elif name in ("chmod", "gchmod") and (mode := next((word for word in invocation.args if MODE.fullmatch(word)), "")):
        detail = mode  # what looks like options (-x) is a mode that takes rights away
    elif words and not options.has("--reference"):
        detail = words.pop(0)[1]
    recursive = Flag.RECURSIVE if options.has("-R", "--recursive") else Flag.NONE
    for at, word in words:
        glob = Flag.GLOB if at + 1 in invocation.globs else Flag.NONE
        yield Effect(EffectKind.CHMOD, absolute(word, invocation.cwd), name, flags=recursive | glob, detail=detail)


def rename(invocation: Invocation) -> Iterator[Outcome]:
    """rename, prename: perl expressions or plain texts over many files."""
    options = parse_options(invocation.args, flags=("--no-act", "--nono", "--dry-run"))
    if options.has("-n", "--no-act", "--nono", "--dry-run"):
        return
    for path, glob in paths(options, invocation, skip=1 if options.words and "/" in options.words[0] else 2):
        yield Effect(EffectKind.MOVE, path, invocation.name, flags=glob, to=f"{path.rsplit('/', 1)[0]}/{UNKNOWN}")


def empty_trash(invocation: Invocation) -> Iterator[Outcome]:
    """trash-empty: what was in the trash is gone."""
    yield Effect(EffectKind.DESTRUCTIVE, "the trash", invocation.name, rule="files.empty-trash")


def split(invocation: Invocation) -> Iterator[Outcome]:
    """split, csplit: --filter runs a command."""
    options = parse_options(
        invocation.args,
        values=("-b", "-l", "-n", "-a", "-C", "--filter", "--bytes", "--lines", "--number", "--suffix-length"),
        optional=("--filter",),
    )
    if code := options.last("--filter"):
        yield ShellText(code)
    for word in options.words[:1]:
        if word != "-" and invocation.world.read_text(absolute(word, invocation.cwd)) is not None:
            yield Effect(EffectKind.READ, absolute(word, invocation.cwd), "split")
    for word in options.words[1:2]:
        if not options.has("--filter"):
            yield Effect(EffectKind.WRITE, absolute(f"{word}{UNKNOWN}", invocation.cwd), "split", flags=Flag.CREATE)


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("rm", "grm", "rimraf", "del-cli", "rmtree"), rm),
    **dict.fromkeys(("unlink", "rmdir", "shred", "srm", "wipe"), unlink),
    **dict.fromkeys(("cp", "gcp", "install", "ginstall"), cp),
    **dict.fromkeys(("mv", "gmv"), mv),
    **dict.fromkeys(("ln", "gln", "link"), ln),
    **dict.fromkeys(("mkdir", "touch", "mkfifo"), create),
    **dict.fromkeys(("truncate", "fallocate"), truncate),
    **dict.fromkeys(("tee", "sponge"), tee),
    **dict.fromkeys(("chmod", "chown", "chgrp", "setfacl", "chattr", "chflags", "gchmod", "gchown"), chmod),
    **dict.fromkeys(("rename", "prename"), rename),
    "trash-empty": empty_trash,
    "split": split,
}
