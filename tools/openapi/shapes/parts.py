"""What a schema is made of, and how far that is followed."""

from contextlib import suppress
from typing import Any

from tools.openapi.errors import ReferenceRefused
from tools.openapi.reading.references import References
from tools.openapi.shapes.merging import Schema
from tools.openapi.shapes.values import list_of

MAX_PARTS, MAX_VARIANTS = 50, 500
MAX_STEPS = 20


def parts_of(node: Schema, references: References) -> list[Any]:
    """Return what a node is made of besides its own words: the target of its reference, and its `allOf`."""
    parts = list_of(node.get("allOf"))[:MAX_PARTS]
    if isinstance(node.get("$ref"), str):
        with suppress(ReferenceRefused):
            return [references.target(node["$ref"]), *parts]
    return parts
