"""What is wrong with an argument, in words that say what to give instead."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema_rs
import orjson

from accounts.time_zones import UTC
from tools.catalogue.schemas.checking import names_no_moment
from tools.member_paths import member_at

LONGEST = 300
MOST_MEMBERS = 20
# Allowed values are told up to so many characters: a model that is told only a few would guess the rest.
ALL_VALUES = 1_000
OFFSET_NEEDED = (
    "needs a date, a time and its offset from UTC, such as {example}; without the offset, the hour might be another"
)
SOME_TIME = datetime.fromisoformat("2026-11-30T09:00:00+01:00")
# Of other years, no time is proposed: none was meant, and a change of zone may lead out of what can be written.
YEARS = range(1900, 9999)
# RFC 3339, section 5.6: an offset has no seconds, as those before standard time had.
A_MINUTE = timedelta(minutes=1)
NO_SUCH_TIME = "is no day or hour that there is"
FORMATS = {
    "email": "is not an email address",
    "idn-email": "is not an email address",
    "email-list": "has something that is no email address",
    "date": NO_SUCH_TIME,
}


def worded(error: jsonschema_rs.ValidationError, schema: dict[str, Any], zone: ZoneInfo) -> str:
    """Return a problem with its place; `schema` is the one that the arguments do not fit, `zone` the account's."""
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
    place = place.lstrip(".")[:200]
    if error.kind.name == "falseSchema":
        return f"{place}: {_why_refused(error)}; leave it out."
    return f"{place}: {_message(error, zone)}{_case_of(error)}.{_meaning(error, schema)}".removeprefix(": ")


def _message(error: jsonschema_rs.ValidationError, zone: ZoneInfo) -> str:
    kind = error.kind
    if kind.name == "enum":
        return f"{_shown(error.instance)} is not one of {_listed(kind.value)}"
    if kind.name == "format" and kind.value == "date-time":
        return f"{_shown(error.instance)} {_why_no_moment(str(error.instance), zone)}"
    if kind.name == "format" and kind.value in FORMATS:
        return f"{_shown(error.instance)} {FORMATS[kind.value]}"
    message = error.message
    return message if len(message) <= LONGEST else f"{message[:140]}…{message[-150:]}"


def _why_no_moment(value: str, zone: ZoneInfo) -> str:
    return OFFSET_NEEDED.format(example=_with_offset(value, zone)) if names_no_moment(value) else NO_SUCH_TIME


def _with_offset(value: str, zone: ZoneInfo) -> str:
    """Return a time with the offset that it has in a zone; where the account's is not known, any example."""
    if zone == UTC:
        return SOME_TIME.isoformat()
    usual = SOME_TIME.replace(tzinfo=zone)
    try:
        moment = datetime.fromisoformat(value.strip().replace("_", "T")).replace(tzinfo=zone)
    except ValueError:
        moment = usual
    can_be_written = moment.year in YEARS and not (moment.utcoffset() or timedelta()) % A_MINUTE
    return f"{(moment if can_be_written else usual).isoformat()} in {zone}"


def _shown(value: Any) -> str:
    text = orjson.dumps(value, default=str).decode()
    return text if len(text) <= LONGEST // 3 else f"{text[: LONGEST // 3]}…"


def _listed(values: list[Any]) -> str:
    """Return all values; of very many the first, with the number of the others."""
    named: list[str] = []
    for value in values:
        if sum(map(len, named)) > ALL_VALUES:
            return f"{', '.join(named)} and {len(values) - len(named):,} more"
        named.append(_shown(value))
    return ", ".join(named)


def _meaning(error: jsonschema_rs.ValidationError, schema: dict[str, Any]) -> str:
    """Return what an argument is, where a value has the form of something else, such as of another kind of id."""
    if error.kind.name == "type":
        return _form(error, schema)
    if error.kind.name != "pattern" or len(error.instance_path) != 1:
        return ""
    argument = schema["properties"].get(error.instance_path[0])
    words = argument.get("description", "") if isinstance(argument, dict) else ""
    return f" It takes: {words}" if words else ""


def _form(error: jsonschema_rs.ValidationError, schema: dict[str, Any]) -> str:
    """Return how a value is written that came in another form; empty where its kind says enough."""
    kinds = error.kind.value
    if isinstance(error.instance, list):
        return " Give one value alone."
    if "array" in kinds:
        return " Give a list."
    node = member_at(schema, [str(step) for step in error.schema_path[:-1]]) if "object" in kinds else None
    members = node.get("properties") if isinstance(node, dict) else None
    return f" Give an object with any of: {', '.join([*members][:MOST_MEMBERS])}." if members else ""


def _why_refused(error: jsonschema_rs.ValidationError) -> str:
    """Return why a member is refused whatever its value is (tools/openapi/shapes/unlisted.py)."""
    case = _case_of(error)
    is_of_vendor = "patternProperties" in error.schema_path[-2:] or not case
    return "only the vendor sets it, no call does" if is_of_vendor else f"the documentation has no such member{case}"


def _case_of(error: jsonschema_rs.ValidationError) -> str:
    """Return in which case a rule holds that depends on another member; empty for any other rule."""
    steps = [*error.schema_path]
    if "dependentSchemas" not in steps:
        return ""
    return f" with this {steps[len(steps) - steps[::-1].index('dependentSchemas')]}"
