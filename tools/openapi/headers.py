"""Headers that no model chooses: those of every request, such as an API version, and what answers are asked for."""

import re
from collections import Counter
from typing import Any

from accounts.definition import is_reserved_header
from tools.json_lines import is_json_lines
from tools.openapi.answers import is_json, with_parameters
from tools.openapi.arguments import HEADER, is_credential
from tools.openapi.errors import ReferenceRefused
from tools.openapi.reading.operations import Operation, Parameter
from tools.openapi.reading.references import References

MOST = 0.4
MAX_VALUE = 200
MAX_ACCEPT = 300
MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")
# What is asked for by default covers these.
USUAL = {"json": "application/json", "text": "text/plain", "html": "text/html"}


def constant_headers(
    operations: list[Operation], references: References, credentials: frozenset[str]
) -> dict[str, str]:
    """Return, with its value, each header that many operations take and that has one usual value."""
    counts: Counter[str] = Counter()
    values: dict[str, tuple[str, str]] = {}
    for operation in operations:
        for each in operation.named("header"):
            lower = each.name.lower()
            if is_reserved_header(each.name) or not HEADER.fullmatch(each.name) or is_credential(each, credentials):
                continue
            value = _usual_value(each, references)
            if value and ("version" in lower or each.required):
                counts[lower] += 1
                values.setdefault(lower, (each.name, value))
    return {
        values[lower][0]: values[lower][1] for lower, count in counts.items() if count >= MOST * max(1, len(operations))
    }


def _usual_value(parameter: Parameter, references: References) -> str:
    try:
        schema: Any = references.resolved(parameter.schema)
    except ReferenceRefused:
        return ""
    schema = schema if isinstance(schema, dict) else {}
    written = schema.get("enum")
    choices = written if isinstance(written, list) else []
    candidates = [schema.get("default"), *(choices if len(choices) == 1 else []), schema.get("const")]
    if "version" in parameter.name.lower():
        candidates += [parameter.example, schema.get("example")]
    for value in candidates:
        if isinstance(value, str) and 0 < len(value) <= MAX_VALUE and value.isascii() and value.isprintable():
            return value
    return ""


def accept_of(operation: Operation, kind: str) -> str:
    """Return the `Accept` header for an answer of a kind; empty if what is usual for it is among what is documented."""
    media = [with_parameters(each) for each in operation.answer.schemas]
    documented = [each for each in dict.fromkeys(media) if MEDIA_TYPE.fullmatch(each.partition(";")[0])]
    if USUAL.get(kind) in documented or len(documented) < len(set(media)):
        return ""  # a range of types, such as */*, takes whatever is asked for
    wanted = [each for each in documented if (is_json(each) or is_json_lines(each)) == (kind == "json")]
    named: list[str] = []
    for each in wanted:
        if len(", ".join([*named, each])) <= MAX_ACCEPT:
            named.append(each)
    if kind != "json" and named:
        named.append("*/*;q=0.5")
    return ", ".join(named)
