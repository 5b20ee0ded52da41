"""Looks at the texts of one request: what was seen before is recognised, the rest is searched."""

from __future__ import annotations

from collections.abc import Callable

from checkrein.enforce.gateway import mentions
from checkrein.enforce.gateway.blocks import Walk, metadata
from checkrein.enforce.gateway.cache import UNTOUCHED, Chunk, Origin, Text, digest, placeholders, standing
from checkrein.enforce.gateway.jsonbody import Json, encoded, renumbered, spliced, value_at
from checkrein.enforce.gateway.memory import Memory
from checkrein.enforce.gateway.ports import Redactor
from checkrein.policy.privacy import Attachments

_APART = "\0"
"""Stands between texts that are searched together for values: it is no part of a word, and of few values."""
_WORD_LENGTH = 128  # characters of what is likely to stand in one request again: keys, names, paths


class Search:
    """Not for several threads at once. ``policy`` says what happens to attachments."""

    def __init__(self, redactor: Redactor, policy: Attachments, memory: Memory, session: str) -> None:
        self.policy = policy
        version = redactor.version  # first: under a later one, the batch would not count as looked at
        self._batch = redactor.batch()
        self._view = memory.view((version, policy), Origin(session, self._batch.known))
        self._words: set[str] = set()
        self._redacted: list[str] = []  # what the texts became that were searched
        self._showing: list[str] = []  # those of them in which something was found, as they were
        self.runs = self._view.runs

    def look(self, text: str, source: str) -> Text:
        """What becomes of one text. It may leave when ``keep`` has returned. Raises BodyError, RedactionError."""
        if text in self._words:
            return UNTOUCHED
        mark = digest(encoded(text))
        known = self._view.texts.get(source, mark)
        if known is None:
            redacted = self._batch.redact(text, source)
            self._redacted.append(redacted.text)
            if redacted.found:
                self._showing.append(text)
            found = (*redacted.found.items(), *standing(text))
            changed = redacted.text if redacted.text != text else None
            known = Text(changed, found) if found or changed is not None else UNTOUCHED
            self._view.texts.put(source, mark, known)
        if known is UNTOUCHED and len(text) <= _WORD_LENGTH:
            self._words.add(text)
        return known

    def shown(self, text: str) -> str:
        """``text`` as it may be recorded."""
        outcome = self.look(text, "")
        return text if outcome.text is None else outcome.text

    def chunk(self, kind: str, text: str, at: int, sources: dict[str, str]) -> tuple[Chunk, int]:
        """What becomes of the value at ``at``, an element of this kind, and where it ends.

        ``sources`` gives the source of each tool call's result so far; those of this element are added.
        """
        known = self._view.chunks.get(kind, text, at)
        if known is not None and all(sources.get(call, mentions.COMMAND) == source for call, source in known[0].used):
            sources.update(known[0].tools)
            return known
        value, end = value_at(text, at)
        walk = Walk(self.look, self.policy, sources)
        _WALKS[kind](walk, value)
        raw = text[at:end]
        new = renumbered(spliced(raw, walk.edits), walk.numbers) if walk.edits or walk.numbers else None
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
        self._view.chunks.put(kind, raw, chunk)
        return chunk, end

    def again(self) -> bool:
        """Whether a text has to be looked at again, since a later one showed what stands in it to be a value, or since a value
        was met for the first time and what another session learnt before was relied on. Then nothing is left of what this
        request learnt but its values; what left with earlier ones of its session stays as it was. Raises RedactionError.
        """
        if not self._batch.stands_in(_APART.join(self._redacted)) and not (
            self._view.borrowed and self._batch.stands_in(_APART.join(self._showing))
        ):
            return False
        self._view.drop()
        self._words.clear()
        self._redacted.clear()
        self._showing.clear()
        return True

    def shows(self, text: str) -> bool:
        """Whether a value stands in ``text`` that this request holds for the first time. RedactionError."""
        return self._batch.stands_in(text)

    def keep(self) -> None:
        """Once this returns, all values that were found can be restored, and other requests may rely on what was learnt.

        Raises RedactionError; then nothing may leave, and nothing was learnt.
        """
        self._batch.keep()
        self._view.keep()


_WALKS: dict[str, Callable[[Walk, Json], None]] = {
    "messages": Walk.message,
    "system": Walk.system,
    "tools": lambda walk, value: walk.tree(value, ""),
    "tree": lambda walk, value: walk.tree(value, ""),
    "metadata": metadata,
}
