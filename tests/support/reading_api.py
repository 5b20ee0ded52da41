"""A scripted model that uses what it was told, as a real one does: what it writes is made of what it has read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from checkrein.prove.api import Json, Recorded, ScriptedApi, call_id

_MARGIN = re.compile(r"^ *\d+(?:→|\t)", re.MULTILINE)
_OUTPUT_FILE = re.compile(r"Output is being written to: (\S+\.output)")
_REMINDER = re.compile(r"\n*<system-reminder>.*?</system-reminder>\n*", re.DOTALL)


class Told:
    """The conversation of one request, as the model sees it."""

    def __init__(self, body: Json) -> None:
        self.results: dict[str, str] = {}
        self.texts: list[str] = []
        for message in body.get("messages", ()):
            content = message["content"]
            for block in content if isinstance(content, list) else [{"type": "text", "text": content}]:
                text = _text(block)
                self.texts.append(text)
                if block.get("type") == "tool_result":
                    self.results[block["tool_use_id"]] = text

    def file(self, turn: int = 0, index: int = 0, conversation: str = "") -> str:
        """The text of the file that a Read gave, without the numbers of its lines and what the client says of it."""
        text = _REMINDER.sub("", self.results[call_id(turn, index, conversation)])
        return _MARGIN.sub("", text)

    def output_file(self, turn: int = 0, index: int = 0) -> str:
        """Where the client keeps what the command prints that this call left to run in the background."""
        found = _OUTPUT_FILE.search(self.results[call_id(turn, index)])
        if found is None:
            raise LookupError(f"call {index} of turn {turn} does not run in the background")
        return found[1]

    def line_after(self, heading: str) -> str:
        """The line that follows the last one which holds ``heading``, without its number."""
        said = "\n".join(self.texts)
        line = said.rpartition(heading)[2].split("\n", 2)[1]
        return _MARGIN.sub("", line)


class ReadingApi(ScriptedApi):
    """As ``ScriptedApi``; an input of a tool that is a function is called with what was ``Told``."""

    def answer(self, request: Recorded) -> Json:
        message = super().answer(request)
        told = Told(request.json())
        for block in message["content"]:
            if block["type"] == "tool_use":
                block["input"] = self._filled(block["input"], told)
        return message

    def _filled(self, given: Mapping[str, Any], told: Told) -> dict[str, Any]:
        try:
            return {name: value(told) if callable(value) else value for name, value in given.items()}
        except (LookupError, ValueError) as error:
            self.failure = error  # a thread of the server: whoever reads the traffic raises it
            return {}


def _text(block: Json) -> str:
    """The text of a block, of a tool's result that of all its parts."""
    content = block.get("content", block.get("text", ""))
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text", "")) for part in content)
