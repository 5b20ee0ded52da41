"""Run benchmarks, rewrite docs/benchmarks.md, and end with status 1 where a target is missed."""

from __future__ import annotations

import argparse
import dataclasses
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from bench import client_start, decisions, hook_latency, large_commands, page, peers, service_load
from bench.section import Options, Section, missed

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/benchmarks.md"
BENCHES: Mapping[str, Callable[[Options], Section | None]] = {
    "hook_latency": hook_latency.run,
    "decisions": decisions.run,
    "large_commands": large_commands.run,
    "client_start": client_start.run,
    "service_load": service_load.run,
    "peers": peers.run,
}
"""In the order of the page. A benchmark that lacks what it needs says so, and gives None."""

_INSIDE = "CHECKREIN_BENCH"


def main() -> int:
    """Measure what was asked for, in an environment of its own."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHES, []], metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--commands", action="append", default=[], type=Path, metavar="FILE", help="JSON lines with a command each")
    given = parser.parse_args()
    if _INSIDE not in os.environ:
        return _in_clean_environment()
    fresh = {}
    for name in given.names or BENCHES:
        section = _run(name, Options(tuple(given.commands)))
        if section is not None:
            fresh[name] = section
    page.write(PAGE, list(BENCHES), {name: section.markdown(name) for name, section in fresh.items()})
    trouble = missed(list(fresh.values()))
    for line in trouble:
        print(f"missed: {line}", file=sys.stderr)
    return 1 if trouble else 0


def _in_clean_environment() -> int:
    """This program again with a home folder of its own: nothing that is measured sees the person's settings."""
    with tempfile.TemporaryDirectory(prefix="checkrein-bench-") as home:
        env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": home, "LANG": "C.UTF-8", _INSIDE: "1"}
        return subprocess.run([sys.executable, "-m", "bench", *sys.argv[1:]], cwd=ROOT, env=env, check=False).returncode


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
