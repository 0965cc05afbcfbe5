"""Check a model's arguments against its tool: taken as they were meant, or refused with each problem."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, cast
from zoneinfo import ZoneInfo

import jsonschema_rs
import orjson

from accounts.texts.counting import counted
from accounts.texts.nearest import nearest
from accounts.time_zones import UTC
from tools.calling.sending.meaning import Losses, as_meant, from_json
from tools.calling.sending.problems import worded
from tools.catalogue.projection import FIELDS, MAX_FIELDS, FieldUnknown, Projection
from tools.catalogue.ranges import backward
from tools.catalogue.tool import Tool
from tools.errors import InvalidArguments

MAX_PROBLEMS = 8
# Arguments larger than either are not searched for the place of a mistake: the validator finds all mistakes before it
# reports the first, and quotes the surrounding value with each.
SEARCHED_VALUES = 500
SEARCHED_CHARACTERS = 64 * 1024
PAGE_SIZE = "limit"


def check(tool: Tool, arguments: Any, *, left_out: list[str] | None = None, zone: ZoneInfo = UTC) -> dict[str, Any]:
    """Return the arguments as they will be used, or raise InvalidArguments with each problem.

    They are taken as they were meant: see meaning.py. `left_out` receives the places from which an empty value was
    taken; `zone` is the account's.
    """
    arguments = from_text(arguments)
    if not isinstance(arguments, dict):
        raise invalid_arguments(tool, ["arguments must be a JSON object."])
    arguments, unknown = _without_page_size(tool, arguments)
    losses = Losses()
    used = as_meant(tool, arguments, losses, deep=False)
    if not tool.validator.is_valid(used):
        losses = Losses()
        used = as_meant(tool, arguments, losses, deep=True)
        if not tool.validator.is_valid(used):
            raise invalid_arguments(tool, _problems(tool, used, zone))
    if losses.unwritten:
        places = ", ".join(losses.unwritten[:MAX_PROBLEMS])
        raise invalid_arguments(
            tool, [f"{places}: only JSON can say null or an empty list here; give a value, or no item."]
        )
    if tool.ranges and (problems := [*backward(tool.ranges, used)]):
        raise invalid_arguments(tool, problems)
    if not tool.read_only:
        _check_losses(tool, arguments, used, losses)
        _check_change(tool, used)
    if tool.needed_in_body:
        _check_body(tool, used)
    if left_out is not None:
        left_out += [*unknown, *losses.places]
    if tool.projection and FIELDS in used:
        _check_fields(tool, used[FIELDS])
    return used


def from_text(arguments: Any) -> Any:
    """Return arguments that came as JSON text, or not at all, as the object that they stand for."""
    if arguments is None or arguments == "":
        return {}
    return from_json(arguments) if isinstance(arguments, str) else arguments


def _check_losses(tool: Tool, arguments: dict[str, Any], used: dict[str, Any], losses: Losses) -> None:
    """Refuse a write that has lost what it was to change, or what says which things it reaches."""
    places = ", ".join(losses.places[:MAX_PROBLEMS])
    if losses.places and tool.is_update and not tool.body_arguments(used):
        problem = f"{places}: the documentation allows no such value, so nothing would be changed. Give another value."
        raise invalid_arguments(tool, [problem])
    if losses.lists:
        emptied = ", ".join(losses.lists[:MAX_PROBLEMS])
        problem = f"{emptied}: the documentation allows none of its items, so the list would be lost. Give other items."
        raise invalid_arguments(tool, [problem])
    if _is_narrowed(tool) and _chosen(tool, arguments) and not _chosen(tool, used):
        lost = places or ", ".join(_chosen(tool, arguments)[:MAX_PROBLEMS])
        problem = (
            f"{lost}: an empty value is not sent, and without it the call would do something else, or reach more than "
            "was meant. Give another value; leave it out only if everything is meant."
        )
        raise invalid_arguments(tool, [problem])


def _check_change(tool: Tool, used: dict[str, Any]) -> None:
    """Refuse an update that says only what to change, and not how."""
    if tool.needs_change and not _changes(tool, used):
        problem = f"Nothing to change was given. It changes: {', '.join(sorted(tool.changing))}."
        raise invalid_arguments(tool, [problem])


def _changes(tool: Tool, used: dict[str, Any]) -> list[str]:
    """Return the arguments that say what an update changes; those without a name go into the body."""
    return [name for name in used if name in tool.changing or name not in tool.placements]


def _is_narrowed(tool: Tool) -> bool:
    """Return whether the arguments outside the path decide what a write changes, or what a destructive one reaches.

    Where the path ends with an id, a destructive call reaches that one thing, whatever else is given.
    """
    if tool.destructive:
        return not tool.method.path.endswith("}")
    return tool.method.http in {"PUT", "PATCH"} and tool.method.body == "none"


def _chosen(tool: Tool, arguments: dict[str, Any]) -> list[str]:
    """Return the arguments that go elsewhere than into the path."""
    return [name for name in arguments if name not in tool.placements or not tool.placements[name].in_path]


def _check_body(tool: Tool, used: dict[str, Any]) -> None:
    """Refuse a body without a member that it needs."""
    given = tool.body_arguments(used)
    missing = [name for name in tool.placements if name in tool.needed_in_body and name not in used]
    if given and missing:
        raise invalid_arguments(tool, (f"{name} is required where {given[0]} is given." for name in missing))


def _without_page_size(tool: Tool, arguments: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Leave out a page size where there are no pages: models know `limit` from every other list.

    Any other write may have been meant for so many things and no more, so there it stays, and is refused.
    """
    schema = tool.input_schema
    is_taken = PAGE_SIZE in schema["properties"] or schema["additionalProperties"] is not False
    if is_taken or type(arguments.get(PAGE_SIZE)) is not int or not (tool.read_only or _makes_a_list(tool)):
        return arguments, []
    return {name: value for name, value in arguments.items() if name != PAGE_SIZE}, [PAGE_SIZE]


def _makes_a_list(tool: Tool) -> bool:
    """Return whether a tool takes nothing away and its documented answer is a list."""
    result = tool.output.schema.get("properties", {}).get("result", {}) if tool.output else {}
    return tool.method.http == "POST" and not tool.destructive and "array" in result.get("type", ())


def _check_fields(tool: Tool, names: list[str]) -> None:
    if len(names) > MAX_FIELDS:
        raise invalid_arguments(tool, [f"{FIELDS}: takes at most {MAX_FIELDS} members, and there are {len(names)}."])
    problems = []
    for name in names:
        try:
            cast(Projection, tool.projection).check(name)
        except FieldUnknown as unknown:
            problems.append(f"{FIELDS}: {unknown}")
        if len(problems) == MAX_PROBLEMS:
            break
    if problems:
        raise invalid_arguments(tool, problems)


def invalid_arguments(tool: Tool, problems: Iterable[str]) -> InvalidArguments:
    """Return the refusal of arguments, with the first of these problems."""
    found = list(islice(problems, MAX_PROBLEMS))
    return InvalidArguments(reason=f"The arguments do not fit {tool.name}.", problems=found)


def _problems(tool: Tool, used: dict[str, Any], zone: ZoneInfo) -> Iterator[str]:
    """Yield the problems of invalid arguments; a caller that stops early saves the rest of the search."""
    known: dict[str, Any] = tool.input_schema["properties"]
    any_found = False
    is_open = tool.input_schema["additionalProperties"] is not False
    for found in (
        () if is_open else _unknown(known, used),
        (f"{name} is required." for name in tool.input_schema.get("required", []) if name not in used),
        _unfitting(tool, {name: used[name] for name in used if name in known or is_open}, zone),
        _problems_of_the_whole(tool.input_schema, used),
    ):
        for problem in found:
            any_found = True
            yield problem
    if not any_found:
        yield "they do not match the tool's inputSchema."


def _unknown(known: dict[str, Any], used: dict[str, Any]) -> Iterator[str]:
    for name in used:
        if name not in known:
            meant = nearest(name, known, cutoff=0.5)
            hint = f"did you mean {meant}?" if meant else f"it takes: {', '.join(known) or 'no arguments'}."
            yield f"{name[:64]} is not an argument of this tool; {hint}"


def _unfitting(tool: Tool, given: dict[str, Any], zone: ZoneInfo) -> Iterator[str]:
    """Yield the problems within known arguments."""
    if _is_searched(given):
        yield from (
            worded(error, tool.input_schema, zone) for error in tool.validator.iter_errors(given) if _is_inside(error)
        )
        return
    for name, value in given.items():
        if not tool.optional_validator.is_valid({name: value}):
            known = tool.input_schema["properties"].get(name, tool.input_schema["additionalProperties"])
            wanted = orjson.dumps(known)[:300].decode(errors="ignore")
            yield f"{name}: does not fit, and is too large to say where; its schema begins {wanted}"


def _is_inside(error: jsonschema_rs.ValidationError) -> bool:
    """Return whether an error is not one of those that are told of the arguments as a whole in other words."""
    return bool(error.instance_path) or error.schema_path[0] in {"dependentSchemas", "additionalProperties"}


def _is_searched(given: dict[str, Any]) -> bool:
    """Return whether arguments are small enough to be searched for the place of a mistake."""
    values, characters = SEARCHED_VALUES, SEARCHED_CHARACTERS
    waiting: list[Any] = [given]
    while waiting and values >= 0 and characters >= 0:
        item = waiting.pop()
        if isinstance(item, str):
            characters -= len(item)
        elif isinstance(item, dict | list):
            values -= len(item)
            waiting.extend(item.values() if isinstance(item, dict) else item)
            characters -= sum(map(len, item)) if isinstance(item, dict) else 0
    return values >= 0 and characters >= 0


def _problems_of_the_whole(schema: dict[str, Any], used: dict[str, Any]) -> Iterator[str]:
    """Yield the problems of the arguments as a whole."""
    for name, needs in schema.get("dependentRequired", {}).items():
        if name in used:
            yield from (f"{each} is required where {name} is given." for each in needs if each not in used)
    if len(used) < schema.get("minProperties", 0):
        yield f"give at least {counted(schema['minProperties'], 'argument')} in all."
    if len(used) > schema.get("maxProperties", len(used)):
        yield f"give at most {counted(schema['maxProperties'], 'argument')} at once."
