"""The quality gate: whether a documentation record is good enough to become a tool, and if not, why."""

from accounts.definition import Definition
from tools.models import Documentation
from tools.naming import TOOL_NAME, tool_name
from tools.schemas import property_problems

MIN_DESCRIPTION = 40
MIN_WORDS = 6
MAX_DESCRIPTION = 4000
PAGING_ARGUMENTS = ("limit", "next_cursor")


def name_of(definition: Definition, record: Documentation) -> str:
    """Return the name of a record's tool."""
    singular = definition.singular(record.resource)
    return record.tool_name or tool_name(definition.name, record.resource, singular, record.method)


def problems_of(definition: Definition, record: Documentation) -> list[str]:
    """Return why a record is not good enough, a sentence each; empty when it is."""
    resource = definition.resources.get(record.resource)
    if resource is None or record.method not in resource.methods:
        known = ", ".join(f"{name}.{method}" for name, each in definition.resources.items() for method in each.methods)
        return [f"method: the definition has no {record.key}. It has: {known}."]
    return [
        *_name_problems(name_of(definition, record)),
        *_word_problems(record),
        *property_problems(record.query_schema, place="query_schema"),
        *property_problems(record.body_schema, place="body_schema"),
        *_placement_problems(definition, record),
    ]


def _name_problems(name: str) -> list[str]:
    if TOOL_NAME.fullmatch(name):
        return []
    return [f"tool_name: {name} must be at most 64 characters of a to z, 0 to 9 and _, or clients reject it."]


def _word_problems(record: Documentation) -> list[str]:
    problems = []
    description = record.description.strip()
    if not record.title.strip():
        problems.append("title: is missing; people see it in their client's list of tools.")
    if not description:
        problems.append("description: is missing; the model chooses tools by it.")
    elif len(description) < MIN_DESCRIPTION or len(description.split()) < MIN_WORDS:
        problems.append(
            f"description: is too thin; say what it does, when to use it and what it returns, "
            f"in at least {MIN_DESCRIPTION} characters."
        )
    elif description.lower() == record.title.strip().lower():
        problems.append("description: only repeats the title.")
    elif len(description) > MAX_DESCRIPTION:
        problems.append(f"description: is longer than {MAX_DESCRIPTION} characters; models pay for each of them.")
    return problems


def _placement_problems(definition: Definition, record: Documentation) -> list[str]:
    method = definition.resources[record.resource].methods[record.method]
    query, body = _properties(record.query_schema), _properties(record.body_schema)
    problems = [
        f"query_schema: the path's {{{name}}} is not among the properties."
        for name in method.path_parameters
        if name not in query
    ]
    if body and method.body == "none":
        problems.append("body_schema: the definition says that this method takes no body.")
    if is_paginated(definition, record.resource, record.method):
        pagination = method.pagination or definition.pagination
        taken = [*PAGING_ARGUMENTS, *pagination.parameters]
        problems += [
            f"query_schema: {name} is added to every list tool; take it out."
            for name in dict.fromkeys(taken)
            if name in query or name in body
        ]
    return problems


def is_paginated(definition: Definition, resource: str, method: str) -> bool:
    """Tell whether a method takes `limit` and `next_cursor`."""
    declared = definition.resources[resource].methods[method]
    return declared.paginated if declared.paginated is not None else method == "list"


def _properties(schema: object) -> dict[str, object]:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    return properties if isinstance(properties, dict) else {}
