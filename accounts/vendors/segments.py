"""Keep values within their segment of a vendor's path.

Quoting is not enough: clients and servers normalise dot segments, and some decode twice.
"""

import re
from urllib.parse import unquote

# The ASCII control characters, which no id, address or file name contains.
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
SEPARATOR = re.compile(r"[/\\]")
# No legitimate value is encoded more often, and each round takes time.
DECODINGS = 4


def decoded_segments(path: str) -> list[str] | None:
    """Return the segments of a path, however often they were percent-encoded.

    None for a path that is encoded too often, or that contains control characters or a dot segment.
    """
    decoded = path
    for _ in range(DECODINGS):
        decoded = unquote(decoded)
    segments = SEPARATOR.split(decoded)
    # RFC 3986, 3.3: some servers treat what follows a semicolon as a parameter of the segment.
    names = {segment.partition(";")[0].strip() for segment in segments}
    if unquote(decoded) != decoded or CONTROL.search(decoded) or names & {".", ".."}:
        return None
    return segments


def is_one_segment(value: str) -> bool:
    """Return whether a value stays within one segment, in any encoding."""
    segments = decoded_segments(value)
    return segments is not None and len(segments) == 1 and segments[0].partition(";")[0].strip() != ""


def are_segments(value: str) -> bool:
    """Return whether a value is one or more segments between slashes, each of which stays where it is."""
    return all(map(is_one_segment, value.split("/")))
