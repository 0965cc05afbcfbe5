"""Whether a schema allows null: by its own words, or by those of its parts."""

from typing import Any

from tools.openapi.reading.references import References
from tools.openapi.shapes.merging import Schema
from tools.openapi.shapes.parts import MAX_STEPS, MAX_VARIANTS, parts_of
from tools.openapi.shapes.values import list_of


class Nulls:
    """What the parts of one document's schemas say of null; each is read once."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._said: dict[tuple[int, int], tuple[Any, bool | None]] = {}

    def allowed_by_parts(self, node: Schema) -> bool:
        """Return whether a reference or a part of `allOf` allows null, and everything else at least says nothing of it.

        Limits without a type are about other kinds of value, so null passes them.
        """
        if not {"allOf", "$ref"} & node.keys() or not _says_nothing(node):
            return False
        said = [self._by_part(part, MAX_STEPS) for part in parts_of(node, self._references)]
        return True in said and False not in said

    def _by_part(self, node: Any, steps: int) -> bool | None:
        """Return whether a part allows null; None if it says nothing of it."""
        if not isinstance(node, dict) or steps <= 0:
            return None
        key = (id(node), steps)
        if key not in self._said:
            self._said[key] = (node, self._as_written(node, steps))
        return self._said[key][1]

    def _as_written(self, node: Schema, steps: int) -> bool | None:
        if allows_null(node):
            return True
        said: list[bool | None] = [] if _says_nothing(node) else [False]
        for word in ("oneOf", "anyOf"):
            variants = list_of(node.get(word))[:MAX_VARIANTS]
            if variants:
                found = [is_null(each) or self._by_part(each, steps - len(variants)) for each in variants]
                said.append(True if True in found else None if None in found else False)
        parts = parts_of(node, self._references)
        said += [self._by_part(part, steps - len(parts)) for part in parts]
        return False if False in said else True if True in said else None


def allows_null(node: Schema) -> bool:
    """Return whether a schema allows null by its own words."""
    if node.get("nullable") is True or node.get("x-nullable") is True:
        return True
    kinds = node["type"] if isinstance(node.get("type"), list) else [node.get("type", "null")]
    # JSON Schema: among enumerated values, null is one only where it is listed; a node without a type takes any.
    listed = node.get("enum", [node["const"]] if "const" in node else [None] if "type" in node else [])
    return "null" in kinds and isinstance(listed, list) and None in listed


def is_null(node: Any) -> bool:
    """Return whether a schema allows nothing but null."""
    if not isinstance(node, dict):
        return False
    return node.get("type") in ("null", ["null"]) or node.get("enum") == [None] or node.get("const", "") is None


def _says_nothing(node: Schema) -> bool:
    return not {"type", "enum", "const"} & node.keys()
