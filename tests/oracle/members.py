"""Which members of a documented body no argument of a tool can set, and which only as free JSON."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.oracle.schemas import Schema, Schemas

DEEPEST = 40
COMBINATORS = ("anyOf", "oneOf", "allOf")


@dataclass(frozen=True)
class Member:
    """A member of the document that a tool's schema does not name.

    It `can_be_set` where further members are taken, and `is_told` if a description around it names it.
    """

    place: str
    is_required: bool
    can_be_set: bool
    is_told: bool


class Members:
    """Compares the bodies of one document with the schemas of tools."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    def unnamed(self, documented: Any, shown: Any, words: str = "", place: str = "") -> Iterator[Member]:
        """Yield the members of a documented schema that a tool's schema does not name, the outermost only."""
        found: dict[str, Member] = {}
        for member in self._below(documented, [shown], words, place, set()):
            known = found.get(member.place)
            if known is None or member.is_required > known.is_required:
                found[member.place] = member
        yield from found.values()

    def _below(
        self, documented: Any, shown: list[Any], words: str, place: str, above: set[tuple[int, int]]
    ) -> Iterator[Member]:
        nodes = [node for each in shown for node in _parts(each)]
        key = (id(documented), id(shown[0]) if shown else 0)
        if key in above or not nodes or len(above) > DEEPEST:
            return
        # What an object of the same kind further up takes has been compared there.
        known = {place for place, _ in above}
        above = {*above, key}
        words = " ".join([words, *(str(node.get("description", "")) for node in nodes)])
        properties, required = self._properties(documented)
        is_open = any(_is_open(node) for node in nodes)
        for name, children in properties.items():
            if all(self._schemas.merged(child).get("readOnly") is True for child in children):
                continue
            found = [node["properties"][name] for node in nodes if name in (node.get("properties") or {})]
            if found:
                for child in children:
                    yield from self._below(child, found, words, f"{place}.{name}", above)
            elif id(documented) not in known:
                yield Member(f"{place}.{name}", name in required, is_open, name in words)
        yield from self._items(documented, nodes, words, place, above)

    def _items(
        self, documented: Any, nodes: list[Schema], words: str, place: str, above: set[tuple[int, int]]
    ) -> Iterator[Member]:
        for schema in self._shapes(documented):
            items, further = schema.get("items"), schema.get("additionalProperties")
            shown = [node["items"] for node in nodes if isinstance(node.get("items"), dict)]
            if isinstance(items, dict) and shown:
                yield from self._below(items, shown, words, f"{place}[]", above)
            if isinstance(further, dict) or further is True:
                known = [
                    node["additionalProperties"] for node in nodes if isinstance(node.get("additionalProperties"), dict)
                ]
                if not any(_is_open(node) for node in nodes):
                    yield Member(f"{place}.*", False, False, False)
                elif isinstance(further, dict) and known:
                    yield from self._below(further, known, words, f"{place}.*", above)

    def _shapes(self, documented: Any, level: int = 0) -> Iterator[Schema]:
        """Yield every shape that a schema may have."""
        schema = self._schemas.merged(documented)
        yield schema
        if level > 6:
            return
        for branches in self._schemas.branches(schema):
            for branch in branches:
                yield from self._shapes(branch, level + 1)
        for subtype in self._schemas.subtypes(schema).values():
            yield self._schemas.merged(subtype, alone=True)

    def _properties(self, documented: Any) -> tuple[dict[str, list[Any]], set[str]]:
        """Return the members that any shape has, with their schemas, and those that each shape requires."""
        found: dict[str, list[Any]] = {}
        for schema in self._shapes(documented):
            for name, child in (schema.get("properties") or {}).items():
                if not any(child is each for each in found.setdefault(name, [])):
                    found[name].append(child)
        required = self._schemas.merged(documented).get("required") or []
        return found, {name for name in required if isinstance(name, str)}


def _parts(schema: Any) -> Iterator[Schema]:
    """Yield a tool's schema and the branches of its combinators."""
    if isinstance(schema, dict):
        yield schema
        for word in COMBINATORS:
            for branch in schema.get(word) or []:
                yield from _parts(branch)


def _is_open(schema: Schema) -> bool:
    kinds = schema.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    is_object = kinds == [None] or "object" in kinds
    return (
        is_object
        and schema.get("additionalProperties") is not False
        and not any(schema.get(word) for word in COMBINATORS)
    )
