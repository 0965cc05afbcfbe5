"""A tool's result in MCP's form: its content, as text and as a file that clients can show, and structured content."""

from typing import Any

import orjson

from mcpservers.models import MCPServer
from tools.calling.answers.files import File, FileKind
from tools.calling.results import CallResult

# `content` is required, and clients that do not look at structuredContent show a model nothing else.
ELSEWHERE = "The result is in structuredContent."


def result_of(result: CallResult, results: str) -> dict[str, Any]:
    """Return a successful result as a server with this ResultForm answers with it.

    A result without structured content, as of a tool whose result is not documented, is text in any form.
    """
    if result.structured is None or results == MCPServer.ResultForm.TEXT:
        return content_of(result.text, result.file)
    text = ELSEWHERE if results == MCPServer.ResultForm.STRUCTURED else result.text
    return {**content_of(text, result.file), "structuredContent": orjson.Fragment(result.structured)}


def content_of(text: str, file: File | None = None) -> dict[str, Any]:
    """Return a result with its `content` (MCP 2025-11-25, Tools, Tool Result)."""
    items = [{"type": "text", "text": text}]
    return {"content": [*items, _embedded(file)] if file else items}


def _embedded(file: File) -> dict[str, Any]:
    match file.kind:
        case FileKind.IMAGE | FileKind.AUDIO:
            return {"type": file.kind.value, "data": file.base64, "mimeType": file.media_type}
        case FileKind.TEXT:
            content = {"text": file.text}
        case FileKind.BINARY:
            content = {"blob": file.base64}
    return {"type": "resource", "resource": {"uri": file.uri, "mimeType": file.media_type, **content}}
