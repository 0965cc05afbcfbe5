"""Keep what is put into a vendor's path where it belongs.

Quoting alone does not: clients and servers normalise dot segments, and some decode twice.
"""

import re
from urllib.parse import unquote

# What no id, address or file name holds: the ASCII control characters.
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
SEPARATOR = re.compile(r"[/\\]")
# Nothing that is meant well is encoded more often; each round costs the length of the text.
DECODINGS = 4


def decoded_segments(path: str) -> list[str] | None:
    """Return the segments of a path, however often they were percent-encoded.

    None for a path that is encoded too often, or that holds control characters or a dot segment.
    """
    decoded = path
    for _ in range(DECODINGS):
        decoded = unquote(decoded)
    segments = SEPARATOR.split(decoded)
    # RFC 3986, 3.3: some servers take what follows a semicolon for a parameter of the segment.
    names = {segment.partition(";")[0].strip() for segment in segments}
    if unquote(decoded) != decoded or CONTROL.search(decoded) or names & {".", ".."}:
        return None
    return segments


def is_one_segment(value: str) -> bool:
    """Tell whether a value names something within its own segment, in any encoding."""
    segments = decoded_segments(value)
    return segments is not None and len(segments) == 1 and segments[0].partition(";")[0].strip() != ""
