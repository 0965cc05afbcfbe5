"""The member `url` of records: the page in the vendor's own UI, declared in the definition and added to results."""

from collections.abc import Mapping
from typing import Any

from accounts.definition import Definition
from accounts.vendors.record_pages import RecordPages
from tools.catalogue.schemas.json_schemas import Schema
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


def with_urls(result: Any, linked: Mapping[str, str], kind_member: str | None, pages: RecordPages) -> Any:
    """Return a record, or each record of a list, with the address of its page, where it has one."""
    if isinstance(result, list):
        return [with_urls(record, linked, kind_member, pages) for record in result]
    if not isinstance(result, dict):
        return result
    kind = str(member_at(result, kind_member.split("."))) if kind_member else ANY_KIND
    address = pages.url_of(linked.get(kind, ""), result)
    return {**result, URL: address} if address else result
