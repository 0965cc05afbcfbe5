"""Follow references inside one document. Those that lead out of it are refused: nothing is ever fetched."""

from typing import Any

from tools.json_pointers import target_of
from tools.openapi.errors import ReferenceMissing, ReferenceRefused

MAX_HOPS = 32


class References:
    """The references of one document."""

    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._known: dict[str, Any] = {}

    def schemas(self) -> dict[str, Any]:
        """Return the schemas that the document names, in the place of its version."""
        components = self._root.get("components")
        written = components.get("schemas") if isinstance(components, dict) else self._root.get("definitions")
        return written if isinstance(written, dict) else {}

    def resolved(self, node: Any) -> Any:
        """Return the node itself, or the target of its reference; raise ReferenceRefused."""
        for _ in range(MAX_HOPS):
            if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
                return node
            node = self.target(node["$ref"])
        raise ReferenceRefused("a reference leads through others back to itself")

    def target(self, reference: str) -> Any:
        """Return the target of a reference; raise ReferenceRefused."""
        if reference not in self._known:
            self._known[reference] = self._found(reference)
        return self._known[reference]

    def _found(self, reference: str) -> Any:
        shown = reference[:120]
        if not reference.startswith("#"):
            raise ReferenceRefused(f"the reference {shown} leaves the document, and nothing is fetched")
        try:
            return target_of(reference, self._root)
        except LookupError:
            raise ReferenceMissing(f"the reference {shown} names nothing") from None
