"""Read a request as it was sent, and compare it with what must be sent."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import unquote, unquote_plus

from tests.oracle.reading import FORM, MULTIPART
from tests.oracle.writing import NOTHING, Expected, Form, Part

HEXES = re.compile(r"%[0-9a-fA-F]{2}")
SHOWN = 120


@dataclass(frozen=True)
class Sent:
    """A request as it goes over the wire; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True)
class Ignored:
    """Names of what a request has beside the document's: credentials, paging, and what is sent with each call.

    `members` are those of the body, or of the object in its only member, `root`.
    """

    query: frozenset[str] = frozenset()
    headers: frozenset[str] = frozenset()
    cookies: frozenset[str] = frozenset()
    members: frozenset[str] = frozenset()
    root: str = ""


Difference = tuple[str, str]


def differences(wanted: Expected, sent: Sent, ignored: Ignored) -> Iterator[Difference]:
    """Yield how a request differs from what must be sent: a kind, and words."""
    if sent.method != wanted.method:
        yield "method", f"{sent.method} instead of {wanted.method}"
    path, _, query = sent.target.partition("?")
    if _same_hexes(path) != _same_hexes(wanted.path):
        yield "path", _instead(path, wanted.path)
    yield from _query_differences(wanted, query, ignored)
    yield from _header_differences(wanted, sent, ignored)
    yield from _body_differences(wanted, sent, ignored)


def _instead(came: Any, wanted: Any) -> str:
    return f"{str(came)[:SHOWN]} instead of {str(wanted)[:SHOWN]}"


def _same_hexes(text: str) -> str:
    return HEXES.sub(lambda found: found.group().upper(), text)


def pairs_in(query: str) -> list[tuple[str, str]]:
    """Return the pairs of a query or form: decoded names with values that are encoded alike."""
    pairs = [each.partition("=") for each in query.split("&") if each]
    # A space, a vertical bar and an equals sign in a value have two forms each.
    return [
        (unquote_plus(name), _same_hexes(value.replace("+", "%20").replace("|", "%7C").replace("=", "%3D")))
        for name, _, value in pairs
    ]


def _query_differences(wanted: Expected, query: str, ignored: Ignored) -> Iterator[Difference]:
    yield from _pairs_differences("query", wanted.query, wanted.loose, pairs_in(query), ignored.query)


def _pairs_differences(
    kind: str,
    wanted: dict[str, list[str]],
    loose: list[tuple[str, list[str]]],
    came: list[tuple[str, str]],
    ignored: frozenset[str],
) -> Iterator[Difference]:
    found: dict[str, list[str]] = {}
    for name, value in came:
        found.setdefault(name, []).append(value)
    for name, leaves in loose:
        own = [key for key in found if key not in wanted and (key == name or key.startswith((f"{name}[", f"{name}.")))]
        texts = " ".join(unquote(value) for key in own for value in found.pop(key))
        if not own:
            yield f"{kind}: missing", name
        elif any(leaf not in texts and json.dumps(leaf, ensure_ascii=False)[1:-1] not in texts for leaf in leaves):
            yield f"{kind}: nested value", f"{name}: {texts[:SHOWN]} lacks some of {str(leaves)[:SHOWN]}"
    for name, values in wanted.items():
        if name not in found:
            yield f"{kind}: missing", name
        elif not _same_values(found[name], list(map(_same_hexes, values))):
            yield f"{kind}: value", f"{name}: {_instead(found[name], values)}"
    for name, values in found.items():
        if name not in wanted and name not in ignored:
            yield f"{kind}: not documented", f"{name}={values}"


def _same_values(came: list[str], wanted: list[str]) -> bool:
    if came == wanted:
        return True
    # The same JSON may be written in several ways.
    return len(came) == len(wanted) and all(
        one == other or _same(_json(unquote(one)), _json(unquote(other)))
        for one, other in zip(came, wanted, strict=True)
    )


def _json(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return NOTHING


def _header_differences(wanted: Expected, sent: Sent, ignored: Ignored) -> Iterator[Difference]:
    for name, value in wanted.headers.items():
        came = sent.headers.get(name)
        if came is None:
            yield "header: missing", name
        elif came.replace(", ", ",") != value.replace(", ", ",") and not _same(_json(came), _json(value)):
            yield "header: value", f"{name}: {_instead(came, value)}"
    for name in sent.headers:
        if name not in wanted.headers and name not in ignored.headers:
            yield "header: not documented", name
    cookies = dict(
        pair.strip().partition("=")[::2] for pair in sent.headers.get("cookie", "").split(";") if pair.strip()
    )
    for name, value in wanted.cookies.items():
        if name not in cookies:
            yield "cookie: missing", name
        elif _same_hexes(cookies[name]) != _same_hexes(value):
            yield "cookie: value", f"{name}: {_instead(cookies[name], value)}"
    for name in cookies:
        if name not in wanted.cookies and name not in ignored.cookies:
            yield "cookie: not documented", name


def _body_differences(wanted: Expected, sent: Sent, ignored: Ignored) -> Iterator[Difference]:
    if wanted.body is NOTHING:
        if sent.body and not (ignored.members and _has_only(sent, ignored)):
            yield "body: not wanted", sent.body[:SHOWN].decode(errors="replace")
        return
    if not sent.body and (wanted.body in (b"", [], Form({}, [])) or _is_shared(wanted.body, ignored)):
        return
    if not sent.body:
        yield "body: missing", str(wanted.body)[:SHOWN]
        return
    if not any(_is_of(sent.media_type, each) for each in wanted.media_types):
        yield "body: media type", f"{sent.media_type} is none of {wanted.media_types}"
        return
    if isinstance(wanted.body, Form):
        came = pairs_in(sent.body.decode())
        yield from _pairs_differences("form", wanted.body.fields, wanted.body.loose, came, ignored.members)
    elif sent.media_type == MULTIPART:
        yield from _part_differences(wanted.body, sent, ignored)
    elif isinstance(wanted.body, bytes):
        if sent.body != wanted.body:
            yield "body: content", _instead(sent.body, wanted.body)
    else:
        yield from _json_differences(wanted.body, _json(sent.body), ignored)


def _has_only(sent: Sent, ignored: Ignored) -> bool:
    """Return whether a body has nothing but members to ignore."""
    if sent.media_type == FORM:
        return {name for name, _ in pairs_in(sent.body.decode())} <= ignored.members
    if sent.media_type == MULTIPART:
        return parts_in(sent).keys() <= ignored.members
    came = _json(sent.body)
    if ignored.root and isinstance(came, dict):
        came = came.get(ignored.root)
    return isinstance(came, dict) and came.keys() <= ignored.members


def _is_shared(body: Any, ignored: Ignored) -> bool:
    """Return whether a body says nothing that another place does not say as well."""
    names = _names_in(body)
    return bool(names) and names <= ignored.members


def _names_in(body: Any) -> set[str]:
    """Return the names of the members of a body that must be sent."""
    if isinstance(body, list):
        return {part.name for part in body if isinstance(part, Part)}
    return set(body.fields if isinstance(body, Form) else body if isinstance(body, dict) else ())


def _is_of(media_type: str, documented: str) -> bool:
    if documented in ("*/*", media_type):
        return True
    return documented.endswith("/*") and media_type.startswith(documented[:-1])


def _json_differences(wanted: Any, came: Any, ignored: Ignored) -> Iterator[Difference]:
    if ignored.root and isinstance(came, dict) and isinstance(wanted, dict):
        came = {name: _without(value, wanted.get(name), ignored) for name, value in came.items()}
    else:
        came = _without(came, wanted, ignored)
    if not _same(came, wanted):
        yield "body: JSON", next(_unlike(came, wanted, ""), "")


def _without(came: Any, wanted: Any, ignored: Ignored) -> Any:
    if not (isinstance(came, dict) and isinstance(wanted, dict)):
        return came
    return {name: value for name, value in came.items() if name in wanted or name not in ignored.members}


def _same(one: Any, other: Any) -> bool:
    """Return whether two values are the same JSON; true is not 1."""
    if one is NOTHING or other is NOTHING:
        return False
    return next(_unlike(one, other, ""), None) is None


def _unlike(came: Any, wanted: Any, place: str) -> Iterator[str]:
    if isinstance(came, dict) and isinstance(wanted, dict):
        for name in dict.fromkeys([*wanted, *came]):
            if name not in came:
                yield f"{place}.{name} is missing"
            elif name not in wanted:
                yield f"{place}.{name} is there without reason"
            else:
                yield from _unlike(came[name], wanted[name], f"{place}.{name}")
    elif isinstance(came, list) and isinstance(wanted, list) and len(came) == len(wanted):
        for count, (one, other) in enumerate(zip(came, wanted, strict=True)):
            yield from _unlike(one, other, f"{place}[{count}]")
    elif came != wanted or isinstance(came, bool) != isinstance(wanted, bool):
        yield f"{place}: {_instead(came, wanted)}"


def parts_in(sent: Sent) -> dict[str, list[Any]]:
    """Return the parts of a multipart body by name (RFC 7578)."""
    message = BytesParser(policy=HTTP).parsebytes(
        f"Content-Type: {sent.headers['content-type']}\r\n\r\n".encode() + sent.body
    )
    found: dict[str, list[Any]] = {}
    for part in message.iter_parts():
        found.setdefault(str(part.get_param("name", header="content-disposition")), []).append(part)
    return found


def _part_differences(wanted: list[Part], sent: Sent, ignored: Ignored) -> Iterator[Difference]:
    found = parts_in(sent)
    by_name: dict[str, list[Part]] = {}
    for part in wanted:
        by_name.setdefault(part.name, []).append(part)
    for name, parts in by_name.items():
        own = found.pop(name, [])
        if any(part.content is NOTHING for part in parts):
            if not own and not any(key.startswith(f"{name}[") for key in found):
                yield "multipart: missing", name
            found = {key: each for key, each in found.items() if not key.startswith(f"{name}[")}
        elif len(own) != len(parts):
            yield (
                "multipart: missing" if not own else "multipart: number of parts",
                f"{name}: {len(own)}, not {len(parts)}",
            )
        else:
            for came, part in zip(own, parts, strict=True):
                yield from _one_part(came, part)
    for name in found:
        if name not in ignored.members:
            yield "multipart: not documented", name


def _one_part(came: Any, part: Part) -> Iterator[Difference]:
    encoding = came["content-transfer-encoding"] or ""
    if encoding != part.encoding:
        yield "multipart: encoding", f"{part.name}: {_instead(encoding, part.encoding)}"
    # The parser of messages would decode it.
    content = came.get_payload().encode() if encoding else came.get_payload(decode=True)
    media_type = came.get_content_type() if came["content-type"] else ""
    if isinstance(part.content, bytes):
        if content != part.content:
            yield "multipart: content", f"{part.name}: {_instead(content, part.content)}"
    elif not _same(_json(content), part.content):
        yield "multipart: content", f"{part.name}: {_instead(content, part.content)}"
    if part.is_file and not came.get_filename():
        yield "multipart: file", f"{part.name} has no file name"
    if part.media_type and media_type != part.media_type.partition(";")[0].strip():
        yield "multipart: media type", f"{part.name}: {_instead(media_type, part.media_type)}"
