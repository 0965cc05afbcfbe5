"""Encode the body of a request in the method's format: JSON, a form, multipart, or one raw value."""

import base64
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from accounts.definition import Method
from tools.calling.sending.queries import Pairs, ParametersRefused, as_json, query_pairs, scalar, written
from tools.catalogue.file_arguments import Upload

Members = Iterable[tuple[str, Any]]

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
# WHATWG HTML, multipart/form-data encoding: what would end a name or its line is percent-encoded.
QUOTED_IN_NAMES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a body: its value, and the style in which arrays and objects go into forms.

    `media_type` and `encoding` are those of its part in a multipart body; by default, parts that are no files have
    none. Of an encoded part, a text is encoded already, and a file is not.
    """

    value: Any
    style: str = "repeat"
    media_type: str = ""
    encoding: str = ""


def encode_body(method: Method, fields: dict[str, Field], members: Members = ()) -> tuple[bytes, str]:
    """Return the body's bytes and media type; both are empty for a method without a body, or an optional one left out.

    In multipart and raw bodies a value may be an Upload, or a list of them. `members` are added to a JSON body; dots in
    their names lead into objects.
    """
    match method.body:
        case "json":
            return _json(method, fields, members)
        case "form":
            return written(_pairs(fields), quote_plus).encode(), FORM
        case "multipart":
            # RFC 2046, 5.1.1: must not occur in the content, whose author cannot guess it.
            boundary = secrets.token_hex(16)
            return _multipart(fields, boundary), f"multipart/form-data; boundary={boundary}"
        case "raw":
            return _raw(method, fields)
        case _:
            return b"", ""


def _json(method: Method, fields: dict[str, Field], members: Members) -> tuple[bytes, str]:
    media_type = method.body_media_type or JSON
    if method.body_parameter:
        whole = fields.get(method.body_parameter)
        return (b"", "") if whole is None else (as_json(whole.value), media_type)
    values = {name: field.value for name, field in fields.items()}
    document: dict[str, Any] = {method.body_root: values} if method.body_root else values
    for name, value in members:
        _put(document, name.split("."), value)
    return as_json(document), media_type


def _put(document: dict[str, Any], steps: list[str], value: Any) -> None:
    for step in steps[:-1]:
        inner = document.get(step)
        # A copy, since the object may be the caller's argument.
        document[step] = document = dict(inner) if isinstance(inner, dict) else {}
    document[steps[-1]] = value


def _pairs(fields: dict[str, Field]) -> Pairs:
    pairs: Pairs = []
    for name, field in fields.items():
        if field.style == "members" and isinstance(field.value, dict):
            _refuse_shared(name, field.value, fields)
        pairs += query_pairs(name, field.value, field.style)
    return pairs


def _refuse_shared(name: str, members: dict[str, Any], fields: dict[str, Field]) -> None:
    for member in members:
        if member in fields and member != name:
            raise ParametersRefused(f"{name}: cannot have a member {member[:64]!r}, which is another field.")


def _raw(method: Method, fields: dict[str, Field]) -> tuple[bytes, str]:
    media_type = method.body_media_type or ""
    given = fields.get(method.body_parameter or "")
    if given is None:
        return b"", ""
    if isinstance(given.value, Upload):
        return given.value.content, media_type
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    return scalar(given.value).encode(), media_type


def _multipart(fields: dict[str, Field], boundary: str) -> bytes:
    """Return the parts of a form with files (RFC 7578)."""
    parts = [part for name, field in fields.items() for part in _parts(name, field)]
    edge = b"--" + boundary.encode()
    return b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts) + edge + b"--\r\n"


def _parts(name: str, field: Field) -> Iterator[bytes]:
    """Yield the parts of one field: those with a media type have it for each item of an array."""
    values = field.value if isinstance(field.value, list) else [field.value]
    # OpenAPI 3.1, Encoding Object: by default, an object is JSON.
    media_type = field.media_type or (JSON if isinstance(field.value, dict) and field.style == "repeat" else "")
    if values and all(isinstance(value, Upload) for value in values):
        yield from (_file_part(name, upload, field.encoding) for upload in values)
    elif media_type:
        about = f"\r\nContent-Type: {media_type}{_encoded(field.encoding)}"
        in_json = "json" in media_type
        # One part for a whole array only where its style says so.
        for value in [field.value] if field.style == "json" else values:
            yield _part(name, about, as_json(value) if in_json else scalar(value).encode())
    else:
        for pair in query_pairs(name, field.value, field.style):
            yield _part(pair[0], _encoded(field.encoding), pair[1].encode())


def _encoded(encoding: str) -> str:
    """Return the header of an encoded part (RFC 2045, section 6)."""
    return f"\r\nContent-Transfer-Encoding: {encoding}" if encoding else ""


def _file_part(name: str, upload: Upload, encoding: str) -> bytes:
    about = f'; filename="{upload.filename.translate(QUOTED_IN_NAMES)}"\r\nContent-Type: {upload.media_type}'
    if encoding != "base64":
        return _part(name, about, upload.content)
    return _part(name, f"{about}{_encoded(encoding)}", base64.b64encode(upload.content))


def _part(name: str, about: str, content: bytes) -> bytes:
    head = f'Content-Disposition: form-data; name="{name.translate(QUOTED_IN_NAMES)}"{about}\r\n\r\n'
    return head.encode() + content
