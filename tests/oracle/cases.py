"""The calls of an operation that are tried: what is required, each optional part alone, all, nulls, odd characters."""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from tests.oracle.drawing import ODD, Drawer, Undrawable, Wish
from tests.oracle.reading import Content, Operation, Parameter
from tests.oracle.schemas import Schemas
from tests.oracle.writing import NOTHING, Call, is_nested, leaves

Names = Collection[tuple[str, str]]
ODD_BY_PLACE = {"path": "é &=+?#:@!$'()*", "query": ODD, "header": ' "b";c=d', "cookie": "é ü%&=+#"}
# RFC 9110, sections 8.4 and 14; RFC 7239.
CARRYING = frozenset({"content-encoding", "range", "if-range", "x-forwarded-for", "forwarded"})
# Parameters that say where in a list a page begins.
POSITIONS = re.compile(
    r"(page|page_?(number|token|key|cursor)|next_?(page)?_?(token|cursor)?|cursor|offset|after|before|start(ing)?_?(after|index|position)?|ending_before|skip|marker)"
    r"|page\[(number|cursor|token|after|before|offset)\]",
    re.I,
)
REQUIRED, ALL = Wish(optional=False), Wish()
WISHES = {
    "required": REQUIRED,
    "all": ALL,
    "nulls": Wish(nulls=True),
    "further members": Wish(further=True),
    "odd characters": Wish(odd=ODD),
    "empty values": Wish(empty=True),
    "least values": Wish(least=True),
    "texts like other values": Wish(lookalike=True),
    "all again": ALL,
}


class Cases:
    """Draws the calls of a document's operations. `skipped` parameters and members are never given."""

    def __init__(self, schemas: Schemas, *, singles: int = 1000) -> None:
        self._schemas = schemas
        self._drawer = Drawer(schemas)
        self._singles = singles

    def calls(
        self, operation: Operation, content: Content | None, skipped: Names = (), skipped_members: Collection[str] = ()
    ) -> Iterator[tuple[str, Call]]:
        """Yield calls, each with what it is for; none if what is required cannot be drawn."""
        parameters = [
            each
            for each in operation.parameters
            if (each.place, each.name) not in skipped and not is_of_the_client(each)
        ]
        for purpose, wish in WISHES.items():
            call = self._call(operation, parameters, content, wish, skipped_members)
            if call is not None:
                yield purpose, call
        base = self._call(operation, parameters, content, REQUIRED, skipped_members, leave_out_body=True)
        if base is None:
            return
        for parameter in [each for each in parameters if not each.required][: self._singles]:
            value = self._parameter(parameter, ALL)
            if value is not NOTHING:
                given = {**base.parameters, (parameter.place, parameter.name): value}
                yield f"{parameter.name} alone", replace(base, parameters=_told_apart(operation, given))
        if content is not None:
            yield from self._single_members(base, content, skipped_members)

    def _call(
        self,
        operation: Operation,
        parameters: list[Parameter],
        content: Content | None,
        wish: Wish,
        skipped_members: Collection[str],
        *,
        leave_out_body: bool = False,
    ) -> Call | None:
        given = {}
        for each in parameters:
            value = self._parameter(each, wish) if each.required or wish.optional else NOTHING
            if value is not NOTHING:
                given[each.place, each.name] = value
            elif each.required:
                return None
        given = _told_apart(operation, given)
        if content is None or (leave_out_body and not operation.body_required):
            return Call(operation, given)
        if not operation.body_required and not wish.optional:
            return Call(operation, given)
        if not content.is_json:
            wish = replace(wish, nulls=False)  # only JSON has a null
        try:
            body = self._drawer.value(content.schema, wish)
            body = self._only_member(content) if body == {} else body
            body = body if content.is_json else self._without_empty_lists(content, body)
        except Undrawable:
            return None if operation.body_required else Call(operation, given)
        if isinstance(body, dict):
            body = {name: value for name, value in body.items() if name not in skipped_members}
        return Call(operation, given, content, body)

    def _without_empty_lists(self, content: Content, body: Any) -> Any:
        """Return a form without lists that have no items: there are no fields for them (RFC 6570, section 2.3)."""
        schema = self._schemas.merged(content.schema)
        properties, needed = schema.get("properties") or {}, schema.get("required") or []
        if not isinstance(body, dict):
            return body
        made = {name: value for name, value in body.items() if value != []}
        return made | {name: self._drawer.value(properties[name], ALL) for name in body.keys() - made if name in needed}

    def _only_member(self, content: Content) -> dict[str, Any]:
        """Return an object with the only member that it may have: one that is empty would say nothing."""
        properties = self._schemas.merged(content.schema).get("properties") or {}
        return {name: self._drawer.value(node, REQUIRED) for name, node in properties.items() if len(properties) == 1}

    def _parameter(self, parameter: Parameter, wish: Wish) -> Any:
        """Return a value that has a form in the parameter's place; NOTHING if none was found."""
        odd = ODD_BY_PLACE[parameter.place] if wish.odd else ""
        try:
            value = self._drawer.value(parameter.schema, replace(wish, odd=odd, nulls=False, empty=False))
        except Undrawable:
            return NOTHING
        if value in ("", [], {}, None):
            return NOTHING
        return value if _has_form(parameter, value) else NOTHING

    def _single_members(self, base: Call, content: Content, skipped: Collection[str]) -> Iterator[tuple[str, Call]]:
        """Yield calls with each optional member of the body alone, beside the required ones."""
        schema = self._schemas.merged(content.schema)
        properties, needed = schema.get("properties") or {}, schema.get("required") or []
        if schema.get("choices") or schema.get("discriminator") or schema.get("type") not in (None, {"object"}):
            return
        names = [name for name in properties if name not in needed and name not in skipped]
        for name in names[: self._singles]:
            try:
                body = self._drawer.value(content.schema, REQUIRED)
                if self._schemas.merged(properties[name]).get("readOnly") is True:
                    continue
                if not isinstance(body, dict):
                    return
                body = {key: value for key, value in body.items() if key not in skipped}
                body[name] = self._drawer.value(properties[name], ALL)
            except Undrawable:
                continue
            yield f"{name} alone", replace(base, content=content, body=body)


def is_of_the_client(parameter: Parameter) -> bool:
    """Return whether a parameter says how a message is carried, or who sends it, and is no argument for that reason."""
    if parameter.place == "header" and not parameter.required and parameter.name.lower() in CARRYING:
        return True
    # RFC 6750, section 2.3; some documents describe the token of their scheme once more.
    return parameter.name == "access_token" or (
        parameter.name == "token" and "authentication token" in parameter.description.lower()
    )


def _has_form(parameter: Parameter, value: Any) -> bool:
    """Return whether OpenAPI says how a value is written where it goes."""
    if parameter.media_type:
        return True
    match parameter.place:
        case "cookie":
            # OpenAPI 3.1.1, Style Values: an exploded list in a cookie has no use.
            return not (isinstance(value, list | dict) and parameter.explode)
        case "header":
            # RFC 9110, section 5.5: spaces at the ends are none of a field's value.
            return not is_nested(value) and all(text.isascii() and text == text.strip() for text in leaves(value))
        case "path":
            has_slash = "/" in str(value) or "\\" in str(value)
            return not is_nested(value) and (parameter.takes_slashes or not has_slash)
        case _:
            return True


def _told_apart(operation: Operation, given: dict[tuple[str, str], Any]) -> dict[tuple[str, str], Any]:
    """Return values without members that are written under the name of another parameter; no vendor could tell them."""
    names = {each.name for each in operation.parameters if each.place == "query"}
    spread = {(each.place, each.name) for each in operation.parameters
              if each.place == "query" and each.style == "form" and each.explode and not each.media_type}  # fmt: skip
    made = {
        key: {name: each for name, each in value.items() if name not in names}
        if key in spread and isinstance(value, dict)
        else value
        for key, value in given.items()
    }
    return {key: value for key, value in made.items() if value != {}}
