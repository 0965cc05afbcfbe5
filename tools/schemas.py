"""JSON Schemas as clients take them: references inlined, rules of the strictest clients checked, names aliased."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs

Schema = dict[str, Any]

MAX_REFERENCE_DEPTH = 8
MAX_SCHEMA_DEPTH = 24

# The pattern that Claude's API holds property names to; one name outside it rejects the whole connector.
PROPERTY_NAME = re.compile(r"^[a-zA-Z0-9_.-]{1,64}$")
COMBINATORS = ("oneOf", "anyOf", "allOf", "not", "if")
UNSET = ({}, None)


class SchemaRefused(ValueError):
    """A schema cannot be used; the message says where and why."""


def inline_references(schema: Schema) -> Schema:
    """Return the schema with every local `$ref` replaced by what it names, and without `$defs`.

    A reference that leads back to itself becomes an object of any shape at MAX_REFERENCE_DEPTH. Raises
    SchemaRefused for references that leave the document or name nothing.
    """
    inlined: Schema = _inlined(schema, schema, 0)
    inlined.pop("$defs", None)
    inlined.pop("definitions", None)
    return inlined


def _inlined(node: Any, root: Schema, depth: int) -> Any:
    if isinstance(node, list):
        return [_inlined(item, root, depth) for item in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if isinstance(reference, str):
        if depth >= MAX_REFERENCE_DEPTH:
            return {"type": "object", "properties": {}, "description": "Nested further."}
        target = _inlined(_lookup(reference, root), root, depth + 1)
        beside = {key: _inlined(value, root, depth) for key, value in node.items() if key != "$ref"}
        return {**target, **beside} if isinstance(target, dict) else target
    return {key: _inlined(value, root, depth) for key, value in node.items() if key not in {"$defs", "definitions"}}


def _lookup(reference: str, root: Schema) -> Any:
    if not reference.startswith("#"):
        raise SchemaRefused(f"the reference {reference} leaves the document")
    target: Any = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        step = step.replace("~1", "/").replace("~0", "~")
        if step and not (isinstance(target, dict) and step in target):
            raise SchemaRefused(f"the reference {reference} names nothing")
        target = target[step] if step else target
    return target


def refuse_retrieval(uri: str) -> Any:
    """Stand in for the network when a validator is compiled: nothing is ever fetched."""
    raise SchemaRefused(f"the reference {uri} leaves the document")


def compile_validator(schema: Schema) -> jsonschema_rs.Draft202012Validator:
    """Compile a JSON Schema (2020-12); raise SchemaRefused when it is not one."""
    try:
        return jsonschema_rs.Draft202012Validator(schema, validate_formats=False, retriever=refuse_retrieval)
    except (ValueError, jsonschema_rs.ReferencingError) as problem:
        raise SchemaRefused(f"not a valid JSON Schema: {str(problem).splitlines()[0]}") from None


def property_problems(schema: Any, *, place: str) -> list[str]:
    """Return what is wrong with a schema of parameters: its form, and the rules of the strictest clients."""
    if schema in UNSET:
        return []
    if not isinstance(schema, dict):
        return [f"{place}: must be a JSON object."]
    try:
        inlined = inline_references(schema)
        compile_validator(inlined)
    except (SchemaRefused, RecursionError) as refused:
        return [f"{place}: {str(refused) or 'nested too deep'}."]
    if inlined.get("type", "object") != "object":
        return [f"{place}: must describe an object, since a tool takes one object of arguments."]
    problems = [f"{place}: {word} at the top level is rejected by Claude." for word in COMBINATORS if word in inlined]
    properties = inlined.get("properties", {})
    for name in inlined.get("required", []):
        if name not in properties:
            problems.append(f"{place}: {name} is required, but not among the properties.")
    for path, node in walk(inlined):
        problems.extend(f"{place}{path}: {text}" for text in _node_problems(node))
    return problems


def _node_problems(node: Schema) -> Iterator[str]:
    kind = node.get("type")
    if kind == "array" and "items" not in node:
        yield "an array needs `items`, or ChatGPT rejects the tool."
    if kind == "object" and "properties" not in node and not isinstance(node.get("additionalProperties"), dict):
        yield "an object needs `properties`, or ChatGPT rejects the tool."


def walk(node: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Schema]]:
    """Yield every subschema below the top of a schema without references, with its path (`.a.b[]`)."""
    if not isinstance(node, dict) or depth > MAX_SCHEMA_DEPTH:
        return
    if path:
        yield path, node
    properties = node.get("properties")
    if isinstance(properties, dict):
        for name, child in properties.items():
            yield from walk(child, f"{path}.{name}", depth + 1)
    items = node.get("items")
    if isinstance(items, dict):
        yield from walk(items, f"{path}[]", depth + 1)
    for word in ("oneOf", "anyOf", "allOf"):
        for child in node.get(word, []) if isinstance(node.get(word), list) else []:
            yield from walk(child, f"{path}({word})", depth + 1)


def alias(name: str, taken: set[str]) -> str:
    """Return a property name that every client takes, different from those taken; the name itself where it will do."""
    if PROPERTY_NAME.match(name) and name not in taken:
        return name
    plain = re.sub(r"[^a-zA-Z0-9_.-]+", "_", name).strip("_")[:60] or "argument"
    candidate, count = plain, 1
    while candidate in taken:
        count += 1
        candidate = f"{plain}_{count}"
    return candidate
