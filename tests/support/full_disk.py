"""A gateway one of whose folders is on a small disk that fills up: for a mount namespace of its own. Prints what it was told.

python full_disk.py FOLDER HOME RUNTIME UPSTREAM PATTERNS TEXT...

The texts are asked one after the other: the first one on the empty disk, the others on the full one, and the last one again
when there is space.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from live_gateway import LiveGateway

_PIECE = b"x" * 4096


def fill(file: Path) -> None:
    """Write until nothing more goes in."""
    with file.open("wb", buffering=0) as out:
        while True:
            try:
                out.write(_PIECE)
            except OSError:
                return


def main(folder: str, home: str, runtime: str, upstream: str, patterns: str, *texts: str) -> None:
    """Play it. The parameters from ``home`` on are those of ``LiveGateway``."""
    first, *others = texts
    with LiveGateway(Path(home), Path(runtime), upstream, Path(patterns)) as gateway:
        told = [gateway.ask(first)]
        filler = Path(folder) / "filler"
        fill(filler)
        told.extend(gateway.ask(text) for text in others)
        filler.unlink()
        told.append(gateway.ask(others[-1]))
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
