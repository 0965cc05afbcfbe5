"""How values are written into a request, by OpenAPI 3.1.1 (Style Examples, Encoding Object) and RFC 6570."""

import base64
import json
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, unquote

from tests.oracle.reading import FORM, MULTIPART, Content, Operation, Parameter
from tests.oracle.schemas import Schemas

SEPARATORS = {"form": ",", "simple": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C", "tabDelimited": "%09"}
# RFC 3986, 2.2: reserved characters; those that would end a parameter stay encoded (OpenAPI 3.1.1, allowReserved).
RESERVED = ":/?@!$'()*,"
# RFC 2045, section 6.2: with these, no encoding has been performed.
UNENCODED = ("binary", "8bit", "7bit")


class _Nothing:
    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Any = _Nothing()


@dataclass(frozen=True)
class Call:
    """Values for an operation: of parameters by place and name, and of the body in one of its formats."""

    operation: Operation
    parameters: dict[tuple[str, str], Any] = field(default_factory=dict)
    content: Content | None = None
    body: Any = NOTHING


@dataclass(frozen=True)
class Part:
    """One part of a multipart body; a media type that is empty is any.

    With an `encoding`, the content is in it already, and the part says so.
    """

    name: str
    content: Any
    media_type: str = ""
    is_file: bool = False
    encoding: str = ""


@dataclass
class Expected:
    """What must be sent. Values of a query and a form are as they are encoded, in their order, by decoded name.

    `loose` are parameters for which OpenAPI leaves open how they are written: names that theirs begin with, and the
    texts that have to be among their values.
    """

    method: str
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    loose: list[tuple[str, list[str]]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    media_types: list[str] = field(default_factory=list)
    body: Any = NOTHING


def text_of(value: Any) -> str:
    """Return a value as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value)
    return "" if value is None else str(value)


def encoded(value: Any, *, reserved: bool = False) -> str:
    return quote(text_of(value), safe=RESERVED if reserved else "")


def expected(call: Call, schemas: Schemas) -> Expected:
    """Return what must be sent for a call."""
    operation = call.operation
    # Some documents tell operations of one path apart by a fragment, which is never sent (RFC 9110, 7.1).
    path, _, fixed = operation.path.partition("#")[0].partition("?")
    made = Expected(operation.method, operation.base + path)
    for pair in filter(None, fixed.split("&")):
        name, _, value = pair.partition("=")
        made.query.setdefault(unquote(name), []).append(value)
    for parameter in operation.parameters:
        value = call.parameters.get((parameter.place, parameter.name), NOTHING)
        if value is not NOTHING:
            _put(made, parameter, value)
    if call.content is not None and call.body is not NOTHING:
        made.media_types = [each.plain_type for each in operation.contents]
        made.body = body_of(call.content, call.body, schemas)
    return made


def _put(made: Expected, parameter: Parameter, value: Any) -> None:
    match parameter.place:
        case "path":
            made.path = made.path.replace("{" + parameter.name + "}", in_path(parameter, value))
        case "query":
            for name, raw in pairs_of(parameter.name, value, parameter, made.loose):
                made.query.setdefault(name, []).append(raw)
        case "header":
            made.headers[parameter.name.lower()] = _simple(parameter, value)
        case _:
            made.cookies[parameter.name] = _cookie(parameter, value)


def in_path(parameter: Parameter, value: Any) -> str:
    """Return a value as it stands in the path (RFC 6570, 3.2)."""
    if parameter.media_type:
        return encoded(json.dumps(value))
    style, name = parameter.style, quote(parameter.name, safe="")
    parts = _parts(value, explode=parameter.explode)
    joined = ",".join(parts)
    if style == "label":
        return "." + (".".join(parts) if parameter.explode else joined)
    if style == "matrix":
        if not parameter.explode or not isinstance(value, dict | list):
            return f";{name}={joined}"
        return "".join(f";{part}" if isinstance(value, dict) else f";{name}={part}" for part in parts)
    return SEPARATORS.get(style, ",").join(parts) if isinstance(value, list) else joined


def _parts(value: Any, *, explode: bool) -> list[str]:
    if isinstance(value, list):
        return [encoded(item) for item in value]
    if isinstance(value, dict):
        if explode:
            return [f"{encoded(name)}={encoded(member)}" for name, member in value.items()]
        return [encoded(each) for pair in value.items() for each in pair]
    return [encoded(value)]


def is_nested(value: Any) -> bool:
    """Return whether a value has lists or objects in it, for which no style is defined."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(isinstance(each, dict | list) for each in inner)


def pairs_of(name: str, value: Any, written: Parameter, loose: list[tuple[str, list[str]]]) -> list[tuple[str, str]]:
    """Return the pairs of a query for a value, each with its value encoded."""
    if written.media_type:
        return [(name, encoded(json.dumps(value, ensure_ascii=False, separators=(",", ":"))))]
    if is_nested(value):
        loose.append((name, leaves(value)))
        return []
    reserved = written.reserved
    if written.style == "deepObject":
        if isinstance(value, list):
            loose.append((name, leaves(value)))
            return []
        if isinstance(value, dict):
            return [(f"{name}[{key}]", encoded(member, reserved=reserved)) for key, member in value.items()]
    if written.explode and isinstance(value, dict):
        return [(key, encoded(member, reserved=reserved)) for key, member in value.items()]
    if written.explode and isinstance(value, list):
        return [(name, encoded(item, reserved=reserved)) for item in value]
    if isinstance(value, dict):
        value = [each for pair in value.items() for each in pair]
    if value == []:
        return []  # RFC 6570, 2.3: a list without items is undefined
    if isinstance(value, list):
        return [(name, SEPARATORS.get(written.style, ",").join(encoded(item, reserved=reserved) for item in value))]
    return [(name, encoded(value, reserved=reserved))]


def leaves(value: Any) -> list[str]:
    if isinstance(value, dict | list):
        return [text for each in (value.values() if isinstance(value, dict) else value) for text in leaves(each)]
    return [text_of(value)]


def _simple(parameter: Parameter, value: Any) -> str:
    if parameter.media_type:
        return json.dumps(value, separators=(",", ":"))
    if isinstance(value, dict):
        if parameter.explode:
            return ",".join(f"{name}={text_of(member)}" for name, member in value.items())
        return ",".join(text_of(each) for pair in value.items() for each in pair)
    return ",".join(map(text_of, value)) if isinstance(value, list) else text_of(value)


def _cookie(parameter: Parameter, value: Any) -> str:
    if parameter.media_type:
        return encoded(json.dumps(value, separators=(",", ":")))
    return ",".join(_parts(value, explode=False))


def body_of(content: Content, value: Any, schemas: Schemas) -> Any:
    """Return a body in the form that `sent.py` reads one in."""
    if content.plain_type == FORM:
        return _form(content, value, schemas)
    if content.plain_type == MULTIPART:
        return [part for name, each in value.items() for part in _multipart(name, each, content, schemas)]
    return value if content.is_json or "*" in content.plain_type else text_of(value).encode()


@dataclass
class Form:
    """A form: values as they are encoded, in their order, by decoded name; see Expected for `loose`."""

    fields: dict[str, list[str]]
    loose: list[tuple[str, list[str]]]


def _form(content: Content, value: dict[str, Any], schemas: Schemas) -> Form:
    made = Form({}, [])
    for name, each in value.items():
        for key, raw in _field(name, each, _encoding(content, name), made.loose):
            made.fields.setdefault(key, []).append(raw)
    return made


def _encoding(content: Content, name: str) -> dict[str, Any]:
    written = content.encoding.get(name)
    return written if isinstance(written, dict) else {}


def _field(
    name: str, value: Any, encoding: dict[str, Any], loose: list[tuple[str, list[str]]]
) -> list[tuple[str, str]]:
    """Return the fields for one property (OpenAPI 3.1.1, Encoding the x-www-form-urlencoded Media Type)."""
    if {"style", "explode", "allowReserved"} & encoding.keys():
        style = str(encoding.get("style", "form"))
        explode = encoding.get("explode", style == "form") is True
        return pairs_of(name, value, Parameter(name, "query", False, {}, style, explode), loose)
    if "json" in str(encoding.get("contentType", "")):
        return [(name, encoded(json.dumps(value, ensure_ascii=False, separators=(",", ":"))))]
    if isinstance(value, list) and not any(isinstance(item, list) for item in value):
        return [(name, _json_or_text(item)) for item in value]
    if isinstance(value, list):
        loose.append((name, []))
        return []
    return [(name, _json_or_text(value))]


def _json_or_text(value: Any) -> str:
    if isinstance(value, dict):
        return encoded(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    return encoded(value)


def _multipart(name: str, value: Any, content: Content, schemas: Schemas) -> list[Part]:
    """Return the parts for one property (OpenAPI 3.1.1, Encoding multipart Media Types)."""
    encoding = _encoding(content, name)
    schema = schemas.merged((schemas.merged(content.schema).get("properties") or {}).get(name, {}))
    if {"style", "explode"} & encoding.keys():
        # RFC 6570 fields, which OpenAPI 3.1 defines for multipart as well; names and values are not encoded.
        return [Part(name, NOTHING)] if value != [] else []
    media_type = str(encoding.get("contentType") or schema.get("contentMediaType") or "").partition(",")[0].strip()
    inner = schemas.merged(schema.get("items", {})) if isinstance(value, list) else schema
    written = str(inner.get("contentEncoding") or "")
    written = "" if written in UNENCODED else written
    if written and not media_type:
        # OpenAPI 3.1.1, Encoding Object, contentType: the default beside contentEncoding.
        media_type = str(inner.get("contentMediaType") or "application/octet-stream")
    media_type = "" if "*" in media_type else media_type
    is_file = is_bytes(inner)
    if isinstance(value, list) and "json" in media_type:
        return [Part(name, NOTHING, media_type)]
    carried = _carried(encoding, schemas)
    made = [_one(name, item, media_type, is_file=is_file) for item in (value if isinstance(value, list) else [value])]
    if written:
        # OpenAPI 3.1.1, Encoding Object: as if its headers had Content-Transfer-Encoding.
        return [replace(part, encoding=written) for part in made]
    return [_in_base64(part) for part in made] if carried == "base64" else made


def _carried(encoding: dict[str, Any], schemas: Schemas) -> str:
    """Return the only Content-Transfer-Encoding that an Encoding Object allows (RFC 2045, section 6)."""
    header = (encoding.get("headers") or {}).get("Content-Transfer-Encoding") or {}
    values = schemas.merged(header.get("schema", {})).get("enum") or []
    return str(values[0]) if len(values) == 1 else ""


def _in_base64(part: Part) -> Part:
    return replace(part, content=base64.b64encode(part.content), encoding="base64")


def is_bytes(schema: dict[str, Any]) -> bool:
    """Return whether a merged schema describes bytes."""
    kinds = schema.get("type")
    return (not kinds or "string" in kinds) and (
        "binary" in (schema.get("format"), schema.get("contentEncoding"))
        or (
            "contentMediaType" in schema
            and "json" not in schema["contentMediaType"]
            and "contentEncoding" not in schema
        )
    )


def _one(name: str, value: Any, media_type: str, *, is_file: bool) -> Part:
    if isinstance(value, dict | list):
        return Part(name, value, media_type or "application/json")
    if "json" in media_type:
        return Part(name, value, media_type)
    return Part(name, text_of(value).encode(), media_type, is_file)
