"""Name the fields of a vendor's errors as the model knows them: by its tool's arguments.

A vendor names what it received: `loc: ["body", "x"]`, `/data/attributes/email`, `customer.email`, `filter[state]`. The
argument may have another name, or lie under the body's root.
"""

import re
from collections.abc import Iterator

from accounts.texts.names import plain_name
from accounts.vendors.answers.reasons import LOCATIONS, Field
from tools.catalogue.input_schemas import Placement
from tools.catalogue.tool import Tool

# Steps that vendors put before a member's name, but that no argument has.
WRAPPERS = LOCATIONS | {"$", "", "data", "attributes", "relationships", "payload", "request", "requestbody", "input",
                        "root", "fields", "properties"}  # fmt: skip
STEP = re.compile(r"[^.\[\]]+")
INDEX = re.compile(r"[0-9]{1,9}")


def argument_name(tool: Tool, field: Field) -> str:
    """Return the name of the argument that a field is in, with the steps inside it; the vendor's name if unknown."""
    for steps in _readings(field):
        for start in range(len(steps)):
            name = _named(tool, steps[start], steps[0].lower() if start else "")
            is_place = not start and len(steps) > 1 and steps[0].lower() in LOCATIONS
            if name and not (is_place and _named(tool, steps[1], steps[0].lower())):
                return _joined([name, *steps[start + 1 :]])
            if steps[start].lower() not in WRAPPERS | {(tool.method.body_root or "").lower()}:
                break
    unknown = field[1:] if len(field) > 1 and field[0].lower() in LOCATIONS else field
    return _joined([step for step in unknown if step])


def _readings(field: Field) -> Iterator[list[str]]:
    """Yield a field's steps as they came, and then with each name split at dots and brackets."""
    yield list(field)
    split = [part for step in field for part in STEP.findall(step)]
    if split != list(field):
        yield split


def _named(tool: Tool, wire_name: str, place: str) -> str:
    """Return the argument that is sent under a name, of several the one sent to that place; empty if there is none."""
    same = [name for name, placement in tool.placements.items() if placement.wire_name == wire_name]
    if not same:
        plain = plain_name(wire_name)
        alike = [name for name, placement in tool.placements.items() if plain_name(placement.wire_name) == plain]
        same = alike if plain and len(alike) == 1 else []
    return next((name for name in same if _is_in(tool.placements[name], place)), same[0] if same else "")


def _is_in(placement: Placement, place: str) -> bool:
    if place in {"query", "querystring", "params"}:
        return placement.in_query
    if place == "path":
        return placement.in_path
    return bool(placement.header) if place in {"header", "headers"} else placement.in_body


def _joined(steps: list[str]) -> str:
    """Return steps as one name, with indexes in brackets."""
    name = ""
    for step in steps:
        name += f"[{step}]" if INDEX.fullmatch(step) and name else f".{step}" if name else step
    return name
