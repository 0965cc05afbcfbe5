"""JSON Lines: answers of one JSON document after the other, under any of their media types."""

import re
from typing import Any

from accounts import bounded_json

# RFC 7464 has a record separator before each document; the names of the others are nobody's standard.
MEDIA_TYPE = re.compile(
    r"application/(?:x-)?(?:ndjson|jsonl|jsonlines|json-lines|ldjson|ndjson-stream|json-stream|json-seq|stream\+json)"
    r"|application/[a-z0-9.+-]+\+json-seq"
)
SEPARATOR = b"\x1e"


def is_json_lines(media_type: str) -> bool:
    """Return whether a media type is that of JSON Lines."""
    return MEDIA_TYPE.fullmatch(media_type.partition(";")[0].strip().lower()) is not None


def documents(body: bytes) -> list[Any]:
    """Return the documents of a body; raise NotJSON or TooDeep. No document has a line break in it."""
    lines = (line.strip() for line in body.replace(SEPARATOR, b"").splitlines())
    # Together, since each reading has a cost of its own.
    found: list[Any] = bounded_json.loads(b"[" + b",".join(line for line in lines if line) + b"]")
    return found
