"""The schema of what a tool returns, from the answers that an operation documents."""

from typing import Any

from tools.openapi.answers import Result, inside, other_schemas
from tools.openapi.definition import MadeMethod
from tools.openapi.errors import ReferenceRefused
from tools.openapi.shapes.clean_schemas import CleanSchema
from tools.openapi.shapes.fitting import fitted
from tools.openapi.shapes.merging import Schema, kinds_of
from tools.openapi.shapes.schemas import Cleaner

RESPONSE_BUDGET, ANSWER_DEPTH = 5_000, 5


def response_schema(made: MadeMethod, cleaner: Cleaner) -> Schema:
    """Return the schema of the result, or of one item of a list, whichever of the documented answers it is from."""
    result, of_items = made.read.result, made.is_paginated
    if result.schema is None:
        return {}
    documented = _result_schema(result, result.schema, cleaner, RESPONSE_BUDGET, of_items=of_items)
    schemas = [documented]
    for other in other_schemas(made.read.operation):
        try:
            schema = _result_schema(result, other, cleaner, RESPONSE_BUDGET // 4, of_items=of_items)
        except ReferenceRefused:
            schema = {}
        schemas += [schema] if schema not in schemas else []
    return documented if len(schemas) == 1 or not documented else {"anyOf": schemas}


def _result_schema(result: Result, schema: Any, cleaner: Cleaner, budget: int, *, of_items: bool) -> Schema:
    """Return the schema of what a call returns of an answer: what is at the result's place, or all of it."""

    def built(depth: int) -> CleanSchema:
        envelope = cleaner.cleaned(schema, depth + len(result.steps) + (1 if result.is_list else 0))
        found = inside(envelope.schema, result.steps)
        if found is None:
            found = {} if schema is result.schema else envelope.schema
        # A list of lists stays whole: of a list's schema, the catalogue takes the items itself.
        if of_items and "array" in kinds_of(found) and "array" not in kinds_of(found.get("items")):
            found = found.get("items") or {}
        return CleanSchema(found, cleaner.size_of(found), envelope.facts)

    return fitted(built, budget, ANSWER_DEPTH)
