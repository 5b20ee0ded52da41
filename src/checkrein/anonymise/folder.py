"""``anonymised``: a folder's copy with stand-ins in contents and names; what cannot be made safe is left out, and named."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from checkrein.anonymise import authors, encoded
from checkrein.anonymise.mapping import Maker, Mapping, replaced
from checkrein.anonymise.names import HOST, NAME, Names, resolved, words_of
from checkrein.core import UsageError
from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect.secrets.known import Known, KnownValues
from checkrein.detect.sensitive import Detector
from checkrein.observe.credentials.files import SKIPPED

_LARGEST = 64_000_000  # bytes of one file
_SNIFFED = 8_192
_INTERNAL = re.compile(
    r"(?:://|@|[\"'`]|(?:host|hostname|server|domain|endpoint|address)[\"']?[ \t]*[:=][ \t]*)"
    r"((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,6}"
    r"(?:internal|intranet|corp|lan|localdomain|home\.arpa|private))(?![A-Za-z0-9.-])",
    re.IGNORECASE,
)
"""Hosts of networks that are nobody else's, where an address, quotes or a name say that it is a host: ``self.corp`` is none."""
_NAMED = "anonymise.value"


@dataclass(slots=True)
class Outcome:
    """``files`` were copied, ``changed`` of them with stand-ins. ``left``: paths that were not copied, and why."""

    files: int = 0
    changed: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Source:
    """A file or link of the folder, by its path in it. ``text`` is None for what is no text."""

    path: str
    text: str | None
    data: bytes


def anonymised(
    source: Path, target: Path, search: Detector, names: Sequence[str], hosts: Sequence[str], mapping: Mapping
) -> Outcome:
    """Copy ``source`` to ``target``, which must not be there, and complete ``mapping``.

    ``names`` and ``hosts`` are replaced in every spelling, beside those that the history tells, hosts of internal networks,
    and what ``search`` finds. UsageError where the folders do not fit; OSError; what ``search`` raises. Then nothing is left of
    the copy.
    """
    _check(source, target)
    outcome = Outcome()
    found = list(_sources(source, outcome))
    work = _Work(found, search, authors.told(source), names, hosts, mapping)
    target.mkdir(parents=True, mode=0o700)
    try:
        for each in found:
            _write(each, source, target, work, outcome)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    return outcome


def _check(source: Path, target: Path) -> None:
    if not source.is_dir():
        raise UsageError(f"{source} is no folder", fix="name the folder to copy")
    if os.path.lexists(target):
        raise UsageError(f"{target} is there already", fix="name a folder that is not there yet")
    if target.resolve().is_relative_to(source.resolve()):
        raise UsageError("the copy would stand in the folder itself", fix="name a folder somewhere else")


def _sources(source: Path, outcome: Outcome) -> Iterator[_Source]:
    def note(error: OSError) -> None:
        outcome.left.append((os.path.relpath(str(error.filename), source), error.strerror or "it cannot be read"))

    for folder, folders, files in os.walk(source, onerror=note):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        skipped = [name for name in folders if name in SKIPPED and name not in links]
        outcome.left += [(os.path.relpath(Path(folder, name), source), "it is made anew by tools") for name in sorted(skipped)]
        folders[:] = sorted(set(folders) - set(skipped) - set(links))
        for name in sorted((*files, *links)):
            path = Path(folder, name)
            try:
                each = _read(path, os.path.relpath(path, source))
            except OSError as error:
                note(error)
                continue
            if isinstance(each, str):
                outcome.left.append((os.path.relpath(path, source), each))
            else:
                yield each


def _read(path: Path, name: str) -> _Source | str:
    """The file, or why it is left out."""
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        link = str(path.readlink())
        inside = os.path.normpath(os.path.join(os.path.dirname(name), link))  # noqa: PTH118, PTH120 - as the link says it
        outside = PurePosixPath(link).is_absolute() or inside.split("/")[0] == ".."
        return "it is a link to somewhere else" if outside else _Source(name, link, b"")
    if not stat.S_ISREG(found.st_mode):
        return "it is no regular file"
    if found.st_size > _LARGEST:
        return f"it has more than {_LARGEST} bytes"
    data = path.read_bytes()
    if b"\0" in data[:_SNIFFED]:
        return _Source(name, None, data)
    return _Source(name, data.decode("utf-8", "surrogateescape"), data)


class _Work:
    """Everything that is to be replaced in a folder, and its stand-ins."""

    def __init__(
        self,
        found: Sequence[_Source],
        search: Detector,
        told: authors.Told,
        names: Sequence[str],
        hosts: Sequence[str],
        mapping: Mapping,
    ) -> None:
        texts = [text for each in found for text in (each.path, each.text or "")]
        wanted = [name for name in (*told.names, *names) if sum(map(len, words_of(name))) > 1]
        self._hosts = list(dict.fromkeys(map(str.lower, (*told.hosts, *hosts, *_internal(texts)))))
        corpus = "\n".join(text.lower() for text in texts)
        self._names = Names({words_of(name) for name in wanted} | set(mapping.terms), self._hosts)
        self._search = search
        values = self._values(texts, told.addresses)
        self._known = KnownValues(Known("VALUE", value, "") for value in values)
        self._maker = Maker(mapping, corpus, wanted)
        for value in sorted(values, key=lambda one: (encoded.opened(one) is not None, one)):
            self._maker.stand_in(values[value], value)
        self._rules = values

    def _values(self, texts: Iterable[str], addresses: Iterable[str]) -> dict[str, str]:
        """What is sensitive by itself, with the rule that found it."""
        values = dict.fromkeys(addresses, "pii.email")
        for text in texts:
            for each in self._search.scan(text):
                if each.rule not in (NAME, HOST):
                    values.setdefault(text[each.start : each.end], each.rule)
        return values

    def changed(self, text: str) -> str:
        """``text`` with stand-ins."""
        return replaced(text, self._found(text), self._stand_in)

    def named(self, path: str) -> str:
        """A path with stand-ins in its names."""
        return "/".join(replaced(part, resolved(self._given(part)), self._stand_in) for part in path.split("/"))

    def remains(self, text: str) -> bool:
        """Whether something that was to be replaced still stands in ``text``."""
        return bool(self._given(text))

    def _found(self, text: str) -> tuple[Sensitive, ...]:
        return resolved((*self._search.scan(text), *self._given(text)))

    def _given(self, text: str) -> tuple[Sensitive, ...]:
        known = (Sensitive(_NAMED, each.label, each.start, each.end, Certainty.KNOWN) for each in self._known.scan(text))
        return (*self._names.scan(text), *known)

    def _stand_in(self, rule: str, surface: str) -> str:
        return self._maker.stand_in(self._rules.get(surface, rule), surface)


def _internal(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (authors.domain(found[1]) for found in _INTERNAL.finditer(text))


def _write(each: _Source, source: Path, target: Path, work: _Work, outcome: Outcome) -> None:
    """Write one file or link of the copy, or say why it is not in there."""
    name = work.named(each.path)
    path = target / PurePosixPath(name)
    if each.text is None and (work.remains(each.path) or work.remains(each.data.decode("latin-1"))):
        outcome.left.append((each.path, "it is no text, and a name or value stands in it"))
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if (source / each.path).is_symlink():
        path.symlink_to(work.named(each.text or ""))
    elif each.text is None:
        path.write_bytes(each.data)
    else:
        text = work.changed(each.text)
        if work.remains(text) or work.remains(name):
            outcome.left.append((each.path, "something in it could not be replaced"))
            return
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        outcome.changed += text != each.text or name != each.path
    outcome.files += 1
    if not path.is_symlink():
        shutil.copymode(source / each.path, path)
