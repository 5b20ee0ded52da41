"""An MCP server over stdio for tests: each tool answers in another form, with the text in the file that it is started with.

``keep`` writes what it is given to ``FILE.given``. With the word ``instructions`` the server says the text of itself, too.

python -I -S mcp_answers.py FILE [instructions]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SCHEMA = {"type": "object", "properties": {"given": {"type": "string"}}}


def results(text: str) -> dict[str, dict[str, Any]]:
    """What each tool gives back."""
    plain = {"type": "text", "text": text}
    embedded = {"type": "resource", "resource": {"uri": "res://b", "mimeType": "text/plain", "text": text}}
    return {
        "text": {"content": [plain]},
        "blocks": {"content": [plain, {"type": "text", "text": f"more {text}"}]},
        "structured": {"content": [plain], "structuredContent": {"value": text}},
        "image": {"content": [plain, {"type": "image", "mimeType": "image/png", "data": PIXEL}]},
        "resource": {"content": [embedded, {"type": "resource_link", "uri": "res://c", "name": text}]},
        "failing": {"content": [plain], "isError": True},
    }


def answer(method: str, params: dict[str, Any], text: str, said: str) -> dict[str, Any]:
    """The result of a request. LookupError where there is none. ``said`` is what the server says of itself."""
    if method == "initialize":
        capabilities: dict[str, Any] = {"tools": {}, "resources": {}}
        info = {"name": "answers", "version": "1"}
        version = {"protocolVersion": params["protocolVersion"], "instructions": said}
        return {**version, "capabilities": capabilities, "serverInfo": info}
    if method == "tools/list":
        names = (*results(""), "broken", "keep")
        return {"tools": [{"name": name, "description": f"{name} {said}", "inputSchema": SCHEMA} for name in names]}
    if method == "resources/list":
        return {"resources": [{"uri": "res://a", "name": text, "mimeType": "text/plain"}]}
    if method == "resources/read":
        return {"contents": [{"uri": "res://a", "mimeType": "text/plain", "text": text}]}
    return results(text)[params["name"]]


def kept(file: Path, given: str) -> dict[str, Any]:
    """Write down what ``keep`` was given."""
    file.with_name(f"{file.name}.given").write_text(given)
    return results("kept")["text"]


def main(file: Path, *words: str) -> None:
    """Serve until the client hangs up."""
    text = file.read_text().strip()
    said = text if "instructions" in words else ""
    for line in sys.stdin:
        request = json.loads(line)
        if "id" not in request:
            continue
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": request["id"]}
        params = request.get("params", {})
        try:
            if request["method"] == "tools/call" and params["name"] == "keep":
                reply["result"] = kept(file, params["arguments"]["given"])
            else:
                reply["result"] = answer(request["method"], params, text, said)
        except LookupError:
            reply["error"] = {"code": -32000, "message": text}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
