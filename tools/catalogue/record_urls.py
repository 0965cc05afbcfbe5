"""The member `url` of records: the page in the vendor's own UI, declared in the definition and added to results."""

from typing import Any

from accounts.definition import Definition
from accounts.vendors.record_pages import RecordPages
from tools.catalogue.schemas.json_schemas import Schema
from tools.catalogue.tool import Tool
from tools.member_paths import member_at

URL = "url"
# The methods that return records of their own resource, unless they say otherwise.
RECORD_METHODS = frozenset({"list", "get", "search", "create", "update"})
# The kind of all records of a list that mixes none.
ANY_KIND = ""


def linked_resources(
    definition: Definition, resource: str, method_name: str, documented: Schema | None
) -> dict[str, str]:
    """Return the resources whose pages a method's records have, by the kind that a record says of itself.

    There are none where the vendor documents a `url` of its own.
    """
    method, linked = definition.resources[resource].methods[method_name], {}
    if method.answer != "json" or method.counts or URL in (documented or {}).get("properties", {}):
        return {}
    if method.record_kind:
        linked = {definition.singular(name): name for name in definition.resources}
    elif method.records or method_name in RECORD_METHODS:
        linked = {ANY_KIND: method.records or resource}
    return {kind: name for kind, name in linked.items() if definition.resources[name].record_url}


def with_url(schema: Schema) -> Schema:
    """Return the schema of a record, or of a list of records, with the address of its page."""
    if "properties" not in schema:
        return {**schema, "items": with_url(schema["items"])} if "items" in schema else schema
    return {**schema, "properties": {**schema["properties"], URL: {"type": ["string", "null"]}}}


def with_urls(tool: Tool, records: list[Any], pages: RecordPages) -> list[Any]:
    """Return records of several kinds with the addresses of their pages; any others as they are."""
    if not tool.method.record_kind:
        return records
    steps = tool.method.record_kind.split(".")
    return [_with_url(each, tool.linked.get(str(member_at(each, steps)), ""), pages) for each in records]


def _with_url(record: Any, resource: str, pages: RecordPages) -> Any:
    address = pages.url_of(resource, record) if isinstance(record, dict) else ""
    return {**record, URL: address} if address else record
