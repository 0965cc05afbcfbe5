"""A documentation record as a model would meet it: the tool it makes, what that costs, and what stands in its way.

Works on records that are not saved, so that an editor sees the consequence of a change before it is made.
"""

from dataclasses import dataclass
from typing import Any

from accounts.errors import DefinitionInvalid
from accounts.models import Integration
from tools.catalogue import Catalogue, Tool, catalogue_of, compile_tool
from tools.costs import estimate_tokens
from tools.formats import as_mcp
from tools.gate import name_of, problems_of
from tools.models import Documentation

EXPOSED, DRAFT, WITHDRAWN = "exposed", "draft", "withdrawn"

# What the gate says of these is about words alone: the tool can be shown all the same.
WORDS = frozenset({"tool_name", "title", "description"})


@dataclass(frozen=True)
class Preview:
    """What a record comes to. `listed` is the tool as MCP lists it, None while it cannot be made at all."""

    state: str
    name: str
    reasons: tuple[str, ...] = ()
    listed: dict[str, Any] | None = None
    tokens: int | None = None


def preview_of(record: Documentation, also: tuple[str, ...] = ()) -> Preview:
    """Return the preview of a record as it stands in memory; `also` are problems that are known besides."""
    try:
        definition = record.integration.parsed()
    except Integration.DoesNotExist:  # a new record, for which none is chosen yet
        return Preview(DRAFT, "", also)
    except DefinitionInvalid as invalid:
        return Preview(DRAFT, record.key, (*also, *(f"definition: {problem}" for problem in invalid.problems)))
    problems = [*also, *problems_of(definition, record)]
    if any(problem.partition(":")[0] not in WORDS for problem in problems):
        return Preview(DRAFT, record.key, tuple(problems))
    name = name_of(definition, record)
    problems += _clash(catalogue_of(record.integration), name, record)
    listed = as_mcp(compile_tool(definition, record))
    state = DRAFT if problems else EXPOSED if record.published else WITHDRAWN
    return Preview(state, name, tuple(problems), listed, estimate_tokens(listed))


def stored_preview(record: Documentation) -> Preview:
    """Return the preview of a record as it is saved, from the catalogue: made for lists, it compiles nothing twice."""
    catalogue = catalogue_of(record.integration)
    for draft in catalogue.drafts:
        if draft.key == record.key:
            reasons = tuple(draft.reasons if record.published else draft.reasons[1:])
            return Preview(DRAFT if reasons else WITHDRAWN, record.tool_name or record.key, reasons)
    tool = _tool_of(catalogue, record)
    if tool is None:
        return Preview(DRAFT, record.key, ("This record is newer than the tools that are held; load the page again.",))
    return Preview(EXPOSED, tool.name, tokens=estimate_tokens(as_mcp(tool)))


def _tool_of(catalogue: Catalogue, record: Documentation) -> Tool | None:
    for tool in catalogue:
        if (tool.resource, tool.method_name) == (record.resource, record.method):
            return tool
    return None


def _clash(catalogue: Catalogue, name: str, record: Documentation) -> list[str]:
    other = catalogue.tools.get(name)
    if other is None or (other.resource, other.method_name) == (record.resource, record.method):
        return []
    return [f"tool_name: {name} is the name of {other.resource}.{other.method_name}'s tool already."]
