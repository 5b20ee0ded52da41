"""Programs that run another program: where their own options end, and what they add."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import EffectKind, Flag

P = "/home/dev/project"


@pytest.mark.parametrize(
    "prefix",
    [
        "timeout 5",
        "timeout -s KILL 5",
        "timeout -vk 3 5",
        "timeout --signal=KILL 5",
        "nice",
        "nice -10",
        "nice -n 5",
        "ionice -c 3",
        "strace -f -o out",
        "strace -fo out",
        "flock /tmp/l",
        "taskset -c 0",
        "chrt -f 1",
        "stdbuf -oL",
        "watch -n 1",
        "unshare -r",
        "bwrap --ro-bind / / --dev /dev --setenv A b",
        "systemd-run --on-calendar=daily",
        "env A=1 -u B",
        "env -iu B A=1",
        "sudo",
        "sudo -nu x",
        "sudo --user=x",
        "sudo -E env A=1",
        "doas -u x",
        "runuser -u x --",
        "busybox",
        "poetry run",
        "uv run --with x",
        "uv --directory . run",
        "parallel",
        "direnv exec .",
        "nsenter -t 1 -m",
        "prlimit --nofile=10",
        "linux64 -R",
        "/usr/bin/time -v -o out",
        "faketime -f '2020-01-01'",
        "tsp -L x",
        "chpst -u x",
        "setuidgid x",
        "tini -s --",
        "dumb-init",
        "eatmydata",
        "rr record",
        "dtach -n /tmp/s",
        "daemonize -o out",
        "cgexec -g cpu:x",
        "ssh-agent -t 60",
        "zellij run --",
        "podman unshare",
        "devbox run --",
        "distrobox enter x --",
        "nix shell nixpkgs#x -c",
    ],
)
def test_the_command_behind(judge: Any, prefix: str) -> None:
    text = f"{prefix} rm -rf /etc" if not prefix.startswith("parallel") else "parallel rm -rf ::: /etc"
    effect = judge(text).analysis.effects[-1]
    assert (effect.kind, effect.target) == (EffectKind.DELETE, "/etc")
    assert Flag.RECURSIVE in effect.flags
    assert (Flag.ROOT in effect.flags) is prefix.startswith(("sudo", "doas", "runuser", "nsenter"))


@pytest.mark.parametrize(
    "command",
    [
        "env -S 'rm -rf /etc'",
        "env -S'rm -rf' /etc",
        "env -iS 'rm -rf /etc'",
        "env -vS 'rm -rf /etc'",
        "env --split-string='rm -rf /etc'",
        "env --split-string 'rm -rf' /etc",
        "env -C /etc rm -rf .",
        "env -C/etc rm -rf .",
        "env --chdir=/etc rm -rf .",
        "flock -n /tmp/l -c 'rm -rf /etc'",
        "hyperfine 'rm -rf /etc' ls",
        "hyperfine --prepare 'rm -rf /etc' ls",
        "hyperfine -s 'rm -rf /etc' ls",
        "watch 'rm -rf /etc'",
        "su -c 'rm -rf /etc'",
        "su - x -c 'rm -rf /etc'",
        "sudo -s rm -rf /etc",
        "echo /etc | xargs rm -rf",
        "echo /etc | xargs -rn 1 rm -rf",
        "echo /etc | xargs -I{} rm -rf {}",
        "echo /etc | xargs -I % sh -c 'rm -rf %'",
        "echo /etc | xargs -i rm -rf {}",
        "echo /etc | xargs --replace=@ rm -rf @",
        "printf '/etc\\0' | xargs -0 rm -rf",
        "echo 'rm -rf /etc' | xargs -I{} sh -c '{}'",
        "parallel 'rm -rf {}' ::: /etc",
        "parallel ::: 'rm -rf /etc' ls",
        "echo /etc | parallel rm -rf",
        "ssh -o ProxyCommand='rm -rf /etc' host",
        "ssh -o 'ProxyCommand rm -rf /etc' host",
        "ssh -oProxyCommand='rm -rf /etc' host",
        "ssh -o 'LocalCommand = rm -rf /etc' host",
    ],
)
def test_code_in_words(judge: Any, command: str) -> None:
    assert "/etc" in judge(command).of(EffectKind.DELETE)


@pytest.mark.parametrize(
    "command",
    [
        "sudo -l",
        "sudo -v",
        "env A=1",
        "timeout 5",
        "poetry install",
        "ssh -o ProxyCommand=none host",
        "find . | xargs",
        "uv sync",
    ],
)
def test_nothing_behind(judge: Any, command: str) -> None:
    assert EffectKind.DELETE not in judge(command).kinds
    assert not judge(command).blind


def test_what_wrappers_add(judge: Any) -> None:
    assert judge("env").rules == {"read.environment"}
    assert Flag.REMOTE in judge("ssh host -- rm -rf /srv").one(EffectKind.DELETE).flags
    assert judge("ssh -J jump me@host ls").of(EffectKind.FETCH) == ["me@host"]


@pytest.mark.parametrize(
    "command", ["uv run x.py", "uv run --with a x.py", "poetry run python x.py", "pdm run x.py", "uv run -m x"]
)
def test_python_files_behind_a_wrapper(judge: Any, command: str) -> None:
    scripts = {f"{P}/x.py": "import os; os.remove('/etc/x')"}
    assert judge(command, scripts=scripts).of(EffectKind.DELETE) == ["/etc/x"]


@pytest.mark.parametrize(
    "command",
    [
        "concurrently ls 'rm -rf /etc'",
        "pee cat 'rm -rf /etc'",
        "hyperfine ls 'rm -rf /etc'",
        "ls | entr 'rm -rf /etc'",
        "sg users -c 'rm -rf /etc'",
        "newgrp users <<< 'rm -rf /etc'",
        "cargo watch -x test -s 'rm -rf /etc'",
        "cargo-watch -s 'rm -rf /etc'",
        "nix-shell -p x --run 'rm -rf /etc'",
        "capsh --user=x -- -c 'rm -rf /etc'",
    ],
)
def test_wrappers_that_take_shell_code(judge: Any, command: str) -> None:
    assert judge(command).of(EffectKind.DELETE) == ["/etc"]


@pytest.mark.parametrize("command", ["cargo watch -x test", "nix build", "rr replay rm -rf /etc", "concurrently -n a,b ls ls"])
def test_other_calls_of_wrappers_run_nothing_of_note(judge: Any, command: str) -> None:
    assert not judge(command).of(EffectKind.DELETE)
