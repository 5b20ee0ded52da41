"""``anonymised``: a folder's copy with stand-ins in contents and names; what cannot be made safe is left out, and named."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from checkrein.anonymise import addresses, authors, contents
from checkrein.anonymise.mapping import EMAIL, Maker, Mapping, replaced
from checkrein.anonymise.names import HOST, NAME, Names, joined, resolved, words_of
from checkrein.core import UsageError
from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect import encoded
from checkrein.detect.secrets.known import Known, KnownValues
from checkrein.detect.sensitive import Detector
from checkrein.observe.credentials.files import SKIPPED
from checkrein.policy.wildmatch import PatternList, parse_line

_LARGEST = 64_000_000  # bytes of one file
_INTERNAL = re.compile(
    r"(?:://|@|[\"'`]|(?:host|hostname|server|domain|endpoint|address)[\"']?[ \t]*[:=][ \t]*)"
    r"((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,6}"
    r"(?:internal|intranet|corp|lan|localdomain|home\.arpa|private))(?![A-Za-z0-9.-])",
    re.IGNORECASE,
)
"""Hosts of networks that are nobody else's, where an address, quotes or a name say that it is a host: ``self.corp`` is none."""
_NAMED = "anonymise.value"
_SECRET = ("secret.", "vault.")


@dataclass(slots=True)
class Outcome:
    """``files`` were copied, ``changed`` of them with stand-ins. ``left``: paths that were not copied, and why.

    ``kept``: files that are no text and were copied since a person said so, with what they are; ``unkept``: how many were not.
    ``joined`` counts words of the copy that begin or end with a name too short to be replaced there.
    """

    files: int = 0
    changed: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)
    unkept: int = 0
    joined: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Source:
    """A file or link of the folder, by its path in it. ``text`` is what it is instead where it is none."""

    path: str
    text: contents.Text | str
    data: bytes

    @property
    def shown(self) -> str:
        """What can be searched of it."""
        return contents.shown(self.text.text) if isinstance(self.text, contents.Text) else ""


def anonymised(
    source: Path,
    target: Path,
    search: Detector,
    names: Sequence[str],
    hosts: Sequence[str],
    mapping: Mapping,
    keep: Iterable[str] = (),
) -> Outcome:
    """Copy ``source`` to ``target``, which must not be there, and complete ``mapping``.

    ``names`` and ``hosts`` are replaced in every spelling, beside those that the history tells, hosts of internal networks,
    and what ``search`` finds. Files that are no text are copied where a pattern of ``keep`` (as in a .gitignore) matches them.
    UsageError where the folders do not fit; OSError; what ``search`` raises. Then nothing is left of the copy.
    """
    _check(source, target)
    outcome = Outcome()
    found = list(_sources(source, outcome))
    work = _Work(found, search, authors.told(source), names, hosts, mapping)
    kept = PatternList(pattern for line in keep if (pattern := parse_line(line)))
    target.mkdir(parents=True, mode=0o700)
    try:
        for each in found:
            _write(each, source, target, work, kept, outcome)
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
        return "it is a link to somewhere else" if outside else _Source(name, contents.Text(link, "utf-8"), b"")
    if not stat.S_ISREG(found.st_mode):
        return "it is no regular file"
    if found.st_size > _LARGEST:
        return f"it has more than {_LARGEST} bytes"
    data = path.read_bytes()
    return _Source(name, contents.read(data), data)


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
        texts = [text for each in found for text in (contents.shown(each.path), each.shown)]
        wanted = [name for name in (*told.names, *names) if sum(map(len, words_of(name))) > 1]
        self._search = search
        values, further = self._values(texts, told.addresses)
        self._hosts = list(dict.fromkeys(map(str.lower, (*told.hosts, *hosts, *_internal(texts), *further))))
        corpus = "\n".join(text.lower() for text in texts)
        words = {words_of(name) for name in wanted} | set(mapping.terms)
        self._names = Names(words, self._hosts)
        self._joined = joined(words)
        self._elsewhere = frozenset(spelled for name in wanted for spelled in contents.elsewhere(name))
        self._known = KnownValues(Known("VALUE", value, "") for value in values)
        self._maker = Maker(mapping, corpus, wanted, self._hosts, self.changed)
        self._rules = values
        for value in sorted(values, key=lambda one: (encoded.opened(one) is not None, one)):
            self._maker.stand_in(values[value], value)

    def _values(self, texts: Iterable[str], mail: Iterable[str]) -> tuple[dict[str, str], list[str]]:
        """What is sensitive by itself, with the rule that found it; and the hosts that it names."""
        values = dict.fromkeys(mail, "pii.email")
        hosts = [address.rpartition("@")[2] for address in values]
        for text in texts:
            for found in self._search.scan(text):
                whole = text[found.start : found.end]
                hosts += [whole.rpartition("@")[2]] if found.rule in EMAIL else addresses.hosts(whole)
                for each in _parts(text, found):
                    if each.rule not in (NAME, HOST):
                        values.setdefault(text[each.start : each.end], each.rule)
        return values, [end for host in hosts if (end := authors.owned(host))]

    def changed(self, text: str) -> str:
        """``text`` with stand-ins."""
        return replaced(text, self._found(contents.shown(text)), self._stand_in)

    def named(self, path: str) -> str:
        """A path with stand-ins in its names."""
        parts = path.split("/")
        return "/".join(replaced(part, resolved(self._given(contents.shown(part))), self._stand_in) for part in parts)

    def remains(self, text: str) -> bool:
        """Whether something that was to be replaced still stands in ``text``."""
        return bool(self._given(contents.shown(text)))

    def is_elsewhere(self, data: bytes) -> bool:
        """Whether a name stands there in an encoding that cannot be told."""
        return any(spelled in data for spelled in self._elsewhere)

    def joined(self, text: str) -> Iterator[str]:
        """The words of ``text`` that begin or end with a name that is not replaced there."""
        for found in self._joined.finditer(contents.shown(text)) if self._joined else ():
            yield found[0]

    def _found(self, text: str) -> tuple[Sensitive, ...]:
        found = (part for each in self._search.scan(text) for part in _parts(text, each))
        return resolved((*found, *self._given(text)))

    def _given(self, text: str) -> tuple[Sensitive, ...]:
        known = (Sensitive(_NAMED, each.label, each.start, each.end, Certainty.KNOWN) for each in self._known.scan(text))
        return (*self._names.scan(text), *known)

    def _stand_in(self, rule: str, surface: str) -> str:
        return self._maker.stand_in(self._rules.get(contents.shown(surface), rule), surface)


def _parts(text: str, found: Sensitive) -> tuple[Sensitive, ...]:
    """What is found, or of an address the parts of it that are secret."""
    spans = addresses.secrets(text[found.start : found.end]) if found.rule.startswith(_SECRET) else None
    if spans is None:
        return (found,)
    return tuple(
        Sensitive(_NAMED, found.label, found.start + start, found.start + end, found.certainty) for start, end in spans
    )


def _internal(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (authors.domain(found[1]) for found in _INTERNAL.finditer(text))


def _write(each: _Source, source: Path, target: Path, work: _Work, keep: PatternList, outcome: Outcome) -> None:
    """Write one file or link of the copy, or say why it is not in there."""
    name = work.named(each.path)
    made = _made(each, work, keep)
    if isinstance(made, bytes) and work.remains(name):
        made = "something in its name could not be replaced"
    if isinstance(made, str):
        outcome.left.append((each.path, made))
        outcome.unkept += isinstance(each.text, str) and keep.covers(each.path, is_dir=False) is None
        return
    path = target / PurePosixPath(name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    outcome.files += 1
    outcome.changed += made != each.data or name != each.path
    outcome.joined.update((*work.joined(name), *work.joined(_text(made))))
    if isinstance(each.text, str):
        outcome.kept.append((each.path, each.text))
    if (source / each.path).is_symlink():
        path.symlink_to(os.fsdecode(made))
        return
    path.write_bytes(made)
    shutil.copymode(source / each.path, path)


def _made(each: _Source, work: _Work, keep: PatternList) -> bytes | str:
    """What stands in the copy's file, or of a link where it leads to; a text is why there is none."""
    if isinstance(each.text, str):
        if keep.covers(each.path, is_dir=False) is None:
            return f"it is {each.text}"
        plain = each.data.replace(b"\0", b"").decode("latin-1")  # in UTF-16 a zero stands beside each letter
        stands = work.remains(each.path) or work.remains(each.data.decode("latin-1")) or work.remains(plain)
        return "a name or value stands in it" if stands else each.data
    changed = work.changed(each.text.text) if each.data else work.named(each.text.text)
    try:
        made = each.text.encoded(changed)
    except UnicodeEncodeError:
        return "a stand-in cannot be written in its encoding"
    if work.remains(changed):
        return "something in it could not be replaced"
    if max(changed, default="") >= "\udc80" and work.is_elsewhere(each.data):
        return "a name stands in it in an encoding that is not known"
    return made


def _text(data: bytes) -> str:
    text = contents.read(data)
    return text.text if isinstance(text, contents.Text) else ""
