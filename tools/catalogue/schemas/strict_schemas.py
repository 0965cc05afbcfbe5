"""A schema of arguments as OpenAI's strict mode takes it: every property required, optional ones nullable, none beside.

What the mode has no word for is told in the description, and checked here in any case. Null for an optional argument is
left out again (tools/calling/sending/meaning.py), so a schema where null means something cannot be strict.
"""

import json
from collections.abc import Callable
from typing import Any

from tools.catalogue.schemas.clients import described, pattern_words
from tools.catalogue.schemas.json_schemas import Schema, kinds_of

# The tightest that OpenAI's documentation has had, and that of Azure's still is.
MAX_LEVELS = 5
MAX_PROPERTIES = 100
MAX_VALUES = 500
MAX_NAMES = 15_000
NESTED = frozenset({"object", "array"})
# Words that combine schemas in ways that cannot be said in the mode.
COMBINING = ("allOf", "if", "$ref", "patternProperties", "prefixItems")
# What is said of each other word.
SAID: dict[str, Callable[[Any], str]] = {
    "minimum": lambda bound: f"At least {bound}.",
    "maximum": lambda bound: f"At most {bound}.",
    "exclusiveMinimum": lambda bound: f"More than {bound}.",
    "exclusiveMaximum": lambda bound: f"Less than {bound}.",
    "multipleOf": lambda step: f"A multiple of {step}.",
    "minLength": lambda count: f"At least {count} characters.",
    "maxLength": lambda count: f"At most {count} characters.",
    "minItems": lambda count: f"At least {count} items.",
    "maxItems": lambda count: f"At most {count} items.",
    "format": lambda name: f"Format: {name}.",
    "pattern": pattern_words,
    "default": lambda value: f"Default: {json.dumps(value, ensure_ascii=False)}.",
}


class NotStrict(ValueError):
    """A schema cannot be strict; the message says where and why."""


def strict_schema(schema: Schema) -> Schema:
    """Return a schema of arguments as the strict mode takes it; raise NotStrict."""
    sizes = _Sizes()
    made = sizes.node(schema, "", 1)
    if sizes.properties > MAX_PROPERTIES or sizes.values > MAX_VALUES or sizes.names > MAX_NAMES:
        raise NotStrict("It has more properties or values than the strict mode takes.")
    return made


class _Sizes:
    """Makes the parts of a schema strict, and adds up what they hold."""

    def __init__(self) -> None:
        self.properties = self.values = self.names = 0

    def node(self, node: Any, place: str, level: int) -> Schema:
        """Return a node that takes no more than it names."""
        if not isinstance(node, dict) or any(word in node for word in COMBINING):
            raise NotStrict(f"{place or 'arguments'}: cannot be said without combining schemas.")
        kinds, branches = kinds_of(node), _branches(node)
        if branches and not kinds:
            made: Schema = {"anyOf": [self.node(branch, place, level) for branch in branches]}
        elif any(kinds_of(branch) for branch in branches):
            raise NotStrict(f"{place or 'arguments'}: cannot be said without combining schemas.")
        elif len(kinds) > 1 and NESTED & {*kinds}:
            made = {"anyOf": [self._of_kinds(node, [kind], place, level) for kind in kinds]}
        else:
            made = self._of_kinds(node, kinds, place, level)
        told = {"description": node["description"]} if node.get("description") else {}
        return _told({**told, **made}, node)

    def _of_kinds(self, node: Schema, kinds: list[str], place: str, level: int) -> Schema:
        """Return the part of a node about one type, or about several without members and items."""
        if not kinds:
            raise NotStrict(f"{place}: takes any value.")
        kind = kinds[0] if len(kinds) == 1 else ""
        if kind in NESTED and level > MAX_LEVELS:
            raise NotStrict(f"{place}: is nested deeper than the strict mode takes.")
        made: Schema = {"type": kind or kinds}
        values = [node["const"]] if "const" in node else node.get("enum")
        if values and kind not in NESTED:
            self.values += len(values)
            self.names += sum(len(value) for value in values if isinstance(value, str))
            made["enum"] = list(values)
        if kind == "array":
            made["items"] = self.node(node.get("items"), f"{place}[]", level + 1)
        if kind == "object":
            made |= self._members(node, place, level)
        return made

    def _members(self, node: Schema, place: str, level: int) -> Schema:
        members, beside = node.get("properties", {}), node.get("additionalProperties")
        # Where nothing is said of others, those that are documented are meant.
        if beside or (beside is None and not members):
            raise NotStrict(f"{place or 'arguments'}: takes members of any name.")
        self.properties += len(members)
        self.names += sum(map(len, members))
        required = node.get("required", [])
        made = {}
        for name, member in members.items():
            where = f"{place}.{name}" if place else name
            strict = self.node(member, where, level + 1 if NESTED & {*kinds_of(member)} else level)
            if name not in required and _takes_null(member):
                raise NotStrict(f"{where}: null is a value of its own there, so that leaving it out cannot be said.")
            made[name] = strict if name in required else _nullable(strict)
        return {"properties": made, "required": [*members], "additionalProperties": False}


def _branches(node: Schema) -> list[Any]:
    found = node.get("anyOf") or node.get("oneOf") or []
    return found if isinstance(found, list) else []


def _takes_null(node: Schema) -> bool:
    values = [node["const"]] if "const" in node else node.get("enum") or []
    return "null" in kinds_of(node) or None in values or any(map(_takes_null, _branches(node)))


def _nullable(node: Schema) -> Schema:
    """Return a strict node that takes null too."""
    words = {"description": node["description"]} if "description" in node else {}
    bare = {word: value for word, value in node.items() if word != "description"}
    kinds = kinds_of(node)
    if "anyOf" in node:
        return {"anyOf": [*node["anyOf"], {"type": "null"}], **words}
    if NESTED & {*kinds}:
        return {"anyOf": [bare, {"type": "null"}], **words}
    enum = {"enum": [*node["enum"], None]} if "enum" in node else {}
    return {**node, "type": [*kinds, "null"], **enum}


def _told(made: Schema, node: Schema) -> Schema:
    for word, words in SAID.items():
        if word in node:
            made = described(made, words(node[word]))
    return made
