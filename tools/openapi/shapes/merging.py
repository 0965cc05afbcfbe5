"""Combine clean schemas into one: what all of them require (`allOf`), or what any of them allows (`oneOf`, `anyOf`).

Clients reject combinators at the top of a schema, and models read one shape better than several. Uniting is
generous: the result accepts whatever any of the variants accepts; the vendor still has the last word.
"""

from typing import Any

Schema = dict[str, Any]

# Below this level the first of two shapes is taken: merging shared schemas further might never end.
DEEPEST_MERGE = 2
SHAPES = ("properties", "items", "additionalProperties", "required")


def merged(first: Schema, second: Schema, level: int = 0) -> Schema:
    """Return a schema for values that fit both; where they disagree, the first wins."""
    if not first or not second or level > DEEPEST_MERGE:
        return first or second
    made = {**second, **first}
    first_kinds, second_kinds = kinds_of(first), kinds_of(second)
    common = [kind for kind in first_kinds if kind in second_kinds]
    if first_kinds and second_kinds and common:
        made["type"] = common[0] if len(common) == 1 else common
    if "properties" in first and "properties" in second:
        made["properties"] = _members(first["properties"], second["properties"], level)
    if "items" in first and "items" in second:
        made["items"] = merged(first["items"], second["items"], level + 1)
    if "required" in first and "required" in second:
        made["required"] = list(dict.fromkeys([*first["required"], *second["required"]]))
    if "enum" in first and "enum" in second:
        both = [value for value in first["enum"] if value in second["enum"]]
        made["enum"] = both or first["enum"]
    return made


def _members(first: Schema, second: Schema, level: int) -> Schema:
    made = dict(first)
    for name, schema in second.items():
        made[name] = merged(made[name], schema, level + 1) if name in made else schema
    return made


def united(variants: list[Schema], level: int = 0) -> Schema:
    """Return a schema for values that fit any of the variants."""
    if len(variants) == 1:
        return variants[0]
    if level > DEEPEST_MERGE:
        return variants[0] if all(kinds_of(each) == kinds_of(variants[0]) for each in variants) else {}
    kinds = list(dict.fromkeys(kind for each in variants for kind in kinds_of(each)))
    made: Schema = {}
    if kinds and all(kinds_of(each) for each in variants):
        made["type"] = kinds[0] if len(kinds) == 1 else kinds
    words = list(dict.fromkeys(each["description"] for each in variants if "description" in each))
    if words:
        made["description"] = words[0]
    objects = [each for each in variants if "properties" in each]
    if objects and (not kinds or "object" in kinds):
        made |= _united_objects(objects, level, everywhere=len(objects) == len(variants))
    lists = [each["items"] for each in variants if "items" in each]
    if lists and (not kinds or "array" in kinds):
        made["items"] = united(lists, level + 1)
    if all("enum" in each for each in variants):
        made["enum"] = _values(variants)
    return made


def _united_objects(objects: list[Schema], level: int, *, everywhere: bool) -> Schema:
    properties: dict[str, list[Schema]] = {}
    for each in objects:
        for name, schema in each["properties"].items():
            properties.setdefault(name, []).append(schema)
    made: Schema = {"properties": {name: united(found, level + 1) for name, found in properties.items()}}
    required = [
        name for name in objects[0].get("required", []) if all(name in each.get("required", []) for each in objects)
    ]
    if required and everywhere:
        made["required"] = required
    beyond = [each["additionalProperties"] for each in objects if isinstance(each.get("additionalProperties"), dict)]
    if beyond:
        made["additionalProperties"] = united(beyond, level + 1)
    return made


def _values(variants: list[Schema]) -> list[Any]:
    values: list[Any] = []
    for each in variants:
        values += [value for value in each["enum"] if not any(value is known or value == known for known in values)]
    return values


def kinds_of(schema: Any) -> list[str]:
    """Return the types that a schema names."""
    kind = schema.get("type") if isinstance(schema, dict) else None
    return kind if isinstance(kind, list) else [kind] if isinstance(kind, str) else []
