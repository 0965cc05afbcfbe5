"""What texts of a document contain: the media type and the encoding of bytes, as a schema or its parts say."""

from dataclasses import dataclass
from typing import Any

from tools.openapi.reading.references import References
from tools.openapi.shapes.parts import MAX_STEPS, parts_of
from tools.openapi.shapes.values import PLAIN

IN_BASE64 = frozenset({"byte", "base64"})
HEADER = "content-transfer-encoding"


@dataclass(frozen=True, slots=True)
class TextContent:
    """What a text contains; `encoding` is empty for bytes as they are, and for text."""

    media_type: str = ""
    encoding: str = ""


class Contents:
    """The contents of texts in one document."""

    def __init__(self, references: References) -> None:
        self._references = references

    def of_member(self, node: Any, name: str) -> TextContent:
        """Return what a member contains, or each item of one that is a list."""
        properties = self._said(node, "properties", MAX_STEPS, name)
        return self._of_text(properties.get(name) if isinstance(properties, dict) else None)

    def _of_text(self, node: Any) -> TextContent:
        items = self._said(node, "items", MAX_STEPS)
        node = items if isinstance(items, dict) else node
        media_type = self._said(node, "contentMediaType", MAX_STEPS)
        encoding = str(self._said(node, "contentEncoding", MAX_STEPS) or "").lower()
        return TextContent(str(media_type or ""), "" if encoding in PLAIN else encoding)

    def is_base64(self, node: Any) -> bool:
        """Return whether a whole text is Base64, in the terms of any version of OpenAPI."""
        return self._of_text(node).encoding == "base64" or self._said(node, "format", MAX_STEPS) in IN_BASE64

    def asked_encoding(self, encoding: dict[str, Any]) -> str:
        """Return the Content-Transfer-Encoding that an Encoding Object gives a part; empty if it has no single one."""
        headers = encoding.get("headers")
        for name, written in headers.items() if isinstance(headers, dict) else ():
            if name.lower() == HEADER:
                schema = self._said(written, "schema", MAX_STEPS)
                values = self._said(schema, "enum", MAX_STEPS) or [self._said(schema, "const", MAX_STEPS)]
                only = str(values[0] or "").lower() if isinstance(values, list) and len(values) == 1 else ""
                return "" if only in PLAIN else only
        return ""

    def _said(self, node: Any, word: str, steps: int, member: str = "") -> Any:
        """Return what a schema says with a word, itself or by its parts; of `properties`, those with the member."""
        if not isinstance(node, dict) or steps <= 0:
            return None
        if word in node and (not member or (isinstance(node[word], dict) and member in node[word])):
            return node[word]
        parts = parts_of(node, self._references)
        found = (self._said(part, word, steps - 1 - len(parts), member) for part in parts)
        return next((each for each in found if each is not None), None)
