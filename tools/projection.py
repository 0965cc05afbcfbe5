"""The argument `fields`: which members of a result to return. It works on what the vendor answered, here."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tools.schemas import Schema

FIELDS = "fields"
FEW_MEMBERS = 12
FEW_CHARACTERS = 160
SHOWN = 20

# The members to keep, each with those to keep inside; None keeps all of it.
Tree = dict[str, "Tree | None"]


class FieldUnknown(ValueError):
    """The result has no such member; the message says which it has."""


@dataclass(frozen=True, slots=True)
class Projection:
    """What can be chosen from a result with this (loosened) schema."""

    schema: Schema

    def argument(self, *, note: str) -> Schema:
        """Return the schema of the argument; few members are named in it, many are found by a first call."""
        names = list(_members(self.schema))
        listed = ", ".join(names)
        few = len(names) <= FEW_MEMBERS and len(listed) <= FEW_CHARACTERS
        told = f" Members: {listed}." if few else ""
        return {
            "type": "array",
            "items": {"type": "string", "description": "A member."},
            "minItems": 1,
            "description": f"Return only these members; dots lead inside.{told}{note}",
        }

    def check(self, name: str) -> None:
        """Raise FieldUnknown for a name that the schema does not know."""
        if _steps(self.schema, name) is None:
            raise FieldUnknown(self._problem(name))

    def apply(self, value: Any, names: list[str]) -> Any:
        """Return a value, or each item of a list, with only the members that were named; order and items stay."""
        tree: Tree = {}
        for name in names:
            _plant(tree, _steps(self.schema, name) or [name])
        return _kept(value, tree)

    def _problem(self, name: str) -> str:
        known = list(_paths(self.schema))
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        if nearest:
            return f"{name[:64]} is not in the result; did you mean {nearest[0]}?"
        return f"{name[:64]} is not in the result; it has: {', '.join(_members(self.schema)[:SHOWN])}."


def projection_of(schema: Schema | None) -> Projection | None:
    """Return the projection of a result whose members are known; None for any other."""
    return Projection(schema) if schema and len(_members(schema)) > 1 else None


def _inside(schema: Schema) -> Schema:
    """Return the schema of a list's items, of any other value its own."""
    while "items" in schema and "properties" not in schema:
        schema = schema["items"]
    return schema


def _members(schema: Schema) -> list[str]:
    return list(_inside(schema).get("properties", {}))


def _paths(schema: Schema) -> Iterator[str]:
    """Yield the members and those of objects right inside them, for hints."""
    for name, child in _inside(schema).get("properties", {}).items():
        yield name
        yield from (f"{name}.{inner}" for inner in _members(child))


def _steps(schema: Schema, path: str) -> list[str] | None:
    """Return the members that a path leads through; None where the schema knows no such way.

    Names may hold dots themselves. What the schema leaves open is taken as it comes.
    """
    schema = _inside(schema)
    members = schema.get("properties")
    if not members:
        head, _, rest = path.partition(".")
        inner = _steps(schema.get("additionalProperties", {}), rest) if rest else []
        return None if inner is None or not head else [head, *inner]
    if path in members:
        return [path]
    for end in (place for place, sign in enumerate(path) if sign == "."):
        if path[:end] in members:
            inner = _steps(members[path[:end]], path[end + 1 :])
            if inner is not None:
                return [path[:end], *inner]
    return None


def _plant(tree: Tree, steps: list[str]) -> None:
    for step in steps[:-1]:
        inner = tree.setdefault(step, {})
        if inner is None:
            return
        tree = inner
    tree[steps[-1]] = None


def _kept(value: Any, tree: Tree | None) -> Any:
    if tree is None:
        return value
    if isinstance(value, list):
        return [_kept(item, tree) for item in value]
    if isinstance(value, dict):
        return {name: _kept(member, tree[name]) for name, member in value.items() if name in tree}
    return value
