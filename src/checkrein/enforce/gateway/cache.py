"""What is known of texts that were looked at before, so that a long conversation costs what is new in it.

Two caches. ``Texts`` knows single strings by a digest. ``Chunks`` knows whole elements of ``messages``, ``system`` and
``tools`` as they stood in an earlier request: it compares digests where such an element could begin, so that the old part of a
conversation is neither parsed nor searched again. Neither keeps a text that was looked at, only what leaves in its place.

An entry that is too old (``bounded``) is looked at anew, which also tells the vault that its values are still in use. So is
one of another session that was made when less was known to be sensitive (``Origin``).
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace

from checkrein.enforce.gateway.bounded import MAX_AGE, Bounded, Pending
from checkrein.vault.placeholder import PREFIX, find, label_of

TEXT_BYTES = 2 * 1024 * 1024
CHUNK_BYTES = 2 * 1024 * 1024
_OVERHEAD = 800  # bytes, of an entry with nothing in it
HEAD = 160  # characters by which elements are told apart before their digests are compared
_ALIKE = 8  # elements with the same head that are kept

STANDING = "vault.placeholder"
"""What is recorded in place of a rule where a placeholder stood in a request already."""

Found = tuple[tuple[tuple[str, str], int], ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose request an outcome is from ("" where nobody said), and what was known to be sensitive then."""

    session: str
    known: Hashable

    def vouches_for(self, other: Origin) -> bool:
        """Whether an outcome from here holds there: nothing was learnt in between, or it left with the same session before,
        whose conversation must not change behind it (the provider's prompt cache compares it).
        """
        return self.known == other.known or self.owns(other)

    def owns(self, other: Origin) -> bool:
        """Whether both are one request, or requests of one session."""
        return self is other or self.session == other.session != ""


@dataclass(frozen=True, slots=True)
class Text:
    """What became of one string: what stands in its place (None: it stays), and what was found in it."""

    text: str | None
    found: Found


@dataclass(frozen=True, slots=True)
class Chunk:
    """What became of one element of a request.

    ``text`` is the JSON that leaves in its place (None: its own). ``files`` are paths as they stand there, and as they may be
    recorded. ``made`` are the placeholders that redaction put into it. ``tools`` gives for each tool call in it the source of
    its result; ``used`` are those of other elements that the outcome rests on.
    """

    text: str | None
    found: Found
    kinds: tuple[tuple[str, int], ...]
    files: tuple[tuple[str, str], ...]
    folders: tuple[str, ...]
    made: frozenset[str]
    tools: tuple[tuple[str, str], ...]
    used: tuple[tuple[str, str], ...]


UNTOUCHED = Text(None, ())
"""Of a string in which nothing was found."""


def digest(data: bytes) -> bytes:
    """16 bytes that no other data has."""
    return hashlib.sha256(data).digest()[:16]


TextKey = tuple[int, str | tuple[str, str] | None, bytes]
"""Version of the redactor, source (None: any; of what a session took from another: that session and the source), digest."""

KnownText = tuple[Text, Origin]


class Texts:
    """Strings that were looked at. One in which nothing was found is known wherever it stands.

    ``version`` is that of the redactor, ``origin`` that of the request. ``borrowed`` says whether the request took anything
    from another session. What it took is the session's own in its next requests.
    """

    def __init__(self, version: int, origin: Origin, shared: Bounded[TextKey, KnownText]) -> None:
        self.borrowed = False
        self._only_own = False
        self._version = version
        self._origin = origin
        self._entries = Pending(shared)

    def get(self, source: str, mark: bytes) -> Text | None:
        """What became of the string with the digest ``mark`` that stood in ``source``."""
        session = self._origin.session
        for where in ((session, source), None, source) if session else (None, source):
            known = self._entries.get((self._version, where, mark))
            if known is None or not known[1].vouches_for(self._origin):
                continue
            if not known[1].owns(self._origin):
                if self._only_own:
                    continue
                self._borrow(source, mark, known[0])
            return known[0]
        return None

    def put(self, source: str, mark: bytes, outcome: Text) -> None:
        """Note it."""
        where = source if outcome.found or outcome.text is not None else None
        self._put(where, mark, outcome)

    def drop(self) -> None:
        """Forget what was noted in this request, and from here on know nothing of other sessions."""
        self._only_own = True
        self._entries.drop()

    def keep(self) -> None:
        """Let other requests see what was noted."""
        self._entries.keep()

    def _borrow(self, source: str, mark: bytes, outcome: Text) -> None:
        self.borrowed = True
        if self._origin.session:
            self._put((self._origin.session, source), mark, outcome)

    def _put(self, where: str | tuple[str, str] | None, mark: bytes, outcome: Text) -> None:
        self._entries.put((self._version, where, mark), (outcome, self._origin), _OVERHEAD + len(outcome.text or ""))


@dataclass(frozen=True, slots=True)
class KnownChunk:
    """An element of so many characters, with this digest."""

    length: int
    mark: bytes
    born: float
    chunk: Chunk
    origin: Origin


ChunkKey = tuple[int, str, int]
"""Version of the redactor, kind of the element, hash of how it begins: others may have the same. Of what a session took from
another, the session has part in the hash."""


class Chunks:
    """Elements of requests that were looked at. Only objects: where one begins that is known, it also ends as it did.

    ``borrowed`` as of ``Texts``.
    """

    def __init__(
        self,
        version: int,
        origin: Origin,
        shared: Bounded[ChunkKey, tuple[KnownChunk, ...]],
        max_age: float = MAX_AGE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.borrowed = False
        self._only_own = False
        self._version = version
        self._origin = origin
        self._max_age = max_age
        self._clock = clock
        self._entries = Pending(shared)

    def get(self, kind: str, body: str, at: int) -> tuple[Chunk, int] | None:
        """What became of the element of this kind that begins at ``at``, and where it ends; None where it is not known."""
        head, session = body[at : at + HEAD], self._origin.session
        if session and (known := self._known((self._version, kind, hash((head, session))), body, at)):
            return known.chunk, at + known.length
        known = self._known((self._version, kind, hash(head)), body, at)
        if known is None:
            return None
        if not known.origin.owns(self._origin):
            self.borrowed = True
            if session:
                self._put((self._version, kind, hash((head, session))), replace(known, origin=self._origin))
        return known.chunk, at + known.length

    def put(self, kind: str, element: str, chunk: Chunk) -> None:
        """Note what became of ``element``, the text of one JSON object. Short ones are quickly looked at anew."""
        if len(element) < HEAD or not element.startswith("{"):
            return
        known = KnownChunk(len(element), digest(element.encode()), self._clock(), chunk, self._origin)
        self._put((self._version, kind, hash(element[:HEAD])), known)

    def drop(self) -> None:
        """Forget what was noted in this request, and from here on know nothing of other sessions."""
        self._only_own = True
        self._entries.drop()

    def keep(self) -> None:
        """Let other requests see what was noted."""
        self._entries.keep()

    def _known(self, key: ChunkKey, body: str, at: int) -> KnownChunk | None:
        entries = self._entries.get(key)
        if entries is None:
            return None
        now = self._clock()
        for known in entries:
            end = at + known.length
            holds = known.origin.owns if self._only_own else known.origin.vouches_for
            if body[end - 1 : end] != "}" or now - known.born > self._max_age or not holds(self._origin):
                continue
            if digest(body[at:end].encode()) == known.mark:
                return known
        return None

    def _put(self, key: ChunkKey, new: KnownChunk) -> None:
        others = tuple(known for known in self._entries.get(key) or () if known.mark != new.mark)[: _ALIKE - 1]
        kept = (new, *others)
        self._entries.put(key, kept, sum(_size(known.chunk) for known in kept))


def standing(text: str) -> Found:
    """How many placeholders ``text`` came with, by label: values that hooks held back before the request was made."""
    if PREFIX not in text:
        return ()
    counts = Counter(label_of(place.text) for place in find(text))
    return tuple(((STANDING, label), count) for label, count in counts.items())


def placeholders(text: str) -> frozenset[str]:
    """The placeholders in ``text``."""
    return frozenset(place.text for place in find(text)) if PREFIX in text else frozenset()


def _size(chunk: Chunk) -> int:
    return _OVERHEAD + len(chunk.text or "") + 100 * (len(chunk.files) + len(chunk.made) + len(chunk.tools))
