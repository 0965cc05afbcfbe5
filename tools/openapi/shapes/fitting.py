"""Keep schemas small: cut deeper levels first, then descriptions, then optional arguments."""

import copy
from collections.abc import Callable, Iterable
from typing import Any

import orjson

from tools.catalogue.schemas import PROPERTY_NAME
from tools.openapi.shapes.merging import Schema
from tools.openapi.shapes.schemas import CleanSchema

# The levels below the top that a schema may have, deepest first.
DEPTHS = (5, 4, 3, 2, 1)
WORDS = (160, 80, 0)
MAX_NAMED, MAX_DESCRIPTION = 8, 400


def fitted(build: Callable[[int], CleanSchema], budget: int) -> Schema:
    """Return the deepest schema of at most `budget` bytes; cut the flattest down if even that is larger."""
    clean = build(DEPTHS[0])
    for depth in DEPTHS[1:]:
        if clean.size <= budget:
            break
        clean = build(depth)
    return clean.schema if clean.size <= budget else cut_down(clean.schema, budget)


def cut_down(schema: Schema, budget: int) -> Schema:
    """Return a copy of an object's schema with at most `budget` bytes, if leaving things out can achieve that."""
    made = copy.deepcopy(schema)
    for words in WORDS:
        for node in _nodes(made):
            _shorten(node, words)
        if _size(made) <= budget:
            return made
    for node in list(_nodes(made)):
        for word in ("pattern", "examples", "enum", "default", "format"):
            node.pop(word, None)
    properties, required = made.get("properties", {}), set(made.get("required", []))
    left_out = 0
    size = _size(made)
    for name in reversed([*properties]):
        if size <= budget:
            break
        if name not in required:
            size -= len(name) + 4 + _size(properties.pop(name))
            left_out += 1
    if left_out:
        made["description"] = f"{left_out} optional members are left out here."
    return made


def nameable(schema: Schema) -> Schema:
    """Return a schema without member names that clients reject; its description names them, and they stay allowed.

    Only a tool's own arguments get other names, which are mapped back; members inside them are sent as they are.
    """
    made = schema
    properties = schema.get("properties")
    if isinstance(properties, dict):
        kept = {name: nameable(child) for name, child in properties.items() if PROPERTY_NAME.fullmatch(name)}
        left_out = [name for name in properties if name not in kept]
        if left_out or any(kept[name] is not properties[name] for name in kept):
            made = {**made, "properties": kept}
        if left_out:
            note = f"Also takes {', '.join(left_out[:MAX_NAMED])}."
            made["description"] = f"{made.get('description', '')} {note}".strip()[:MAX_DESCRIPTION]
            required = [name for name in made.get("required", []) if name in kept]
            made = {key: value for key, value in made.items() if key != "required"}
            made |= {"required": required} if required else {}
    for word in ("items", "additionalProperties"):
        inner = schema.get(word)
        if isinstance(inner, dict) and (child := nameable(inner)) is not inner:
            made = {**made, word: child}
    return made


def _nodes(node: Any) -> Iterable[Schema]:
    if isinstance(node, dict):
        yield node
        for child in (node.get("properties") or {}).values():
            yield from _nodes(child)
        yield from _nodes(node.get("items"))
        yield from _nodes(node.get("additionalProperties"))


def _shorten(node: Schema, words: int) -> None:
    description = node.get("description")
    if isinstance(description, str) and len(description) > words:
        if words:
            node["description"] = description[: words - 1].rstrip() + "…"
        else:
            del node["description"]


def _size(schema: Any) -> int:
    return len(orjson.dumps(schema))
