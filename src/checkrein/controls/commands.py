"""Commands that a rule names outright, code that nobody can see, devices, processes and rights (T7)."""

from __future__ import annotations

from collections.abc import Iterator

from checkrein.controls.context import Context
from checkrein.controls.modes import sets_id, world_writable
from checkrein.core import Effect, EffectKind, Finding, Flag
from checkrein.core.effect import UNKNOWN

EVERYTHING = frozenset(("-1", "1", "init", "systemd", "launchd"))
SHELLS = frozenset(("bash", "zsh", "sh", "sshd", "tmux", "screen"))


def judge(context: Context) -> Iterator[Finding]:
    """Findings for every effect that needs no comparison with the disk. KeyError for a rule that there is not."""
    for effect in context.effects:
        if effect.rule and effect.kind is not EffectKind.DELETE:
            yield context.finding(effect.rule, _named(effect), subject=shown(effect.target))
            continue
        match effect.kind:
            case EffectKind.DEVICE:
                yield context.finding(
                    "disk.write-device",
                    f"`{effect.program}` would overwrite {shown(effect.target)}",
                    subject=shown(effect.target),
                )
            case EffectKind.RUN_FETCHED:
                what = f"`{effect.program}` would run code straight from {shown(effect.target)}"
                yield context.finding("run.fetched-code", what, subject=shown(effect.target))
            case EffectKind.RUN_UNKNOWN:
                what = f"`{effect.program}` would run code that cannot be seen beforehand: {effect.detail}"
                yield _unknown(context, "run.unknown-code", what, effect)
            case EffectKind.UNRESOLVED:
                yield _unknown(context, "run.unresolved", f"{shown(effect.target)[:200]}: {effect.detail}", effect)
            case EffectKind.SIGNAL:
                yield from _signal(context, effect)
            case EffectKind.CHMOD:
                yield from _mode(context, effect)
            case EffectKind.WRITE if effect.flags & Flag.REMOTE:
                yield from _remote_write(context, effect)
            case EffectKind.PRIVILEGE:
                yield context.finding(
                    "system.privilege", f"`{effect.program}` runs as {shown(effect.target)}", subject=effect.target
                )
            case _:
                pass


def _unknown(context: Context, rule: str, what: str, effect: Effect) -> Finding:
    """What cannot be resolved is decided by the policy's ``unknown``, unless it has a word on this very rule."""
    action, source = context.policy.action_for(context.rules[rule])
    if source == "default":
        action, source = context.policy.unknown, context.policy.sources.get("unknown", "default")
    return context.finding(rule, what, subject=shown(effect.target)[:80], action=action, source=source)


def _named(effect: Effect) -> str:
    target = shown(effect.target)
    where = " on another machine or in a container" if effect.flags & Flag.REMOTE else ""
    return f"`{effect.program}` acts on {target}{where}" if target else f"`{effect.program}`{where}"


def shown(text: str) -> str:
    """Text of an effect for people: what is unknown in it is shown as an ellipsis."""
    return text.replace(UNKNOWN, "…")


def _signal(context: Context, effect: Effect) -> Iterator[Finding]:
    if effect.target in EVERYTHING or (effect.program in ("pkill", "killall", "skill") and effect.target in SHELLS):
        yield context.finding(
            "system.kill-all", f"`{effect.program} {effect.target}` ends far more than one program", subject=effect.target
        )
    elif effect.program in ("pkill", "killall") and effect.target in (".", ".*", "*", ""):
        yield context.finding(
            "system.kill-all", f"`{effect.program} {effect.target}` ends every process", subject=effect.target
        )


def _remote_write(context: Context, effect: Effect) -> Iterator[Finding]:
    path = effect.target.rstrip("/") or "/"
    top = "/" + path.split("/")[1] if path != "/" else "/"
    if (path in ("/", "/" + UNKNOWN) and effect.target != "/") or path.startswith(("/var/tmp", "/var/www")):  # noqa: S108 - compared, never opened
        return
    if top in SYSTEM_TOPS - {"/home", "/root", "/srv", "/opt", "/Users"} or path == "/":
        what = f"`{effect.program}` would write to {shown(effect.target)} on another machine"
        yield context.finding("files.write-remote-system", what, subject=shown(effect.target))


def _mode(context: Context, effect: Effect) -> Iterator[Finding]:
    mode, target = effect.detail, shown(effect.target)
    wide = effect.flags & Flag.RECURSIVE
    base = effect.target.rstrip("/*") or "/"
    top = base in ("/", context.places.home) or context.project.startswith(base + "/") or base in SYSTEM_TOPS
    if wide and top and not effect.flags & Flag.REMOTE:
        yield context.finding(
            "files.mode-system", f"`{effect.program} -R` would change everything below {target}", subject=target
        )
    elif effect.program in ("chmod", "gchmod") and sets_id(mode):
        yield context.finding(
            "files.mode-setuid", f"`chmod {mode}` would let {target} run with its owner's rights", subject=target
        )
    elif effect.program in ("chmod", "gchmod") and world_writable(mode):
        yield context.finding(
            "files.mode-world", f"`chmod {mode}` would let every user of this machine change {target}", subject=target
        )


SYSTEM_TOPS = frozenset(
    {
        *("/etc", "/usr", "/var", "/bin", "/sbin", "/lib", "/lib64", "/boot", "/opt", "/srv", "/home", "/root", "/dev"),
        *("/sys", "/proc", "/usr/bin", "/usr/local", "/usr/lib", "/usr/sbin", "/var/lib", "/var/log", "/System"),
        *("/Library", "/Applications", "/Users", "/private"),
    }
)
