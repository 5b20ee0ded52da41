"""The body of a request on its way out: searched, and rewritten where something was found in it.

The bodies of the Messages API are walked element by element (``conversation``). Any other JSON is looked at leaf by leaf, form
data part by part (``multipart``), and text as one text. What is none of these cannot be searched: it is an attachment, and the
policy says what happens to those.
"""

from __future__ import annotations

import codecs

from checkrein.enforce.gateway import attachments, encoding, multipart, textfile
from checkrein.enforce.gateway.cache import placeholders
from checkrein.enforce.gateway.conversation import Document, assembled
from checkrein.enforce.gateway.facts import Facts
from checkrein.enforce.gateway.jsonbody import BodyError, Wire, blank, text_of
from checkrein.enforce.gateway.memory import Memory
from checkrein.enforce.gateway.ports import Redactor
from checkrein.enforce.gateway.refuse import Refusal, RefusedError
from checkrein.enforce.gateway.search import Search
from checkrein.policy.privacy import Attachments

MESSAGES = "/v1/messages"
COUNT = "/v1/messages/count_tokens"
BATCHES = "/v1/messages/batches"
"""Ends of paths: what stands before them belongs to the base URL that the client was given."""
_MAX_UNPACKED = 64 * 1024 * 1024  # bytes that a compressed file becomes, with all that is compressed in it
_BEFORE_JSON = b" \t\r\n" + codecs.BOM_UTF8


class Reader:
    """Reads one body of a session, with one redactor. Not for several threads at once.

    ``model`` and ``named_session`` are what a conversation says of itself.
    """

    def __init__(self, redactor: Redactor, policy: Attachments, memory: Memory, session: str = "") -> None:
        self.facts = Facts()
        self.model = ""
        self.named_session = ""
        self._search = Search(redactor, policy, memory, session)

    def rewritten(self, body: bytes, path: str, content_type: str) -> bytes:
        """What leaves in place of ``body``, once ``keep`` has returned: the very same bytes where nothing was found.

        Raises BodyError, RefusedError (policy), RedactionError (scan or vault).
        """
        out = self._searched(body, path, content_type) if body else body
        if self._search.again():
            self.facts = Facts()
            out = self._searched(body, path, content_type)
        return out

    def keep(self) -> None:
        """Once this returns, all values are in the vault. Raises RedactionError; then nothing may leave."""
        self._search.keep()

    def shown(self, text: str) -> str:
        """``text`` as it may be recorded."""
        return self._search.shown(text)

    def is_clean(self, text: str) -> bool:
        """Whether ``text`` may leave as it is, by all that is known, values that the body showed included."""
        return self._search.look(text, "").text is None and not self._search.shows(text)

    def _searched(self, body: bytes, path: str, content_type: str) -> bytes:
        boundary = multipart.boundary(content_type)
        if boundary is not None:
            return multipart.rewritten(body, boundary, self._plain, self._part)
        if "json" in content_type.lower() or body.lstrip(_BEFORE_JSON)[:1] in (b"{", b"["):
            return self._json(body, path)
        return self._part(body, "")

    def _json(self, body: bytes, path: str) -> bytes:
        text = text_of(body)
        source = Wire(text, body)
        document = Document(self._search, self.facts, source)
        start = blank(text, 0)
        is_object = text[start : start + 1] == "{"
        if is_object and path.endswith((MESSAGES, COUNT)):
            pieces, end = document.conversation(start)
        elif is_object and path.endswith(BATCHES):
            pieces, end = document.batch(start)
        else:
            pieces, end = document.anything(start)
        if blank(text, end) != len(text):
            raise BodyError(f"something follows the value at character {end}")
        self.model, self.named_session = document.model, document.session
        return assembled(source, pieces) if pieces else body

    def _part(self, data: bytes, name: str) -> bytes:
        """A file or a text by itself."""
        if name:
            self.facts.files[name] = self.shown(name)
        if not textfile.is_text(data):
            attachments.admit(self._search.policy, "a file that is not text")
            self._look_into(data)
            self._count("file")
            return data
        self._count("text")
        return self._plain(data)

    def _look_into(self, data: bytes) -> None:
        """Raises RefusedError where a file that is not text, or what is compressed in it, holds what must not leave."""
        try:
            parts = list(encoding.layers(data, _MAX_UNPACKED))
        except encoding.TooLargeError as error:
            raise RefusedError(
                Refusal.ENCODING,
                f"nothing was sent, because a compressed file in it cannot be searched: {error}. Leave it out, or send what "
                "is needed of it as text.",
            ) from error
        for part in parts:
            seen = self._search.look(part.decode(textfile.encoding_of(part) or "latin-1"), "")
            if seen.text is not None:
                raise attachments.unwritable({label for (_, label), _ in seen.found})

    def _count(self, kind: str) -> None:
        self.facts.kinds[kind] = self.facts.kinds.get(kind, 0) + 1

    def _plain(self, data: bytes) -> bytes:
        """A text in whichever encoding: every one of them can spell a placeholder."""
        name = textfile.encoding_of(data) or "latin-1"
        text = data.decode(name)
        outcome = self._search.look(text, "")
        self.facts.count(outcome.found)
        if outcome.text is None:
            return data
        self.facts.made |= placeholders(outcome.text) - placeholders(text)
        return outcome.text.encode(name)
