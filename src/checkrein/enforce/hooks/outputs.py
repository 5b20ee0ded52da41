"""Where text stands in what a tool gave back (``tool_response``), and how to write it anew in exactly that shape.

Measured on the real client (2.1.197 and 2.1.330; tests/client/test_outputs.py): ``updatedToolOutput`` of the same shape reaches
the model in place of the output, whole, for every tool; one of another shape is passed over without a word, and the original
is sent. So the shape is never built here: the response itself is copied, and only strings in it are replaced.

Strings that are the client's own words (``type``, ``mode``) stay, or the shape would be another one. So does what holds no
text: images and PDFs in base64. Every other string is text, in tools of today and in those that nobody knows yet.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Rewrite = Callable[[str], str]

_MEDIA = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain", "application/json"})

WORDS: Mapping[str, frozenset[str]] = {
    "type": frozenset(
        {
            *("text", "image", "notebook", "pdf", "parts", "file_unchanged", "create", "update", "resource", "resource_link"),
            *("base64", "document", "audio", "url", "tool_reference"),
            *_MEDIA,
        }
    ),
    "media_type": _MEDIA,
    "mimeType": _MEDIA,
    "mode": frozenset({"content", "files_with_matches", "count"}),
    "status": frozenset(
        {
            *("completed", "async_launched", "remote_launched", "teammate_spawned", "queued_to_running", "failed", "killed"),
            *("pending", "in_progress", "running", "deleted", "stopped"),
        }
    ),
    "from": frozenset({"pending", "in_progress", "completed", "deleted"}),
    "to": frozenset({"pending", "in_progress", "completed", "deleted"}),
    "retrieval_status": frozenset({"success", "timeout", "not_ready"}),
    "task_type": frozenset({"local_bash", "local_agent", "remote_agent"}),
    "edit_mode": frozenset({"replace", "insert", "delete"}),
    "cell_type": frozenset({"code", "markdown", "raw"}),
    "cellType": frozenset({"code", "markdown", "raw"}),
    "output_type": frozenset({"stream", "display_data", "execute_result", "error"}),
}
"""Fields in which the client's own words stand, and those words: anything else there is text like any other."""

ENCODED = frozenset({"base64", "data", "image_data"})
"""Fields in which a file may stand in base64. It stays where its first bytes say that it is one of ``SIGNATURES``."""

SIGNATURES = (
    *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"%PDF-"),
    *(b"RIFF", b"ID3", b"OggS", b"fLaC", b"\x1aE\xdf\xa3"),
)
"""How pictures, PDFs and sounds begin."""

SHOWN = frozenset({"stdout", "content", "text", "source", "result", "output", "updated_file"})
"""Fields that the model is shown."""

_DATA_URL = "data:image/"
_HEAD = 16  # characters of base64 that say what a file is


def rewritten(response: Any, rewrite: Rewrite) -> Any:
    """A copy of ``response`` in which every text went through ``rewrite``; what a shape is made of is as it was."""
    return _walk(response, lambda _key, text: rewrite(text), "", response)


def withheld(response: Any, notice: str) -> Any:
    """The shape of ``response`` without any text of it: ``notice`` stands where the model will see it."""
    keys = [key for key, _ in _texts(response)]
    place = next((number for number, key in enumerate(keys) if key in SHOWN), 0)
    notices = iter([notice if number == place else "" for number in range(len(keys))])
    return _walk(response, lambda _key, _text: next(notices), "", response)


def texts(response: Any) -> Iterator[str]:
    """Every text in ``response``, in order."""
    return (text for _, text in _texts(response))


def _texts(response: Any) -> list[tuple[str, str]]:
    """Every text in ``response``, in order, with the name of the field it stands in."""
    found: list[tuple[str, str]] = []

    def note(key: str, text: str) -> str:
        found.append((key, text))
        return text

    _walk(response, note, "", response)
    return found


def _walk(value: Any, rewrite: Callable[[str, str], str], key: str, around: Any) -> Any:
    if isinstance(value, str):
        return value if _stays(value, key, around) else rewrite(key, value)
    if isinstance(value, list):
        return [_walk(item, rewrite, key, value) for item in value]
    if isinstance(value, dict):
        return {name: _walk(item, rewrite, name, value) for name, item in value.items()}
    return value


def _stays(value: str, key: str, around: Any) -> bool:
    if not value or value in WORDS.get(key, ()):
        return True
    if key in ENCODED:
        return _is_file(value)
    if key == "stdout" and isinstance(around, dict) and around.get("isImage") is True:
        return value.startswith(_DATA_URL) and _is_file(value.partition(",")[2])
    return False


def _is_file(encoded: str) -> bool:
    try:
        return base64.b64decode(encoded[:_HEAD], validate=True).startswith(SIGNATURES)
    except ValueError:
        return False
