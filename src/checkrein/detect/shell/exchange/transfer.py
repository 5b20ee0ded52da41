"""Programs that copy whole trees: to other machines, and into and out of archives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.exchange.archives import TAR_PROGRAMS, copied_into, cpio_in, named, names_in, unpacked
from checkrein.detect.shell.exchange.requests import OPEN
from checkrein.detect.shell.files.disks import is_device
from checkrein.detect.shell.model import Argv, Handler, Invocation, Outcome, ShellText, absolute, program_name
from checkrein.detect.shell.options import Options, listed, parse_options

RSYNC_VALUES = listed(
    "-e -f -T -B -M --rsh --exclude --include --filter --exclude-from --include-from --files-from --rsync-path --bwlimit "
    "--port --password-file --log-file --backup-dir --suffix --compare-dest --copy-dest --link-dest --chmod --chown "
    "--max-delete --max-size --min-size --timeout --temp-dir --out-format --info --debug --partial-dir --block-size "
    "--usermap --groupmap"
)


def rsync(invocation: Invocation) -> Iterator[Outcome]:
    """rsync: copies, and with --delete removes at the target what the source does not hold."""
    options = parse_options(invocation.args, values=RSYNC_VALUES)
    if options.has("-n", "--dry-run", "--list-only"):
        return
    if code := options.last("-e", "--rsh"):
        words_of_shell = code.split()
        if words_of_shell and words_of_shell[0].rsplit("/", 1)[-1] not in ("ssh", "rsh"):
            yield ShellText(code)
    words = options.words
    if len(words) < 2:
        return
    target = words[-1]
    remote = remote_host(target)
    yield from taken_from_elsewhere(words[:-1], "rsync")
    deletes = any(name.startswith("--del") for name in options.given)
    sources = [word for word in words[:-1] if not remote_host(word)]
    local_sources = tuple(absolute(word, invocation.cwd) for word in sources)
    for source in local_sources:
        yield Effect(EffectKind.READ, source, "rsync", flags=Flag.RECURSIVE)
        if options.has("--remove-source-files"):
            yield Effect(EffectKind.DELETE, source, "rsync --remove-source-files", flags=Flag.RECURSIVE)
    if remote:
        if program := options.last("--rsync-path"):
            yield ShellText(program, flags=Flag.REMOTE)
        yield Effect(EffectKind.SEND, remote, "rsync", reads=local_sources)
        yield Effect(EffectKind.WRITE, _remote_path(target), "rsync", flags=Flag.REMOTE)
        if deletes:
            yield Effect(EffectKind.DESTRUCTIVE, target, "rsync --delete", rule="files.sync-delete", flags=Flag.REMOTE)
        return
    path = absolute(target, invocation.cwd)
    if deletes:
        yield Effect(EffectKind.DELETE, path, "rsync --delete", rule="files.sync-delete", flags=Flag.RECURSIVE | Flag.FILTERED)
    flags = Flag.GLOB if len(invocation.argv) - 1 in invocation.globs else Flag.NONE
    origin = _origin(words[:-1])
    if origin and not words[0].endswith("/") and _is_folder(target, path, invocation):
        path = f"{path}/{words[0].rsplit('/', 1)[-1].rsplit(':', 1)[-1]}"
    yield Effect(EffectKind.WRITE, path, "rsync", flags=flags | Flag.RECURSIVE, reads=local_sources, detail=origin)
    for word in sources:
        if word.endswith("/"):
            yield from copied_into(absolute(word, invocation.cwd), path, "rsync", invocation.world, invocation.cwd)


def remote_host(word: str) -> str:
    """The host of ``[user@]host:path`` and ``rsync://host/path``, "" for a local path."""
    if "://" in word:
        return word.split("://", 1)[1].split("/", 1)[0]
    head, colon, _ = word.partition(":")
    drive = len(head) == 1 and head.isupper() and word[2:3] in ("/", "\\")
    return head.rsplit("@", 1)[-1] if colon and "/" not in head and not drive else ""


def taken_from_elsewhere(words: Iterable[str], program: str) -> Iterator[Effect]:
    """The files of other machines, or of containers, that are copied from there."""
    for word in words:
        if remote_host(word):
            yield Effect(EffectKind.READ, _remote_path(word), program, flags=Flag.REMOTE)


def _origin(words: tuple[str, ...]) -> str:
    """Where content comes from: ``network:HOST`` for the first source on another machine, "" where there is none."""
    return next((f"network:{remote_host(word)}" for word in words if remote_host(word)), "")


def _is_folder(target: str, path: str, invocation: Invocation) -> bool:
    return target.endswith(("/", ".")) or invocation.world.is_dir(path)


def _remote_path(word: str) -> str:
    """The path of ``host:path`` as the other machine sees it; relative ones start in an unknown home folder."""
    path = word.split("://", 1)[1].partition("/")[2] if "://" in word else word.partition(":")[2]
    return absolute(path.removeprefix("~/"), f"/home/{UNKNOWN}")


SCP_VALUES = listed("-c -D -F -i -J -l -o -P -S -X")
SSH_COMMANDS = ("proxycommand", "localcommand", "knownhostscommand")


def ssh_options(options: Options) -> Iterator[Outcome]:
    """Commands that ``-o NAME=CODE`` or ``-o "NAME CODE"`` makes ssh run on this machine."""
    for value in options.given.get("-o", []):
        name, *rest = re.split(r"\s*=\s*|\s+", value.strip(), maxsplit=1)
        code = rest[0] if rest else ""
        if name.lower() in SSH_COMMANDS and code.strip().lower() != "none":
            yield ShellText(code)


def _transport(options: Options) -> Iterator[Outcome]:
    """``-S PROGRAM``: what scp and sftp connect with."""
    yield from (Argv((program,)) for program in options.given.get("-S", ()) if program_name(program) != "ssh")


def scp(invocation: Invocation) -> Iterator[Outcome]:
    """scp: files to and from other machines."""
    options = parse_options(invocation.args, values=SCP_VALUES)
    yield from ssh_options(options)
    yield from _transport(options)
    words = options.words
    if len(words) < 2:
        return
    target, host = words[-1], remote_host(words[-1])
    yield from taken_from_elsewhere(words[:-1], "scp")
    sources = tuple(absolute(word, invocation.cwd) for word in words[:-1] if not remote_host(word))
    for source in sources:
        yield Effect(EffectKind.READ, source, "scp", flags=Flag.RECURSIVE if options.has("-r") else Flag.NONE)
    if host:
        yield Effect(EffectKind.SEND, host, "scp", reads=sources)
        yield Effect(EffectKind.WRITE, _remote_path(target), "scp", flags=Flag.REMOTE)
        return
    path = absolute(target, invocation.cwd)
    if _is_folder(target, path, invocation):
        path = f"{path}/{words[0].rstrip('/').rsplit('/', 1)[-1].rsplit(':', 1)[-1]}"
    yield Effect(EffectKind.WRITE, path, "scp", reads=sources, detail=_origin(words[:-1]))


def sftp(invocation: Invocation) -> Iterator[Outcome]:
    """sftp: the commands of its batch file or standard input."""
    options = parse_options(invocation.args, values=(*SCP_VALUES, "-b", "-B", "-R", "-s"))
    yield from ssh_options(options)
    yield from _transport(options)
    host = next(iter(options.words), UNKNOWN).partition(":")[0]
    batch = options.last("-b")
    text = invocation.stdin if batch in (None, "-") else invocation.world.read_text(absolute(batch or "", invocation.cwd))
    yield from _session(text or "", host, invocation)
    if text is None:
        yield Effect(EffectKind.FETCH, host, "sftp")


def _session(text: str, host: str, invocation: Invocation) -> Iterator[Outcome]:
    """The commands of sftp, ftp and their like: what goes there and what comes from there."""
    for line in text.splitlines():
        command, _, rest = line.strip().lstrip("-@").partition(" ")
        words = [word for word in rest.split() if not word.startswith("-")]
        if command.startswith("!"):
            yield ShellText(line.partition("!")[2])
        elif command in ("put", "mput", "reput") and words:
            source = absolute(words[0], invocation.cwd)
            yield Effect(EffectKind.READ, source, invocation.name, flags=Flag.RECURSIVE if "-r" in rest.split() else Flag.NONE)
            yield Effect(EffectKind.SEND, host, invocation.name, reads=(source,))
        elif command in ("get", "mget", "reget") and words:
            target = absolute(words[1] if len(words) > 1 else words[0].rsplit("/", 1)[-1], invocation.cwd)
            yield from taken_from_elsewhere((f"{host}:{words[0]}",), invocation.name)
            yield Effect(EffectKind.WRITE, target, invocation.name, detail=f"network:{host}")
        elif command in ("rm", "rmdir") and words:
            yield Effect(EffectKind.DELETE, absolute(words[0], f"/home/{UNKNOWN}"), f"{invocation.name} rm", flags=Flag.REMOTE)


def ftp(invocation: Invocation) -> Iterator[Outcome]:
    """ftp, lftp, smbclient, tftp: the commands of an option or of standard input."""
    options = parse_options(invocation.args, values=("-c", "-e", "-u", "-p", "-U", "-f"))
    host = next(iter(options.words), UNKNOWN)
    given = [*options.given.get("-c", ()), *options.given.get("-e", ()), invocation.stdin or ""]
    if invocation.name == "tftp":
        given.append(" ".join(invocation.args[invocation.args.index("-c") + 1 :]) if "-c" in invocation.args else "")
    if invocation.name == "ftp" and (target := options.last("-u")):
        yield Effect(EffectKind.SEND, target, "ftp -u", reads=tuple(absolute(word, invocation.cwd) for word in options.words))
    yield Effect(EffectKind.FETCH, host, invocation.name)
    yield from _session("\n".join(given).replace(";", "\n"), host, invocation)


def cpio(invocation: Invocation) -> Iterator[Outcome]:
    """cpio -o, -p: the files that standard input names; -i: what an archive holds."""
    yield from cpio_in(invocation)
    options = parse_options(invocation.args, values=listed("-F -O -I -H -E -R -C -M --file --format"))
    if not options.has("-o", "-p", "--create", "--pass-through"):
        return
    for name in names_in("-", invocation):
        flags = Flag.CONTENT_OUT if options.has("-o", "--create") and not options.has("-O", "-F", "--file") else Flag.NONE
        yield Effect(EffectKind.READ, absolute(name, invocation.cwd), invocation.name, flags=flags)


TAR_VALUES = listed(
    "-f -C -T -X -b -g -I -F -V --file --directory --files-from --exclude --use-compress-program --checkpoint-action "
    "--to-command --info-script --new-volume-script --transform --xform --strip-components --owner --group --mode "
    "--rsh-command --rmt-command --add-file --exclude-from --newer --mtime --sort --format --warning --checkpoint"
)


def tar(invocation: Invocation) -> Iterator[Outcome]:
    """tar: archives, extracts, and runs the programs that its options name."""
    args = list(invocation.args)
    if args and not args[0].startswith("-") and args[0].isalpha():
        args = _old_style(args)
    args = [*invocation.env.get("TAR_OPTIONS", "").split(), *args]
    options = parse_options(
        args,
        values=TAR_VALUES,
        flags=("--extract", "--create", "--list", "--remove-files", "--recursive-unlink", "--overwrite"),
    )
    for name in listed(
        "--checkpoint-action --to-command --info-script --new-volume-script --use-compress-program -I -F --rsh-command "
        "--rmt-command"
    ):
        for value in options.given.get(name, []):
            yield ShellText(value.removeprefix("exec="))
    folder = absolute(options.last("-C", "--directory") or ".", invocation.cwd)
    archive = options.last("-f", "--file")
    if options.has("-x", "--extract", "--get"):
        if not options.has("-O", "--to-stdout"):
            strip = options.last("--strip-components") or "0"
            readable = archive not in (None, "-") and strip.isdecimal() and not options.has("--transform", "--xform", "-s")
            yield from unpacked(
                absolute(str(archive), invocation.cwd) if readable else None,
                folder,
                "tar -x",
                invocation.world,
                strip=int(strip) if readable else 0,
                rooted=options.has("-P", "--absolute-names"),
            )
        else:
            members = (absolute(word, folder) for word in options.words)
            yield from (Effect(EffectKind.READ, member, "tar -xO", flags=Flag.CONTENT_OUT) for member in members)
        if options.has("--recursive-unlink"):
            yield Effect(EffectKind.DELETE, folder, "tar --recursive-unlink", flags=Flag.RECURSIVE)
    elif options.has("-c", "-r", "-u", "--create", "--append", "--update"):
        lists = [name for option in ("-T", "--files-from") for name in options.given.get(option, ())]
        listed_in = [word for name in lists for word in names_in(name, invocation)]
        sources = named((*options.words, *listed_in, *options.given.get("--add-file", ())), folder, invocation)
        for source in sources:
            flags = Flag.RECURSIVE | (Flag.CONTENT_OUT if archive in (None, "-") else Flag.NONE)
            yield Effect(EffectKind.READ, source, "tar -c", flags=flags)
            if options.has("--remove-files"):
                yield Effect(EffectKind.DELETE, source, "tar --remove-files", flags=Flag.RECURSIVE)
        if archive not in (None, "-"):
            yield from _archive_target(str(archive), sources, invocation.cwd)
    elif options.has("--delete") and archive:
        yield Effect(EffectKind.WRITE, absolute(archive, invocation.cwd), "tar --delete", flags=Flag.IN_PLACE)


def _old_style(args: list[str]) -> list[str]:
    """``tar cf ARCHIVE -C DIR x``: the first word's letters take their values in order."""
    rest = args[1:]
    result: list[str] = []
    for letter in args[0]:
        result.append(f"-{letter}")
        if f"-{letter}" in TAR_VALUES and rest:
            result.append(rest.pop(0))
    return result + rest


def packs(args: tuple[str, ...]) -> bool:
    """True for a call of tar that puts files into an archive."""
    letters = args[0] if args and not args[0].startswith("-") else ""
    letters += "".join(word for word in args if re.fullmatch("-[a-zA-Z]+", word))
    return not {"c", "r", "u"}.isdisjoint(letters) or not {"--create", "--append", "--update"}.isdisjoint(args)


def archive_options(args: tuple[str, ...]) -> int:
    """How many words of an old-style call stand before its files (``czf ARCHIVE``), 0 for one whose options have dashes."""
    if not args or args[0].startswith("-"):
        return 0
    return 1 + sum(f"-{letter}" in TAR_VALUES for letter in args[0])


def _archive_target(written: str, sources: tuple[str, ...], cwd: str) -> Iterator[Outcome]:
    path = absolute(written, cwd)
    if host := remote_host(written):
        yield Effect(EffectKind.SEND, host, "tar -c", reads=sources)
    elif is_device(path):
        yield Effect(EffectKind.DEVICE, path, "tar")
    elif path != "/dev/null":
        yield Effect(EffectKind.WRITE, path, "tar -c", reads=sources)


def archive(invocation: Invocation) -> Iterator[Outcome]:
    """zip and unzip."""
    name = invocation.name
    args = ["--unzip-command" if word == "-TT" else word for word in invocation.args]
    values = (
        ("-d", "-x", "-i", "-P", "--unzip-command")
        if name == "unzip"
        else ("-b", "-i", "-n", "-P", "-t", "-x", "--unzip-command")
    )
    options = parse_options(args, values=values)
    words = options.words
    if name == "zip":
        for value in options.given.get("--unzip-command", []):
            yield ShellText(value)
        listed_in = names_in("-", invocation) if options.has("-@") else []
        sources = named((*words[1:], *listed_in), invocation.cwd, invocation)
        flags = Flag.RECURSIVE | (Flag.CONTENT_OUT if words[:1] == ("-",) else Flag.NONE)
        for source in sources:
            yield Effect(EffectKind.READ, source, name, flags=flags)
            if options.has("-m", "--move"):
                yield Effect(EffectKind.DELETE, source, "zip -m", flags=Flag.RECURSIVE)
        if words and words[0] != "-":
            yield Effect(EffectKind.WRITE, absolute(words[0], invocation.cwd), name, reads=sources, flags=Flag.APPEND)
    elif name == "unzip" and not options.has("-l", "-t", "-p", "-Z", "-v", "-z"):
        folder = absolute(options.last("-d") or ".", invocation.cwd)
        yield from unpacked(absolute(words[0], invocation.cwd) if words else None, folder, name, invocation.world)


def lookup(invocation: Invocation) -> Iterator[Outcome]:
    """dig, ping and their like: a name that is asked for reaches whoever answers for it."""
    for word in invocation.args:
        if UNKNOWN in word:
            yield Effect(EffectKind.FETCH, word, invocation.name, detail=OPEN)


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("dig", "nslookup", "host", "drill", "ping", "ping6", "whois", "getent"), lookup),
    "rsync": rsync,
    "scp": scp,
    "sftp": sftp,
    **dict.fromkeys(("ftp", "lftp", "smbclient", "tftp"), ftp),
    "cpio": cpio,
    **dict.fromkeys(sorted(TAR_PROGRAMS), tar),
    **dict.fromkeys(("zip", "unzip"), archive),
}
