"""Run benchmarks, rewrite docs/benchmarks.md, and end with status 1 where a target is missed."""

from __future__ import annotations

import argparse
import dataclasses
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from bench import client_start, decisions, gateway, hook_latency, large_commands, page, peers, scan, service_load
from bench.section import Options, Section, missed

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/benchmarks.md"
BENCHES: Mapping[str, Callable[[Options], Section | None]] = {
    "hook_latency": hook_latency.run,
    "decisions": decisions.run,
    "large_commands": large_commands.run,
    "client_start": client_start.run,
    "service_load": service_load.run,
    "scan": scan.run,
    "gateway": gateway.run,
    "peers": peers.run,
}
"""In the order of the page. A benchmark that lacks what it needs says so, and gives None."""

_HOME = "CHECKREIN_BENCH_HOME"


def main() -> int:
    """Measure what was asked for, in an environment of its own."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHES, []], metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument(
        "--commands", action="append", default=[], type=Path, metavar="FILE", help="JSON lines with a command each"
    )
    parser.add_argument("--litellm", action="store_true", help="install LiteLLM's proxy in .cache/peers, to compare with")
    parser.add_argument("--logs", action="append", default=[], type=Path, metavar="FOLDER", help="session logs (.jsonl)")
    given = parser.parse_args()
    if _HOME not in os.environ:
        _in_clean_environment()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that services and folders are cleared away then too
    try:
        return measure(given.names or list(BENCHES), Options(tuple(given.commands), given.litellm, tuple(given.logs)))
    finally:
        shutil.rmtree(os.environ[_HOME])


def measure(names: list[str], options: Options) -> int:
    """Run these benchmarks, rewrite their sections, and name the targets that were missed."""
    fresh = {}
    for name in names:
        section = _run(name, options)
        if section is not None:
            fresh[name] = section
    page.write(PAGE, list(BENCHES), {name: section.markdown(name) for name, section in fresh.items()})
    trouble = missed(list(fresh.values()))
    for line in trouble:
        print(f"missed: {line}", file=sys.stderr)
    return 1 if trouble else 0


def _in_clean_environment() -> NoReturn:
    """Become this program with a home folder of its own: nothing that is measured sees the person's settings."""
    home = tempfile.mkdtemp(prefix="checkrein-bench-")
    env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": home, "LANG": "C.UTF-8", _HOME: home}
    os.execve(sys.executable, [sys.executable, "-m", "bench", *sys.argv[1:]], env)  # one process, so that one signal ends it


def _run(name: str, options: Options) -> Section | None:
    before = os.getloadavg()[0]
    print(f"{name} ...", flush=True)
    section = BENCHES[name](options)
    if section is None:
        return None
    section = dataclasses.replace(section, load=(before, os.getloadavg()[0]), machine=page.machine())
    print(section.markdown(name) + "\n", flush=True)
    return section


if __name__ == "__main__":
    sys.exit(main())
