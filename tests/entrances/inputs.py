"""Inputs that somebody sends who means harm: of any size, and of each shape that has ever cost more than it weighs."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

DIGITS = "@digits@"


def _nested(inner: Any, names: str, depth: int = 50) -> Any:
    for _ in range(depth):
        inner = {names: inner}
    return inner


# Values of an argument or a field, by their size in bytes of JSON.
VALUES: dict[str, Callable[[int], Any]] = {
    "long text": lambda size: "x" * size,
    "spaces": lambda size: "a " * (size // 2),
    "dots": lambda size: "id" + ".a" * (size // 2),
    "two dots": lambda size: "a" + ".a.a" * (size // 4),
    "slashes": lambda size: "/" * size,
    "percent signs": lambda size: "%25" * (size // 3),
    "quotes": lambda size: '"' * (size // 2),
    "open brackets in text": lambda size: "[{" * (size // 2),
    "letters beyond ASCII": lambda size: "é" * (size // 6),
    "combining marks": lambda size: "e" + "\u0301" * (size // 6),
    "surrogate pairs": lambda size: "😀" * (size // 12),
    "digits as text": lambda size: "9" * size,
    "digits": lambda size: DIGITS * (size // 100),
    "many long numbers": lambda size: [DIGITS] * (size // 110),
    "numbers": lambda size: [1] * (size // 3),
    "truths": lambda size: [True] * (size // 6),
    "texts": lambda size: ["x"] * (size // 5),
    "equal names": lambda size: ["a.a.a"] * (size // 9),
    "unknown names": lambda size: [f"idd{count}" for count in range(size // 14)],
    "dotted names": lambda size: ["a" + ".a" * 90] * (size // 190),
    "near names": lambda size: ["author_name" * 15] * (size // 170),
    "empty lists": lambda size: [[]] * (size // 4),
    "empty objects": lambda size: [{}] * (size // 4),
    "pairs": lambda size: [[7, "x"]] * (size // 10),
    "many members": lambda size: {f"m{count}": 1 for count in range(size // 14)},
    "long member names": lambda size: {f"{count}" + "n" * 5000: 1 for count in range(size // 5012)},
    "deep with wide ends": lambda size: _nested({f"{count}": {} for count in range(size // 24)}, "n" * (size // 110)),
    "deep lists": lambda size: [[[[[[[0]]]]]]] * (size // 15),
    "files": lambda size: [{"text": "x"}] * (size // 16),
    "base64 in pieces": lambda size: {"content_base64": "QQ== " * (size // 5)},
    "media type": lambda size: {"text": "x", "media_type": "a/" + "b" * size},
}


def written(value: Any) -> bytes:
    """Return a value as JSON; what stands for digits becomes a number of a hundred of them."""
    return (
        json.dumps(value).encode().replace(b'"' + DIGITS.encode() + b'"', b"9" * 100).replace(b"@digits@", b"9" * 100)
    )


def message(method: str, params: Any, **members: Any) -> bytes:
    """Return a JSON-RPC request."""
    return written({"jsonrpc": "2.0", "id": 7, "method": method, "params": params, **members})


# Names of arguments and keys, by their number.
NAMES: dict[str, Callable[[int, list[str]], dict[str, Any]]] = {
    "names nobody knows": lambda size, known: {f"x{count}": 1 for count in range(size // 13)},
    "names near known ones": lambda size, known: {
        f"{known[count % len(known)]}{count}": 1 for count in range(size // 30)
    },
    "long names": lambda size, known: {known[0] * (size // len(known[0]) // 4) + str(count): 1 for count in range(4)},
}

# Whole bodies.
BODIES: dict[str, Callable[[int], bytes]] = {
    "nothing but brackets": lambda size: b"[" * size,
    "closed brackets": lambda size: b"[" * (size // 2) + b"]" * (size // 2),
    "objects in objects": lambda size: b'{"a":' * (size // 6) + b"1" + b"}" * (size // 6),
    "one number": lambda size: b"9" * size,
    "one fraction": lambda size: b"0." + b"9" * size,
    "an exponent": lambda size: b"1e" + b"9" * size,
    "one text": lambda size: b'"' + b"x" * size + b'"',
    "escapes": lambda size: b'"' + b"\\u0041" * (size // 6) + b'"',
    "half a text": lambda size: b'"' + b"\\" * size,
    "numbers": lambda size: b"[" + b"1," * (size // 2) + b"1]",
    "long numbers": lambda size: b"[" + b"99999999999999999999," * (size // 21) + b"1]",
    "zeros after a long number": lambda size: b"[99999999999999999999" + b",0" * (size // 2) + b"]",
    "lists": lambda size: b"[" + b"[]," * (size // 3) + b"1]",
    "one key over and over": lambda size: b"{" + b'"a":1,' * (size // 6) + b'"a":1}',
    "keys": lambda size: b"{" + b",".join(b'"%x":1' % count for count in range(size // 11)) + b"}",
    "not UTF-8": lambda size: b"\xff" * size,
    "spaces": lambda size: b" " * size,
}


def _described(schema: str, **members: Any) -> bytes:
    """Return an API description whose one operation takes a schema, which is JSON in text."""
    operation = {"requestBody": {"content": {"application/json": {"schema": json.loads(schema)}}}, "responses": {}}
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"post": operation}}}
    return json.dumps({**document, **members}).encode()


def _schemas(size: int, each: Callable[[int], Any], bytes_each: int) -> bytes:
    schemas = {f"S{count}": each(count) for count in range(size // bytes_each)}
    return _described('{"$ref": "#/components/schemas/S0"}', components={"schemas": schemas})


# Files that are uploaded: bundles, and descriptions of APIs.
FILES: dict[str, Callable[[int], bytes]] = {
    "YAML, nested lists": lambda size: b"[" * size,
    "YAML, nested blocks": lambda size: b"- " * (size // 2),
    "YAML, entries": lambda size: b"- a\n" * (size // 4),
    "YAML, keys": lambda size: b"".join(b"k%x: 1\n" % count for count in range(size // 10)),
    "YAML, one key over and over": lambda size: b"k: 1\n" * (size // 5),
    "YAML, aliases of aliases": lambda size: (
        b"a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        + b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (count, count, count - 1, count - 1) for count in range(1, size // 26))
    ),
    "YAML, merges of merges": lambda size: (
        b"a0: &a0 {k0: 1}\n"
        + b"".join(
            b"a%d: &a%d {<<: *a%d, k%d: 1}\n" % (count, count, count - 1, count) for count in range(1, size // 30)
        )
    ),
    "YAML, anchors": lambda size: b"".join(b"- &a%d x\n" % count for count in range(size // 12)),
    "YAML, one long text": lambda size: b"a: '" + b"x " * (size // 2) + b"'",
    "YAML, quotes left open": lambda size: b"a: '" + b"\n" * size,
    "YAML, tags": lambda size: b"- !!binary QQ==\n" * (size // 15),
    "YAML, comments": lambda size: b"#\n" * (size // 2),
    "YAML, documents": lambda size: b"---\n" * (size // 4),
    "OpenAPI, references in a row": lambda size: _schemas(
        size, lambda count: {"$ref": f"#/components/schemas/S{count + 1}"}, 47
    ),
    "OpenAPI, references that multiply": lambda size: _schemas(
        size, lambda count: {"allOf": [{"$ref": f"#/components/schemas/S{count + 1}"}] * 3}, 130
    ),
    "OpenAPI, references in a ring": lambda size: _schemas(
        size, lambda count: {"properties": {"next": {"$ref": f"#/components/schemas/S{(count * 7 + 1) % 999}"}}}, 75
    ),
    "OpenAPI, unions": lambda size: _described(json.dumps({"oneOf": [{"type": "string"}] * (size // 20)})),
    "OpenAPI, members": lambda size: _described(
        json.dumps({"properties": {f"m{count}": {"type": "string"} for count in range(size // 30)}})
    ),
    "OpenAPI, one enum": lambda size: _described(json.dumps({"enum": [f"e{count}" for count in range(size // 12)]})),
    "OpenAPI, deep members": lambda size: _described(
        '{"properties": {"a": ' * 400 + json.dumps({"enum": ["x"] * (size // 6)}) + "}}" * 400
    ),
    "OpenAPI, operations": lambda size: _described(
        "{}", paths={f"/a{count}/{{id}}": {"get": {"responses": {}}} for count in range(size // 45)}
    ),
    "OpenAPI, parameters": lambda size: _described(
        "{}",
        paths={
            "/a": {
                "get": {
                    "parameters": [{"name": f"p{count}", "in": "query"} for count in range(size // 35)],
                    "responses": {},
                }
            }
        },
    ),
    "OpenAPI, a long description": lambda size: _described("{}", info={"title": "<b>" * (size // 3), "version": "1"}),
    "OpenAPI, a long pattern": lambda size: _described(
        json.dumps({"type": "string", "pattern": "(a+)+" * (size // 5)})
    ),
}

# What stands in the fields of forms and queries, each time beginning with another one.
TEXTS = ("x", "a ", "9", '"a ', "list,", "e:.-_", "%25", "e\u0301", "2027-01-01T", "\u0001")


def texts(names: list[str], size: int, turn: int) -> dict[str, str]:
    """Return a text of a size for each name."""
    kinds = [TEXTS[(count + turn) % len(TEXTS)] for count in range(len(names))]
    return {name: kind * (size // len(kind)) for name, kind in zip(names, kinds, strict=True)}


# Queries of addresses, which a web server holds to 64 KiB.
QUERIES: dict[str, Callable[[list[str]], str]] = {
    "long values": lambda names: urlencode(texts(names[:24], 1200, 0)),
    "other long values": lambda names: urlencode(texts(names[:24], 1200, 5)),
    "too many parameters": lambda names: "&".join(f"{names[count % len(names)]}={count}" for count in range(5000)),
}
