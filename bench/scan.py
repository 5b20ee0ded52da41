"""How fast texts are scanned for secrets, with exact spans: source code, and session logs of JSON lines."""

from __future__ import annotations

import json
import random
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from bench.measure import Spread, alternate
from bench.section import Options, Section, Table, Target
from checkrein.detect.decode import parts
from checkrein.detect.secrets import catalogue, generic
from checkrein.detect.secrets.engine import Engine, standard
from checkrein.detect.secrets.examples import expand
from checkrein.detect.secrets.portable_backend import PortableBackend
from checkrein.detect.sensitive import Scanner

SIZE = 8_000_000  # characters of each text
SAMPLE = 1_000_000  # characters of it, where a scan is slow
ROUNDS = 9
PLANTED = 40  # secrets in each text
AIM = 150.0  # million bytes a second


def run(options: Options) -> Section:
    """Scan each text with each detector, in turns, on one core."""
    scanner, specific = Scanner(standard()), Scanner(standard(), generic=False)
    portable = Engine(catalogue.load(), PortableBackend)
    code = planted(source_code())
    texts = {"code": code, "session logs": session_logs(code), **{path.name: logs_of(path) for path in options.logs}}
    rows, found = [], {}
    for name, text in texts.items():
        size = len(text.encode())
        detectors: dict[str, Callable[[str], object]] = {
            "all of it": scanner.scan,
            "without the generic detector": specific.scan,
            "kinds alone, as the text stands": standard().scan,
            "generic alone, as the text stands": generic.scan,
            "reading other forms alone": lambda text: sum(len(part.encoded.data) for part in parts(text)),
        }
        arms = {label: partial(speed, detector, text, size) for label, detector in detectors.items()}
        speeds = {label: Spread.of(values) for label, values in alternate(ROUNDS, arms).items()}
        rows += [(name, label, f"{spread.p50:.0f} MB/s", f"{spread.worst:.0f} MB/s") for label, spread in speeds.items()]
        found[name] = speeds["without the generic detector"].p50, speeds["all of it"].p50
        rows.append((name, "kinds alone, without Hyperscan", f"{speed(portable.scan, text[:SAMPLE], SAMPLE):.1f} MB/s", ""))
    return Section(
        title="Scanning for secrets",
        measured="processor time of one thread for one scan of a whole text, with the exact span of each finding",
        compared="a fixed rate; the parts of a scan, in turns",
        data=(
            f"{SIZE / 1e6:.0f} MB of the installed Python packages with {PLANTED} planted secrets; the same as tool results in"
            " JSON lines, as a session's log holds them; folders given with `--logs`, named below;"
            f" {ROUNDS} rounds"
        ),
        not_shown="what is found (see the figures of recall); personal data and dictionaries; reading files",
        tables=(
            Table("Rate (the median, and the best, of all rounds):", ("text", "detectors", "median", "best"), tuple(rows)),
        ),
        targets=tuple(
            target
            for name, (kinds, everything) in found.items()
            for target in (
                Target(f"at least {AIM:.0f} MB/s, all kinds with exact spans ({name})", f"{kinds:.0f} MB/s", kinds >= AIM),
                Target(f"at least {AIM:.0f} MB/s, generic too ({name})", f"{everything:.0f} MB/s", everything >= AIM),
            )
        ),
    )


def speed(detector: Callable[[str], object], text: str, size: int) -> float:
    """Million bytes of UTF-8 for each second of processor time."""
    start = time.process_time()
    detector(text)
    return size / 1e6 / (time.process_time() - start)


def source_code() -> str:
    """Source code of the installed packages, ``SIZE`` characters of it."""
    found, length = [], 0
    for path in sorted(Path(sysconfig.get_paths()["purelib"]).rglob("*.py")):
        text = path.read_text("utf-8", "replace")
        found.append(text)
        length += len(text)
        if length >= SIZE:
            break
    return "".join(found)[:SIZE]


def planted(text: str) -> str:
    """``text`` with examples of the catalogue's kinds on lines of their own."""
    rng = random.Random(1)
    lines = text.split("\n")
    for kind in rng.sample(catalogue.load(), PLANTED):
        lines.insert(rng.randrange(len(lines)), expand(kind.bad[0]))
    return "\n".join(lines)


def session_logs(text: str) -> str:
    """``text`` as a client's log holds it: one JSON object a line, each with a stretch of it twice, and much around it."""
    return "".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in _records(text))


def _records(text: str) -> Iterator[Mapping[str, object]]:
    rng = random.Random(2)
    at = 0
    while at < len(text) // 2:
        size = min(int(rng.lognormvariate(7.5, 1.0)) + 20, 60_000)
        read = text[at : at + size]
        at += size
        name, call = expand("{uuid}", at), expand("toolu_{alnum:24}", at)
        yield {
            "parentUuid": expand("{uuid}", at + 1),
            "isSidechain": False,
            "type": "user",
            "message": {"role": "user", "content": [{"tool_use_id": call, "type": "tool_result", "content": read}]},
            "uuid": name,
            "timestamp": "2026-01-31T12:00:00.000Z",
            "toolUseResult": {"stdout": read, "stderr": "", "interrupted": False, "isImage": False},
            "cwd": "/home/dev/work/shop",
            "sessionId": expand("{uuid}", 0),
        }


def logs_of(folder: Path) -> str:
    """The JSON lines below ``folder``, ``SIZE`` characters of them, up to the end of a line."""
    found, length = [], 0
    for path in sorted(folder.rglob("*.jsonl")):
        text = path.read_text("utf-8", "replace")
        found.append(text)
        length += len(text)
    if not found:
        raise ValueError(f"there are no .jsonl files below {folder}")
    joined = "".join(found)
    return joined[: joined.find("\n", min(SIZE, length - 1)) + 1]
