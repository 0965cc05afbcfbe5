"""Take arguments as they were meant, where their schema leaves no doubt, and leave out what it cannot mean.

Models write lists and numbers as JSON text, and agent frameworks fill in every optional argument with null, an empty
text, list or object. A value that the schema allows is never changed.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from math import isfinite
from typing import Any

from accounts import bounded_json
from accounts.errors import NotJSON, TooDeep, TooMany
from tools.catalogue.file_arguments import is_file_value
from tools.catalogue.input_schemas import Placement
from tools.catalogue.schemas.value_shapes import ValueShape, kinds_of
from tools.catalogue.tool import Tool

INTEGER = re.compile(r"(-?[0-9]{1,400})(?:\.0{1,40})?")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,40})(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?")
BOOLEANS = {"true": True, "false": False, "True": True, "False": False}
EXACT_FLOATS = 2.0**53  # above it, a float may stand for several whole numbers
# How often JSON text may contain JSON text; each adds MAX_JSON_DEPTH levels to what is sent.
MAX_TEXTS = 2
NAMED_PLACES = 8
MAX_PLACE = 60


@dataclass
class Losses:
    """What a reading left out: the places with their values, and the places of lists that had nothing but such items.

    `unwritten` are the places of items that may not be left out, and that only JSON can write.
    """

    places: list[str] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    unwritten: list[str] = field(default_factory=list)


def as_meant(tool: Tool, arguments: dict[str, Any], losses: Losses, *, deep: bool) -> dict[str, Any]:
    """Return arguments as they were meant; what was left out goes to `losses`.

    A read says nothing by an empty parameter, so only a write notes one, and a count, whose number does not show that a
    filter was left out. Only a `deep` reading looks into the lists and
    objects of a JSON body, which are sent as they are if they fit. What is returned may still not fit the schema.
    """
    known, is_open = tool.input_schema["properties"], tool.input_schema["additionalProperties"] is not False
    used = {}
    for name, given in arguments.items():
        if name not in known and not is_open:
            used[name] = given
            continue
        shape, placement = tool.shape.member(name), tool.placements.get(name)
        if _is_plain(given, shape):
            used[name] = given
            continue
        # Paging and `fields` are read here and have no placement; members without a name go into the body.
        in_body = placement.in_body if placement is not None else name not in known
        in_json = in_body and tool.method.body == "json"
        if in_json and not deep and isinstance(given, dict | list) and given:
            used[name] = with_whole_numbers(given, shape)
            continue
        # Of null, agent frameworks and strict schemas say that nothing is meant.
        is_noted = in_body or not tool.read_only or (tool.counted is not None and given is not None)
        noted = losses if is_noted else Losses(unwritten=losses.unwritten)
        read = _read_argument(name, given, shape, placement, noted, in_body=in_body, in_json=in_json)
        if read is not LEFT_OUT:
            used[name] = read
        elif given is not None and name in tool.shape.required:
            used[name] = _as_needed(given, shape)
        elif not given:
            noted.places.append(_noted(name, given))
    return used


def _read_argument(
    name: str,
    given: Any,
    shape: ValueShape,
    placement: Placement | None,
    losses: Losses,
    *,
    in_body: bool,
    in_json: bool,
) -> Any:
    """Return an argument as it was meant in its place; LEFT_OUT if it has no form there."""
    if placement is None:
        return Reading(with_null=in_json, losses=losses).value(given, shape, name)
    with_null = in_json or _is_json(placement)
    # RFC 6570, section 2.3: a list without items is undefined, so a form has nothing for it.
    if not in_json and (_says_nothing(given, shape, in_body=in_body) or (given == [] and not with_null)):
        return LEFT_OUT
    value = _as_files(given, with_lists="array" in shape.kinds) if placement.is_file else given
    return Reading(not in_body, with_null, losses).value(value, shape, name)


def _says_nothing(value: Any, shape: ValueShape, *, in_body: bool) -> bool:
    """Return whether a value has no form outside JSON, or is one that a parameter would only send as empty."""
    if value is None:
        return True
    return not in_body and value in ("", [], {}) and not (value == "" and shape.documents_empty_text)


def _is_json(placement: Placement) -> bool:
    """Return whether a value is written as JSON although the body is none."""
    return placement.query_style == "json" or placement.path_style == "json" or "json" in placement.part_type


def _is_plain(value: Any, shape: ValueShape) -> bool:
    """Return whether a value is what most are: a text or a whole number where the schema takes one."""
    return (type(value) is str and value != "" and shape.takes_any_text) or (
        type(value) is int and "integer" in shape.kinds
    )


def _as_files(value: Any, *, with_lists: bool = False) -> Any:
    """Wrap plain text as a file with that text; text that is JSON for a file, or a list of files, is these."""
    if isinstance(value, list):
        return [_as_files(each) for each in value]
    if isinstance(value, dict) and not any(value.values()) and len(value) > 1:
        return None  # every member was filled in with nothing
    if not isinstance(value, str) or not value:
        return value
    read = from_json(value) if value.lstrip()[:1] in {"{", "["} else None
    is_list = with_lists and isinstance(read, list) and bool(read) and all(map(is_file_value, read))
    return _as_files(read) if is_list or is_file_value(read) else {"text": value}


def in_body_of(placement: Placement, shape: ValueShape, value: Any) -> Any:
    """Return an argument that also goes into the body, in its type there; LEFT_OUT if the body cannot take it."""
    read = Reading().value(value, shape, placement.wire_name)
    return read if read is LEFT_OUT or kinds_of(read) & shape.kinds else LEFT_OUT


class LeftOut:
    """What stands for a value that was left out."""


LEFT_OUT = LeftOut()


@dataclass
class Reading:
    """One reading of an argument; `losses` receives what it leaves out.

    Parameters say nothing by an empty value (`in_parameter`). Only JSON has a null (`with_null`).
    """

    in_parameter: bool = False
    with_null: bool = True
    losses: Losses = field(default_factory=Losses)

    def value(self, value: Any, shape: ValueShape, place: str, texts: int = 0) -> Any:
        """Return a value as it was meant; LEFT_OUT if the schema cannot mean it and it is empty."""
        if isinstance(value, str):
            return self._text(value, shape, place, texts)
        if isinstance(value, dict):
            return self._object(value, shape, place, texts)
        if isinstance(value, list):
            return self._list(value, shape, place, texts)
        if value is None:
            return None if self.with_null and shape.takes(None) else LEFT_OUT
        return _number(value, shape.kinds)

    def _text(self, value: str, shape: ValueShape, place: str, texts: int) -> Any:
        kinds = shape.kinds
        if value == "":
            taken = shape.documents_empty_text if self.in_parameter else "string" in kinds and shape.takes("")
            return value if taken else LEFT_OUT
        if shape.takes_text(value):
            return value
        read = _read(value, kinds, texts)
        if isinstance(read, dict | list):
            return self.value(read, shape, place, texts + 1)
        return read

    def _object(self, value: dict[str, Any], shape: ValueShape, place: str, texts: int) -> Any:
        if "object" not in shape.kinds:
            return value or LEFT_OUT
        made = {}
        for name, member in value.items():
            read = self.value(member, shape.member(name), f"{place}.{name}"[-MAX_PLACE:], texts)
            if read is not LEFT_OUT:
                made[name] = read
            elif name in shape.required:
                made[name] = _as_needed(member, shape.member(name))
            else:
                self._note(member, f"{place}.{name}"[-MAX_PLACE:])
        # What held nothing but empty members was not meant either.
        return made if made or (not value and not self.in_parameter and shape.takes({})) else LEFT_OUT

    def _list(self, value: list[Any], shape: ValueShape, place: str, texts: int) -> Any:
        """Return a list with all its items, or LEFT_OUT: an item that is left out would move those behind it."""
        if "array" not in shape.kinds:
            return value or LEFT_OUT
        places = [f"{place}[{number}]"[-MAX_PLACE:] for number in range(len(value))]
        made = [self.value(item, shape.item, where, texts) for item, where in zip(value, places, strict=True)]
        if any(read is not LEFT_OUT for read in made):
            return [
                self._kept(item, shape.item, where) if read is LEFT_OUT else read
                for read, item, where in zip(made, value, places, strict=True)
            ]
        for item, where in zip(value, places, strict=True):
            self._note(item, where)
        self.losses.lists += [place] if value else []
        return LEFT_OUT if value or self.in_parameter or not shape.takes([]) else []

    def _kept(self, item: Any, shape: ValueShape, place: str) -> Any:
        """Return an item that may not be left out; what cannot be sent is refused: by its schema, or as unwritten."""
        if not self.with_null and (item is None or isinstance(item, list)):
            self.losses.unwritten.append(place)
        return _as_needed(item, shape)

    def _note(self, value: Any, place: str) -> None:
        # An object in which everything was left out has been noted with its members.
        if not value:
            self.losses.places.append(_noted(place, value))


def _noted(place: str, value: Any) -> str:
    """Return how a place that was left out is named, with its value."""
    shown = "null" if value is None else '""' if value == "" else "[]" if value == [] else "{}"
    return f"{place} ({shown})"


def _as_needed(value: Any, shape: ValueShape) -> Any:
    """Return a value that may not be left out: an object filled in with nothing as an empty one, any other as it came.

    A list that came with items is never emptied: an empty list may clear what the vendor has.
    """
    return {} if isinstance(value, dict) and _is_hollow(value) and shape.takes({}) else value


def _is_hollow(value: Any) -> bool:
    """Return whether a value is empty, or an object of nothing but such values."""
    return all(map(_is_hollow, value.values())) if isinstance(value, dict) else value in (None, "", [])


def remark_on(left_out: list[str]) -> str:
    """Return what a result says about values that were left out."""
    named = ", ".join(left_out[:NAMED_PLACES])
    more = len(left_out) - NAMED_PLACES
    return f"Not sent, since the documentation allows no such value: {named}{f' and {more} more' if more > 0 else ''}."


def with_whole_numbers(value: Any, shape: ValueShape) -> Any:
    """Return a value with 5.0 as 5 wherever only whole numbers are allowed, and nothing else changed."""
    if not _has_whole_float(value):
        return value
    if isinstance(value, dict):
        return {name: with_whole_numbers(member, shape.member(name)) for name, member in value.items()}
    if isinstance(value, list):
        return [with_whole_numbers(item, shape.item) for item in value]
    return int(value) if _is_whole_only(value, shape.kinds) else value


def _has_whole_float(value: Any) -> bool:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, float) and item.is_integer():
            return True
        if isinstance(item, dict | list):
            waiting.extend(item.values() if isinstance(item, dict) else item)
    return False


def _is_whole_only(value: float, kinds: frozenset[str]) -> bool:
    return "integer" in kinds and "number" not in kinds and value.is_integer() and abs(value) < EXACT_FLOATS


def _number(value: Any, kinds: frozenset[str]) -> Any:
    """Return a number as text where only text is allowed, and 5.0 as a whole number where only these are."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return str(value) if "string" in kinds and not {"integer", "number"} & kinds else value
    if isinstance(value, float) and value.is_integer() and "string" in kinds and not {"integer", "number"} & kinds:
        return str(int(value)) if abs(value) < EXACT_FLOATS else value
    return int(value) if _is_whole_only(value, kinds) else value


def _read(text: str, kinds: frozenset[str], texts: int) -> Any:
    """Return what a text stands for, where text itself is not allowed; the text if that is not clear."""
    if "boolean" in kinds and text in BOOLEANS:
        return BOOLEANS[text]
    if "integer" in kinds and (found := INTEGER.fullmatch(text)) and ("number" not in kinds or found[1] == text):
        return int(found[1])
    if "number" in kinds and NUMBER.fullmatch(text) and isfinite(float(text)):
        return float(text) if Decimal(repr(float(text))) == Decimal(text) else Decimal(text)
    if text == "null" and "null" in kinds:
        return None
    wanted = {"array": "[", "object": "{"}
    if texts < MAX_TEXTS and text.lstrip()[:1] in {wanted[kind] for kind in wanted.keys() & kinds}:
        return from_json(text)
    return text


def from_json(text: str) -> Any:
    """Return what JSON text stands for, within the limits of a request; the text if it is no JSON."""
    try:
        return bounded_json.loads_request(text.encode())
    except (NotJSON, TooDeep, TooMany, UnicodeEncodeError):
        return text
