"""The content of a tool's result in MCP's form: text, and a file as a kind of content that clients can show."""

from typing import Any

from tools.calling.answers.files import File, FileKind


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
