"""Read an API description, determine its version, and check that it has what an import needs."""

from dataclasses import dataclass
from typing import Any

from tools.documentation.document_text import read_text
from tools.errors import BundleInvalid
from tools.member_paths import member_at
from tools.openapi.errors import DocumentInvalid
from tools.openapi.reading.references import References

# Inline schemas and examples are nested deeper than anything in a bundle.
MAX_DEPTH = 200
VERSIONS = ("3.0", "3.1", "3.2")


@dataclass(frozen=True)
class Document:
    """An API description, of version `2.0`, `3.0`, `3.1` or `3.2`; `paths` are its paths, unread."""

    root: dict[str, Any]
    version: str
    references: References

    @property
    def paths(self) -> dict[str, Any]:
        paths: dict[str, Any] = self.root["paths"]
        return paths

    @property
    def is_swagger(self) -> bool:
        """Whether it is Swagger 2.0."""
        return self.version == "2.0"

    def part(self, *steps: str) -> dict[str, Any]:
        """Return an object inside the document; an empty one if it is missing."""
        node = member_at(self.root, steps)
        return node if isinstance(node, dict) else {}


def read(text: str) -> Document:
    """Return the description in a text; raise DocumentInvalid."""
    try:
        root = read_text(text, max_depth=MAX_DEPTH, plain_keys=True).value
    except BundleInvalid as refused:
        raise DocumentInvalid(refused.problems) from None
    if not isinstance(root, dict):
        raise DocumentInvalid(["The file is not an OpenAPI document: it does not hold an object."])
    version = _version(root)
    if not isinstance(root.get("paths"), dict) or not root["paths"]:
        raise DocumentInvalid(["The document has no `paths`, so there is nothing that can be called."])
    return Document(root, version, References(root))


def _version(root: dict[str, Any]) -> str:
    if "swagger" in root:
        if str(root["swagger"]) in {"2.0", "2"}:
            return "2.0"
        raise DocumentInvalid([f"swagger: {str(root['swagger'])[:20]} is not a known version; 2.0 is."])
    if "openapi" not in root:
        raise DocumentInvalid(
            ["The file is not an OpenAPI document: it says neither `openapi: 3…` nor `swagger: 2.0`."]
        )
    stated = str(root["openapi"])
    for version in VERSIONS:
        if stated == version or stated.startswith(version + "."):
            return version
    named = f"{', '.join(VERSIONS[:-1])} and {VERSIONS[-1]}"
    raise DocumentInvalid([f"openapi: {stated[:20]} is not a known version; {named} are."])
