"""One element of a request to the Messages API, text by text: what is searched, what is counted, what stays byte for byte.

Everything is searched but for what is named here, so that a kind of block which is new tomorrow is searched as well. Left
alone:

- The model's thoughts (``thinking`` and ``redacted_thinking`` blocks), and what is signed or encrypted in its blocks, where it
  is base64. The provider compares them with what it sent; with one letter changed it refuses the conversation.
- Words of the protocol (types, roles, keys).
- The data of images, and of PDFs where the policy lets them out. They are counted. Where it does not, base64 of a picture or
  another file is kept back wherever it stands.

A tool's input is searched with its keys: ``{"TOKEN_x": 1}`` says something, and so does a key for the value beside it
(``{"password": "..."}``). So are the digits of long numbers: a card's may come as one. A string takes the place of such a
number. Other numbers, and words such as ``true``, are not text.

Positions are numbers of string tokens in the order of the text, so that what was parsed never has to be spelled again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from checkrein.enforce.gateway import attachments, mentions
from checkrein.enforce.gateway.cache import Text
from checkrein.enforce.gateway.jsonbody import Json, strings_in
from checkrein.policy.privacy import Attachments

Look = Callable[[str, str], Text]
"""(text, source) -> what becomes of it. Raises RedactionError or BodyError."""

IDENTIFIER = re.compile(r"[A-Za-z0-9_.:/+-]{1,128}")
"""The form of the protocol's own names."""
_FIXED = frozenset({"type", "role", "id", "tool_use_id", "cache_control"})
_SIGNED = frozenset({"signature", "encrypted_content", "encrypted_index", "encrypted_stdout", "encrypted_url"})
_THOUGHTS = frozenset({"thinking", "redacted_thinking"})
_THOUGHT = frozenset({"type", "thinking", "data", "signature"})
_CALLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
_MEDIA = frozenset({"image", "document"})
_DATA = frozenset({"data"})
_ASSISTANT = "assistant"
_COUNTED = (
    _THOUGHTS
    | _CALLS
    | _MEDIA
    | {"text", "tool_result", "mcp_tool_result", "web_search_tool_result", "web_fetch_tool_result", "search_result"}
    | {"code_execution_tool_result", "bash_code_execution_tool_result", "text_editor_code_execution_tool_result"}
    | {"tool_search_tool_result", "container_upload", "compaction"}
)
"""Kinds that are counted by their name; what else a request says its kind is may be anything."""
_PROTOCOL = (
    _FIXED
    | _SIGNED
    | {"content", "text", "source", "input", "name", "server_name", "is_error", "title", "context", "citations", "caller"}
)
_PLAIN = frozenset(
    {"name", "title", "description", "file_path", "path", "command", "content", "text", "pattern", "url", "query"}
)
"""Keys that say nothing of what stands beside them."""
_WORDS_OF_KEYS = _PROTOCOL | _PLAIN
"""Keys of every conversation: nothing is told by any of them."""
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_USER = re.compile(
    rf"user_[0-9a-f]{{64}}_account_(?:{_UUID})?_session_{_UUID}"
    rf'|\{{(?:(?:, ?)?"(?:device_id|account_uuid|session_id)": ?"(?:[0-9a-f]{{64}}|{_UUID}|)")+\}}'
)
"""What the client says of itself in ``metadata.user_id``."""
_CALL = re.compile(r"(?:toolu|srvtoolu|mcptoolu)_[A-Za-z0-9]{16,40}")
"""The ids that the API gives to the calls of tools: it knows them."""
_LONG_NUMBER = 10**8  # nine digits
_KEYED_LENGTH = 512  # characters of a value that is looked at together with its key
_WORDS = frozenset({"text", "user", _ASSISTANT, "system", "object", "string", "array", "integer", "number", "boolean", "null"})


@dataclass(slots=True)
class Walk:
    """One element on its way through: what is to be changed in it, and what was met.

    ``sources`` gives the source of each tool call's result, of this element and those before it; calls that are met are added.
    ``edits`` are new texts by the number of their string token, ``numbers`` what takes the place of numbers of this value.
    """

    look: Look
    policy: Attachments
    sources: dict[str, str]
    edits: dict[int, str] = field(default_factory=dict)
    numbers: dict[int | float, str] = field(default_factory=dict)
    found: dict[tuple[str, str], int] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    folders: dict[str, None] = field(default_factory=dict)
    tools: dict[str, str] = field(default_factory=dict)
    used: dict[str, str] = field(default_factory=dict)
    token: int = 0

    def message(self, value: Json) -> None:
        """An element of ``messages``."""
        if not isinstance(value, dict):
            self.tree(value, "")
            return
        role = value.get("role")
        speaker = role if isinstance(role, str) else ""
        source = "prompt" if speaker == "user" else ""
        for key, item in value.items():
            self._key(key)
            if key == "content":
                self._content(item, source, speaker)
            elif key in _FIXED:
                self._fixed(item, source)
            else:
                self.tree(item, source, key)

    def system(self, value: Json) -> None:
        """An element of ``system``, or all of it."""
        self._content(value, "", "")

    def tree(self, value: Json, source: str, key: str = "") -> None:
        """Every text in ``value``, whatever it is; ``key`` is what it stands under."""
        if isinstance(value, str):
            self._leaf(value, source, key)
        elif isinstance(value, list):
            option = ""
            for item in value:
                self.tree(item, source, option or key)
                option = item.lstrip("-") if isinstance(item, str) and item.startswith("-") else ""
        elif isinstance(value, dict):
            entry = _entry_name(value)
            for name, item in value.items():
                if name in _WORDS_OF_KEYS:
                    self.token += 1
                else:
                    self._leaf(name, source)
                self.tree(item, source, entry if name == "value" and entry else name)
        elif isinstance(value, int | float) and not is_silent(value):
            self._number(value, source, key)

    def skip(self, value: Json) -> None:
        """Leave ``value`` as it is."""
        self.token += strings_in(value)

    def shown(self, path: str) -> str:
        """``path`` as it may be recorded."""
        outcome = self.look(path, "")
        return path if outcome.text is None else outcome.text

    def _content(self, value: Json, source: str, role: str) -> None:
        if isinstance(value, str):
            self._count("text")
            self._prose(value, source)
        elif isinstance(value, list):
            for item in value:
                self._content(item, source, role) if isinstance(item, dict) else self.tree(item, source)
        elif isinstance(value, dict):
            self._block(value, source, role)

    def _block(self, block: dict[str, Json], source: str, role: str) -> None:
        kind = block.get("type")
        name = kind if isinstance(kind, str) else ""
        self._count(name if name in _COUNTED else "other")
        if role == _ASSISTANT and name in _THOUGHTS:
            self._members(block, source, _THOUGHT)
            return
        if name in _CALLS:
            self._call(block)
        elif name.endswith("tool_result"):
            source = self._result_source(block, source)
        self._fields(block, name, source, role)

    def _fields(self, block: Mapping[str, Json], name: str, source: str, role: str) -> None:
        """The members of a block, or of a citation in one."""
        for key, item in block.items():
            self._key(key)
            if key in _FIXED:
                self._fixed(item, source)
            elif key in _SIGNED and role == _ASSISTANT and isinstance(item, str):
                self._signed(item, source)
            elif key == "content":
                self._content(item, source, role)
            elif key == "citations" and isinstance(item, list):
                for each in item:
                    self._fields(each, "", source, role) if isinstance(each, dict) else self.tree(each, source)
            elif key == "text" and isinstance(item, str) and name == "text":
                self._prose(item, source)
            elif key == "source" and name in _MEDIA and isinstance(item, dict):
                self._source(item, source, name, role)
            else:
                self.tree(item, source, key)

    def _call(self, block: Mapping[str, Json]) -> None:
        """Note what a tool call is about, for its result."""
        tool, call, given = block.get("name"), block.get("id"), block.get("input")
        if not isinstance(tool, str) or not isinstance(call, str):
            return
        server = block.get("server_name")
        arguments = given if isinstance(given, dict) else {}
        source = f"mcp:{server}" if isinstance(server, str) else mentions.source_of(tool, arguments)
        self.sources[call] = self.tools[call] = source
        if path := mentions.file_of(tool, arguments):
            self.files[path] = self.shown(path)

    def _result_source(self, block: Mapping[str, Json], source: str) -> str:
        call = block.get("tool_use_id")
        if not isinstance(call, str):
            return source
        known = self.sources.get(call, mentions.COMMAND)
        if call not in self.tools:
            self.used[call] = known
        return known

    def _source(self, item: dict[str, Json], source: str, name: str, role: str) -> None:
        """The source of an image or a document."""
        data = item.get("data")
        if attachments.is_image(item):
            attachments.admit(self.policy, "an image")
            self._members(item, source, _DATA)
        elif attachments.is_pdf(item) and isinstance(data, str):
            self._count("pdf")
            if self.policy is Attachments.EXTRACT:
                self._extracted(item, attachments.pdf_text(data), source)
            else:
                attachments.admit(self.policy, "a PDF")
                self._members(item, source, _DATA)
        else:
            if item.get("type") in ("url", "file"):
                attachments.admit(self.policy, f"an image or a document that is stored elsewhere ({name})")
            elif name == "image":
                attachments.admit(self.policy, "an image of a kind that is not known")
            for key, part in item.items():
                self._key(key)
                if key == "content":
                    self._content(part, source, role)
                elif key in _FIXED or key == "media_type":
                    self._fixed(part, source)
                else:
                    self.tree(part, source, key)

    def _members(self, item: Mapping[str, Json], source: str, left: frozenset[str]) -> None:
        """All members but for the texts of those that are ``left`` as they are."""
        for key, part in item.items():
            self._key(key)
            if key in _SIGNED and key in left and isinstance(part, str):
                self._signed(part, source)
            elif key in left and isinstance(part, str):
                self.skip(part)
            elif key in _FIXED or key == "media_type":
                self._fixed(part, source)
            else:
                self.tree(part, source, key)

    def _signed(self, text: str, source: str) -> None:
        """A signature, or something encrypted: base64. What is none is a text."""
        if attachments.is_base64(text):
            self.skip(text)
        else:
            self._leaf(text, source)

    def _extracted(self, item: Mapping[str, Json], text: str, source: str) -> None:
        """The text of a PDF in its place: three strings of its source, nothing else, become others."""
        outcome = self.look(text, source)
        self._note(outcome)
        new = {"type": "text", "media_type": "text/plain", "data": text if outcome.text is None else outcome.text}
        for key, part in item.items():
            self.token += 1
            if key in new:
                self.edits[self.token] = new[key]
            self.skip(part)

    def _fixed(self, value: Json, source: str) -> None:
        """A word of the protocol, or the id of a call; whatever is neither is looked at like anything else."""
        if isinstance(value, str) and (value in _COUNTED or _CALL.fullmatch(value)):
            self.token += 1
        else:
            self.tree(value, source)

    def _key(self, key: str) -> None:
        """A key of a block: one of the protocol's own, or looked at like anything else."""
        if key in _PROTOCOL:
            self.token += 1
        else:
            self._leaf(key, "")

    def _prose(self, text: str, source: str) -> None:
        """A text that a client writes, in which it says what it put in."""
        for path in mentions.files_in(text):
            self.files.setdefault(path, self.shown(path))
        self.folders.update(dict.fromkeys(mentions.folders_in(text)))
        self._leaf(text, source)

    def _leaf(self, text: str, source: str, key: str = "") -> None:
        number = self.token
        self.token += 1
        if not text or text in _WORDS:
            return
        if self.policy is not Attachments.COUNT and attachments.is_attached(text):
            attachments.admit(self.policy, "a file in base64")
        outcome = self.look(text, source)
        if outcome.text is None and key and key not in _PLAIN and len(text) <= _KEYED_LENGTH and "\n" not in text:
            outcome = self._keyed(text, source, key)
        if outcome.text is not None:
            self.edits[number] = outcome.text
        self._note(outcome)

    def _number(self, value: float, source: str, key: str) -> None:
        """The digits of a number, as those of a text."""
        whole = isinstance(value, int) or value.is_integer()
        digits = str(int(value)) if whole else repr(value)
        outcome = self.look(digits, source)
        if outcome.text is None and key and key not in _PLAIN and len(digits) <= _KEYED_LENGTH:
            outcome = self._keyed(digits, source, key)
        if outcome.text is not None:
            self.numbers[value] = outcome.text
        self._note(outcome)

    def _note(self, outcome: Text) -> None:
        for what, count in outcome.found:
            self.found[what] = self.found.get(what, 0) + count

    def _count(self, kind: str) -> None:
        self.kinds[kind] = self.kinds.get(kind, 0) + 1

    def _keyed(self, text: str, source: str, key: str) -> Text:
        """A value together with its key, since ``password`` makes a secret of what stands beside it."""
        mark = next((each for each in "\"'`" if each not in text), "")
        head, tail = f"{key}={mark}", mark
        outcome = self.look(f"{head}{text}{tail}", source)
        new = outcome.text
        if new is None or not (new.startswith(head) and new.endswith(tail)):
            return Text(None, ())
        return Text(new[len(head) : len(new) - len(tail)], outcome.found)


def is_silent(value: Json) -> bool:
    """Whether ``value`` is neither text nor anything that holds some, nor a number long enough to tell something."""
    return value is None or (isinstance(value, int | float) and abs(value) < _LONG_NUMBER)


def metadata(walk: Walk, value: Json) -> None:
    """The ``metadata`` of a request. ``user_id`` is the client's own id of person and session: hex digits that say nothing."""
    if not isinstance(value, dict):
        walk.tree(value, "")
        return
    for key, item in value.items():
        walk.tree(key, "")
        if key == "user_id" and isinstance(item, str) and _USER.fullmatch(item):
            walk.skip(item)
        else:
            walk.tree(item, "", key)


def _entry_name(value: Mapping[str, Json]) -> str:
    """What the ``value`` of an entry such as ``{"name": "PASSWORD", "value": "..."}`` stands under; "" where it is no entry."""
    names = (value.get(key) for key in ("name", "key"))
    return next((name for name in names if isinstance(name, str) and IDENTIFIER.fullmatch(name)), "")
