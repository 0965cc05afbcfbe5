"""What clients take of a tool: one table of rules, and a tool's schema as it is listed.

A record keeps what its author or the vendor wrote. Three parts of the project ask this table:

- `listed` writes a schema for clients. What a rule can mend is moved into the description in words; the value is
  still checked here before anything is sent (checking.py).
- The quality gate refuses a record for what no rule can mend (`unmendable`).
- `benchmarks/openapi_import.py` holds listings against all rules (`listing_problems`).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from tools.catalogue.naming import TOOL_NAME
from tools.catalogue.schemas.json_schemas import (
    COMBINATORS,
    PROPERTY_NAME,
    Schema,
    kinds_of,
    walk,
    with_members,
    without,
)
from tools.catalogue.schemas.patterns import NEITHER, read_pattern

# As much as clients take for all tools of a server together: about 25,000 tokens.
MAX_TOOL_CHARACTERS = 100_000
# As much as one tool should have of that, in bytes, however large the vendor's schemas are.
LARGEST_TOOL = 20_000
MAX_NAMED, MAX_DESCRIPTION = 8, 400

# Gemini's API refuses every other format of text, and frameworks that build a class from a schema load no tool at all
# for `email` without another package, write addresses anew for `uri`, and hide a `password` from the vendor.
LISTED_FORMATS = frozenset({"date-time"})
# What a format says in words, and the words of a description that say so already.
FORMAT_WORDS: dict[str, tuple[str, str]] = {
    "date": ("A date, as YYYY-MM-DD.", r"yyyy|\d{4}-\d\d"),
    "time": ("A time, as hh:mm:ss.", r"hh:mm|\d\d:\d\d"),
    "duration": ("A duration in ISO 8601, such as P1D.", r"8601|\bP\d"),
    "email": ("An email address.", r"mail"),
    "idn-email": ("An email address.", r"mail"),
    "email-list": ("Email addresses, with commas.", r"mail|addresses"),
    "uri": ("A web address with its scheme, such as https://example.com.", r"https?:|\burls?\b|\buris?\b"),
    "url": ("A web address with its scheme, such as https://example.com.", r"https?:|\burls?\b|\buris?\b"),
    "uuid": ("A UUID.", r"uuid|guid"),
    "ipv4": ("An IPv4 address.", r"\bipv?4?\b"),
    "ipv6": ("An IPv6 address.", r"\bipv?6?\b"),
    "hostname": ("A host name.", r"host"),
    "byte": ("In Base64.", r"base64"),
    "base64": ("In Base64.", r"base64"),
    **dict.fromkeys(
        ["binary", "password", "string", "int32", "int64", "float", "double", "integer", "number", "boolean"], ("", "")
    ),
}
# A value of any kind, for clients that skip a tool over a property without a type.
ANY_ITEM: Schema = {
    "type": ["string", "number", "boolean", "object", "null"],
    "properties": {},
    "additionalProperties": True,
}
ANY: Schema = {**ANY_ITEM, "type": [*ANY_ITEM["type"], "array"], "items": ANY_ITEM}
# What is only checked here: no framework offers it to a model.
UNLISTED = ("patternProperties", "dependentSchemas")
SHAPED = ("type", "oneOf", "anyOf", "allOf", "$ref")
JSON_KINDS = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


@dataclass(frozen=True, slots=True)
class ClientRule:
    """What some client refuses in one node of a schema.

    `found` says it in words, and is empty for a node that all take; `mended` makes such a node one that all take.
    """

    found: Callable[[Schema], str]
    mended: Callable[[Schema], Schema] | None = None
    in_results: bool = False


def described(node: Schema, words: str) -> Schema:
    """Return a node whose description ends with more words."""
    before = str(node.get("description", "")).strip()
    if not words or words in before:
        return node
    if before and before[-1] not in ".!?:…":
        before += "."
    return {**node, "description": f"{before} {words}".strip()}


def _unshared_pattern(node: Schema) -> str:
    pattern = node.get("pattern")
    shared = read_pattern(pattern).shared if isinstance(pattern, str) else pattern
    return "" if pattern == shared else "its pattern is not read alike by ECMA-262, Rust and RE2."


def _shared_pattern(node: Schema) -> Schema:
    shared = read_pattern(node["pattern"]).shared
    return {**node, "pattern": shared} if shared else _told_pattern(node)


def _told_pattern(node: Schema) -> Schema:
    return described(without(node, "pattern"), pattern_words(node["pattern"]))


def pattern_words(pattern: str) -> str:
    """Return what a description says in place of a pattern."""
    return f"Must match the regular expression `{pattern}`." if pattern else ""


def _unread_pattern(node: Schema) -> str:
    pattern = node.get("pattern")
    if not isinstance(pattern, str) or read_pattern(pattern) != NEITHER:
        return ""
    return (
        f"the pattern {pattern[:80]!r} means another thing to each engine, or nothing; write it as ECMA-262 does, "
        "without delimiters and modifiers, or describe it in words."
    )


def _unlisted_format(node: Schema) -> str:
    form = node.get("format")
    return "" if form is None or form in LISTED_FORMATS else f"the format {form} is refused or rewritten by some."


def _told_format(node: Schema) -> Schema:
    form = str(node["format"])
    words, said = FORMAT_WORDS.get(form, (f"Format: {form}.", re.escape(form)))
    if said and re.search(said, str(node.get("description", "")), re.IGNORECASE):
        words = ""
    return described(without(node, "format"), words)


def _untyped(node: Schema) -> str:
    return "" if any(word in node for word in SHAPED) else "it has no type, so some skip the tool."


def _typed(node: Schema) -> Schema:
    values = [node["const"]] if "const" in node else node.get("enum")
    if values and all(type(value) in JSON_KINDS for value in values):
        kinds = list(dict.fromkeys(JSON_KINDS[type(value)] for value in values))
        return {"type": kinds[0] if len(kinds) == 1 else kinds, **node}
    return described({**ANY, **node}, "" if node.get("description") else "Any JSON value.")


def _empty_enum(node: Schema) -> str:
    return "an empty `enum` allows no value, and Gemini rejects the tool." if node.get("enum") == [] else ""


def _list_without_items(node: Schema) -> str:
    missing = "array" in kinds_of(node) and "items" not in node
    return "an array needs `items`, or ChatGPT rejects the tool." if missing else ""


def _object_without_properties(node: Schema) -> str:
    missing = "object" in kinds_of(node) and not isinstance(node.get("properties"), dict)
    if not missing or isinstance(node.get("additionalProperties"), dict):
        return ""
    return "an object needs `properties`, or ChatGPT rejects the tool."


def _map_without_properties(node: Schema) -> str:
    missing = "object" in kinds_of(node) and not isinstance(node.get("properties"), dict)
    return "an object needs `properties`, or ChatGPT rejects the tool." if missing else ""


def _unnameable(node: Schema) -> str:
    names = [name for name in node.get("properties") or () if not PROPERTY_NAME.fullmatch(name)]
    return f"the name {names[0][:80]!r} of a property is rejected by Claude." if names else ""


def _nameable(node: Schema) -> Schema:
    """Return an object without the names that clients reject, which stay allowed and are told.

    Only a tool's own arguments get other names, which are mapped back; members inside them are sent as they are.
    """
    kept = {name: child for name, child in node["properties"].items() if PROPERTY_NAME.fullmatch(name)}
    left_out = [name for name in node["properties"] if name not in kept]
    required = [name for name in node.get("required", []) if name in kept]
    more = len(left_out) - MAX_NAMED
    names = ", ".join(left_out[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
    made = {**without(node, "required"), "properties": kept, "additionalProperties": True}
    made |= {"required": required} if required else {}
    return described(made, f"Also takes {names}."[:MAX_DESCRIPTION])


def _unlisted_words(node: Schema) -> str:
    words = [word for word in UNLISTED if word in node]
    return f"{words[0]} is refused by some, and read by few." if words else ""


def _without_unlisted(node: Schema) -> Schema:
    """Return an object without what is only checked; members by the patterns of their names are told in words."""
    patterns = {name: each for name, each in node.get("patternProperties", {}).items() if is_documented(each)}
    made = without(node, *UNLISTED)
    if not patterns or made.get("additionalProperties") is True:
        return made
    further = [*patterns.values()]
    if isinstance(made.get("additionalProperties"), dict):
        further.append(made["additionalProperties"])
    first = further[0]
    if any(each != first for each in further):
        kinds = list(dict.fromkeys(kind for each in further for kind in kinds_of(each)))
        is_typed = all(map(kinds_of, further))
        first = {"type": kinds[0] if len(kinds) == 1 else kinds} if is_typed else {}
        first |= {"properties": {}, "additionalProperties": True} if "object" in kinds and is_typed else {}
        first |= {"items": {}} if "array" in kinds and is_typed else {}
    return {**made, "additionalProperties": described(first, _pattern_names(patterns))}


def is_documented(schema: Any) -> bool:
    """Return whether a pattern's schema describes members, and does more than refuse some inside them."""
    return isinstance(schema, dict) and bool(schema.keys() - {"patternProperties", "items", "additionalProperties"})


def _pattern_names(patterns: Schema) -> str:
    told = [
        f"`{name}`" + (f" take {' or '.join(kinds_of(each))}" if kinds_of(each) else "")
        for name, each in patterns.items()
    ]
    return f"Names that match {', '.join(told)}."[:MAX_DESCRIPTION]


RULES: tuple[ClientRule, ...] = (
    ClientRule(_unlisted_words, _without_unlisted),
    ClientRule(_unread_pattern),
    ClientRule(_unshared_pattern, _shared_pattern),
    ClientRule(_unlisted_format, _told_format),
    ClientRule(_empty_enum),
    ClientRule(_untyped, _typed),
    ClientRule(_list_without_items, in_results=True),
    ClientRule(_object_without_properties, in_results=True),
    ClientRule(_map_without_properties, lambda node: {"properties": {}, **node}, in_results=True),
    ClientRule(_unnameable, _nameable),
)


def listed(schema: Schema) -> Schema:
    """Return the schema of a tool's arguments as clients get it; parts that nothing changes are shared."""
    return with_members(_without_unlisted(schema), _listed_node)


def _listed_node(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    made = node
    for rule in RULES:
        if rule.mended and rule.found(made):
            made = rule.mended(made)
    if made.get("additionalProperties") == {}:
        made = {**made, "additionalProperties": True}
    for least in ("minLength", "minItems"):
        if made.get(least) == 1:
            # Nobody means an empty text or list where this stands; it is checked, and need not cost a model tokens.
            made = without(made, least)
    return with_members(made, _listed_node)


def unmendable(node: Schema) -> Iterator[str]:
    """Yield what keeps a node of a record's schema from being listed in any form."""
    yield from (found for rule in RULES if rule.mended is None and (found := rule.found(node)))


def listing_problems(tool: dict[str, Any]) -> Iterator[str]:
    """Yield what a client would refuse in a tool as MCP lists it."""
    if not TOOL_NAME.fullmatch(tool["name"]):
        yield f"name {tool['name']}"
    if not tool.get("title") or not tool.get("description"):
        yield "no title or description"
    hints = tool.get("annotations", {})
    if not all(isinstance(hints.get(name), bool) for name in ("readOnlyHint", "destructiveHint", "openWorldHint")):
        yield "hints are not explicit"
    size = len(orjson.dumps(tool))
    if size > LARGEST_TOOL:
        yield f"{size} bytes"
    for word in ("inputSchema", "outputSchema"):
        if word in tool:
            yield from (f"{word}{problem}" for problem in _listed_problems(tool[word], results=word == "outputSchema"))


def _listed_problems(schema: Schema, *, results: bool) -> Iterator[str]:
    if schema.get("type") != "object" or any(word in schema for word in COMBINATORS):
        yield ": the top is no plain object"
    if found := _unnameable(schema):
        yield f": {found}"
    rules = [rule for rule in RULES if rule.in_results or not results]
    for path, node in [("", schema), *walk(schema)]:
        if {"$ref", "$defs", "definitions"} & node.keys():
            yield f"{path}: a reference is left"
        for name in node.get("required", []):
            if name not in node.get("properties", {}):
                yield f"{path}: {name} is required, but no property"
        if node is not schema:
            yield from (f"{path}: {found}" for rule in rules if (found := rule.found(node)))
