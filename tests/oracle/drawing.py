"""Draw values that a document's schemas allow: what is required or all there is, with nulls, with odd characters."""

import math
import random
from dataclasses import dataclass, replace
from typing import Any

from tests.oracle.patterns import Unwritable, matching
from tests.oracle.schemas import Schema, Schemas, both

FORMATS = {
    "date": "2026-03-01", "date-time": "2026-03-01T09:30:00Z", "time": "09:30:00Z", "email": "ada@acme.example",
    "idn-email": "ada@acme.example", "uri": "https://acme.example/a?b=c", "url": "https://acme.example/a?b=c",
    "uri-reference": "/a/b", "uri-template": "https://acme.example/{id}", "iri": "https://acme.example/a",
    "uuid": "0190f3a1-5c2e-7d54-9c77-0242ac120002", "hostname": "acme.example", "ipv4": "192.0.2.7",
    "ipv6": "2001:db8::7", "byte": "YWJj", "duration": "P1D", "json-pointer": "/a", "regex": "^a$",
    "ip": "192.0.2.7", "int64": "77", "decimal": "1.5", "binary": "content",
}  # fmt: skip
# Texts that could be taken for something else.
LOOKALIKES = ("12", "true", "null", '["a"]', '{"a": 1}', "1e5", "-0", "007", "None", " x ", "2026-03-01")
# Members of free objects whose names mean something elsewhere.
FREE_NAMES = ("further", "$ref", "a.b", "x[y]", "_links", "type", "größe")
ODD = "é ü%2F&=+#?;\"'<>\\日本😀"
DEEPEST = 7
MOST_VALUES = 400
LEAST_WHOLE, MOST_WHOLE = -(2**31), 2**31 - 1


class Undrawable(ValueError):
    """No value was found that the schema allows."""


@dataclass(frozen=True)
class Wish:
    """What is drawn beyond what is required; `for_answer` decides between `readOnly` and `writeOnly`.

    `empty` draws texts, lists and objects with nothing in them, `least` the smallest numbers and false, where they are
    allowed; `lookalike` texts that look like values of other types.
    """

    optional: bool = True
    nulls: bool = False
    further: bool = False
    odd: str = ""
    for_answer: bool = False
    empty: bool = False
    least: bool = False
    lookalike: bool = False


class Drawer:
    """Draws from the schemas of one document. Values are distinct, so that none is taken for another."""

    def __init__(self, schemas: Schemas, seed: int = 7) -> None:
        self._schemas = schemas
        self._rng = random.Random(seed)
        self._count = 0
        self._left = MOST_VALUES

    def value(self, node: Any, wish: Wish) -> Any:
        """Return a value; raise Undrawable."""
        self._left = MOST_VALUES
        return self._drawn(node, wish, DEEPEST)

    def _drawn(self, node: Any, wish: Wish, depth: int) -> Any:
        self._left -= 1
        if depth < -DEEPEST:
            raise Undrawable("it holds itself without end")
        if wish.nulls and depth < DEEPEST and self._schemas.takes_null(node):
            return None
        schema = self._chosen(self._schemas.merged(node), wish, depth)
        if isinstance(schema.get("enum"), list):
            return self._one_of(schema)
        kind = self._kind(schema)
        match kind:
            case "object":
                return self._object(schema, wish, depth)
            case "array":
                return self._array(schema, wish, depth)
            case "boolean":
                return not wish.least and self._rng.random() < 0.5
            case "integer" | "number":
                return self._number(schema, wish, whole=kind == "integer")
            case "null":
                return None
            case _:
                return self._text(schema, wish)

    def _chosen(self, schema: Schema, wish: Wish, depth: int) -> Schema:
        """Return a schema with one alternative of each choice, and a subtype if one must be named."""
        for _ in range(DEEPEST):
            if not schema.get("choices"):
                break
            made = {**schema, "choices": []}
            for branches in self._schemas.branches(schema):
                if not branches:
                    raise Undrawable("no alternative is left")
                made = both(made, self._branch(branches, schema))
            schema = made
        subtypes = self._schemas.subtypes(schema)
        if subtypes and "enum" not in schema:
            value, node = self._rng.choice([*subtypes.items()])
            chosen = both(self._schemas.merged(node, alone=True), {**schema, "discriminator": None})
            return self._chosen(_named(chosen, schema["discriminator"]["propertyName"], value), wish, depth)
        return schema

    def _branch(self, branches: list[Any], schema: Schema) -> Schema:
        node = self._rng.choice(branches)
        merged = self._schemas.merged(node, alone=bool(schema.get("discriminator")))
        discriminator = schema.get("discriminator")
        if isinstance(discriminator, dict) and isinstance(node, dict) and "$ref" in node:
            mapping = discriminator.get("mapping") or {}
            own = node["$ref"].rpartition("/")[2]
            value = next((key for key, name in mapping.items() if name in (node["$ref"], own)), own)
            name = discriminator.get("propertyName", "")
            if self._schemas.fits_as_discriminator(merged, name, value):
                merged = _named(merged, name, value)
        return merged

    def _one_of(self, schema: Schema) -> Any:
        kinds = schema.get("type")
        values = [each for each in schema["enum"] if each is not None and _is_kind(each, kinds)]
        if not values:
            raise Undrawable("an enum without a value of its type")
        return self._rng.choice(values)

    def _kind(self, schema: Schema) -> str:
        kinds = schema.get("type")
        if kinds is None:
            if "properties" in schema or "additionalProperties" in schema or "required" in schema:
                return "object"
            return "array" if "items" in schema else "string"
        usual = [kind for kind in ("object", "array", "string", "integer", "number", "boolean") if kind in kinds]
        if not usual:
            if not kinds:
                return "null"
            raise Undrawable(f"no value is {sorted(map(str, kinds))}")
        return usual[0]

    def _object(self, schema: Schema, wish: Wish, depth: int) -> dict[str, Any]:
        properties = _dict(schema.get("properties"))
        needed = [name for name in schema.get("required") or [] if isinstance(name, str)]
        made: dict[str, Any] = {}
        for name, node in properties.items():
            is_needed = name in needed
            if self._is_elsewhere(node, wish) or not (is_needed or (wish.optional and depth > 0 and self._left > 0)):
                continue
            try:
                made[name] = self._drawn(node, wish, depth - 1)
            except Undrawable:
                if is_needed:
                    raise
        beyond = schema.get("additionalProperties")
        for name in needed:
            if name not in properties:
                if beyond is False:
                    raise Undrawable(f"{name} is required and not allowed")
                made[name] = self._drawn(beyond if isinstance(beyond, dict) else {}, wish, depth - 1)
        self._add_further(made, schema, wish, depth)
        least, most = schema.get("minProperties", 0), schema.get("maxProperties", math.inf)
        if len(made) < least and not (wish.optional and wish.further):
            return self._object(schema, replace(wish, optional=True, further=True), max(depth, 1))
        if len(made) < least:
            raise Undrawable("too few members are known")
        for name in [name for name in reversed(made) if name not in needed][
            : max(len(made) - int(min(most, 10**6)), 0)
        ]:
            del made[name]
        return made

    def _add_further(self, made: dict[str, Any], schema: Schema, wish: Wish, depth: int) -> None:
        """Add members that no property names, where the schema says expressly that there may be some."""
        beyond, properties = schema.get("additionalProperties"), _dict(schema.get("properties"))
        is_free = beyond is not False and (isinstance(beyond, dict) or beyond is True or not properties)
        if not (wish.further and is_free) or (depth <= 0 and not made):
            return
        if schema.get("propertyNames") or schema.get("patternProperties"):
            return
        inner = beyond if isinstance(beyond, dict) else {}
        try:
            made[f"{self._rng.choice(FREE_NAMES)}_{self._next()}"] = self._drawn(inner, wish, depth - 1)
        except Undrawable:
            return

    def _is_elsewhere(self, node: Any, wish: Wish) -> bool:
        schema = self._schemas.merged(node)
        if wish.for_answer:
            return schema.get("writeOnly") is True
        return schema.get("readOnly") is True and "x-sent" not in schema

    def _array(self, schema: Schema, wish: Wish, depth: int) -> list[Any]:
        least, most = int(schema.get("minItems", 0)), schema.get("maxItems", math.inf)
        is_short = depth <= 0 or self._left <= 0 or (wish.empty and depth < DEEPEST)
        wanted = least if is_short else max(least, min(2, most))
        if wanted > 50:
            raise Undrawable("a long list")
        node = schema.get("items", {})
        made: list[Any] = []
        for _ in range(wanted * 8):
            if len(made) == wanted:
                break
            item = self._drawn(node, wish, depth - 1)
            if not (schema.get("uniqueItems") and item in made):
                made.append(item)
        if len(made) < least:
            raise Undrawable("too few different items")
        return made

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _number(self, schema: Schema, wish: Wish, *, whole: bool) -> int | float:
        low = _bound(schema, "minimum", "exclusiveMinimum", 1 if whole else 0.5)
        high = _bound(schema, "maximum", "exclusiveMaximum", -1 if whole else -0.5)
        step = schema.get("multipleOf")
        if isinstance(step, int | float) and step > 0:
            start = math.ceil((low if low is not None else 0) / step)
            value = start * step
            if step == 0.01:
                value = round(value, 2)
        else:
            wished = 0 if wish.least else 100 + self._next()
            value = wished if whole or wish.least else wished + 0.5
            value = value if low is None else max(value, low)
            value = value if high is None else min(value, high)
        if (low is not None and value < low) or (high is not None and value > high):
            raise Undrawable("no number is between its bounds")
        return int(value) if whole else value

    def _text(self, schema: Schema, wish: Wish) -> str:
        low, high = int(schema.get("minLength", 0)), int(min(schema.get("maxLength", 10**6), 10**6))
        patterns = schema.get("patterns") or []
        if patterns:
            try:
                return matching(patterns, self._rng, low, high)
            except Unwritable as refused:
                raise Undrawable(str(refused)) from None
        known = FORMATS.get("byte" if schema.get("contentEncoding") else str(schema.get("format")))
        if known is not None and low <= len(known) <= high:
            return known
        if wish.empty and not low and not schema.get("format"):
            return ""
        fitting = [each for each in LOOKALIKES if low <= len(each) <= high]
        if wish.lookalike and fitting and not schema.get("format"):
            return self._rng.choice(fitting)
        text = f"text {self._next()}" + wish.odd
        if len(text) > high:
            text = f"{self._count:x}"[-high:] if high else ""
        if low > 5000:
            raise Undrawable("a long text")
        return text + "x" * (low - len(text))


def _named(schema: Schema, name: str, value: str) -> Schema:
    """Return a schema whose discriminator has this value."""
    if not name:
        return schema
    properties = {**_dict(schema.get("properties")), name: {"type": "string", "enum": [value]}}
    needed = [*(schema.get("required") or []), name]
    return {**schema, "properties": properties, "required": needed, "discriminator": None}


def _bound(schema: Schema, plain: str, strict: str, inward: float) -> float | None:
    found: list[float] = []
    if isinstance(schema.get(plain), int | float):
        found.append(schema[plain])
    if isinstance(schema.get(strict), int | float):
        found.append(schema[strict] + inward)
    if not found:
        return None
    return max(found) if inward > 0 else min(found)


def _is_kind(value: Any, kinds: set[str] | None) -> bool:
    if not kinds:
        return True
    if isinstance(value, bool):
        return "boolean" in kinds
    if isinstance(value, int | float):
        return "number" in kinds or ("integer" in kinds and float(value).is_integer())
    name = "string" if isinstance(value, str) else "object" if isinstance(value, dict) else "array"
    return name in kinds


def _dict(value: Any) -> Schema:
    return value if isinstance(value, dict) else {}
