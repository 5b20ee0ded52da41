"""The body of a request on its way out: searched, and rewritten where something was found in it.

The bodies of the Messages API are walked element by element, so that what an earlier request held is recognised (``cache``).
Any other JSON is looked at leaf by leaf, form data part by part (``multipart``), and text as one text. What is none of these
cannot be searched: it is an attachment, and the policy says what happens to those.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from checkrein.enforce.gateway import attachments, multipart, textfile
from checkrein.enforce.gateway.blocks import IDENTIFIER, Walk
from checkrein.enforce.gateway.cache import Chunk, Chunks, Text, Texts, digest, placeholders, standing
from checkrein.enforce.gateway.facts import Facts
from checkrein.enforce.gateway.jsonbody import (
    BodyError,
    Json,
    Wire,
    after,
    blank,
    key_at,
    quoted,
    scannable,
    spliced,
    text_of,
    value_at,
)
from checkrein.enforce.gateway.ports import Redactor
from checkrein.enforce.gateway.runs import Element, Runs
from checkrein.policy.privacy import Attachments

MESSAGES = "/v1/messages"
COUNT = "/v1/messages/count_tokens"
BATCHES = "/v1/messages/batches"
"""Ends of paths: what stands before them belongs to the base URL that the client was given."""
_BEFORE_JSON = b" \t\r\n" + codecs.BOM_UTF8
_LISTS = frozenset({"messages", "system", "tools"})
_ID_LENGTH = 1024
_WORD_LENGTH = 128  # characters of what is likely to stand in one request again: keys, names, paths


@dataclass(frozen=True, slots=True)
class Memory:
    """What is kept between requests."""

    texts: Texts = field(default_factory=Texts)
    chunks: Chunks = field(default_factory=Chunks)
    runs: Runs = field(default_factory=Runs)


class Reader:
    """Reads one body of a session, with one redactor. Not for several threads at once.

    ``model`` and ``named_session`` are what a conversation says of itself.
    """

    def __init__(self, redactor: Redactor, policy: Attachments, memory: Memory, session: str = "") -> None:
        self.facts = Facts()
        self.model = ""
        self.named_session = ""
        self.session = session
        self.memory = memory
        self.version: Hashable = (redactor.version, policy)
        self._redactor = redactor
        self._policy = policy
        self._words: dict[tuple[str, str], Text] = {}

    def rewritten(self, body: bytes, path: str, content_type: str) -> bytes:
        """What leaves in place of ``body``: the very same bytes where nothing was found.

        Raises BodyError, RefusedError (policy), RedactionError (scan or vault).
        """
        if not body:
            return body
        boundary = multipart.boundary(content_type)
        if boundary is not None:
            return multipart.rewritten(body, boundary, self._plain, self._part)
        if "json" in content_type.lower() or body.lstrip(_BEFORE_JSON)[:1] in (b"{", b"["):
            return self._json(body, path)
        return self._part(body, "")

    def _json(self, body: bytes, path: str) -> bytes:
        text = text_of(body)
        source = Wire(text, body)
        start = blank(text, 0)
        is_object = text[start : start + 1] == "{"
        if is_object and path.endswith((MESSAGES, COUNT)):
            pieces, end = _Request(self, source).conversation(start)
        elif is_object and path.endswith(BATCHES):
            pieces, end = _Request(self, source).batch(start)
        else:
            pieces, end = _Request(self, source).anything(start)
        if blank(text, end) != len(text):
            raise BodyError(f"something follows the value at character {end}")
        return assembled(source, pieces) if pieces else body

    def _part(self, data: bytes, name: str) -> bytes:
        """A file or a text by itself."""
        if name:
            self.facts.files[name] = self.shown(name)
        if b"\0" in data and textfile.encoding_of(data) is None:
            attachments.admit(self._policy, "a file that is not text")
            seen = self.look(data.decode("latin-1"), "")
            if seen.text is not None:
                raise attachments.unwritable({label for (_, label), _ in seen.found})
            self._count("file")
            return data
        self._count("text")
        return self._plain(data)

    def _count(self, kind: str) -> None:
        self.facts.kinds[kind] = self.facts.kinds.get(kind, 0) + 1

    def _plain(self, data: bytes) -> bytes:
        """A text in whichever encoding: every one of them can spell a placeholder."""
        encoding = textfile.encoding_of(data) or "latin-1"
        text = data.decode(encoding)
        outcome = self.look(text, "")
        self.facts.count(outcome.found)
        if outcome.text is None:
            return data
        self.facts.made |= placeholders(outcome.text) - placeholders(text)
        return outcome.text.encode(encoding)

    def shown(self, text: str) -> str:
        """``text`` as it may be recorded."""
        outcome = self.look(text, "")
        return text if outcome.text is None else outcome.text

    def look(self, text: str, source: str) -> Text:
        """What becomes of one text."""
        known = self._words.get((text, source))
        if known is None:
            known = self._looked_up(text, source)
            if len(text) <= _WORD_LENGTH:
                self._words[text, source] = known
        return known

    def _looked_up(self, text: str, source: str) -> Text:
        scannable(text)
        mark = digest(text)
        known = self.memory.texts.get(self.version, source, mark)
        if known is None:
            redacted = self._redactor.redact(text, source)
            changed = redacted.text if redacted.text != text else None
            known = Text(changed, (*redacted.found.items(), *standing(text)))
            self.memory.texts.put(self.version, source, mark, known)
        return known

    def chunk(self, kind: str, text: str, at: int, sources: dict[str, str]) -> tuple[Chunk, int]:
        """What becomes of the value at ``at``, an element of this kind, and where it ends."""
        known = self.memory.chunks.get(self.version, kind, text, at)
        if known is not None and all(sources.get(call, "command") == source for call, source in known[0].used):
            sources.update(known[0].tools)
            return known
        value, end = value_at(text, at)
        walk = Walk(self.look, self._policy, sources)
        _WALKS[kind](walk, value)
        raw = text[at:end]
        new = spliced(raw, walk.edits) if walk.edits else None
        made = placeholders(new) - placeholders(raw) if new is not None else frozenset()
        chunk = Chunk(
            new,
            tuple(walk.found.items()),
            tuple(walk.kinds.items()),
            tuple(walk.files.items()),
            tuple(walk.folders),
            made,
            tuple(walk.tools.items()),
            tuple(walk.used.items()),
        )
        self.memory.chunks.put(self.version, kind, raw, chunk)
        return chunk, end


Pieces = list[tuple[int, int, str]]
"""(start, end, what stands there instead), in the order of the text."""


class _Request:
    """One JSON body, walked from left to right."""

    def __init__(self, reader: Reader, source: Wire) -> None:
        self._reader = reader
        self._source = source
        self._text = source.text
        self._pieces: Pieces = []
        self._sources: dict[str, str] = {}

    def anything(self, at: int) -> tuple[Pieces, int]:
        """A body of which nothing is known."""
        end = self._value("tree", at)
        return self._pieces, end

    def conversation(self, at: int) -> tuple[Pieces, int]:
        """The body of /v1/messages."""
        end = self._object(at, self._part_of_conversation)
        return self._pieces, end

    def batch(self, at: int) -> tuple[Pieces, int]:
        """The body of /v1/messages/batches: a list of requests, each with the body of one."""
        end = self._object(at, self._part_of_batch)
        return self._pieces, end

    def _part_of_batch(self, key: str, at: int) -> int:
        if key == "requests" and self._opens(at, "["):
            return self._list(at, self._request)
        return self._value("tree", at)

    def _request(self, at: int) -> int:
        return self._object(at, self._part_of_request) if self._opens(at, "{") else self._value("tree", at)

    def _part_of_request(self, key: str, at: int) -> int:
        if key == "params" and self._opens(at, "{"):
            self._sources = {}
            return self._object(at, self._part_of_conversation)
        return self._value("tree", at)

    def _part_of_conversation(self, key: str, at: int) -> int:
        if key in _LISTS and self._opens(at, "["):
            return self._elements(key, at)
        if key == "system":
            return self._value(key, at)
        if key == "metadata":
            end = self._value(key, at)
            self._reader.named_session = _session(value_at(self._text, at)[0])
            return end
        if key == "model":
            value, end = value_at(self._text, at)
            if isinstance(value, str) and IDENTIFIER.fullmatch(value) and self._reader.look(value, "").text is None:
                self._reader.model = value
                return end
        return self._value("tree", at)

    def _object(self, at: int, part: Callable[[str, int], int]) -> int:
        """The object at ``at``; where it ends. ``part`` gets each key and where its value begins, and gives where that ends."""
        _, at = after(self._text, at, "{")
        seen: set[str] = set()
        while True:
            if not seen and self._opens(at, "}"):
                return at + 1
            key, end, value = key_at(self._text, at)
            if key in seen:
                raise BodyError("a key stands twice in one object")
            seen.add(key)
            outcome = self._reader.look(key, "")
            if outcome.text is not None:
                self._pieces.append((at, end, quoted(outcome.text)))
            mark, at = after(self._text, part(key, value), ",}")
            if mark == "}":
                return at

    def _list(self, at: int, item: Callable[[int], int]) -> int:
        """The list at ``at``; where it ends. ``item`` gets where each element begins, and gives where it ends."""
        _, at = after(self._text, at, "[")
        return at + 1 if self._opens(at, "]") else self._rest(item(at), item)

    def _rest(self, at: int, item: Callable[[int], int]) -> int:
        """As ``_list``, from where one of its elements ended."""
        while True:
            mark, at = after(self._text, at, ",]")
            if mark == "]":
                return at
            at = item(at)

    def _elements(self, kind: str, at: int) -> int:
        """A list of the conversation, the beginning of which may be known; where it ends."""
        _, first = after(self._text, at, "[")
        reader, runs = self._reader, self._reader.memory.runs
        walked = runs.find(reader.version, reader.session, kind, self._source, first)
        elements: list[Element] = []

        def element(start: int) -> int:
            chunk, end = self._chunk(kind, start)
            elements.append(Element(start, end, chunk))
            return end

        if not walked.run.length:
            end = self._list(at, element)
        else:
            reader.facts.absorb(walked.run.facts)
            self._sources.update(walked.run.tools)
            self._pieces += [(first + start, first + end, new) for start, end, new in walked.run.pieces]
            end = self._rest(first + walked.run.length, element)
        runs.keep(walked, self._source, elements)
        return end

    def _opens(self, at: int, mark: str) -> bool:
        return self._text[at : at + 1] == mark

    def _value(self, kind: str, at: int) -> int:
        """The value at ``at``, of this kind; where it ends."""
        return self._chunk(kind, at)[1]

    def _chunk(self, kind: str, at: int) -> tuple[Chunk, int]:
        chunk, end = self._reader.chunk(kind, self._text, at, self._sources)
        self._reader.facts.add(chunk)
        if chunk.text is not None:
            self._pieces.append((at, end, chunk.text))
        return chunk, end


def assembled(source: Wire, pieces: Pieces) -> bytes:
    """The text with the pieces put in, in UTF-8."""
    out: list[bytes | memoryview] = []
    last = 0
    for start, end, new in pieces:
        out += (source.span(last, start), new.encode())
        last = end
    return b"".join((*out, source.span(last)))


def _metadata(walk: Walk, value: Json) -> None:
    """``user_id`` is the client's own id of person and session; a placeholder in it would only hide who asks."""
    if not isinstance(value, dict):
        walk.tree(value, "")
        return
    for key, item in value.items():
        walk.tree(key, "")
        if key == "user_id" and isinstance(item, str) and len(item) <= _ID_LENGTH:
            walk.skip(item)
        else:
            walk.tree(item, "", key)


def _session(metadata: Json) -> str:
    """The session in ``metadata.user_id``: in a JSON object, and with older clients behind ``_session_``."""
    user = metadata.get("user_id") if isinstance(metadata, dict) else None
    if not isinstance(user, str):
        return ""
    if user.startswith("{"):
        try:
            value, _ = value_at(user, 0)
        except BodyError:
            return ""
        session = value.get("session_id") if isinstance(value, dict) else None
        return session if isinstance(session, str) else ""
    return user.rpartition("_session_")[2] if "_session_" in user else ""


_WALKS: dict[str, Callable[[Walk, Json], None]] = {
    "messages": Walk.message,
    "system": Walk.system,
    "tools": lambda walk, value: walk.tree(value, ""),
    "tree": lambda walk, value: walk.tree(value, ""),
    "metadata": _metadata,
}
