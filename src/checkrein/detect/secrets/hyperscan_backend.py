"""Where credentials may stand, by Hyperscan: all patterns in one pass over the text.

Hyperscan tells where a match ends, for every way to match; where it begins is found by ``re`` in the window before that.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping, Sequence

import hyperscan

from checkrein.detect import compiled
from checkrein.detect.secrets.catalogue import Kind
from checkrein.detect.secrets.windows import Windows

_BOUND = re.compile(r"\{(\d+),(\d+)\}")
_FAR, _FAR_BEHIND_A_NAME = 300, 20
"""Upper bounds from which on Hyperscan is given none: counting is what makes a pattern slow to compile. The second one is for
kinds whose pattern begins with the literal words of a name; behind those an open end costs no time in scanning."""


class HyperscanBackend:
    """A compiled database of all kinds; any number of threads may use it at once."""

    def __init__(self, kinds: Sequence[Kind]) -> None:
        """Compile the patterns of ``kinds``, or read what was kept. ValueError where Hyperscan does not take one."""
        self._widths = [kind.width for kind in kinds]
        self._threads = threading.local()
        if not kinds:
            return
        try:
            self._database = compiled.database([_expression(kind) for kind in kinds], "secrets")
        except hyperscan.error as error:
            refused = [kind.id for kind in kinds if not _compiles(kind)]
            named = ", ".join(refused) or "these kinds together"
            raise ValueError(f"Hyperscan does not take the patterns of {named}: {error}") from error

    def windows(self, data: bytes) -> Mapping[int, Windows]:
        """For each kind, by its number, that matches somewhere in ``data``: where its matches lie."""
        ends: dict[int, list[int]] = {}

        def on_match(kind: int, _start: int, end: int, _flags: int, _context: object) -> None:
            # A named function that this frame holds: the binding keeps no reference of its own to it.
            ends.setdefault(kind, []).append(end)

        if data and self._widths:
            self._database.scan(data, match_event_handler=on_match, scratch=self._scratch())
        return {kind: _before(found, self._widths[kind]) for kind, found in ends.items()}

    def _scratch(self) -> hyperscan.Scratch:
        """This thread's own working memory: two scans at a time must not share it."""
        scratch: hyperscan.Scratch | None = getattr(self._threads, "scratch", None)
        if scratch is None:
            scratch = self._threads.scratch = hyperscan.Scratch(self._database)
        return scratch


def _before(ends: Iterable[int], width: int) -> Windows:
    windows = Windows()
    for end in sorted(ends):
        windows.add(end - width, end)
    return windows


def _expression(kind: Kind) -> bytes:
    """What Hyperscan looks for: all that ``kind`` matches, and longer ones. Windows are no wider for that."""
    far = _FAR_BEHIND_A_NAME if kind.after else _FAR
    return _BOUND.sub(lambda bound: f"{{{bound[1]},}}" if int(bound[2]) >= far else bound[0], kind.pattern).encode()


def _compiles(kind: Kind) -> bool:
    try:
        hyperscan.Database().compile(expressions=[_expression(kind)])
    except hyperscan.error:
        return False
    return True
