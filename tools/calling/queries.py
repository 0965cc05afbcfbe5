"""Write values for a query or a form: scalars as text, arrays and objects in a vendor's style."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import orjson

Pairs = list[tuple[str, str]]

MAX_NAME = 1000

SEPARATORS = {"comma": ",", "space": " ", "pipe": "|"}


class ParametersRefused(ValueError):
    """A value cannot be written as parameters; the message, for a model, says why."""


def quoted(text: str) -> str:
    """Percent-encode a text for a query: everything but unreserved characters (RFC 3986, section 2.3)."""
    return text if text.isascii() and text.isalnum() else quote(text, safe="")


def scalar(value: Any) -> str:
    """Return a value as text for a query or a form; null is empty, an array or object is JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    return "" if value is None else str(value)


def query_pairs(name: str, value: Any, style: str) -> Pairs:
    """Return the parameters for one argument, in a style of the definition, to any depth of nesting.

    Raises ParametersRefused if a nested name would be longer than MAX_NAME: every value below repeats it, so a small
    argument could make a request of gigabytes.
    """
    return list(_pairs(name, value, style)) if isinstance(value, dict | list) else [(name, scalar(value))]


def _pairs(name: str, value: Any, style: str) -> Iterator[tuple[str, str]]:
    if len(name) > MAX_NAME:
        raise ParametersRefused(f"{name[:64]}…: the names of nested members are longer than {MAX_NAME} characters.")
    if not isinstance(value, dict | list) or style == "json":
        yield name, scalar(value)
    elif style in SEPARATORS:
        # OpenAPI 3.1, Style Values: an object's names and values alternate.
        parts = [part for pair in value.items() for part in pair] if isinstance(value, dict) else value
        yield name, SEPARATORS[style].join(map(scalar, parts))
    elif isinstance(value, dict):
        yield from _object_pairs(name, value, style)
    else:
        for count, item in enumerate(value):
            yield from _pairs(_item_name(name, count, item, style), item, style)


def _object_pairs(name: str, value: dict[str, Any], style: str) -> Iterator[tuple[str, str]]:
    match style:
        case "brackets" | "indices":
            for key, member in value.items():
                yield from _pairs(f"{name}[{key}]", member, style)
        case "dots":
            for key, member in value.items():
                yield from _pairs(f"{name}.{key}", member, style)
        case "members":
            for key, member in value.items():
                yield from _pairs(key, member, style)
        case _:
            yield name, scalar(value)


def _item_name(name: str, count: int, item: Any, style: str) -> str:
    """Return the parameter name for one item of an array."""
    match style:
        case "brackets":
            return f"{name}[]"
        case "indices":
            return f"{name}[{count}]"
        case "dots" if isinstance(item, dict | list):
            return f"{name}.{count}"
        case _:
            return name
