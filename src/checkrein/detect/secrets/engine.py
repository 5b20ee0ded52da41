"""Finds credentials by the shape that their issuers give them: all kinds of the catalogue at once, with exact spans."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Protocol

from checkrein.core.sensitive import Sensitive, merged
from checkrein.detect.offsets import Encoded, characters
from checkrein.detect.secrets import catalogue
from checkrein.detect.secrets.catalogue import Kind
from checkrein.detect.secrets.checks import CHECKS, entropy, is_real
from checkrein.detect.secrets.windows import Windows

_NEAR = 80  # bytes around a value in which a word that has to be near may stand
_LINE = 200  # bytes of its line before it


class Backend(Protocol):
    """Says where matches lie. What it gives may be more than there is, never less."""

    def windows(self, data: bytes) -> Mapping[int, Windows]:
        """For each kind, by its number, that may match in ``data``: the stretches that hold all its matches."""


class Engine:
    """Scans texts for ``kinds``. Making one takes some tenths of a second; any number of threads may use it at once."""

    def __init__(self, kinds: Sequence[Kind], backend: Callable[[Sequence[Kind]], Backend] | None = None) -> None:
        """``backend`` makes what finds the windows: Hyperscan's where it is installed, unless another one is given."""
        self._kinds = [_Compiled(kind) for kind in kinds]
        self._backend = (backend or _best())(kinds)

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        """What is found in ``text``, without overlaps, in its order."""
        return self.scan_encoded(Encoded(text))

    def scan_encoded(self, encoded: Encoded) -> tuple[Sensitive, ...]:
        """What is found in a text whose UTF-8 others use too."""
        found = [Sensitive(kind.rule, kind.label, start, end) for kind, start, end in self.matches(encoded.data)]
        return merged(characters(encoded, found)) if found else ()

    def matches(self, data: bytes) -> Iterator[tuple[Kind, int, int]]:
        """Each value of each kind in UTF-8 ``data``, with its start and end in bytes; they may overlap."""
        for number, windows in sorted(self._backend.windows(data).items(), key=itemgetter(0)):
            compiled = self._kinds[number]
            for match in windows.matches(compiled.pattern, data):
                if (span := compiled.value(match)) is not None:
                    yield compiled.kind, *span


@cache
def standard() -> Engine:
    """The engine for the whole catalogue; it is made once."""
    return Engine(catalogue.load())


def lend(folder: Path) -> None:
    """Spare the service that has ``folder`` for its scan folder the compiling of what this process has compiled."""
    with suppress(ImportError):  # nothing is compiled where there is no Hyperscan
        from checkrein.detect import compiled  # noqa: PLC0415 - not on every platform

        compiled.lend(folder)


class _Compiled:
    """A kind with what is compiled of it when it is first needed."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._pattern: re.Pattern[bytes] | None = None
        self._near: re.Pattern[bytes] | None = None
        self._checks = [CHECKS[name] for name in kind.checks]
        self._may_be_dummy = "pem" in kind.checks  # a key's text is long, and encodes runs of zeros

    @property
    def pattern(self) -> re.Pattern[bytes]:
        if self._pattern is None:
            self._pattern = re.compile(self.kind.pattern.encode())
        return self._pattern

    def value(self, match: re.Match[bytes]) -> tuple[int, int] | None:
        """Where the value of ``match`` stands, or None where it turns out to be none."""
        group = next((number for number in range(1, self.pattern.groups + 1) if match.start(number) >= 0), 0)
        value = match[group]
        if not value or not (self._may_be_dummy or is_real(value)):
            return None
        if self.kind.entropy and entropy(value) < self.kind.entropy:
            return None
        if not all(check(value) for check in self._checks):
            return None
        if self.kind.near and not self._is_near(match.string, match.start(group), match.end(group)):
            return None
        return match.span(group)

    def _is_near(self, data: bytes, start: int, end: int) -> bool:
        if self._near is None:
            self._near = _near(self.kind.near)
        line = data.rfind(b"\n", max(0, start - _LINE), start) + 1
        begin = min(max(line, start - _LINE), max(0, start - _NEAR))
        stop = data.find(b"\n", end, end + _NEAR)
        return self._near.search(data, begin, stop if stop >= 0 else end + _NEAR) is not None


def _near(words: Sequence[str]) -> re.Pattern[bytes]:
    """Any of ``words`` where a word begins: after something other than a letter, or with a capital inside ``camelCase``."""
    start = "|".join(re.escape(word) for word in words)
    hump = "|".join(re.escape(word[0].upper() + word[1:]) for word in words)
    return re.compile(f"(?<![A-Za-z])(?i:{start})|(?<=[a-z])(?:{hump})".encode())


def _best() -> Callable[[Sequence[Kind]], Backend]:
    try:
        from checkrein.detect.secrets.hyperscan_backend import HyperscanBackend  # noqa: PLC0415 - not on every platform
    except ImportError:
        from checkrein.detect.secrets.portable_backend import PortableBackend  # noqa: PLC0415 - only then

        return PortableBackend
    return HyperscanBackend
