"""Complete an argument of a prompt, or a variable of a resource's template. MCP, Utilities, Completion.

What is offered comes from the definition, or from a list of the account's: departments, reps, tags. A vendor that does
not list them in time leaves nothing to offer, which is no error.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from accounts.allowances import calls
from accounts.definition import Lookup
from accounts.errors import AllowanceUsedUp
from accounts.texts.nearest import nearest
from mcpservers.features.prompts import invalid_params, prompt_of
from mcpservers.features.resources import ResourceAddress
from mcpservers.jsonrpc import Request, as_object
from mcpservers.tool_calls import RequestContext, noted_caller
from tools.calling.invocation import entries_of
from tools.calling.names import Entry
from tools.errors import CallFailed

# MCP, Completion: at most so many values.
MOST_VALUES = 100
# A person waits for them at each key.
SECONDS = 3.0
TOO_LATE = "A completion waits for so long only."
# The longest beginning that is compared with what there is; the shortest that is looked for inside, or may be misspelt.
MAX_BEGUN, LEAST_INSIDE, LEAST_FUZZY = 100, 2, 3


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value that may be meant, and the texts by which a person knows it."""

    value: str
    known_by: tuple[str, ...]


async def complete_argument(request: Request, context: RequestContext) -> dict[str, Any]:
    """Return the values that an argument may begin with, or raise JsonRpcError for one that does not exist."""
    reference, asked = as_object(request.params.get("ref")) or {}, as_object(request.params.get("argument")) or {}
    name, begun = asked.get("name"), asked.get("value")
    if not isinstance(name, str) or not isinstance(begun, str):
        raise invalid_params("argument needs a name and a value, both texts")
    match reference.get("type"):
        case "ref/prompt":
            known = await _of_prompt(reference.get("name"), name, request, context)
        case "ref/resource":
            known = await _of_template(reference.get("uri"), name, request, context)
        case _:
            raise invalid_params("ref.type is ref/prompt or ref/resource")
    values = matching(begun, known)
    return {"completion": {"values": values[:MOST_VALUES], "total": len(values), "hasMore": len(values) > MOST_VALUES}}


async def _of_prompt(prompt_name: Any, name: str, request: Request, context: RequestContext) -> list[Suggestion]:
    prompt = prompt_of(context.server.offer.prompts, prompt_name)
    argument = next((each for each in prompt.arguments if each.name == name), None)
    if argument is None:
        known = ", ".join(each.name for each in prompt.arguments) or "none"
        raise invalid_params(f"{name[:64]} is no argument of the prompt; it has: {known}")
    suggestions = [Suggestion(value, (value,)) for value in argument.values]
    if argument.lookup:
        entries = await _entries(argument.lookup, request, context)
        suggestions += [Suggestion(entry.name, (entry.name,)) for entry in entries]
    return suggestions


async def _of_template(template: Any, name: str, request: Request, context: RequestContext) -> list[Suggestion]:
    address = context.server.offer.resources.of_template(template) if isinstance(template, str) else None
    if address is None:
        raise invalid_params("ref.uri is no template; resources/templates/list says which there are")
    if name not in address.variables:
        known = ", ".join(address.variables) or "none"
        raise invalid_params(f"{name[:64]} is no variable of the template; it has: {known}")
    declared = address.tool.input_schema["properties"].get(name)
    values = declared.get("enum", ()) if isinstance(declared, dict) else ()
    suggestions = [Suggestion(str(value), (str(value),)) for value in values if isinstance(value, str | int)]
    for key, lookup in address.tool.definition.lookups.items():
        if _is_of(lookup, address, name):
            entries = await _entries(key, request, context)
            suggestions += [Suggestion(str(entry.id), (entry.name, str(entry.id))) for entry in entries]
    return suggestions


def _is_of(lookup: Lookup, address: ResourceAddress, name: str) -> bool:
    """Return whether a variable of a template takes the id of a lookup's entries."""
    tool = address.tool
    return name in lookup.arguments or (
        lookup.read_by == f"{tool.resource}.{tool.method_name}" and tool.placements[name].in_path
    )


async def _entries(key: str, request: Request, context: RequestContext) -> list[Entry]:
    """Return the entries of a lookup that are in use; none where they cannot be had in time."""
    server = context.server
    definition = server.offer.catalogue.definition
    lister = server.tools.of_method(definition.lookups[key].method) if definition else None
    if lister is None or server.connection is None or not settings.NAMES_SECONDS:
        return []
    sender = noted_caller(request, context)
    listing = asyncio.ensure_future(entries_of(key, lister, server.connection, sender, among=server.tools))
    try:
        with calls.one(*context.holders):
            done, _ = await asyncio.wait({listing}, timeout=SECONDS)
            return [entry for entry in listing.result().by_id.values() if entry.is_active] if done else []
    except (CallFailed, AllowanceUsedUp):
        return []
    finally:
        if listing.cancel(TOO_LATE):
            await asyncio.wait({listing})


def matching(begun: str, known: Iterable[Suggestion]) -> list[str]:
    """Return the values that begin so, then those with a word that does, that contain it, or that are spelt alike."""
    wanted = begun.strip().casefold()[:MAX_BEGUN]
    suggestions = [*known]
    ranked: list[list[str]] = [[], [], []]
    for each in suggestions:
        rank = min((_rank(wanted, text.casefold()) for text in each.known_by), default=len(ranked))
        if rank < len(ranked):
            ranked[rank].append(each.value)
    found = [value for values in ranked for value in values]
    if not found and len(wanted) >= LEAST_FUZZY:
        by_text = {text.casefold()[:MAX_BEGUN]: each.value for each in suggestions for text in each.known_by}
        meant = nearest(wanted, by_text, cutoff=0.6)
        found = [by_text[meant]] if meant else []
    return [*dict.fromkeys(found)]


def _rank(wanted: str, text: str) -> int:
    if text.startswith(wanted):
        return 0
    if any(word.startswith(wanted) for word in text.split()):
        return 1
    return 2 if wanted in text and len(wanted) >= LEAST_INSIDE else 3
