"""What a document's schemas allow: references followed, `allOf` put together, nothing else changed."""

from collections.abc import Iterator
from typing import Any

from tests.oracle.reading import Description

Schema = dict[str, Any]
LOWER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
HIGHER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
MAX_NESTING = 40


class Schemas:
    """The schemas of one document.

    A merged schema has no `$ref` and no `allOf`. Its `choices` are lists of alternatives, of each of which one holds,
    `patterns` all patterns that a text has to match.
    """

    def __init__(self, description: Description) -> None:
        self.description = description
        self._merged: dict[tuple[int, bool], tuple[Any, Schema]] = {}

    def merged(self, node: Any, *, alone: bool = False) -> Schema:
        """Return a schema as one; `alone` leaves out that a subtype must be chosen."""
        held = self._merged.get((id(node), alone))
        if held is None:
            # The node is kept as well: an id is unique only while its object lives.
            held = self._merged[id(node), alone] = (node, self._made(node, 0, alone=alone))
        return held[1]

    def _made(self, node: Any, level: int, *, alone: bool) -> Schema:
        if node is False:
            return {"choices": [[]]}
        if not isinstance(node, dict) or level > MAX_NESTING:
            return {}
        if isinstance(node.get("$ref"), str):
            target = self._made(self.description.target(node["$ref"]), level + 1, alone=alone)
            beside = {key: value for key, value in node.items() if key != "$ref"}
            if self.description.is_3_0 or self.description.is_swagger or not beside:
                # OpenAPI 3.0, Reference Object: what stands beside it is ignored. Who says in which direction a member
                # goes means it all the same, and no call is wrong that leaves it out.
                return {**target, **{word: beside[word] for word in ("readOnly", "writeOnly") if word in beside}}
            return both(target, self._made(beside, level + 1, alone=alone))
        made = self._own(node, alone=alone)
        for part in node.get("allOf") or []:
            # A subtype is the choice that its supertype asks for.
            made = both(made, self._made(part, level + 1, alone=True))
        return made

    def _own(self, node: Schema, *, alone: bool) -> Schema:
        made = {key: value for key, value in node.items() if key not in {"allOf", "oneOf", "anyOf", "pattern"}}
        made["choices"] = [node[word] for word in ("oneOf", "anyOf") if isinstance(node.get(word), list) and node[word]]
        made["patterns"] = [node["pattern"]] if isinstance(node.get("pattern"), str) else []
        for plain, strict in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if isinstance(made.get(strict), bool):  # as OpenAPI 3.0 writes it
                is_strict = made.pop(strict)
                if is_strict and plain in made:
                    made[strict] = made.pop(plain)
        if "const" in made:
            made["enum"] = [made["const"]]
        made["null"] = self._says_null(node)
        kinds = made.get("type")
        made["type"] = None if kinds is None else set(kinds if isinstance(kinds, list) else [kinds]) - {"null"}
        if alone and not made["choices"]:
            made.pop("discriminator", None)
        return made

    def _says_null(self, node: Schema) -> bool | None:
        """Return whether null is allowed, as far as this schema itself says; None if it says nothing."""
        if "enum" in node and None not in (node["enum"] or []):
            return False
        if "const" in node and node["const"] is not None:
            return False
        kinds = node.get("type")
        if isinstance(kinds, list):
            return "null" in kinds
        if kinds is None:
            return None if not (node.get("enum") or "const" in node) else True
        # OpenAPI 3.0.3, Schema Object: `nullable` is of the type that stands beside it.
        is_nullable = node.get("nullable") is True and self.description.is_3_0
        return kinds == "null" or is_nullable

    def takes_null(self, node: Any, level: int = 0) -> bool:
        """Return whether a schema says that a value may be null; one that says nothing does not."""
        schema = self.merged(node)
        if level > MAX_NESTING or schema.get("null") is False:
            return False
        for branches in schema.get("choices", []):
            if not any(self.takes_null(branch, level + 1) or is_null(branch) for branch in branches):
                return False
        return schema.get("null") is True or bool(schema.get("choices"))

    def branches(self, schema: Schema) -> Iterator[list[Any]]:
        """Yield the alternatives of a merged schema, without null."""
        for branches in schema.get("choices", []):
            yield [branch for branch in branches if not is_null(branch)]

    def fits_as_discriminator(self, schema: Schema, name: str, value: str) -> bool:
        """Return whether a shape has the discriminating member, and allows a value there."""
        properties = schema.get("properties") or {}
        values = self.merged(properties.get(name, {})).get("enum")
        return name in properties and (not isinstance(values, list) or value in values)

    def subtypes(self, schema: Schema) -> dict[str, Any]:
        """Return the schemas that the mapping of a discriminator names, by the value that stands for each."""
        discriminator = schema.get("discriminator")
        if not isinstance(discriminator, dict):
            return {}
        mapping = discriminator.get("mapping")
        found = {}
        for value, name in (mapping if isinstance(mapping, dict) else {}).items():
            reference = name if name.startswith("#") else f"#/components/schemas/{name}"
            if isinstance(self.description.target(reference), dict):
                found[str(value)] = {"$ref": reference}
        return found


def is_null(node: Any) -> bool:
    return isinstance(node, dict) and (node.get("type") in ("null", ["null"]) or node.get("enum") == [None])


def both(one: Schema, other: Schema) -> Schema:
    """Return what two merged schemas say together."""
    made = {**one, **other}
    for word in LOWER:
        if word in one and word in other:
            made[word] = min(one[word], other[word])
    for word in HIGHER:
        if word in one and word in other:
            made[word] = max(one[word], other[word])
    kinds = [each["type"] for each in (one, other) if each.get("type") is not None]
    made["type"] = set.intersection(*kinds) if kinds else None
    said = [each["null"] for each in (one, other) if each.get("null") is not None]
    made["null"] = all(said) if said else None
    made["choices"] = [*one.get("choices", []), *other.get("choices", [])]
    made["patterns"] = [*one.get("patterns", []), *other.get("patterns", [])]
    made["required"] = [*dict.fromkeys([*_list(one.get("required")), *_list(other.get("required"))])]
    if isinstance(one.get("enum"), list) and isinstance(other.get("enum"), list):
        made["enum"] = [value for value in one["enum"] if value in other["enum"]]
    if "items" in one and "items" in other and one["items"] is not other["items"]:
        made["items"] = {"allOf": [one["items"], other["items"]]}
    if isinstance(one.get("properties"), dict) or isinstance(other.get("properties"), dict):
        made["properties"] = _properties(_dict(one.get("properties")), _dict(other.get("properties")))
    if False in (one.get("additionalProperties"), other.get("additionalProperties")):
        made["additionalProperties"] = False
    return made


def _properties(one: Schema, other: Schema) -> Schema:
    made = {**one}
    for name, schema in other.items():
        if name not in one or one[name] == schema:
            made[name] = schema
            continue
        made[name] = {"allOf": [one[name], schema]}
        if not all(_dict(each).get("readOnly") is True for each in (one[name], schema)):
            # One of the two describes it as a member that may be sent.
            made[name]["x-sent"] = True
    return made


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> Schema:
    return value if isinstance(value, dict) else {}
