"""What the files that a session writes are made of, so that a secret is known again under another name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checkrein.core import EffectKind, Flag
from checkrein.detect.shell.frame import Analysis
from checkrein.detect.shell.values import contents

KEEPING = Flag.APPEND | Flag.CREATE | Flag.IN_PLACE
"""Flags of a write that leaves what stood in the file."""


def made_by(analysis: Analysis, before: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """For each file that an event writes or moves, what its content is made of afterwards: () where that is nothing known.

    ``before`` says the same of the files as they are. Sources are named as in ``Effect.reads``.
    """
    read = {source.rstrip("/") for sources in analysis.made.values() for source in sources}
    near = {path: sources for path, sources in before.items() if not read.isdisjoint(_ways(path))} if read else {}
    kept: dict[str, set[str]] = {path: {*sources, *contents(sources, near)} for path, sources in analysis.made.items()}
    for effect in analysis.effects:
        if effect.kind is EffectKind.WRITE and not effect.flags & (Flag.REMOTE | Flag.GLOB):
            held = kept.setdefault(effect.target, set())
            if effect.flags & KEEPING:
                held.update(before.get(effect.target, ()))
    return {path: tuple(sorted(held)) for path, held in kept.items()}


def _ways(path: str) -> Iterator[str]:
    """The path and every folder that it is below."""
    while path:
        yield path
        path = path.rpartition("/")[0]
