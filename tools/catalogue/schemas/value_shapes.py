"""What values a schema leaves room for: the kinds of each place, combinators included, read once and kept.

It is generous: where a place may be one of several shapes, it takes what any of them takes.
"""

from decimal import Decimal
from functools import cached_property
from typing import Any

from jsonschema_rs import Draft202012Validator

from tools.catalogue.schemas.checking import compile_checker
from tools.catalogue.schemas.json_schemas import Schema, SchemaRefused

# Words by which a schema refuses some texts.
TEXT_LIMITS = frozenset({"enum", "const", "pattern", "format", "minLength", "maxLength", "not"})
KINDS = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
ALTERNATIVES = ("anyOf", "oneOf")
ANYTHING: Schema = {}


class ValueShape:
    """A schema without references, as what it says about a value and the places inside it."""

    def __init__(self, schema: Any) -> None:
        self.schema: Schema = schema if isinstance(schema, dict) else ANYTHING
        self._members: dict[str, ValueShape] = {}
        self._taken: dict[str, bool] = {}

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The types of JSON that it allows; `number` includes `integer`."""
        return _kinds(self.schema)

    @cached_property
    def required(self) -> frozenset[str]:
        """The members that an object has in any case."""
        return _required(self.schema)

    @cached_property
    def item(self) -> "ValueShape":
        """The items of a list."""
        return ValueShape(_item(self.schema))

    @cached_property
    def documents_empty_text(self) -> bool:
        """Whether it says expressly that a text may be empty."""
        return _documents_empty_text(self.schema)

    @cached_property
    def takes_any_text(self) -> bool:
        """Whether no text can stand for another kind of value: it takes all texts, or nothing else."""
        return "string" in self.kinds and (self.kinds <= {"string", "null"} or not _limits_text(self.schema))

    def takes_text(self, text: str) -> bool:
        """Return whether a text is meant as text: it is among the values, or there is no other kind."""
        return self.takes_any_text or ("string" in self.kinds and self._is_valid(text))

    @cached_property
    def further(self) -> "ValueShape":
        """The members of an object that are not named."""
        return ValueShape(_further(self.schema))

    @cached_property
    def _by_pattern(self) -> list[tuple[Draft202012Validator, "ValueShape"]]:
        """The members whose names match a pattern; none if it can be said in several places."""
        patterns = self.schema.get("patternProperties", {})
        return [(compile_checker({"pattern": name}), ValueShape(each)) for name, each in patterns.items()]

    def member(self, name: str) -> "ValueShape":
        """Return the shape of an object's member."""
        known = self._members.get(name)
        if known is None:
            schema = _member(self.schema, name)
            # Only what the schema names is kept: a caller could make up any number of names.
            if schema is None:
                matching = [shape for names, shape in self._by_pattern if names.is_valid(name)]
                return matching[0] if matching else self.further
            known = self._members[name] = ValueShape(schema)
        return known

    def takes(self, empty: Any) -> bool:
        """Return whether null, an empty text, list or object is among its values."""
        key = repr(empty)
        if key not in self._taken:
            self._taken[key] = self._is_valid(empty)
        return self._taken[key]

    def _is_valid(self, value: Any) -> bool:
        if not kinds_of(value) & self.kinds:
            return False
        return self._checker is None or self._checker.is_valid(value)

    @cached_property
    def _checker(self) -> Draft202012Validator | None:
        try:
            return compile_checker(self.schema)
        except SchemaRefused:
            return None


def _branches(schema: Schema, word: str) -> list[Any]:
    listed = schema.get(word)
    return listed if isinstance(listed, list) else []


def _kinds(schema: Any) -> frozenset[str]:
    if not isinstance(schema, dict):
        return frozenset() if schema is False else KINDS
    kind = schema.get("type")
    kinds = KINDS if kind is None else frozenset(kind if isinstance(kind, list) else [kind])
    if "number" in kinds:
        kinds |= {"integer"}
    for values in ([schema["const"]] if "const" in schema else [], schema.get("enum") or []):
        kinds &= frozenset().union(*map(kinds_of, values)) if values else KINDS
    for part in _branches(schema, "allOf"):
        kinds &= _kinds(part)
    for word in ALTERNATIVES:
        branches = _branches(schema, word)
        kinds &= frozenset().union(*map(_kinds, branches)) if branches else KINDS
    return kinds


def kinds_of(value: Any) -> frozenset[str]:
    """Return the kinds of one value."""
    if value is None:
        return frozenset({"null"})
    if isinstance(value, bool):
        return frozenset({"boolean"})
    if isinstance(value, Decimal):
        return frozenset({"number"})
    if isinstance(value, int | float):
        return frozenset({"number", "integer"} if isinstance(value, int) or value.is_integer() else {"number"})
    return frozenset({"string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"})


def _required(schema: Any) -> frozenset[str]:
    if not isinstance(schema, dict):
        return frozenset()
    needed = frozenset(schema.get("required", ()))
    for part in _branches(schema, "allOf"):
        needed |= _required(part)
    for word in ALTERNATIVES:
        branches = [_required(branch) for branch in _branches(schema, word) if "object" in _kinds(branch)]
        needed |= frozenset.intersection(*branches) if branches else frozenset()
    return needed


def _member(schema: Any, name: str) -> Any:
    """Return the schema of a named member; None if it is not named."""
    if not isinstance(schema, dict):
        return None
    properties = schema.get("properties")
    said = [properties[name]] if isinstance(properties, dict) and name in properties else []
    said += [each for each in (_member(part, name) for part in _branches(schema, "allOf")) if each is not None]
    for word in ALTERNATIVES:
        branches = [_member(branch, name) for branch in _branches(schema, word)]
        known = [branch for branch in branches if branch is not None]
        said += [{"anyOf": known}] if known else []
    return said[0] if len(said) == 1 else {"allOf": said} if said else None


def _further(schema: Schema) -> Any:
    """Return the schema of the members that are not named; one for any value where several shapes are possible."""
    if any(word in schema for word in (*ALTERNATIVES, "allOf")):
        return ANYTHING
    return schema.get("additionalProperties", ANYTHING)


def _item(schema: Any) -> Any:
    if not isinstance(schema, dict) or "prefixItems" in schema:
        return ANYTHING
    said = [schema["items"]] if isinstance(schema.get("items"), dict) else []
    said += [each for each in map(_item, _branches(schema, "allOf")) if each]
    for word in ALTERNATIVES:
        known = [each for each in map(_item, _branches(schema, word)) if each]
        said += [{"anyOf": known}] if known else []
    return said[0] if len(said) == 1 else {"allOf": said} if said else ANYTHING


def _documents_empty_text(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return False
    if schema.get("minLength") == 0 or schema.get("const") == "" or "" in (schema.get("enum") or []):
        return True
    parts = [part for word in (*ALTERNATIVES, "allOf") for part in _branches(schema, word)]
    return any(map(_documents_empty_text, parts))


def _limits_text(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return schema is False
    parts = [part for word in (*ALTERNATIVES, "allOf") for part in _branches(schema, word)]
    return bool(TEXT_LIMITS & schema.keys()) or any(map(_limits_text, parts))
