"""Write values for a query, a form, a header or a cookie: scalars as text, arrays and objects in a vendor's style."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import orjson

Pairs = list[tuple[str, str]]

MAX_NAME = 1000

# A separator, and how it is sent in a query: a comma as it is, so that a comma within an item can be told from it.
SEPARATORS = {"comma": (",", ","), "space": (" ", "%20"), "pipe": ("|", "%7C"), "tab": ("\t", "%09")}
# OpenAPI 3.1, Parameter Object, allowReserved. What would end a parameter, or begin another one, is still encoded.
RESERVED = ":/?@!$'()*,="
BIGGEST = 2**64


class ParametersRefused(ValueError):
    """A value cannot be written as parameters; the message, for a model, says why."""


class Encoded(str):
    """A text with its own percent-encoded form, such as a list in which only the items are encoded."""

    __slots__ = ("encoded",)
    encoded: str

    @classmethod
    def of(cls, text: str, encoded: str) -> "Encoded":
        made = cls(text)
        made.encoded = encoded
        return made


def quoted(text: str) -> str:
    """Percent-encode a text for a query: everything but unreserved characters (RFC 3986, section 2.3)."""
    return text if text.isascii() and text.isalnum() else quote(text, safe="")


def with_reserved(text: str) -> str:
    """Percent-encode a text for a query, except for the reserved characters that cannot end a parameter."""
    return quote(text, safe=RESERVED)


def written(pairs: Pairs, encode: Callable[[str], str] = quoted) -> str:
    """Return parameters as a query, or with another `encode` as a form."""
    return "&".join([f"{encode(name)}={encoded(value, encode)}" for name, value in pairs])


def encoded(text: str, encode: Callable[[str], str] = quoted) -> str:
    """Return a text as it is sent: in its own form if it has one."""
    return text.encoded if isinstance(text, Encoded) else encode(text)


def scalar(value: Any) -> str:
    """Return a value as text for a query or a form; null is empty, an array or object is JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return as_json(value).decode()
    if isinstance(value, Decimal):
        return format(value, "f")
    return "" if value is None else str(value)


def as_json(value: Any, option: int = 0) -> bytes:
    """Return a value as JSON, numbers with all their digits, however many there are; `option` is one of orjson's."""
    try:
        return orjson.dumps(value, option=option)
    except TypeError:
        # orjson refuses decimals, and integers beyond 64 bits.
        return orjson.dumps(_with_digits(value), option=option)


def _with_digits(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_digits(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_with_digits(item) for item in value]
    is_long = isinstance(value, Decimal) or (isinstance(value, int) and abs(value) >= BIGGEST // 2)
    return orjson.Fragment(scalar(value)) if is_long else value


def query_pairs(name: str, value: Any, style: str) -> Pairs:
    """Return the parameters for one argument, in a style of the definition, to any depth of nesting.

    Raises ParametersRefused if a nested name would be longer than MAX_NAME: every value below repeats it, so a small
    argument could make a request of gigabytes.
    """
    if isinstance(value, dict | list) or style == "json":
        return list(_pairs(name, value, style))
    return [(name, scalar(value))]


def delimited(value: Any, style: str) -> str:
    """Return an array or object as one text, in one of the styles with a separator; a scalar as it is."""
    if style == "json":
        return as_json(value).decode()
    if not isinstance(value, dict | list):
        return scalar(value)
    separator, sent = SEPARATORS.get(style, SEPARATORS["comma"])
    if isinstance(value, list):
        texts = list(map(scalar, value))
        return Encoded.of(separator.join(texts), sent.join(map(quoted, texts)))
    # OpenAPI 3.1, Style Examples: an object's names and values alternate, or are paired.
    between = "=" if style == "pairs" else separator
    members = [(key, scalar(member)) for key, member in value.items()]
    pairs = [f"{quoted(key)}{'=' if style == 'pairs' else sent}{quoted(text)}" for key, text in members]
    return Encoded.of(separator.join(f"{key}{between}{text}" for key, text in members), sent.join(pairs))


def _pairs(name: str, value: Any, style: str) -> Iterator[tuple[str, str]]:
    if len(name) > MAX_NAME:
        raise ParametersRefused(f"{name[:64]}…: the names of nested members are longer than {MAX_NAME} characters.")
    if value == [] and style != "json":
        return  # RFC 6570, section 2.3: undefined, like a parameter that is not given
    if style in SEPARATORS or style in {"pairs", "json"}:
        yield name, delimited(value, style)
    elif not isinstance(value, dict | list):
        yield name, scalar(value)
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
