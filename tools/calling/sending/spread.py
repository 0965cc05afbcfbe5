"""Objects whose members become parameters or fields under their own names: none may take another's place."""

from typing import Any

from tools.calling.sending.queries import ParametersRefused
from tools.catalogue.input_schemas import Placement
from tools.catalogue.tool import Tool
from tools.catalogue.withheld import is_credential_name

FORMS = frozenset({"form", "multipart"})


def is_withheld(tool: Tool, name: str) -> bool:
    """Return whether a parameter, or a form's field, carries the account's credentials."""
    return is_credential_name(name) or name in tool.definition.authentication.query_names


def is_spread(tool: Tool, placement: Placement) -> bool:
    """Return whether members of an argument may become parameters or fields of their own."""
    return placement.in_query or (placement.query_style == "members" and _is_field(tool, placement))


def check_spread(tool: Tool, name: str, placement: Placement, value: Any) -> None:
    """Raise ParametersRefused for an object with a member that is another parameter, or one that no call may set.

    An object that names its members, and says nothing of others, has no others here: the import may have withheld them.
    """
    if not isinstance(value, dict) or placement.query_style != "members" or not is_spread(tool, placement):
        return
    schema = tool.checked_schema["properties"].get(name, {})
    is_open = not schema.get("properties") or schema.get("additionalProperties", False) is not False
    others = _taken(tool, placement) - {placement.parameter, placement.wire_name}
    for member in value:
        if member in others:
            raise ParametersRefused(f"cannot have a member {member[:64]!r}, which is another parameter.")
        if is_withheld(tool, member) or not (is_open or member in schema["properties"]):
            raise ParametersRefused(f"{member[:64]!r} is none of the members that a call may set; leave it out.")


def _taken(tool: Tool, placement: Placement) -> frozenset[str]:
    """Return the names of all parameters or fields in the places that an object's members would go to."""
    taken = tool.taken_names if placement.in_query else frozenset()
    if not _is_field(tool, placement):
        return taken
    return taken.union((each.wire_name for each in tool.placements.values() if each.in_body), tool.method.fixed_body)


def _is_field(tool: Tool, placement: Placement) -> bool:
    return placement.in_body and tool.method.body in FORMS
