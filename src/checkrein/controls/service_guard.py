"""What would stop, hang or cut off the service: signals, service managers, debuggers, firewalls (T8)."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from functools import cache

from checkrein.controls.commands import shown
from checkrein.controls.context import Context
from checkrein.controls.loopback import NAMING, reaches
from checkrein.controls.pattern import may_match
from checkrein.core import Effect, EffectKind, Finding, Flag
from checkrein.core.effect import UNKNOWN

OURS = ("checkrein", "checkrein-supervisor", "checkrein.service")
COMMAND_LINES = ("python3 -I -m checkrein.service.main", "python3 -I -m checkrein.service.gateway")
"""How our processes look to what ends processes by their command line."""
UNITS = ("checkrein.service", "checkrein-gateway.service", "checkrein", "checkrein-gateway")
ENDING_BY_NAME = frozenset(("pkill", "killall", "skill"))
WHOSE = "every process of "
"""How the effect of ``pkill -u USER`` begins."""
MANAGERS = frozenset(
    ("systemctl", "service", "rc-service", "invoke-rc.d", "initctl", "launchctl", "sv", "busctl", "dbus-send", "gdbus", "qdbus")
)
LOOKING = frozenset(
    {
        *("status", "show", "cat", "is-active", "is-enabled", "is-failed", "help", "introspect", "monitor", "tree"),
        *("list-units", "list-unit-files", "list-dependencies", "list-timers", "list", "print"),
    }
)
PROCESS_TOOLS = frozenset(
    {
        *("gdb", "lldb", "strace", "ltrace", "perf", "gcore", "reptyr", "prlimit", "renice", "taskset", "ionice", "chrt", "rr"),
        *("nsenter", "bpftrace", "pyrasite", "pyrasite-shell", "criu", "cgclassify", "choom", "schedtool", "cpulimit", "dlv"),
    }
)
"""Programs that stop, slow down or change the process whose id they are given."""
PORT_ENDERS = frozenset(("kill-port", "killport", "fkill", "kill-my-port", "freeport"))
FIREWALLS = frozenset(
    {
        *("iptables", "ip6tables", "iptables-legacy", "iptables-nft", "ebtables", "nft", "tc", "ufw", "firewall-cmd"),
        *("pfctl", "ipfw"),
    }
)
LISTING = frozenset(("-L", "-S", "--list", "--list-rules", "list", "show", "status", "--list-all"))
LISTERS = frozenset(("ps", "top", "htop", "pstree", "ss", "netstat"))
FILTERS = frozenset(("grep", "egrep", "fgrep", "rg", "ag", "awk", "gawk", "mawk", "sed"))


def judge(context: Context) -> Iterator[Finding]:
    """Findings for everything that would end, hang, cut off or talk to the service."""
    for program in context.programs:
        yield from _judge_program(context, program)
    for effect in context.effects:
        if not effect.flags & Flag.REMOTE:
            yield from _judge_effect(context, effect)


def _judge_program(context: Context, program: tuple[str, ...]) -> Iterator[Finding]:
    """Findings for one command line."""
    name, words = program[0], program[1:]
    ports = context.guard.ports
    meant = {PROCESS_TOOLS: context.guard.pids, PORT_ENDERS: ports, FIREWALLS: ports}
    numbered = any(name in programs and not _numbers(words).isdisjoint(ids) for programs, ids in meant.items())
    if name in FIREWALLS:
        if not LISTING.intersection(words) and (numbered or "lo" in words):
            yield _talks(context, name, "would cut off the service")
    elif numbered or (name in MANAGERS and _manages(words)):
        line = shown(" ".join(program[:8]))
        what = f"`{line}` would stop the service that guards this session, or change how it runs"
        yield context.finding("guard.stop-service", what, subject=line)
    elif name not in NAMING and any(reaches(words, port) for port in ports):
        yield _talks(context, name, "would talk to the service")


def _judge_effect(context: Context, effect: Effect) -> Iterator[Finding]:
    """Findings for processes that are ended, and for requests."""
    if effect.kind is EffectKind.SIGNAL:
        yield from _signal(context, effect)
    elif effect.kind in (EffectKind.SEND, EffectKind.FETCH) and any(
        reaches((effect.target, effect.detail), port) for port in context.guard.ports
    ):
        yield _talks(context, effect.program, f"would talk to the service at {shown(effect.target)}")


def _talks(context: Context, program: str, what: str) -> Finding:
    return context.finding("guard.service-port", f"{program} {what}", subject=program)


def _numbers(words: Iterable[str]) -> frozenset[int]:
    return frozenset(int(number) for word in words for number in re.findall(r"(?<!\d)\d{1,10}(?!\d)", word))


def _manages(words: tuple[str, ...]) -> bool:
    """True where a service manager is told to do something with our unit, or to end as a whole."""
    if LOOKING.intersection(words):
        return False
    if "exit" in words:
        return True
    parts = [part for word in words for part in re.split(r"[=:/]", word)]
    return any(fnmatch(unit, part) for part in parts if part.strip("*") for unit in UNITS)


def _signal(context: Context, effect: Effect) -> Iterator[Finding]:
    target = effect.target
    hit = _is_ours(context, effect)
    by_name = effect.program != "kill"
    what = f"`{effect.program} {shown(target)}`"
    if hit or (by_name and any(_ends(effect, name) for name in OURS)):
        yield context.finding(
            "guard.stop-service", f"{what} would stop the service that guards this session", subject=shown(target)
        )
    elif _picks_any(context, effect) or (
        effect.program in ENDING_BY_NAME and any(_ends(effect, line) for line in COMMAND_LINES)
    ):
        yield context.finding(
            "guard.stop-interpreter",
            f"{what} may end the service that guards this session, too",
            subject=shown(target),
        )


def _is_ours(context: Context, effect: Effect) -> bool:
    """True where the processes are ours by their id, their port, their owner, or a file of ours that holds the id."""
    target = effect.target
    if context.guard.pids.intersection(_numbers((target,))) or any(
        f"port:{port}" in target.split("|") for port in context.guard.ports
    ):
        return True
    if target.startswith(WHOSE):
        return target.removeprefix(WHOSE) in (*_own_names(), os.path.basename(context.places.home), UNKNOWN)  # noqa: PTH119
    if effect.known:
        return target == "-1" or (effect.program == "kill" and bool(set("*?[").intersection(target)))
    listers = (program for program in context.programs if program[0] in LISTERS)
    if any(not _numbers(program[1:]).isdisjoint(context.guard.ports) for program in listers):
        return True
    return any(_of_service(context, path) for path in (*effect.reads, *_read(context))) or any(
        may_match(pattern, name) for pattern in _picked(context) for name in OURS
    )


@cache
def _own_names() -> tuple[str, ...]:
    """What this user is called: the number, and the name where there is one."""
    try:
        return (str(os.geteuid()), pwd.getpwuid(os.geteuid()).pw_name)
    except KeyError:
        return (str(os.geteuid()),)


def _of_service(context: Context, path: str) -> bool:
    return path.endswith("/checkrein/supervisor.lock") or path.startswith(
        tuple(f"{folder}/" for folder in context.guard.folders)
    )


def _read(context: Context) -> Iterator[str]:
    return (effect.target for effect in context.effects if effect.kind is EffectKind.READ)


def _picked(context: Context) -> list[str]:
    """The patterns that choose among listed processes: what ``ps | grep PATTERN | xargs kill`` ends."""
    names = {program[0] for program in context.programs}
    if not names & LISTERS:
        return []
    found: list[str] = []
    for program in context.programs:
        if program[0] in ("awk", "gawk", "mawk", "sed"):
            found += re.findall(r"/([^/]+)/", " ".join(program[1:]))
        elif program[0] in FILTERS and not any(word.startswith("-") and "v" in word[1:] for word in program[1:2]):
            found += [word for word in program[1:] if not word.startswith("-")][:1]
    return found


def _picks_any(context: Context, effect: Effect) -> bool:
    """True where ids that nobody knows come from a list of all processes that nothing narrows down."""
    if effect.known:
        return False
    if any(other.kind is EffectKind.LIST and other.target in ("/proc", "/proc/") for other in context.effects):
        return True
    if any(program[0] == "seq" for program in context.programs):
        return True  # one number after the other
    listed = any(program[0] == "ps" for program in context.programs)
    picked = _picked(context)
    return listed and (not picked or any(may_match(pattern, line) for pattern in picked for line in COMMAND_LINES))


def _ends(effect: Effect, name: str) -> bool:
    """True where the pattern or name that processes are ended by may be one of ours."""
    target = effect.target
    if target.startswith((WHOSE, "port:")) or not effect.known:
        return False
    return target.removesuffix(".service") in OURS or may_match(target, name)
