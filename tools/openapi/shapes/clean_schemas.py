"""Schemas as a cleaner makes them, with what it knows of them: their size, and what they were made of."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from tools.catalogue.schemas.json_schemas import Schema
from tools.openapi.shapes.unlisted import Unlisted


@dataclass(frozen=True, slots=True)
class Facts:
    """What a cleaner knows of the schemas that it made, by their ids: their size, and which node each came from.

    `least` has the least that their members take, for each brevity in which they were copied.
    """

    sizes: dict[int, int] = field(default_factory=dict)
    sources: dict[int, int] = field(default_factory=dict)
    least: dict[tuple[int, int, bool], int] = field(default_factory=dict)
    unlisted: Unlisted = field(default_factory=Unlisted)

    def size_of(self, schema: Schema) -> int:
        """Return the approximate size in bytes of a schema that was made, or of a part of one."""
        known = self.sizes.get(id(schema))
        return known if known is not None else len(orjson.dumps(schema))

    def sized(self, schema: Schema) -> "CleanSchema":
        """Return a schema with its size, which is kept."""
        size = 2 + sum(
            len(word) + 4 + self._word_size(word, value) for word, value in schema.items() if word != "cases"
        )
        self.sizes[id(schema)] = size
        return CleanSchema(schema, size, self)

    def _word_size(self, word: str, value: Any) -> int:
        if word in {"properties", "patternProperties"}:
            return 2 + sum(len(name) + 4 + self._part_size(child) for name, child in value.items())
        if word in {"items", "additionalProperties"} and isinstance(value, dict):
            return self._part_size(value)
        return len(orjson.dumps(value))

    def _part_size(self, schema: Schema) -> int:
        known = self.sizes.get(id(schema))
        return known if known is not None else self.sized(schema).size


@dataclass(frozen=True, slots=True)
class CleanSchema:
    """A schema and its approximate size as JSON, in bytes. It is shared, so it must not be changed."""

    schema: Schema
    size: int
    facts: Facts = field(default_factory=Facts)
