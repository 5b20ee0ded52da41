"""Where credentials may stand, by Hyperscan: all patterns in one pass over the text.

Hyperscan tells where a match ends, for every way to match; where it begins is found by ``re`` in the window before that.
"""

from __future__ import annotations

import re
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
        self._search: compiled.Search | None = None
        if not kinds:
            return
        try:
            self._search = compiled.Search(compiled.database([_expression(kind) for kind in kinds], "secrets"))
        except hyperscan.error as error:
            refused = [kind.id for kind in kinds if not _compiles(kind)]
            named = ", ".join(refused) or "these kinds together"
            raise ValueError(f"Hyperscan does not take the patterns of {named}: {error}") from error

    def windows(self, data: bytes) -> Mapping[int, Windows]:
        """For each kind, by its number, that matches somewhere in ``data``: where its matches lie."""
        if self._search is None:
            return {}
        return {kind: _before(ends, self._widths[kind]) for kind, ends in self._search.ends(data).items()}


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
