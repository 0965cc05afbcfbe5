"""The content of a tool's result, as MCP has it: text, and a file in the kind that clients know to show."""

from typing import Any

from tools.calling.files import File, FileKind


def content_of(text: str, file: File | None = None) -> dict[str, Any]:
    """Return the member `content` of a result."""
    items = [{"type": "text", "text": text}]
    return {"content": [*items, _embedded(file)] if file else items}


def _embedded(file: File) -> dict[str, Any]:
    """Return a file as the kind of content that clients know to show."""
    match file.kind:
        case FileKind.IMAGE | FileKind.AUDIO:
            return {"type": file.kind.value, "data": file.base64, "mimeType": file.media_type}
        case FileKind.TEXT:
            held = {"text": file.text}
        case FileKind.BINARY:
            held = {"blob": file.base64}
    return {"type": "resource", "resource": {"uri": file.uri, "mimeType": file.media_type, **held}}
