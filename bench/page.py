"""docs/benchmarks.md: each benchmark's section between two marks, so that one can be measured again without the others."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

HEAD = """# Benchmarks

This page is written by `make bench`; every figure on it is measured, none is copied. All runs use services, home folders and
projects made for them and removed afterwards, and loopback addresses only. What is compared runs in turns (one of these, one of
those, and so on), so that the machine's other work falls on both; where a target is a ratio, the ratio is what counts, not the
milliseconds. A 99th percentile is the smallest value that 99 % of the runs did not exceed. `make bench` ends with status 1
where a target is missed.

`python -m bench NAME` measures one section anew; `--commands FILE` adds a file of JSON lines with a `command` each.
"""

_SECTION = re.compile(r"<!-- figure (\w+) -->\n(.*?)\n<!-- end \1 -->", re.DOTALL)


def write(path: Path, order: Sequence[str], fresh: Mapping[str, str]) -> None:
    """Write the page: ``fresh`` sections by name, the others of ``order`` as they stand there."""
    kept = sections(path.read_text("utf-8")) if path.exists() else {}
    shown = {name: fresh.get(name) or kept.get(name, "") for name in order}
    parts = [HEAD, *(f"<!-- figure {name} -->\n{text}\n<!-- end {name} -->\n" for name, text in shown.items() if text)]
    path.write_text("\n".join(parts), "utf-8")


def sections(page: str) -> dict[str, str]:
    """The sections of a page, by name."""
    return {match[1]: match[2] for match in _SECTION.finditer(page)}


def machine() -> str:
    """The machine in one line: day, processor, cores, system, Python."""
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    system = f"{platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}"
    return f"{day}, {_processor()}, {os.cpu_count()} cores, {system}"


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()
