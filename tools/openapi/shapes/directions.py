"""Which members only the other side sets: readOnly in a request, writeOnly in an answer."""

from typing import Any

from tools.openapi.reading.references import References
from tools.openapi.shapes.parts import MAX_STEPS, parts_of


class Direction:
    """The direction in which a document's schemas are sent, and what it hides; each member is read once."""

    def __init__(self, references: References, *, for_request: bool) -> None:
        self._references = references
        self._for_request = for_request
        self._known: dict[int, tuple[Any, bool]] = {}

    def hides(self, child: Any) -> bool:
        """Return whether only the other side sets a member, as it says itself, by a reference or by a part."""
        if not isinstance(child, dict) or not child.keys() & {"readOnly", "writeOnly", "$ref", "allOf"}:
            return False
        known = self._known.get(id(child))
        if known is None:
            known = self._known[id(child)] = (child, self._says_so(child, MAX_STEPS))
        return known[1]

    def _says_so(self, child: Any, steps: int) -> bool:
        if not isinstance(child, dict) or steps <= 0:
            return False
        word = "readOnly" if self._for_request else "writeOnly"
        if word in child:
            return child[word] is True
        parts = parts_of(child, self._references)
        return any(self._says_so(part, steps - 1 - len(parts)) for part in parts)
