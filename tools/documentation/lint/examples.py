"""Lint the calls that a record shows: each must be one that its tool takes."""

from collections.abc import Iterable, Iterator
from typing import Any

from accounts.definition import Definition
from tools.catalogue.compilation import compile_tool
from tools.catalogue.examples import flaws_of_examples
from tools.catalogue.gate import problems_of
from tools.catalogue.schemas.json_schemas import SchemaRefused
from tools.catalogue.tool import Tool
from tools.documentation.lint.findings import LintFinding
from tools.models import Documentation
from tools.models.documentation import CONTENT_FIELDS


def example_findings(tool: Tool) -> Iterator[LintFinding]:
    """Yield the examples that are no calls of a tool."""
    yield from (LintFinding("example-invalid", place, words) for place, words in flaws_of_examples(tool))


def example_problems(definition: Definition, records: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield the problems of the examples in a bundle, each with its place; the records must have been checked."""
    for number, record in enumerate(records):
        tool = _tool_of(definition, record) if record.get("examples") else None
        if tool:
            yield from (f"documentation[{number}].{place}: {words}" for place, words in flaws_of_examples(tool))


def _tool_of(definition: Definition, record: dict[str, Any]) -> Tool | None:
    """Return the tool that a bundle's record makes; None if it makes none, which the gate explains."""
    values = {name: record[name] for name in ("resource", "method", *CONTENT_FIELDS) if name in record}
    made = Documentation(**values)
    if problems_of(definition, made):
        return None
    try:
        return compile_tool(definition, made)
    except (SchemaRefused, RecursionError):
        return None
