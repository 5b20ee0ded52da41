"""Programs that act on processes, services, schedules and the machine itself."""

from __future__ import annotations

from collections.abc import Iterator

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.model import Handler, Invocation, Outcome, ScriptFile, ShellText, absolute
from checkrein.detect.shell.options import listed, parse_options

EVERY_PROCESS = "every process"
"""How the target of a SIGNAL begins that goes to all processes of a user or on a file system."""


KILLALL_VALUES = {"killall": ("-o", "-y", "--older-than", "--younger-than")}
"""Options of killall that take a time; to pkill ``-o`` is the oldest process."""


def kill(invocation: Invocation) -> Iterator[Outcome]:
    """kill, pkill, killall, skill, xkill."""
    name = invocation.name
    options = parse_options(
        invocation.args,
        values=("-s", "-n", "-u", "-U", "-g", "-G", "-P", "-t", "--signal", "-F", "--pidfile", *KILLALL_VALUES.get(name, ())),
    )
    if name == "kill" and options.has("-l", "-L", "--list", "--table"):
        return
    asks = invocation.args[:1] == ("-0",) or invocation.args[:2] in (("-s", "0"), ("--signal", "0"))
    if asks or (name == "kill" and invocation.args[:1] == ("0",)):
        return  # only asks whether the process is there
    words = _kill_targets(invocation.args) if name == "kill" else [word for word in options.words if word or name == "pkill"]
    if name == "pkill" and options.has("-v", "--inverse"):
        words = ["."]  # all others
    for word in words:
        yield Effect(EffectKind.SIGNAL, word, name)
    for path in options.given.get("-F", []) + options.given.get("--pidfile", []):
        yield Effect(EffectKind.SIGNAL, UNKNOWN, name, reads=(absolute(path, invocation.cwd),))
    if name == "killall5":
        yield Effect(EffectKind.SIGNAL, "-1", name)
    elif not words and options.has("-u", "-U"):
        yield Effect(EffectKind.SIGNAL, f"{EVERY_PROCESS} of {options.last('-u', '-U')}", name)


def _kill_targets(args: tuple[str, ...]) -> list[str]:
    """Process ids. Behind the signal a negative number is a process group, and -1 every process."""
    words = list(args)
    if args[:1] and args[0] in ("-s", "-n", "--signal"):
        words = words[2:]
    elif args[:1] and args[0].startswith("-") and args[0] != "--":
        words = words[1:]
    return [word for word in words if word not in ("", "--")]


def fuser(invocation: Invocation) -> Iterator[Outcome]:
    """fuser -k PORT/tcp: ends whatever holds a port or a file."""
    options = parse_options(invocation.args, values=("-n", "-N"))
    if options.has("-k", "--kill"):
        for word in options.words:
            number = word.split("/", 1)[0]
            if options.has("-m", "-M", "-c", "--mount"):
                yield Effect(EffectKind.SIGNAL, f"{EVERY_PROCESS} that uses the file system of {word}", "fuser -k")
            else:
                yield Effect(EffectKind.SIGNAL, f"port:{number}" if number.isdigit() else word, "fuser -k")


STOPPING = frozenset(("stop", "disable", "mask", "kill", "isolate"))
POWER = frozenset(("poweroff", "reboot", "halt", "suspend", "hibernate", "rescue", "emergency", "kexec", "soft-reboot"))


def systemctl(invocation: Invocation) -> Iterator[Outcome]:
    """systemctl, service, rc-service, initctl, launchctl, sv."""
    name = invocation.name
    options = parse_options(
        invocation.args,
        values=listed("-t -H -M -n -o -p -s --type --state --host --machine --property --signal --root"),
    )
    words = options.words
    if not words:
        return
    verb, units = (
        (words[1], words[:1]) if name in ("service", "rc-service", "invoke-rc.d") and len(words) > 1 else (words[0], words[1:])
    )
    unit = units[0] if units else ""
    if name == "launchctl":
        verbs = {
            "unload": "stop",
            "bootout": "stop",
            "remove": "stop",
            "stop": "stop",
            "disable": "disable",
            "kill": "stop",
            "load": "enable",
            "bootstrap": "enable",
            "submit": "enable",
        }
        verb = verbs.get(verb, verb)
    if verb in POWER:
        yield Effect(EffectKind.DESTRUCTIVE, "this machine", f"{name} {verb}", rule="system.power")
    elif verb in STOPPING:
        yield Effect(EffectKind.SIGNAL, unit or UNKNOWN, f"{name} {verb}", rule="services.stop")
    elif verb in ("enable", "link", "edit", "set-default", "add-wants", "preset"):
        yield Effect(EffectKind.PERSIST, unit or UNKNOWN, f"{name} {verb}", rule="persist.service")


def crontab(invocation: Invocation) -> Iterator[Outcome]:
    """crontab: -l lists, -r removes all, -e lets an editor change it, anything else installs."""
    options = parse_options(invocation.args, values=("-u",))
    if options.has("-l", "-h", "--help", "-V"):
        return
    if options.has("-r"):
        yield Effect(EffectKind.DESTRUCTIVE, "the crontab", "crontab -r", rule="persist.crontab-remove")
        return
    if not options.words and invocation.stdin is None and invocation.env.keys().isdisjoint(("EDITOR", "VISUAL")):
        return  # -e opens the person's editor, which waits for a person
    yield Effect(EffectKind.PERSIST, "the crontab", "crontab", rule="persist.schedule")
    text = (
        invocation.stdin
        if options.words[:1] in ((), ("-",))
        else invocation.world.read_text(absolute(options.words[0], invocation.cwd))
    )
    for line in (text or "").splitlines():
        row = line.lstrip(f"{UNKNOWN} \t")  # the lines of another program end before the next one begins
        fields = row.split(None, 1 if row.startswith("@") else 5)
        if len(fields) == (2 if row.startswith("@") else 6) and not row.startswith("#"):
            yield ShellText(fields[-1])


def scheduler(invocation: Invocation) -> Iterator[Outcome]:
    """at and batch: what standard input holds runs later."""
    if any(word in ("-l", "-r", "-d", "-q", "-c") for word in invocation.args[:1]):
        return
    yield Effect(EffectKind.PERSIST, "at", f"{invocation.name}", rule="persist.schedule")
    if path := parse_options(invocation.args, values=("-f", "-q", "-t")).last("-f"):
        yield ScriptFile(path, "shell")
    elif invocation.stdin is not None:
        yield ShellText(invocation.stdin)


def mount(invocation: Invocation) -> Iterator[Outcome]:
    """mount --bind over a system folder hides what is there."""
    options = parse_options(invocation.args, values=("-t", "-o", "-L", "-U", "--types", "--options"))
    words = options.words
    if len(words) > 1:
        target = absolute(words[1], invocation.cwd)
        yield Effect(EffectKind.DESTRUCTIVE, target, invocation.name, rule="system.mount")


def netcat(invocation: Invocation) -> Iterator[Outcome]:
    """nc, ncat, socat, telnet: bytes to and from another machine, or a shell for it."""
    name = invocation.name
    options = parse_options(
        invocation.args,
        values=("-e", "-c", "-p", "-s", "-w", "-i", "-q", "-X", "-x", "-m", "-o", "--exec", "--sh-exec", "--proxy"),
    )
    code = options.last("-e", "--exec", "--sh-exec") or (options.last("-c") if name in ("nc", "ncat", "netcat") else None)
    if name == "socat":
        yield from _socat(invocation)
        return
    words = options.words
    host = words[0] if words else UNKNOWN
    if code is not None:
        yield Effect(
            EffectKind.RUN_FETCHED, host, name, rule="network.reverse-shell", detail="a shell for whoever is at the other end"
        )
        return
    if options.has("-z"):
        return
    if options.has("-l", "--listen"):
        words, host = ("listens",), "whoever connects"
    if invocation.stdin is not None:
        yield Effect(EffectKind.SEND, host, name, reads=("-",))
    elif words:
        yield Effect(EffectKind.FETCH, host, name)


def _socat(invocation: Invocation) -> Iterator[Outcome]:
    words = [word for word in invocation.args if not word.startswith("-")]
    kinds = [word.split(":", 1)[0].split(",", 1)[0].upper() for word in words]
    networked = [
        word for word, kind in zip(words, kinds, strict=True) if kind.startswith(("TCP", "UDP", "OPENSSL", "SSL", "SOCKS"))
    ]
    runs = [word for word, kind in zip(words, kinds, strict=True) if kind in ("EXEC", "SYSTEM", "SHELL")]
    if networked and runs:
        yield Effect(EffectKind.RUN_FETCHED, networked[0], "socat", rule="network.reverse-shell", detail=runs[0])
    elif runs:
        yield ShellText(runs[0].split(":", 1)[1].split(",", 1)[0] if ":" in runs[0] else runs[0])
    elif networked:
        yield from _socat_files(words, networked[0], invocation)
    else:
        for path in _addressed(words, invocation.cwd):
            yield Effect(EffectKind.READ, path, "socat", flags=Flag.CONTENT_OUT)
    sockets = [
        word for word, kind in zip(words, kinds, strict=True) if kind.startswith(("UNIX", "GOPEN")) or word.startswith("/")
    ]
    text = (invocation.stdin or "").strip().lower()
    if sockets and text.startswith(("shutdown", "disable", "set server", "del ", "clear ", "kill ")):
        yield Effect(EffectKind.DESTRUCTIVE, sockets[0], "socat", rule="gateway.change", detail=text[:80])


FILE_ADDRESSES = listed("FILE OPEN GOPEN CREATE CREAT")


def _addressed(words: list[str], cwd: str) -> Iterator[str]:
    """The files among socat's addresses: ``FILE:path``, or a path alone."""
    for word in words:
        kind, colon, rest = word.partition(":")
        if (colon and kind.upper() in FILE_ADDRESSES) or (not colon and word.startswith(("/", "."))):
            yield absolute((rest if colon else word).split(",")[0], cwd)


def _socat_files(words: list[str], host: str, invocation: Invocation) -> Iterator[Outcome]:
    """Files and streams on the other side of a connection: what they hold may leave, what comes may be written."""
    reads = ["-"] if invocation.stdin is not None else []
    for word in words:
        kind, colon, rest = word.partition(":")
        path = absolute(rest.split(",")[0], invocation.cwd) if colon else absolute(word.split(",")[0], invocation.cwd)
        if kind.upper() not in FILE_ADDRESSES and not word.startswith(("/", ".")):
            continue
        if kind.upper() not in ("CREATE", "CREAT"):
            yield Effect(EffectKind.READ, path, "socat")
            reads.append(path)
        if kind.upper() in ("CREATE", "CREAT") or "creat" in rest or "wronly" in rest or word is words[-1]:
            yield Effect(EffectKind.WRITE, path, "socat", detail=f"network:{host}")
    yield Effect(EffectKind.SEND if reads else EffectKind.FETCH, host, "socat", reads=tuple(reads))


def mail(invocation: Invocation) -> Iterator[Outcome]:
    """mail, sendmail, mutt: what is sent to people."""
    options = parse_options(invocation.args, values=("-s", "-a", "-r", "-c", "-b", "-f", "-F", "-A", "--attach", "--subject"))
    attached = tuple(
        absolute(path, invocation.cwd) for name in ("-a", "-A", "--attach") for path in options.given.get(name, [])
    )
    for word in options.words:
        yield Effect(EffectKind.SEND, word, invocation.name, reads=(*attached, "-"))


def macos_script(invocation: Invocation) -> Iterator[Outcome]:
    """osascript: `do shell script` and keystrokes."""
    options = parse_options(invocation.args, values=("-e", "-l", "-s"))
    for code in options.given.get("-e", []) or [invocation.stdin or ""]:
        if "do shell script" in code:
            quoted = code.split("do shell script", 1)[1].strip().split('"')
            yield ShellText(quoted[1] if len(quoted) > 1 else UNKNOWN)
        elif "keystroke" in code or "key code" in code:
            yield Effect(EffectKind.RUN_UNKNOWN, "osascript", "osascript", detail="it types into other programs")


def keyboard(invocation: Invocation) -> Iterator[Outcome]:
    """xdotool, ydotool, wtype: types into other windows."""
    if any(word in ("key", "type", "keydown", "sendkey") for word in invocation.args[:2]) or invocation.name == "wtype":
        yield Effect(EffectKind.RUN_UNKNOWN, invocation.name, invocation.name, detail="it types into other programs")


def read_history(invocation: Invocation) -> Iterator[Outcome]:
    """history -c, -d and -w change what is recorded."""
    if any(word.startswith("-") and set("cdw").intersection(word) for word in invocation.args[:1]):
        yield Effect(EffectKind.DESTRUCTIVE, "the shell's history", "history", rule="system.history")


def ssh_add(invocation: Invocation) -> Iterator[Outcome]:
    """ssh-add -D removes all identities; ssh-keygen -R and -f overwrite."""
    options = parse_options(invocation.args, values=("-t", "-f", "-C", "-N", "-b", "-R", "-F", "-P", "-q"))
    if invocation.name == "ssh-add":
        if options.has("-d", "-D"):
            yield Effect(EffectKind.DESTRUCTIVE, "loaded ssh identities", "ssh-add", rule="system.ssh-agent")
        return
    if options.has("-R"):
        yield Effect(EffectKind.WRITE, f"{invocation.world.home}/.ssh/known_hosts", "ssh-keygen -R", flags=Flag.IN_PLACE)
    elif options.has("-f") and not options.has("-l", "-y", "-e", "-F", "-B"):
        yield Effect(EffectKind.WRITE, absolute(options.last("-f") or "", invocation.cwd), "ssh-keygen", flags=Flag.CREATE)
    elif options.has("-y", "-e") and options.has("-f"):
        yield Effect(EffectKind.READ, absolute(options.last("-f") or "", invocation.cwd), "ssh-keygen", flags=Flag.NONE)


HANDLERS: dict[str, Handler] = {
    "fuser": fuser,
    **dict.fromkeys(("kill", "pkill", "killall", "killall5", "skill"), kill),
    **dict.fromkeys(("systemctl", "service", "rc-service", "invoke-rc.d", "initctl", "launchctl"), systemctl),
    "crontab": crontab,
    **dict.fromkeys(("at", "batch"), scheduler),
    "mount": mount,
    **dict.fromkeys(("nc", "ncat", "netcat", "socat", "telnet", "nc.traditional", "nc.openbsd"), netcat),
    **dict.fromkeys(("mail", "mailx", "sendmail", "mutt", "msmtp", "swaks"), mail),
    "osascript": macos_script,
    **dict.fromkeys(("xdotool", "ydotool", "wtype"), keyboard),
    "history": read_history,
    **dict.fromkeys(("ssh-add", "ssh-keygen"), ssh_add),
}
