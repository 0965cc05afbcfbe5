"""The argument `fields`: which members of a result to return. It is applied here, to the vendor's answer."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from accounts.texts.nearest import nearest
from tools.catalogue.schemas.json_schemas import Schema

FIELDS = "fields"
MAX_FIELDS = 100
MAX_PATH = 200
# What the description of `fields` has room for.
FEW_CHARACTERS = 400
SHOWN = 100
ANYTHING: Schema = {}

# The members to keep, each with the members to keep inside it; None keeps everything.
Tree = dict[str, "Tree | None"]


class FieldUnknown(ValueError):
    """The result has no such member; the message says which it has."""


@dataclass(frozen=True, slots=True)
class Projection:
    """What can be chosen from a result with this (loosened) schema."""

    schema: Schema

    def argument(self) -> Schema:
        """Return the argument's schema; it lists the members unless there are very many, which a first call shows."""
        listed = ", ".join(_members(self.schema))
        which = f"of {listed}" if len(listed) <= FEW_CHARACTERS else "of those that a result has"
        return {
            "type": "array",
            "items": {"type": "string"},
            "minItems": 1,
            "description": f"Only these {which}.",
        }

    def check(self, name: str) -> None:
        """Raise FieldUnknown for a name that the schema does not know."""
        # Not a maxLength in the schema: every listing would pay for a limit that no model comes near.
        if len(name) > MAX_PATH:
            raise FieldUnknown(f"{name[:64]}… is not in the result: no name there has {len(name)} characters.")
        if _steps(self.schema, name) is None:
            raise FieldUnknown(self._problem(name))

    def tree(self, names: list[str]) -> Tree:
        """Return the named members."""
        return _tree(_steps(self.schema, name) or [name] for name in names)

    def _problem(self, name: str) -> str:
        meant = nearest(name, _paths(self.schema), cutoff=0.5)
        if meant:
            return f"{name[:64]} is not in the result; did you mean {meant}?"
        members = _members(self.schema)
        more = f" and {len(members) - SHOWN} more" if len(members) > SHOWN else ""
        return f"{name[:64]} is not in the result; it has: {', '.join(members[:SHOWN])}{more}."


def projection_of(schema: Schema | None) -> Projection | None:
    """Return the projection of a result whose members are known; None for any other."""
    return Projection(schema) if schema and len(_members(schema)) > 1 else None


def tree_of(paths: Iterable[str]) -> Tree:
    """Return the members at these paths, whose dots lead inside."""
    return _tree(path.split(".") for path in paths)


def kept(value: Any, tree: Tree | None) -> Any:
    """Return a value, or each item of a list, with only these members; their order stays."""
    if tree is None:
        return value
    if isinstance(value, list):
        return [kept(item, tree) for item in value]
    if isinstance(value, dict):
        return {
            name: member if (inner := tree[name]) is None else kept(member, inner)
            for name, member in value.items()
            if name in tree
        }
    return value


def _inside(schema: Schema) -> Schema:
    """Return the schema of a list's items; for any other value, its own."""
    while "items" in schema and "properties" not in schema:
        schema = schema["items"]
    return schema


def _members(schema: Schema) -> list[str]:
    return list(_inside(schema).get("properties", {}))


def _paths(schema: Schema) -> Iterator[str]:
    """Yield the members and, for hints, those one level below."""
    for name, child in _inside(schema).get("properties", {}).items():
        yield name
        yield from (f"{name}.{inner}" for inner in _members(child))


@dataclass(frozen=True, slots=True)
class _Way:
    """The followed part of a path: the schema it leads to, and where the rest of the path begins.

    `end` is where its last step ends, `before` is the way up to that step.
    """

    schema: Schema
    begin: int
    end: int = 0
    before: "_Way | None" = None


def _steps(schema: Schema, path: str) -> list[str] | None:
    """Return the members that a path leads through; None if the schema has no such path.

    Names may contain dots, so a path can be split in several ways: the whole rest is tried as one name, then its
    parts from the shortest. Where the schema is open, any name is accepted. Each place of the schema is visited once.
    """
    waiting, seen = [_Way(schema, 0)], set()
    while waiting:
        way = waiting.pop()
        place = (id(way.schema), way.begin)
        if place in seen:
            continue
        seen.add(place)
        inside = _inside(way.schema)
        last = _last_step(inside, path[way.begin :])
        if last is not None:
            return _trail(path, way, last)
        waiting += reversed([*_onward(inside, path, way)])  # so that the shortest is popped first
    return None


def _last_step(schema: Schema, rest: str) -> str | None:
    """Return the member that the rest of a path names in a schema; None if it has none, or the path goes on."""
    members = schema.get("properties")
    if members:
        return rest if rest in members else None
    name, _, further = rest.partition(".")
    return name if name and not further else None


def _onward(schema: Schema, path: str, way: _Way) -> Iterator[_Way]:
    """Yield the ways that continue one, the shortest step first."""
    members, end = schema.get("properties"), path.find(".", way.begin)
    if not members:
        if end > way.begin:
            yield _Way(schema.get("additionalProperties", ANYTHING), end + 1, end, way)
        return
    while end >= 0:
        member = members.get(path[way.begin : end])
        if member is not None:
            yield _Way(member, end + 1, end, way)
        end = path.find(".", end + 1)


def _trail(path: str, way: _Way, last: str) -> list[str]:
    steps, step = [last], way
    while step.before is not None:
        steps.append(path[step.before.begin : step.end])
        step = step.before
    return steps[::-1]


def _tree(ways: Iterable[list[str]]) -> Tree:
    tree: Tree = {}
    for steps in ways:
        _plant(tree, steps)
    return tree


def _plant(tree: Tree, steps: list[str]) -> None:
    for step in steps[:-1]:
        inner = tree.setdefault(step, {})
        # A shorter path keeps all of it already.
        if inner is None:
            return
        tree = inner
    tree[steps[-1]] = None
