"""Form data (RFC 7578), as the Files API takes it: each part is searched by itself, and every byte between them stays.

Strict on purpose: a form that another reader could take apart differently is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import Message

from checkrein.enforce.gateway.jsonbody import BodyError

_BOUNDARY = re.compile(rb"[A-Za-z0-9'()+_,./:=? -]{0,69}[A-Za-z0-9'()+_,./:=?-]")
_PLAIN = frozenset({"", "7bit", "8bit", "binary"})


def boundary(content_type: str) -> bytes | None:
    """The boundary that a Content-Type names; None where it is no form. Raises BodyError where it names no valid one."""
    if not content_type.lstrip().lower().startswith("multipart/"):
        return None
    header = Message()
    header["content-type"] = content_type
    found = header.get_param("boundary")
    mark = found.encode("latin-1", "replace") if isinstance(found, str) else b""
    if not _BOUNDARY.fullmatch(mark):
        raise BodyError("it is form data without a valid boundary")
    return mark


def rewritten(body: bytes, mark: bytes, head: Callable[[bytes], bytes], content: Callable[[bytes, str], bytes]) -> bytes:
    """``body`` with what ``head(head)`` and ``content(content, file name)`` make of each part. Raises BodyError."""
    delimiter = b"--" + mark
    pieces = body.split(delimiter)
    if len(pieces) < 2 or pieces[0] not in (b"", b"\r\n") or pieces[-1] not in (b"--", b"--\r\n"):
        raise BodyError("it is form data that does not begin and end with its boundary")
    parts = (_rewritten_part(piece, head, content) for piece in pieces[1:-1])
    return delimiter.join((pieces[0], *parts, pieces[-1]))


def _rewritten_part(piece: bytes, head: Callable[[bytes], bytes], content: Callable[[bytes, str], bytes]) -> bytes:
    first, between, rest = piece.partition(b"\r\n\r\n")
    if not between or not first.startswith(b"\r\n") or not rest.endswith(b"\r\n"):
        raise BodyError("a part of its form data has no head of its own")
    return head(first) + between + content(rest[:-2], _file_name(first)) + b"\r\n"


def _file_name(head: bytes) -> str:
    """The file name in a part's head, which may hold nothing else that is not plain. Raises BodyError."""
    message = Message()
    for line in head[2:].split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if not colon or not name.strip() or name != name.strip() or b"\n" in line or b"\r" in line:
            raise BodyError("a header in its form data is malformed")
        try:
            text = value.decode().strip()
        except UnicodeDecodeError as error:
            raise BodyError("a header in its form data is not UTF-8") from error
        if name.decode("latin-1").lower() in message:
            raise BodyError("a header stands twice in one part of its form data")
        message[name.decode("latin-1").lower()] = text
    if str(message.get("content-transfer-encoding", "")).lower() not in _PLAIN:
        raise BodyError("a part of its form data is encoded once more")
    found = message.get_param("filename", header="content-disposition")
    return found if isinstance(found, str) else ""
