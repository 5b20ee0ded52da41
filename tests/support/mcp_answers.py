"""An MCP server over stdio for tests: each tool answers in another form, with the text in the file that it is started with.

python -I -S mcp_answers.py FILE
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


def answer(method: str, params: dict[str, Any], text: str) -> dict[str, Any]:
    """The result of a request. LookupError where there is none."""
    if method == "initialize":
        capabilities: dict[str, Any] = {"tools": {}, "resources": {}}
        info = {"name": "answers", "version": "1"}
        return {"protocolVersion": params["protocolVersion"], "capabilities": capabilities, "serverInfo": info}
    if method == "tools/list":
        return {"tools": [{"name": name, "description": name, "inputSchema": SCHEMA} for name in (*results(""), "broken")]}
    if method == "resources/list":
        return {"resources": [{"uri": "res://a", "name": text, "mimeType": "text/plain"}]}
    if method == "resources/read":
        return {"contents": [{"uri": "res://a", "mimeType": "text/plain", "text": text}]}
    return results(text)[params["name"]]


def main(file: Path) -> None:
    """Serve until the client hangs up."""
    text = file.read_text().strip()
    for line in sys.stdin:
        request = json.loads(line)
        if "id" not in request:
            continue
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": request["id"]}
        try:
            reply["result"] = answer(request["method"], request.get("params", {}), text)
        except LookupError:
            reply["error"] = {"code": -32000, "message": text}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
