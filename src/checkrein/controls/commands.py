"""Commands that a rule names outright, code that nobody can see, devices, processes and rights (T7)."""

from __future__ import annotations

from collections.abc import Iterator

from checkrein.controls.context import Context
from checkrein.controls.modes import sets_id, world_writable
from checkrein.controls.stake import at_stake
from checkrein.core import Action, Effect, EffectKind, Finding, Flag
from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.system import EVERY_PROCESS

EVERYTHING = frozenset(("-1", "1", "init", "systemd", "launchd"))
AT_AN_ADDRESS = ("git.push", "git.send-mail", "http.", "forge.", "network.")
"""Rules whose targets name the other side."""
SHELLS = frozenset(("bash", "zsh", "sh", "sshd", "tmux", "screen"))
SHARED = frozenset(
    {
        *("postgres", "postmaster", "mysqld", "mariadbd", "mongod", "redis-server", "nginx", "apache2", "httpd", "haproxy"),
        *("caddy", "traefik", "envoy", "php-fpm", "dockerd", "containerd", "kubelet", "etcd", "cron", "crond", "rsyslogd"),
        *("dbus-daemon", "NetworkManager", "Xorg", "gnome-shell", "plasmashell", "Finder", "Dock", "explorer.exe"),
        *("chrome", "chromium", "firefox", "safari", "code", "cursor", "idea", "emacs", "vim", "nvim", "slack"),
        *("node", "java", "ruby", "php", "deno", "bun", "claude"),
    }
)
"""Names of programs that several people and projects run at once: what a name alone ends is more than one's own."""


def judge(context: Context) -> Iterator[Finding]:
    """Findings for every effect that needs no comparison with the disk. KeyError for a rule that there is not."""
    for effect in context.effects:
        if effect.rule and effect.kind is not EffectKind.DELETE:
            yield from _ruled(context, effect)
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


def _ruled(context: Context, effect: Effect) -> Iterator[Finding]:
    """What a rule names outright, unless it loses nothing; let through once a snapshot keeps what would be lost."""
    stake = at_stake(context, effect)
    if stake == ():
        return
    keeps = stake is not None and context.policy.action_for(context.rules[effect.rule])[1] == "default"
    yield context.finding(
        effect.rule,
        _named(effect),
        subject=shown(effect.target) or effect.program,
        paths=stake or (),
        action=Action.SNAPSHOT if keeps else None,
    )


def _unknown(context: Context, rule: str, what: str, effect: Effect) -> Finding:
    """What cannot be resolved is decided by the policy's ``unknown``, unless it has a word on this very rule."""
    action, source = context.policy.action_for(context.rules[rule])
    if source == "default":
        action, source = context.policy.unknown, context.policy.sources.get("unknown", "default")
    return context.finding(rule, what, subject=shown(effect.target)[:80], action=action, source=source)


def _named(effect: Effect) -> str:
    """What the rule speaks of. Of a command that runs elsewhere, where: an address or a remote says that by itself."""
    target = shown(effect.target)
    led = effect.flags & Flag.REMOTE and not effect.rule.startswith(AT_AN_ADDRESS)
    where = " on another machine or in a container" if led else ""
    program = shown(effect.program)
    return f"`{program}` acts on {target}{where}" if target.strip("…") else f"`{program}`{where}"


def shown(text: str) -> str:
    """Text of an effect for people: what is unknown in it is shown as an ellipsis."""
    return text.replace(UNKNOWN, "…")


def _signal(context: Context, effect: Effect) -> Iterator[Finding]:
    if effect.target in EVERYTHING or (effect.program in ("pkill", "killall", "skill") and effect.target in SHELLS):
        yield context.finding(
            "system.kill-all", f"`{effect.program} {effect.target}` ends far more than one program", subject=effect.target
        )
    elif effect.target.startswith(EVERY_PROCESS) or (effect.program == "fuser -k" and effect.target in (*SYSTEM_TOPS, "/")):
        yield context.finding("system.kill-all", f"`{effect.program}` ends {shown(effect.target)}", subject=effect.target)
    elif effect.program in ("pkill", "killall", "skill") and effect.target.strip("^$") in SHARED:
        what = f"`{effect.program} {effect.target}` ends every {effect.target} on this machine, whoever started it"
        yield context.finding("system.kill-shared", what, subject=effect.target)
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
