"""Files among a tool's arguments: how a model passes one, and what is sent to the vendor."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

from accounts.vendors.segments import CONTROL, SEPARATOR
from tools.catalogue.schemas.json_schemas import Schema

MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(; ?[A-Za-z0-9_-]+=[A-Za-z0-9_.-]+)?")
OCTETS = "application/octet-stream"
MAX_NAME = 200


CONTENTS = frozenset({"text", "content_base64"})
MEMBERS = CONTENTS | {"filename", "media_type"}


class UploadRefused(ValueError):
    """A file argument cannot be sent; the message says what it takes."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to be sent."""

    content: bytes
    filename: str
    media_type: str


def is_file(schema: Any) -> bool:
    """Return whether a property of a body is a file (OpenAPI 3.0: `format: binary`; 3.1: `contentEncoding`)."""
    if not isinstance(schema, dict) or schema.get("type", "string") != "string":
        return False
    return schema.get("format") == "binary" or schema.get("contentEncoding") == "base64"


def file_schema(declared: Schema) -> Schema:
    """Return the schema of a file argument: an object, which every client can build."""
    described = str(declared.get("description", "")).strip()
    return {
        "type": "object",
        "description": f"{described} Give either text or content_base64.".strip(),
        "properties": {
            "text": {"type": "string", "description": "The content of a text file."},
            "content_base64": {"type": "string", "description": "The content of any other file, in Base64."},
            "filename": {"type": "string", "minLength": 1, "maxLength": MAX_NAME},
            "media_type": {
                "type": "string",
                "maxLength": MAX_NAME,
                "description": "Such as text/csv; by default it follows from the kind of content.",
            },
        },
        "additionalProperties": False,
    }


def is_file_value(value: Any) -> bool:
    """Return whether a value is a file as `file_schema` describes it: its content, and nothing that is not a file's."""
    return isinstance(value, dict) and value.keys() <= MEMBERS and not value.keys().isdisjoint(CONTENTS)


def read_upload(given: dict[str, Any], media_type: str = "") -> Upload:
    """Return the file in an argument; raise UploadRefused. `media_type` is what the vendor expects."""
    text, encoded = given.get("text"), given.get("content_base64")
    if (text and encoded) or text is encoded is None:
        raise UploadRefused("takes one of text and content_base64: not both, and not neither.")
    # Clients that fill in every member send an empty text for the one that is not meant.
    encoded = None if text or (text is not None and not encoded) else encoded
    usual_type = media_type or ("text/plain; charset=utf-8" if encoded is None else OCTETS)
    media_type = given.get("media_type") or usual_type
    if len(media_type) > MAX_NAME or not MEDIA_TYPE.fullmatch(media_type):
        raise UploadRefused("media_type is not a media type; give one such as text/csv, or leave it out.")
    # No folders and no control characters: the name goes into a header of the multipart body.
    filename = CONTROL.sub("", SEPARATOR.split(given.get("filename") or "")[-1]).strip()
    usual = "file.txt" if encoded is None else "file"
    return Upload(_content(text, encoded), filename or usual, media_type)


def _content(text: str | None, encoded: str | None) -> bytes:
    if encoded is None:
        return (text or "").encode()
    try:
        # Encoders may wrap lines, which `validate` would refuse.
        return base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        raise UploadRefused("content_base64 is not Base64; for a text file give text instead.") from None
