"""The disk of one decision: what it looked at is known afterwards, and how much of that may be done at once."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from checkrein.core.effect import UNKNOWN
from checkrein.observe.archives import Members
from checkrein.observe.disk import Disk

SHORT = 2048  # characters of code that are judged at once
_REPEATS = re.compile(r"\b(?:for|while|until|select|function|def)\b|[{]|\(\)|[*?\]]/")


class TooMuchError(BaseException):
    """Raised where a decision that is to be made at once would take long. Not an error of the detector that it interrupts."""


def is_light(given: Mapping[str, Any]) -> bool:
    """Whether a tool's input is judged in no time: flat, short, and nothing repeats, multiplies or walks through folders.

    What describes a call to people is not looked into.
    """
    looked_into = [value for key, value in given.items() if key != "description"]
    return all(is_light_text(value) if isinstance(value, str) else isinstance(value, int | float) for value in looked_into)


def is_light_text(text: str) -> bool:
    """The same for one text. Words are looked for, quoted or not: this decides where code is judged, not how."""
    return len(text) <= SHORT and _REPEATS.search(text) is None


class Lookup(Disk):
    """A disk that remembers what it gave as code. With ``at_once``, it raises TooMuchError where that is not light.

    ``made`` says of files that the session wrote what their content is made of.
    """

    def __init__(
        self,
        home: str,
        environment: Mapping[str, str],
        is_trusted: Callable[[str], bool],
        config: Callable[[str, str], str | None],
        downloads: Mapping[str, str],
        *,
        at_once: bool,
        made: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        super().__init__(home, environment, is_trusted, config, downloads)
        self._at_once = at_once
        self._made = made or {}
        self._given: dict[str, str] = {}

    def script(self, path: str) -> str | None:
        """As ``Disk.script``."""
        text = super().script(path)
        if text is not None:
            if self._at_once and not is_light_text(text):
                raise TooMuchError
            self._given[path] = text
        return text

    def stands_for(self, path: str) -> str:
        """As ``Disk.stands_for``; what this session copied stands for the file that it was copied from."""
        sources = self._made.get(path, ())
        return sources[0] if len(sources) == 1 else super().stands_for(path)

    def members(self, path: str) -> Members | None:
        """As ``Disk.members``: looking through an archive is never light."""
        if self._at_once and os.path.isfile(path):  # noqa: PTH113 - on the path of every decision
            raise TooMuchError
        return super().members(path)

    def looked_at(self) -> dict[str, str]:
        """For each file that was judged by its content, a digest of that; of unreadable ones what changes with the content."""
        return {path: _digest(path, text) for path, text in self._given.items()}


def _digest(path: str, text: str) -> str:
    if text != UNKNOWN:
        return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
    try:
        found = os.stat(path)  # noqa: PTH116 - on the path of every decision
    except OSError as error:
        return f"unreadable: {error.errno}"
    return f"unreadable: {found.st_ino} {found.st_size} {found.st_ctime_ns}"
