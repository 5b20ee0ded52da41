"""An answer that is not streamed, on its way back: texts of the message restored in place, every other byte as it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from checkrein.enforce.gateway.jsonbody import BodyError, Json, blank, spliced, strings_in, text_of, whole
from checkrein.enforce.gateway.ports import Restore
from checkrein.enforce.gateway.restore import Value, restored
from checkrein.vault.placeholder import PREFIX

_PREFIX = PREFIX.encode()


def restored_message(body: bytes, restore: Restore, value: Value) -> bytes:
    """A message in JSON with its placeholders restored. A body that is none is given back as it came."""
    if _PREFIX not in body:
        return body
    try:
        text = text_of(body)
        message = whole(text)
    except BodyError:
        return body
    at = blank(text, 0)
    walk = _Answer(restore, value)
    walk.message(message)
    return (text[:at] + spliced(text[at:], walk.edits)).encode() if walk.edits else body


@dataclass(slots=True)
class _Answer:
    """Walks a message, numbering its string tokens."""

    restore: Restore
    value: Value
    edits: dict[int, str] = field(default_factory=dict)
    token: int = 0

    def message(self, value: Json) -> None:
        """A message, or what holds one: the line of a batch's results."""
        if not isinstance(value, dict):
            self.token += strings_in(value)
            return
        for key, item in value.items():
            self.token += 1
            if key == "content" and isinstance(item, list):
                for block in item:
                    self._block(block)
            elif key in ("result", "message"):
                self.message(item)
            else:
                self.token += strings_in(item)

    def _block(self, block: Json) -> None:
        if not isinstance(block, dict) or block.get("type") not in ("text", "tool_use"):
            self.token += strings_in(block)
            return
        for key, item in block.items():
            self.token += 1
            if key in self._members(block):
                self._texts(item)
            else:
                self.token += strings_in(item)

    def _members(self, block: Mapping[str, Json]) -> tuple[str, ...]:
        if block.get("type") == "text":
            return ("text",)
        return ("name", "input") if self.restore is Restore.TEXT_AND_TOOLS else ("name",)

    def _texts(self, value: Json) -> None:
        if isinstance(value, str):
            new = restored(value, self.value)
            if new != value:
                self.edits[self.token] = new
            self.token += 1
        elif isinstance(value, list):
            for item in value:
                self._texts(item)
        elif isinstance(value, dict):
            for key, item in value.items():
                self._texts(key)
                self._texts(item)
