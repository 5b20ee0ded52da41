"""Writing the files that a person asked for."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from checkrein.core import UsageError


def write_whole(target: Path, data: bytes, mode: int) -> None:
    """Write ``data`` to ``target`` with these permission bits: all of it, or what stood there stays. UsageError."""
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as scratch:
            new = Path(scratch) / "new"
            new.write_bytes(data)
            new.chmod(mode)
            os.replace(new, target)  # noqa: PTH105 - over what stands there
    except OSError as error:
        raise UsageError(f"cannot write {target}", why=error.strerror or "", fix="name a file that you may write") from error
