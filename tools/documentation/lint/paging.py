"""Find where a list's paging, as its definition declares it, and its record contradict each other."""

import re
from collections.abc import Iterator

from accounts.definition import Definition, Method, Pagination
from accounts.texts.names import plain_name
from tools.catalogue.placement import is_paginated, properties_of
from tools.documentation.lint.findings import LintFinding
from tools.models import Documentation
from tools.pagination.vocabulary import OFFSETS, PAGES

NEXT_CURSOR = re.compile(r"\bnext_cursor\b")
# Arguments that ask for a part of a list, whatever else they are named with.
PARTS = PAGES | (OFFSETS - {"start", "first"}) | {"cursor", "pagetoken", "nexttoken", "continuationtoken", "bookmark"}


def paging_findings(definition: Definition, record: Documentation) -> Iterator[LintFinding]:
    """Yield a finding for each contradiction; the record's method must be in the definition."""
    method = definition.resources[record.resource].methods[record.method]
    arguments = {**properties_of(record.query_schema), **properties_of(record.body_schema)}
    if not is_paginated(definition, record.resource, record.method):
        if NEXT_CURSOR.search(record.description) and "next_cursor" not in arguments:
            words = "speaks of next_cursor, which this tool neither takes nor returns; take it out."
            yield LintFinding("paging", "description", words)
        return
    yield from _whole_list_findings(method.pagination or definition.pagination, arguments)
    yield from _schema_findings(method, record)


def _whole_list_findings(pagination: Pagination, arguments: dict[str, object]) -> Iterator[LintFinding]:
    if pagination.kind != "none":
        return
    for name in arguments:
        if plain_name(name) in PARTS:
            words = (
                f"{name} asks for a part of the list, but the definition says that it comes whole (pagination of kind "
                "none). Declare how it is paged, or paginated: false."
            )
            yield LintFinding("paging", "query_schema", words)


def _schema_findings(method: Method, record: Documentation) -> Iterator[LintFinding]:
    place = (method.result or "").partition(".")[0]
    described = properties_of(record.response_schema).get(place)
    if isinstance(described, dict) and described.get("type") == "array":
        words = f"describes the whole answer; describe one item of the list, which is at {method.result}."
        yield LintFinding("paging", "response_schema", words)
