"""Programs that create, change, move and remove files."""

from __future__ import annotations

from collections.abc import Iterator

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.model import Handler, Invocation, Outcome, ShellText, absolute
from checkrein.detect.shell.options import Options, parse_options

DEVICES = (
    "/dev/sd",
    "/dev/nvme",
    "/dev/hd",
    "/dev/vd",
    "/dev/xvd",
    "/dev/mmcblk",
    "/dev/disk",
    "/dev/mapper/",
    "/dev/md",
    "/dev/dm-",
    "/dev/loop",
    "/dev/mem",
    "/dev/kmem",
    "/dev/port",
)


def is_device(path: str) -> bool:
    """True for a block or memory device, whose content is a disk's or the machine's."""
    return path.startswith(DEVICES)


def paths(options: Options, invocation: Invocation, *, skip: int = 0) -> Iterator[tuple[str, Flag]]:
    """The operands as absolute paths, each with GLOB where it is a pattern."""
    for at, word in options.operands[skip:]:
        if word:
            yield absolute(word, invocation.cwd), Flag.GLOB if at + 1 in invocation.globs else Flag.NONE


def rm(invocation: Invocation) -> Iterator[Outcome]:
    """rm, srm, rimraf, trash and their like."""
    name = invocation.name
    options = parse_options(
        invocation.args,
        flags=(
            "--recursive",
            "--force",
            "--dir",
            "--verbose",
            "--interactive",
            "--one-file-system",
            "--preserve-root",
            "--no-preserve-root",
            "--help",
            "--version",
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


CP_VALUES = (
    "-t",
    "-S",
    "--target-directory",
    "--suffix",
    "-m",
    "-o",
    "-g",
    "--mode",
    "--owner",
    "--group",
    "--backup",
    "--context",
    "--reflink",
    "--sparse",
)


def _sources_and_target(invocation: Invocation) -> tuple[Options, list[tuple[str, Flag]], str, bool]:
    """Options, sources, target and whether the target is a folder, of cp, mv, install and ln."""
    options = parse_options(
        invocation.args,
        values=CP_VALUES,
        flags=(
            "--recursive",
            "--force",
            "--no-clobber",
            "--no-target-directory",
            "--archive",
            "--verbose",
            "--update",
            "--directory",
            "--symbolic",
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
    for source, glob in sources:
        yield Effect(EffectKind.READ, source, invocation.name, flags=glob, to=target)
        destination = _inside(target, source, folder=folder)
        if options.has("-l", "--link", "-s", "--symbolic-link"):
            yield Effect(EffectKind.LINK, destination, invocation.name, to=source)
        elif is_device(target):
            yield Effect(EffectKind.DEVICE, target, invocation.name)
        elif target != "/dev/null":
            flags = Flag.CREATE if options.has("-n", "--no-clobber") else Flag.NONE
            yield Effect(EffectKind.WRITE, destination, invocation.name, flags=flags, reads=(source,))


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
    for source, _ in sources:
        destination = _inside(target, source, folder=folder)
        detail = "symbolic" if symbolic else "hard"
        yield Effect(EffectKind.LINK, destination, "ln -s" if symbolic else "ln", to=source, detail=detail)


def create(invocation: Invocation) -> Iterator[Outcome]:
    """mkdir, touch, mkfifo: they lose nothing."""
    options = parse_options(invocation.args, values=("-m", "--mode", "-d", "-t", "-r", "--date", "--reference", "-Z"))
    for path, glob in paths(options, invocation):
        yield Effect(EffectKind.WRITE, path, invocation.name, flags=Flag.CREATE | glob)


def truncate(invocation: Invocation) -> Iterator[Outcome]:
    """truncate -s SIZE FILE, fallocate."""
    options = parse_options(invocation.args, values=("-s", "--size", "-r", "--reference", "-l", "-o"))
    size = options.last("-s", "--size") or ""
    for path, glob in paths(options, invocation):
        if is_device(path):
            yield Effect(EffectKind.DEVICE, path, invocation.name)
        elif invocation.name == "truncate" and not size.startswith("+"):
            yield Effect(EffectKind.DELETE, path, f"truncate -s {size}", flags=glob)
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
            yield Effect(EffectKind.WRITE, path, invocation.name, flags=flags | glob, text=text, detail=detail)


def chmod(invocation: Invocation) -> Iterator[Outcome]:
    """chmod, chown, chgrp, setfacl, chattr, chflags."""
    options = parse_options(
        invocation.args,
        values=("--reference", "-m", "-x", "--modify", "--from") if invocation.name == "setfacl" else ("--reference", "--from"),
    )
    words = list(options.operands)
    mode_words = [
        word
        for word in invocation.args
        if word.startswith(("-", "+", "="))
        and invocation.name in ("chmod", "chattr")
        and not word.startswith("--")
        and word[1:].rstrip(",")
        and set(word[1:]) <= set("rwxXstugoaei,+-=")
    ]
    recursive = (
        Flag.RECURSIVE
        if any(
            word in ("-R", "--recursive") or (word.startswith("-") and not word.startswith("--") and "R" in word)
            for word in invocation.args
        )
        else Flag.NONE
    )
    detail = ""
    if (
        not options.has("--reference")
        and words
        and not (mode_words and invocation.name == "chmod" and len(words) == 1 and not words[0][1][:1].isdigit())
    ):
        detail = words.pop(0)[1]
    elif mode_words:
        detail = mode_words[0]
    for at, word in words:
        glob = Flag.GLOB if at + 1 in invocation.globs else Flag.NONE
        yield Effect(EffectKind.CHMOD, absolute(word, invocation.cwd), invocation.name, flags=recursive | glob, detail=detail)


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
        reads = (source,) if source and not source.startswith("/dev/") else ()
        yield Effect(EffectKind.WRITE, target, "dd", reads=reads)


def mkfs(invocation: Invocation) -> Iterator[Outcome]:
    """mkfs.*, mke2fs, mkswap, wipefs and their like: whatever was on the device is gone."""
    options = parse_options(
        invocation.args, values=("-t", "-L", "-U", "-b", "-m", "-O", "-E", "-N", "-I", "-i", "-F", "-n", "-s", "-o")
    )
    harmless = {
        "wipefs": not options.has("-a", "--all", "-o", "--offset", "-f"),
        "sfdisk": options.has("-l", "-d", "--dump", "--list"),
        "fdisk": options.has("-l", "--list"),
        "parted": options.has("-l", "--list"),
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


RSYNC_VALUES = (
    "-e",
    "-f",
    "-T",
    "-B",
    "-M",
    "--rsh",
    "--exclude",
    "--include",
    "--filter",
    "--exclude-from",
    "--include-from",
    "--files-from",
    "--rsync-path",
    "--bwlimit",
    "--port",
    "--password-file",
    "--log-file",
    "--backup-dir",
    "--suffix",
    "--compare-dest",
    "--copy-dest",
    "--link-dest",
    "--chmod",
    "--chown",
    "--max-delete",
    "--max-size",
    "--min-size",
    "--timeout",
    "--temp-dir",
    "--out-format",
    "--info",
    "--debug",
    "--partial-dir",
    "--block-size",
    "--usermap",
    "--groupmap",
)


def rsync(invocation: Invocation) -> Iterator[Outcome]:
    """rsync: copies, and with --delete removes at the target what the source does not hold."""
    options = parse_options(invocation.args, values=RSYNC_VALUES)
    if options.has("-n", "--dry-run", "--list-only"):
        return
    if code := options.last("-e", "--rsh"):
        program = code.split()
        if program and program[0].rsplit("/", 1)[-1] not in ("ssh", "rsh"):
            yield ShellText(code)
    words = options.words
    if len(words) < 2:
        return
    target = words[-1]
    remote = _remote_host(target)
    deletes = any(name.startswith("--del") for name in options.given) or options.has("--remove-source-files")
    sources = [word for word in words[:-1] if not _remote_host(word)]
    local_sources = tuple(absolute(word, invocation.cwd) for word in sources)
    for source in local_sources:
        yield Effect(EffectKind.READ, source, "rsync", flags=Flag.RECURSIVE)
        if options.has("--remove-source-files"):
            yield Effect(EffectKind.DELETE, source, "rsync --remove-source-files", flags=Flag.RECURSIVE)
    if remote:
        yield Effect(EffectKind.SEND, remote, "rsync", reads=local_sources)
        yield Effect(EffectKind.WRITE, _remote_path(target), "rsync", flags=Flag.REMOTE)
        if deletes:
            yield Effect(EffectKind.DESTRUCTIVE, target, "rsync --delete", rule="files.sync-delete", flags=Flag.REMOTE)
        return
    path = absolute(target, invocation.cwd)
    if deletes:
        yield Effect(EffectKind.DELETE, path, "rsync --delete", rule="files.sync-delete", flags=Flag.RECURSIVE | Flag.FILTERED)
    flags = Flag.GLOB if len(invocation.argv) - 1 in invocation.globs else Flag.NONE
    yield Effect(EffectKind.WRITE, path, "rsync", flags=flags | Flag.RECURSIVE, reads=local_sources)


def _remote_host(word: str) -> str:
    """The host of ``[user@]host:path`` and ``rsync://host/path``, "" for a local path."""
    if "://" in word:
        return word.split("://", 1)[1].split("/", 1)[0]
    head, colon, _ = word.partition(":")
    return head.rsplit("@", 1)[-1] if colon and "/" not in head and len(head) > 1 else ""


def _remote_path(word: str) -> str:
    """The path of ``host:path`` as the other machine sees it; relative ones start in an unknown home folder."""
    path = word.split("://", 1)[1].partition("/")[2] if "://" in word else word.partition(":")[2]
    return absolute(path, f"/home/{UNKNOWN}")


def scp(invocation: Invocation) -> Iterator[Outcome]:
    """scp, sftp: files to and from other machines."""
    options = parse_options(invocation.args, values=("-c", "-D", "-F", "-i", "-J", "-l", "-o", "-P", "-S", "-X"))
    for value in options.given.get("-o", []):
        if value.lower().startswith("proxycommand="):
            yield ShellText(value.partition("=")[2])
    words = options.words
    if len(words) < 2:
        return
    target, host = words[-1], _remote_host(words[-1])
    sources = tuple(absolute(word, invocation.cwd) for word in words[:-1] if not _remote_host(word))
    for source in sources:
        yield Effect(EffectKind.READ, source, "scp", flags=Flag.RECURSIVE if options.has("-r") else Flag.NONE)
    if host:
        yield Effect(EffectKind.SEND, host, "scp", reads=sources)
        yield Effect(EffectKind.WRITE, _remote_path(target), "scp", flags=Flag.REMOTE)
        return
    origin = next((f"network:{_remote_host(word)}" for word in words[:-1] if _remote_host(word)), "")
    path = absolute(target, invocation.cwd)
    if target.endswith(("/", ".")) or invocation.world.is_dir(path):
        path = f"{path}/{words[0].rsplit('/', 1)[-1]}"
    yield Effect(EffectKind.WRITE, path, "scp", reads=sources, detail=origin)


TAR_VALUES = (
    "-f",
    "-C",
    "-T",
    "-X",
    "-b",
    "-g",
    "-I",
    "-F",
    "-V",
    "--file",
    "--directory",
    "--files-from",
    "--exclude",
    "--use-compress-program",
    "--checkpoint-action",
    "--to-command",
    "--info-script",
    "--new-volume-script",
    "--transform",
    "--xform",
    "--strip-components",
    "--owner",
    "--group",
    "--mode",
    "--rsh-command",
    "--rmt-command",
    "--exclude-from",
    "--newer",
    "--mtime",
    "--sort",
    "--format",
    "--warning",
    "--checkpoint",
)


def tar(invocation: Invocation) -> Iterator[Outcome]:
    """tar: archives, extracts, and runs the programs that its options name."""
    args = list(invocation.args)
    if args and not args[0].startswith("-") and args[0].isalpha():
        args = _old_style(args)
    options = parse_options(
        args,
        values=TAR_VALUES,
        flags=("--extract", "--create", "--list", "--remove-files", "--recursive-unlink", "--overwrite"),
    )
    for name in (
        "--checkpoint-action",
        "--to-command",
        "--info-script",
        "--new-volume-script",
        "--use-compress-program",
        "-I",
        "-F",
        "--rsh-command",
        "--rmt-command",
    ):
        for value in options.given.get(name, []):
            yield ShellText(value.removeprefix("exec="))
    folder = absolute(options.last("-C", "--directory") or ".", invocation.cwd)
    archive = options.last("-f", "--file")
    if options.has("-x", "--extract", "--get"):
        yield Effect(EffectKind.WRITE, f"{folder}/{UNKNOWN}", "tar -x", flags=Flag.CREATE)
        if options.has("--recursive-unlink"):
            yield Effect(EffectKind.DELETE, folder, "tar --recursive-unlink", flags=Flag.RECURSIVE)
    elif options.has("-c", "-r", "-u", "--create", "--append", "--update"):
        sources = tuple(absolute(word, folder) for word in options.words)
        for source in sources:
            flags = Flag.RECURSIVE | (Flag.CONTENT_OUT if archive in (None, "-") else Flag.NONE)
            yield Effect(EffectKind.READ, source, "tar -c", flags=flags)
            if options.has("--remove-files"):
                yield Effect(EffectKind.DELETE, source, "tar --remove-files", flags=Flag.RECURSIVE)
        if archive not in (None, "-"):
            yield from _archive_target(absolute(str(archive), invocation.cwd), sources)


def _old_style(args: list[str]) -> list[str]:
    """``tar cf ARCHIVE -C DIR x``: the first word's letters take their values in order."""
    rest = args[1:]
    result: list[str] = []
    for letter in args[0]:
        result.append(f"-{letter}")
        if f"-{letter}" in TAR_VALUES and rest:
            result.append(rest.pop(0))
    return result + rest


def _archive_target(path: str, sources: tuple[str, ...]) -> Iterator[Outcome]:
    if is_device(path):
        yield Effect(EffectKind.DEVICE, path, "tar")
    elif path != "/dev/null":
        yield Effect(EffectKind.WRITE, path, "tar -c", reads=sources)


def archive(invocation: Invocation) -> Iterator[Outcome]:
    """zip, 7z, unzip, gzip and their like."""
    name = invocation.name
    options = parse_options(invocation.args, values=("-d", "-x", "-i", "-P", "-T", "-TT", "--unzip-command", "-S", "-o"))
    words = options.words
    if name == "zip":
        for value in options.given.get("-TT", []) + options.given.get("--unzip-command", []):
            yield ShellText(value)
        sources = tuple(absolute(word, invocation.cwd) for word in words[1:])
        for source in sources:
            yield Effect(EffectKind.READ, source, name, flags=Flag.RECURSIVE)
            if options.has("-m", "--move"):
                yield Effect(EffectKind.DELETE, source, "zip -m", flags=Flag.RECURSIVE)
        if words and words[0] != "-":
            yield Effect(EffectKind.WRITE, absolute(words[0], invocation.cwd), name, reads=sources, flags=Flag.APPEND)
    elif name == "unzip":
        if not options.has("-l", "-t", "-p", "-Z", "-v", "-z"):
            folder = absolute(options.last("-d") or ".", invocation.cwd)
            yield Effect(EffectKind.WRITE, f"{folder}/{UNKNOWN}", name, flags=Flag.CREATE)


def patched_files(text: str, folder: str) -> Iterator[Effect]:
    """The files that a diff changes, by its ``+++`` and ``---`` lines."""
    for line in text.splitlines():
        if line.startswith(("+++ ", "--- ")):
            name = line[4:].split("\t", 1)[0].strip()
            if name and name != "/dev/null":
                path = absolute(name.split("/", 1)[1] if name[:2] in ("a/", "b/") else name, folder)
                yield Effect(EffectKind.WRITE, path, "a patch", flags=Flag.IN_PLACE)


def patch(invocation: Invocation) -> Iterator[Outcome]:
    """patch: edits files that its input names."""
    options = parse_options(
        invocation.args, values=("-p", "-i", "-d", "-o", "-r", "--input", "--directory", "--output", "--strip")
    )
    if options.has("--dry-run"):
        return
    folder = absolute(options.last("-d", "--directory") or ".", invocation.cwd)
    source = options.last("-i", "--input")
    text = invocation.world.read_text(absolute(source, invocation.cwd)) if source else invocation.stdin
    yield from patched_files(text or "", folder)
    for word in options.words[:1]:
        yield Effect(EffectKind.WRITE, absolute(word, folder), "patch", flags=Flag.IN_PLACE)


def sed(invocation: Invocation) -> Iterator[Outcome]:
    """sed: prints, or with -i edits in place; its scripts can run commands (e) and write files (w)."""
    options = parse_options(
        invocation.args,
        values=("-e", "-f", "-l", "--expression", "--file", "--line-length"),
        optional=("--in-place",),
        flags=("--quiet", "--silent", "--regexp-extended", "--separate", "--null-data"),
    )
    scripts = options.given.get("-e", []) + options.given.get("--expression", [])
    items = list(options.operands)
    if not scripts and not options.has("-f", "--file") and items:
        scripts = [items.pop(0)[1]]
    for script in scripts:
        yield from _sed_script(script, invocation)
    in_place = any(
        word.startswith(("-i", "--in-place"))
        or (word.startswith("-") and not word.startswith("--") and "i" in word and set(word[1:]) <= set("nrEsuzi"))
        for word in invocation.args
    )
    for at, word in items:
        path = absolute(word, invocation.cwd)
        glob = Flag.GLOB if at + 1 in invocation.globs else Flag.NONE
        if in_place:
            yield Effect(EffectKind.WRITE, path, "sed -i", flags=Flag.IN_PLACE | glob)
        else:
            yield Effect(EffectKind.READ, path, "sed", flags=Flag.CONTENT_OUT | glob)


def _sed_script(script: str, invocation: Invocation) -> Iterator[Outcome]:
    from checkrein.detect.shell.sed import sed_actions  # noqa: PLC0415 - only sed needs it

    for action, argument in sed_actions(script):
        if action == "execute":
            yield (
                ShellText(argument)
                if argument
                else Effect(EffectKind.RUN_UNKNOWN, "sed", "sed", detail="it runs the text that it reads")
            )
        elif action == "write" and not argument.startswith("/dev/"):
            yield Effect(EffectKind.WRITE, absolute(argument, invocation.cwd), "sed w")
        elif action == "read":
            yield Effect(EffectKind.READ, absolute(argument, invocation.cwd), "sed r", flags=Flag.CONTENT_OUT)


def editor(invocation: Invocation) -> Iterator[Outcome]:
    """vim, ed, emacs in batch mode: commands that they are given."""
    options = parse_options(
        invocation.args, values=("-c", "-s", "-S", "-u", "-U", "-i", "--cmd", "-t", "-T", "-w", "--eval", "-l", "--load")
    )
    commands = (
        options.given.get("-c", [])
        + options.given.get("--cmd", [])
        + [word for word in invocation.args if word.startswith("+") and len(word) > 1]
    )
    for command in commands:
        text = command.lstrip("+: ")
        if text.startswith("!"):
            yield ShellText(text[1:])
        elif "system(" in text:
            yield ShellText(text.split("system(", 1)[1].strip(" ()'\""))
        elif "!" in text:
            yield ShellText(text.split("!", 1)[1])
    if invocation.name == "ed" and invocation.stdin:
        for line in invocation.stdin.splitlines():
            if line.startswith("!"):
                yield ShellText(line[1:])
    batch = commands or invocation.stdin is not None or options.has("-es", "-e")
    for path, glob in paths(options, invocation):
        if not path.rsplit("/", 1)[-1].startswith("+"):
            yield Effect(EffectKind.READ, path, invocation.name, flags=glob | (Flag.CONTENT_OUT if batch else Flag.NONE))


def rename(invocation: Invocation) -> Iterator[Outcome]:
    """rename, prename: perl expressions or plain texts over many files."""
    options = parse_options(invocation.args)
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


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("rm", "grm", "rimraf", "del-cli", "rmtree"), rm),
    **dict.fromkeys(("unlink", "rmdir", "shred", "srm", "wipe"), unlink),
    **dict.fromkeys(("cp", "gcp", "install", "ginstall"), cp),
    **dict.fromkeys(("mv", "gmv"), mv),
    **dict.fromkeys(("ln", "gln"), ln),
    **dict.fromkeys(("mkdir", "touch", "mkfifo"), create),
    **dict.fromkeys(("truncate", "fallocate"), truncate),
    **dict.fromkeys(("tee", "sponge"), tee),
    **dict.fromkeys(("chmod", "chown", "chgrp", "setfacl", "chattr", "chflags", "gchmod", "gchown"), chmod),
    **dict.fromkeys(("dd", "gdd", "dcfldd"), dd),
    **dict.fromkeys(
        ("mke2fs", "mkswap", "wipefs", "fdisk", "sfdisk", "gdisk", "sgdisk", "cfdisk", "parted", "blkdiscard"), mkfs
    ),
    **{
        f"mkfs.{kind}": mkfs
        for kind in (
            "ext2",
            "ext3",
            "ext4",
            "xfs",
            "btrfs",
            "vfat",
            "fat",
            "exfat",
            "ntfs",
            "f2fs",
            "minix",
            "cramfs",
            "bfs",
            "msdos",
        )
    },
    "mkfs": mkfs,
    "rsync": rsync,
    "scp": scp,
    **dict.fromkeys(("tar", "gtar", "bsdtar"), tar),
    **dict.fromkeys(("zip", "unzip"), archive),
    **dict.fromkeys(("patch", "gpatch"), patch),
    **dict.fromkeys(("sed", "gsed"), sed),
    **dict.fromkeys(("vim", "vi", "nvim", "ex", "ed", "emacs", "view"), editor),
    **dict.fromkeys(("rename", "prename"), rename),
    "trash-empty": empty_trash,
    "split": split,
}
