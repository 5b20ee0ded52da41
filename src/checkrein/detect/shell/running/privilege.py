"""Programs that run another one with the rights of another user: sudo, doas, pkexec, su."""

from __future__ import annotations

from collections.abc import Iterator

from checkrein.core.effect import Effect, EffectKind, Flag
from checkrein.detect.shell.model import Argv, Handler, Invocation, Outcome, ShellText, absolute
from checkrein.detect.shell.options import first_operand, listed, parse_options
from checkrein.detect.shell.running.wrappers import ENV_WORD, rest_of

SUDO_VALUES = listed("-u -g -h -p -C -r -t -T -U -D -R --user --group --host --prompt --chdir --chroot --role --type")


def sudo(invocation: Invocation) -> Iterator[Outcome]:
    """sudo, doas, pkexec."""
    args = invocation.args
    start = first_operand(list(args), SUDO_VALUES)
    options = parse_options(args[:start], values=SUDO_VALUES)
    user = options.last("-u", "--user") or "root"
    environment: dict[str, str] = {}
    while start < len(args) and (match := ENV_WORD.fullmatch(args[start])):
        environment[match[1]] = match[2]
        start += 1
    words, globs = rest_of(invocation, start)
    if options.has("-e", "--edit") or invocation.name == "sudoedit":
        for word in words:
            yield Effect(EffectKind.WRITE, absolute(word, invocation.cwd), "sudoedit", flags=Flag.ROOT | Flag.IN_PLACE)
        return
    if options.has("-l", "-v", "-k", "-K", "-V", "--list", "--validate") and not words:
        return
    yield Effect(EffectKind.PRIVILEGE, user, f"{invocation.name} {words[0] if words else ''}".strip())
    if options.has("-s", "-i", "--shell", "--login") and words:
        yield ShellText(" ".join(words), flags=Flag.ROOT)
    elif words:
        yield Argv(words, Flag.ROOT, env=environment, globs=globs)
    elif invocation.stdin is not None and options.has("-s", "-i"):
        yield ShellText(invocation.stdin, flags=Flag.ROOT)


def su(invocation: Invocation) -> Iterator[Outcome]:
    """su, runuser."""
    options = parse_options(invocation.args, values=("-c", "--command", "-s", "--shell", "-g", "-G", "-w", "-u", "--user"))
    user = next((word for word in options.words if word != "-"), "root")
    yield Effect(EffectKind.PRIVILEGE, options.last("-u", "--user") or user, invocation.name)
    code = options.last("-c", "--command")
    if code is not None:
        yield ShellText(code, flags=Flag.ROOT)
    elif options.has("-u") and options.words:
        yield Argv(options.words, Flag.ROOT)
    elif invocation.stdin is not None:
        yield ShellText(invocation.stdin, flags=Flag.ROOT)


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("sudo", "doas", "pkexec", "sudoedit"), sudo),
    **dict.fromkeys(("su", "runuser", "sg", "newgrp"), su),
}
