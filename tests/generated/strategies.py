"""What is generated: hostile arguments for a tool, and answers of a vendor that may be anything."""

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.generated.samples import (
    HOSTILE,
    IN_HEADERS,
    LIMIT_HEADERS,
    LINKS,
    MEDIA_TYPES,
    ODD_BODIES,
    RANGES,
    STATUSES,
)
from tests.vendors.generated import Reply, chunked
from tools.catalogue.tool import Tool

texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40), st.text(alphabet="./%25ef\\;:?#&=+ ", max_size=12))
plain = st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True)
numbers = st.one_of(
    st.integers(-5, 300), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([2**53, 2**63, 2**64, -(2**63) - 1, 10**30, 1e308, -0.0, 5.0]),
)  # fmt: skip
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)


def _nested(depth: int) -> Any:
    value: Any = "deep"
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


anything = st.one_of(
    scalars,
    st.recursive(
        scalars,
        lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(texts, inner, max_size=5)),
        max_leaves=6,
    ),
    st.integers(1, 80).map(_nested),
)

OF_TYPE: dict[str, st.SearchStrategy[Any]] = {
    "string": st.one_of(plain, texts),
    "integer": st.one_of(st.integers(-5, 300), st.sampled_from([2**53, 5.0, "7"])),
    "number": numbers,
    "boolean": st.booleans(),
    "array": st.lists(st.one_of(texts, scalars), max_size=4),
    "object": st.one_of(
        st.dictionaries(texts, anything, max_size=4),
        st.fixed_dictionaries(
            {}, optional={"text": texts, "content_base64": texts, "filename": texts, "media_type": texts}
        ),
    ),
}


def once_in(count: int) -> st.SearchStrategy[bool]:
    """Return what is true about once in so many times; small numbers would be drawn more often than others."""
    return st.sampled_from([False] * (count - 1) + [True])


@st.composite
def arguments(draw: st.DrawFn, tool: Tool) -> Any:
    """Return arguments for a tool: most fit it, some are of the wrong type, missing, unknown, or no object at all."""
    if draw(once_in(40)):
        return draw(anything)
    given: dict[str, Any] = {}
    required = tool.input_schema.get("required", [])
    for name, schema in tool.input_schema["properties"].items():
        if name == "next_cursor" or not (name in required or draw(st.booleans())):
            continue
        kind = schema["type"] if isinstance(schema["type"], str) else "string"
        if draw(once_in(30)):
            given[name] = draw(anything)
        elif name == "limit":
            given[name] = draw(st.integers(1, schema["maximum"]))
        elif name == "fields" and kind == "array":
            given[name] = draw(
                st.lists(st.sampled_from(["id", "name", "owner.x", "tags", "body", "nothing"]), max_size=3)
            )
        elif tool.placements[name].in_path and not draw(once_in(3)):
            given[name] = draw(plain) if kind == "string" else draw(st.integers(1, 99))
        else:
            given[name] = draw(OF_TYPE[kind])
    if draw(once_in(30)):
        given[draw(texts)] = draw(scalars)
    return given


in_headers = st.one_of(
    st.sampled_from(
        IN_HEADERS
    ),
    st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=30),
)  # fmt: skip
rows = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"id": numbers},
            optional={"name": scalars, "body": texts, "tags": anything, "owner": anything, "empty": st.none()},
        ),
        anything,
    ),
    max_size=5,
)
NEXT = ["c2", "c3", 0, 7, True, "", "x" * 3000, [1, 2], {"a": 1}, "\r\nX-Injected: 1", "../..", None, 2**70, 1.5]


@st.composite
def documents(draw: st.DrawFn, vendor: str, trap: str) -> Any:
    """Return a document as the family's definition expects it, or near that."""
    held = draw(rows) * draw(st.sampled_from([1, 3, 5, 5, 80]))
    links = [link[1:].partition(">")[0].format(vendor=vendor, trap=trap) for link in LINKS]
    found: dict[str, Any] = {"data": draw(anything) if draw(once_in(10)) else held}
    for name, values in {
        "next": st.one_of(st.sampled_from(NEXT), st.sampled_from(links), anything),
        "total": numbers, "pages": numbers, "more": scalars, "failed": st.sampled_from([False] * 8 + [True, "x", 0]),
        "error": st.one_of(anything, st.fixed_dictionaries({"text": texts, "code": scalars})),
    }.items():  # fmt: skip
        if draw(st.booleans()):
            found[name] = draw(values)
    return found


@st.composite
def bodies(draw: st.DrawFn, vendor: str, trap: str) -> bytes:
    """Return the body of an answer: JSON that fits, JSON of any form, what is nearly JSON, or any bytes."""
    kind = draw(st.sampled_from(["fits"] * 12 + ["record", "record", "any", "broken", "bytes", "odd"]))
    match kind:
        case "fits":
            return _written(draw, draw(documents(vendor, trap)))
        case "record":
            return _written(draw, draw(rows.filter(bool))[0])
        case "any":
            return _written(draw, draw(anything))
        case "broken":
            whole = _written(draw, draw(documents(vendor, trap)))
            cut = draw(st.integers(0, len(whole)))
            return whole[:cut] + draw(st.binary(max_size=4)) + whole[cut + draw(st.integers(0, 3)) :]
        case "bytes":
            return draw(st.binary(max_size=200))
        case _:
            return draw(
                st.sampled_from(
                    ODD_BODIES
                )
            )  # fmt: skip


def _written(draw: st.DrawFn, value: Any) -> bytes:
    """Return a value as JSON; some of it in escapes, which may be half of a surrogate pair."""
    return json.dumps(value, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


@st.composite
def replies(draw: st.DrawFn, vendor: str, trap: str) -> Reply:
    """Return the bytes of one answer; most are HTTP as it should be."""
    status, body = draw(st.sampled_from(STATUSES)), draw(bodies(vendor, trap))
    headers = [("Content-Type", draw(st.sampled_from(MEDIA_TYPES)))]
    if draw(st.booleans()):
        headers.append(("Link", draw(st.sampled_from(LINKS)).format(vendor=vendor, trap=trap)))
    if draw(st.booleans()):
        headers.append(("Content-Range", draw(st.sampled_from(RANGES))))
    for name in draw(st.lists(st.sampled_from(LIMIT_HEADERS), max_size=4)):
        headers.append((name, draw(in_headers)))
    if 300 <= status < 400:
        headers.append(("Location", f"{trap}/redirected"))
    match draw(st.sampled_from(["plain"] * 20 + ["odd", "gzip", "gzip"])):
        case "odd":
            headers.append(
                ("Content-Encoding", draw(st.sampled_from(["gzip", "deflate", "br", "gzip, gzip", "nonsense"])))
            )
        case "gzip":
            headers.append(("Content-Encoding", "gzip"))
            press = zlib.compressobj(wbits=31)
            body = press.compress(body) + press.flush()
    framed, close = _framed(draw, body)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers).encode("latin-1")
    return Reply(f"HTTP/1.1 {status} Generated\r\n".encode() + head + framed, close)


def _framed(draw: st.DrawFn, body: bytes) -> tuple[bytes, bool]:
    """Return what ends the head, and the body; and whether the connection must end for the answer to end."""

    def sized(size: int) -> bytes:
        return b"Content-Length: %d\r\n\r\n%s" % (size, body)

    ways: dict[str, Callable[[], tuple[bytes, bool]]] = {
        "exact": lambda: (sized(len(body)), False),
        "chunks": lambda: (b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body, 1000), False),
        "open": lambda: (b"\r\n" + body, True),
        "short": lambda: (sized(max(0, len(body) - 2)), True),
        "long": lambda: (sized(len(body) + 5), True),
        "last": lambda: (b"Connection: close\r\n" + sized(len(body)), True),
        "gone": lambda: (sized(len(body)), True),
        "broken": lambda: (b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + body, True),
    }
    return ways[draw(st.sampled_from(["exact"] * 30 + [*ways]))]()


@dataclass(frozen=True)
class Plan:
    """What a walk begins with: a tool, its arguments, the budget, and the door."""

    family: int
    tool: int
    arguments: Any
    budget: int
    via_mcp: bool


TAMPERINGS = ["as it is"] * 8 + ["flipped", "cut", "longer", "foreign", "text"]


@st.composite
def plans(draw: st.DrawFn, tools: list[list[Tool]]) -> Plan:
    """Return what to begin with."""
    family = draw(st.sampled_from(range(len(tools))))
    # Lists are walked and have the most to go wrong.
    lists = [place for place, tool in enumerate(tools[family]) if tool.pager]
    tool = draw(st.sampled_from([*range(len(tools[family])), *lists * 3]))
    return Plan(
        family,
        tool,
        draw(arguments(tools[family][tool])),
        draw(st.sampled_from([1000, 2000, 25_000])),
        draw(once_in(5)),
    )
