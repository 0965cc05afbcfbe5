"""Lint the arguments of a record: whether a model can fill in each from its name, type and description."""

import re
from collections.abc import Iterator
from typing import Any

from accounts.definition import Definition
from tools.catalogue.placement import properties_of
from tools.catalogue.ranges import RANGE_WORDS
from tools.catalogue.schemas.json_schemas import Schema, SchemaRefused, inline_references, walk
from tools.documentation.lint.findings import LintFinding
from tools.documentation.lint.words import says_more, words_of
from tools.models import Documentation

MANY = 25
NESTED = 300  # arguments read from one schema; with more it is too large in any case
SHORT = 20

VAGUE = frozenset(
    words_of(
        "arg args attributes body content data field fields info input item items key meta misc object opts options "
        "other param params payload properties query value values val x y"
    )
)
DATE = re.compile(r"(?:^|_)(?:date|datetime|timestamp|dob|birthday)(?:$|_)|(?:_at|_on|_date|_time|_since|_until)$")
ADDRESS = {
    "email": re.compile(r"(?:^|_)e?mail(?:_address)?\d*$"),
    "uri": re.compile(r"(?:^|_)(?:url|uri|website|webhook_url|callback)$"),
}
# Names whose values have a form that nobody can guess.
FORMED = re.compile(
    r"(?:^|_)(?:id|ids|uuid|guid|sku|code|phone|phone\d+|currency|country|locale|language|lang|time_?zone|tz|colou?r|"
    r"expand|fields|filter|sort|order_by|query|cron|duration|slug|handle|mime_type|content_type|metadata)$"
)
EXAMPLE = re.compile(
    r"\b(?:such as|e\.\s?g\.|for example|example|like|as returned|returned by|as in|from (?:list|get|the)|found in|"
    r"see|gave|given by)\b|(?-i:\b[a-z]+[A-Z]\w*)|[“\"'`]\S|\d|https?://|\b[a-z]+_[a-z_]+\b",
    re.IGNORECASE,
)
LISTED = re.compile(
    r"\b(?:one of|either|allowed values?|possible values?|valid values?|valid options|must be|can be|accepts|"
    r"options are|values? (?:is|are)|choices?)\b:?\s*(?P<values>[^.;]{3,300})",
    re.IGNORECASE,
)
MEMBER = re.compile(r"[`'\"“”‘’]([\w .-]{1,40})[`'\"“”‘’]")
PLAIN_MEMBERS = re.compile(
    r"^\(?[A-Za-z0-9_-]{1,30}(?:\s*[,|/]\s*[A-Za-z0-9_-]{1,30})+(?:,?\s+(?:or|and)\s+[A-Za-z0-9_-]{1,30})?\)?$"
)
SAYS_REQUIRED = re.compile(
    r"^\W*(?:required|mandatory)\b|\b(?:is|are|field) (?:required|mandatory)[.!]?\s*$", re.IGNORECASE
)
SAYS_OPTIONAL = re.compile(r"^\W*optional\b|\(optional\)|\bis optional[.!]?\s*$", re.IGNORECASE)
# Keywords of which an argument needs one, or a model does not know what kind of value it takes.
SHAPED = ("type", "enum", "const", "oneOf", "anyOf", "allOf", "$ref")


def argument_findings(definition: Definition, record: Documentation) -> Iterator[LintFinding]:
    """Yield the findings on arguments; none for a schema that the gate refuses."""
    count = 0
    for place in ("query_schema", "body_schema"):
        try:
            schema = inline_references(getattr(record, place) or {})
        except (SchemaRefused, RecursionError):
            continue
        properties = properties_of(schema)
        if not properties:
            continue
        required = schema.get("required", [])
        count += len(properties)
        yield from _required(record, place, properties, required if isinstance(required, list) else [])
        for read, (path, node) in enumerate(walk(schema)):
            if read >= NESTED:
                break
            yield from _argument(f"{place}{path}", path, node)
    if count > MANY:
        yield LintFinding(
            "arguments-many", "arguments", f"there are {count}; leave out those that nobody needs: {MANY} will do."
        )


def _is_end_of_range(path: str, node: Schema) -> bool:
    """Return whether it is a date inside an argument that is described, named by the end of a range that it is."""
    *above, name = path.lstrip(".").split(".")
    return bool(above) and name in RANGE_WORDS and "format" in node


def _argument(place: str, path: str, node: Schema) -> Iterator[LintFinding]:
    name = path.rpartition(".")[2]
    if not name or name.endswith(("[]", ")", "*")):
        return  # the argument that contains these items or alternatives describes them
    description = node.get("description")
    description = description.strip() if isinstance(description, str) else ""
    words = words_of(name)
    if not description and not _is_end_of_range(path, node):
        yield LintFinding(
            "argument-undescribed", place, "has no description; say what it is and where its value comes from."
        )
    elif description and not says_more(description, name, least=1) and not isinstance(node.get("enum"), list):
        yield LintFinding(
            "argument-echo", place, f"is described by its own name (“{description[:60]}”); say what it does."
        )
    if "_".join(words) in VAGUE and len(description) < SHORT:
        yield LintFinding(
            "argument-vague", place, "has a name that says nothing, so its description must say what goes in."
        )
    if not any(word in node for word in SHAPED):
        yield LintFinding(
            "argument-type", place, "has no type, so a model guesses whether it takes text, a number or a list."
        )
    yield from _values(place, "_".join(words), node, description)


def _values(place: str, name: str, node: Schema, description: str) -> Iterator[LintFinding]:
    """Yield the findings on values that have a form or come from a list."""
    if _is_closed(node):
        return
    listed = _listed(description) if _takes_text(node) else []
    if len(listed) > 1:
        yield LintFinding(
            "argument-values", place, f"lists its values in words ({', '.join(listed[:4])}); make them an enum as well."
        )
        return
    if not _takes_text(node):
        return
    kind = next((kind for kind, pattern in ADDRESS.items() if pattern.search(name)), "")
    if DATE.search(name) and not ({"format", "pattern"} & node.keys()):
        yield LintFinding(
            "argument-format", place, "is a date or time without a format; add `format: date-time` or `date`."
        )
    elif kind and not ({"format", "pattern"} & node.keys()):
        yield LintFinding("argument-format", place, f"looks like an address without a format; add `format: {kind}`.")
    elif _needs_example(name, node) and not EXAMPLE.search(description):
        yield LintFinding(
            "argument-example", place, "has a form that cannot be guessed; give an example, or say where to find one."
        )


def _needs_example(name: str, node: Schema) -> bool:
    return bool(FORMED.search(name)) and not ({"format", "pattern", "examples", "example", "default"} & node.keys())


def _is_closed(node: Schema) -> bool:
    items = node.get("items")
    inner = items if isinstance(items, dict) else {}
    return any(word in each for each in (node, inner) for word in ("enum", "const"))


def _takes_text(node: Schema) -> bool:
    kind = node.get("type")
    if kind == "array" and isinstance(node.get("items"), dict):
        kind = node["items"].get("type")
    return kind == "string" or (isinstance(kind, list) and "string" in kind)


def _listed(description: str) -> list[str]:
    """Return the values that a description names as the only ones allowed."""
    found = LISTED.search(description)
    if found is None:
        return []
    named: list[str] = MEMBER.findall(found["values"])
    if len(named) > 1:
        return named
    values = found["values"].strip()
    return re.findall(r"[A-Za-z0-9_-]+", re.sub(r"\b(?:or|and)\b", " ", values)) if PLAIN_MEMBERS.match(values) else []


def _required(
    record: Documentation, place: str, properties: dict[str, Any], required: list[Any]
) -> Iterator[LintFinding]:
    for name, node in properties.items():
        description = node.get("description") if isinstance(node, dict) else None
        if not isinstance(description, str):
            continue
        if name not in required and SAYS_REQUIRED.search(description):
            yield LintFinding(
                "argument-required", f"{place}.{name}", "is called required, but is not in `required`; make them agree."
            )
        elif name in required and SAYS_OPTIONAL.search(description):
            yield LintFinding("argument-required", f"{place}.{name}", "is called optional, but is in `required`.")
    silent = place == "body_schema" and record.method == "create" and len(properties) > 1 and not required
    if silent and not re.search(
        r"\b(optional|at least|leave out|none is required)\b", record.description, re.IGNORECASE
    ):
        yield LintFinding(
            "argument-required",
            place,
            "requires nothing, although something is created; list what the vendor asks for.",
        )
