"""The JSON bodies of the Messages API, walked element by element, so that what an earlier request held is recognised."""

from __future__ import annotations

from collections.abc import Callable

from checkrein.enforce.gateway.blocks import IDENTIFIER, is_silent
from checkrein.enforce.gateway.cache import Chunk
from checkrein.enforce.gateway.facts import Facts
from checkrein.enforce.gateway.jsonbody import BodyError, Json, Wire, after, key_at, quoted, value_at
from checkrein.enforce.gateway.runs import Element
from checkrein.enforce.gateway.search import Search

_LISTS = frozenset({"messages", "system", "tools"})
_PARAMETERS = _LISTS | {
    *("model", "max_tokens", "stream", "metadata", "temperature", "top_k", "top_p", "stop_sequences", "thinking"),
    *("tool_choice", "service_tier", "container", "context_management", "mcp_servers", "output_config", "output_format"),
    *("requests", "params", "custom_id"),
}
"""The API's own keys."""

_HOLDS_TEXT = frozenset('"[{')
"""What strings, lists and objects begin with."""

Pieces = list[tuple[int, int, str]]
"""(start, end, what stands there instead), in the order of the text."""


class Document:
    """One JSON body, walked from left to right. What is met is added to ``facts``.

    ``model`` and ``session`` are what a conversation says of itself ("": nothing).
    """

    def __init__(self, search: Search, facts: Facts, source: Wire) -> None:
        self.model = ""
        self.session = ""
        self._search = search
        self._facts = facts
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
            self.session = _session(value_at(self._text, at)[0])
            return end
        if key == "model":
            value, end = value_at(self._text, at)
            if isinstance(value, str) and IDENTIFIER.fullmatch(value) and self._search.look(value, "").text is None:
                self.model = value
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
            if key not in _PARAMETERS and (new := self._search.look(key, "").text) is not None:
                self._pieces.append((at, end, quoted(new)))
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
        walked = self._search.runs.find(kind, self._source, first)
        elements: list[Element] = []

        def element(start: int) -> int:
            chunk, end = self._chunk(kind, start)
            elements.append(Element(start, end, chunk))
            return end

        if not walked.run.length:
            end = self._list(at, element)
        else:
            self._sources.update(walked.run.tools)
            self._pieces += [(first + start, first + end, new) for start, end, new in walked.run.pieces]
            end = self._rest(first + walked.run.length, element)
        self._facts.absorb(self._search.runs.note(walked, self._source, elements))
        return end

    def _opens(self, at: int, mark: str) -> bool:
        return self._text[at : at + 1] == mark

    def _value(self, kind: str, at: int) -> int:
        """The value at ``at``, of this kind; where it ends."""
        if self._text[at : at + 1] not in _HOLDS_TEXT:
            value, end = value_at(self._text, at)
            if is_silent(value):
                return end
        chunk, end = self._chunk(kind, at)
        self._facts.add(chunk)
        return end

    def _chunk(self, kind: str, at: int) -> tuple[Chunk, int]:
        chunk, end = self._search.chunk(kind, self._text, at, self._sources)
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
