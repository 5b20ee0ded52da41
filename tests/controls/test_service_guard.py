"""What stops, hangs or cuts off the service, by the programs that can."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core import Verdict

PID, PORT = 4141, 4747  # as in the ``world`` fixture
BUS = "org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager"


def rules(world: Any, command: str) -> set[str]:
    return {finding.rule for finding in world.bash(command).findings}


@pytest.mark.parametrize(
    "program",
    ["gdb -p ", "strace -p", "strace -f -p ", "gcore ", "renice 19 -p ", "prlimit --pid=", "chrt -p 0 ", "nsenter -at "],
)
def test_our_process_is_left_alone(world: Any, program: str) -> None:
    assert "guard.stop-service" in rules(world, f"{program}{PID}")
    assert "guard.stop-service" not in rules(world, f"{program}{PID}9")


@pytest.mark.parametrize(
    "command",
    [
        "systemctl --user mask checkrein",
        "systemctl --user restart checkrein.service",
        "systemctl --user stop 'check*'",
        "systemctl --user set-property checkrein.service MemoryMax=1M",
        "systemctl --user revert checkrein",
        "systemctl --user exit",
        f"busctl --user call {BUS} StopUnit ss checkrein.service replace",
        f"dbus-send --session --dest={BUS}.StopUnit string:checkrein.service string:replace",
        f"gdbus call --session --dest {BUS}.StopUnit checkrein.service replace",
    ],
)
def test_our_unit_is_left_alone(world: Any, command: str) -> None:
    assert "guard.stop-service" in rules(world, command)


@pytest.mark.parametrize(
    "command",
    [
        "systemctl --user status checkrein",
        "systemctl --user show checkrein.service",
        "systemctl --user restart app",
        "systemctl restart 'nginx*'",
        "systemctl --user list-units '*'",
        f"busctl --user call {BUS} RestartUnit ss app.service replace",
    ],
)
def test_other_units(world: Any, command: str) -> None:
    assert not {"guard.stop-service"} & rules(world, command)


@pytest.mark.parametrize(
    "command",
    [
        f"iptables -A INPUT -p tcp --dport {PORT} -j DROP",
        f"iptables -t nat -A OUTPUT -p tcp --dport {PORT} -j REDIRECT --to-ports 9",
        f"nft add rule ip filter output tcp dport {PORT} drop",
        "iptables -A OUTPUT -o lo -j REJECT",
        "tc qdisc add dev lo root netem loss 100%",
        f"ufw deny {PORT}/tcp",
        f"nc 127.1 {PORT}",
        f"telnet localhost {PORT}",
        f"socat - TCP:0x7f000001:{PORT}",
        f"curl --connect-to ::127.0.0.1:{PORT} http://example.com/",
        f"curl --resolve a.test:{PORT}:127.0.0.1 http://a.test:{PORT}/",
        f"exec 3<>/dev/tcp/127.0.0.1/{PORT}",
        f"echo x > /dev/tcp/localhost/{PORT}",
        f'python3 -c \'import urllib.request as r; r.urlopen("http://2130706433:{PORT}/hook/x", data=b"")\'',
    ],
)
def test_our_port_is_left_alone(world: Any, command: str) -> None:
    assert "guard.service-port" in rules(world, command)


@pytest.mark.parametrize(
    "command",
    [
        "iptables -L -v",
        "iptables -A INPUT -p tcp --dport 22 -j ACCEPT",
        "tc qdisc show dev lo",
        "nc -z localhost 5432",
        f"echo curl localhost:{PORT}",
        f"git commit -m 'listens on 127.0.0.1:{PORT}'",
        f"curl http://example.com:{PORT}/",
        "echo x > /dev/tcp/localhost/80",
    ],
)
def test_other_ports(world: Any, command: str) -> None:
    assert "guard.service-port" not in rules(world, command)


@pytest.mark.parametrize(
    "command",
    [
        "pkill -f rei",
        "pkill -f ''",
        "pkill .",
        "pkill -u $USER",
        "killall -u $(id -u)",
        "kill -9 -1",
        "for p in /proc/[0-9]*; do kill ${p#/proc/}; done",
        "ps aux | grep checkrein | awk '{print $2}' | xargs kill",
        "ps aux | awk '/checkrein/ {print $2}' | xargs kill",
        "kill $(pidof node checkrein)",
        f"lsof -ti:{PORT} | xargs kill -9",
        f"fuser -k {PORT}/tcp",
        f"npx kill-port {PORT}",
        "kill $(cut -d' ' -f1 ~/.local/state/checkrein/run/supervisor.lock)",
        "kill $(cat /run/user/7/checkrein/supervisor.lock)",
        "pkill -F /run/user/7/checkrein/supervisor.lock",
        f"python3 -c 'import os; os.kill({PID}, 9)'",
        f"node -e 'process.kill({PID})'",
    ],
)
def test_our_processes_are_not_ended(world: Any, command: str) -> None:
    decision = world.bash(command)
    assert "guard.stop-service" in {finding.rule for finding in decision.findings}
    assert decision.verdict is Verdict.DENY


@pytest.mark.parametrize(
    "command",
    [
        "pkill py",
        "ps aux | grep python | awk '{print $2}' | xargs kill -9",
        "ps -eo pid | xargs kill",
        "for p in $(ls /proc | grep '^[0-9]'); do kill $p; done",
        "python3 -c 'import os; [os.kill(int(p), 9) for p in os.listdir(\"/proc\") if p.isdigit()]'",
    ],
)
def test_what_may_end_ours_too(world: Any, command: str) -> None:
    decision = world.bash(command)
    assert "guard.stop-interpreter" in {finding.rule for finding in decision.findings}
    assert decision.stops


@pytest.mark.parametrize(
    "command",
    [
        "kill $!",
        "kill %1",
        "kill $(cat server.pid)",
        "kill -9 $pid",
        "pkill -f vite",
        "pkill -P 77",
        "killall node",
        "ps aux | grep vite | grep -v grep | awk '{print $2}' | xargs kill",
        "ps aux | grep checkrein",
        "pgrep -f checkrein",
        "lsof -ti:3000 | xargs -r kill",
        "npx kill-port 3000",
        "pkill -F app.pid",
        "trap 'kill $(jobs -p)' EXIT",
    ],
)
def test_other_processes_are_ended(world: Any, command: str) -> None:
    assert not {"guard.stop-service", "guard.stop-interpreter"} & rules(world, command)
