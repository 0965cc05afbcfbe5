"""A tool's arguments in words: what each accepts, and whether it is required."""

from dataclasses import dataclass
from typing import Any

from tools.catalogue.schemas.json_schemas import Schema

PLAIN = "text"
KINDS = {
    "string": PLAIN,
    "integer": "whole number",
    "number": "number",
    "boolean": "yes or no",
    "array": "list",
    "object": "object",
    "null": "nothing",
}
FORMATS = {"date": "date", "date-time": "date and time", "email": "email address", "uri": "address", "uuid": "UUID"}
MOST_VALUES = 12
MOST_MEMBERS = 6


@dataclass(frozen=True, slots=True)
class ArgumentRow:
    """One argument: its name, what it accepts, the description that the model reads."""

    name: str
    takes: str
    required: bool
    description: str


def arguments_of(schema: Schema) -> list[ArgumentRow]:
    """Return the arguments of an inputSchema, in the schema's order."""
    required = set(schema.get("required", []))
    return [
        ArgumentRow(name, takes(declared), name in required, description_of(declared))
        for name, declared in schema.get("properties", {}).items()
    ]


def description_of(declared: Any) -> str:
    """Return a property's description; empty for a boolean schema."""
    return str(declared.get("description", "")) if isinstance(declared, dict) else ""


def kind_of(declared: Any) -> str:
    """Return a property's JSON type, ignoring null; empty where it has several or none."""
    kind = declared.get("type") if isinstance(declared, dict) else None
    if isinstance(kind, list):
        kinds = [each for each in kind if each != "null"]
        kind = kinds[0] if len(kinds) == 1 else None
    return kind if isinstance(kind, str) else ""


def takes(declared: Any) -> str:
    """Describe what a property accepts: `one of: open, closed`, `list of whole numbers`, `whole number, 1 to 100`."""
    if not isinstance(declared, dict):  # JSON Schema allows true and false as schemas
        return "anything"
    if "const" in declared:
        return f"always {declared['const']}"
    values = declared.get("enum")
    if isinstance(values, list):
        shown = ", ".join(str(value) for value in values[:MOST_VALUES])
        return f"one of: {shown}{', …' if len(values) > MOST_VALUES else ''}"
    kind = kind_of(declared)
    if kind == "array":
        return f"list of {_plural(takes(declared.get('items')))}"
    members = declared.get("properties")
    if kind == "object" and isinstance(members, dict) and members:
        more = ", …" if len(members) > MOST_MEMBERS else ""
        return f"object of {', '.join([*members][:MOST_MEMBERS])}{more}"
    words = FORMATS.get(str(declared.get("format")), KINDS.get(kind, "anything"))
    return f"{words}{_range(declared)}"


def _plural(words: str) -> str:
    plurals = {"text": "texts", "whole number": "whole numbers", "number": "numbers", "object": "objects"}
    return plurals.get(words, words.replace("object of", "objects of", 1))


def _range(declared: Schema) -> str:
    least, most = declared.get("minimum"), declared.get("maximum")
    if least is not None and most is not None:
        return f", {least} to {most}"
    if least is not None:
        return f", at least {least}"
    if most is not None:
        return f", at most {most}"
    longest = declared.get("maxLength")
    return f", at most {longest} characters" if longest is not None else ""
