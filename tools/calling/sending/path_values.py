"""Write a value into a vendor's path, in the document's style (OpenAPI 3.1, Style Examples), and keep it there."""

import re
from collections.abc import Collection
from typing import Any
from urllib.parse import quote, unquote

from accounts.vendors.segments import are_segments, decoded_segments, is_one_segment
from tools.calling.sending.queries import ParametersRefused, as_json, scalar

MAX_PATH_VALUE = 1000
PLACEHOLDERS = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
SOURCE = "take it from a result of this account's tools."
SEPARATORS = {"space": "%20", "pipe": "%7C", "tab": "%09"}


def path_value(name: str, value: Any, style: str, *, with_slashes: bool = False) -> str:
    """Return a value as it goes into a path; raise ParametersRefused for one that would leave its segment.

    `name` is the vendor's name of the parameter. `with_slashes` sends the slashes of a value as %2F.
    """
    if style == "json" or not isinstance(value, dict | list):
        parts = [_quoted(as_json(value).decode() if style == "json" else scalar(value), with_slashes=with_slashes)]
    elif isinstance(value, dict):
        parts = _members(value, style)
    else:
        parts = [_quoted(scalar(item), with_slashes=with_slashes) for item in value]
    text = _joined(name, parts, style, has_names=isinstance(value, dict))
    if not parts or len(text) > 3 * MAX_PATH_VALUE:
        raise ParametersRefused(f"has nothing in it, or more than {MAX_PATH_VALUE} characters; {SOURCE}")
    return text


def filled(template: str, values: dict[str, str], with_slashes: Collection[str] = ()) -> str:
    """Return a path with its written values; raise ParametersRefused if together they leave their segment.

    Values that share a segment, or stand beside fixed text, may make a dot segment or a slash that none of them is.
    """
    if "{" not in template:
        return template
    segments = []
    for segment in template.split("/"):
        names = PLACEHOLDERS.findall(segment)
        made = PLACEHOLDERS.sub(lambda found: values[found.group(1)], segment)
        if names and f"{{{names[0]}}}" != segment:
            decoded = decoded_segments(unquote(made))
            if decoded is None or (len(decoded) > 1 and not {*names} & {*with_slashes}):
                raise ParametersRefused(f"{' and '.join(names)} cannot be used together; {SOURCE}")
        segments.append(made)
    return "/".join(segments)


def _members(value: dict[str, Any], style: str) -> list[str]:
    """Return an object's names and values: in pairs where the style explodes it, else one after the other."""
    pairs = [(_quoted(key), _quoted(scalar(member))) for key, member in value.items()]
    if style == "pairs" or style.endswith("_exploded"):
        return [f"{key}={member}" for key, member in pairs]
    return [text for pair in pairs for text in pair]


def _joined(name: str, parts: list[str], style: str, *, has_names: bool) -> str:
    match style:
        case "label":
            return "." + ",".join(parts)
        case "label_exploded":
            return "".join(f".{part}" for part in parts)
        case "matrix":
            return f";{quote(name, safe='')}=" + ",".join(parts)
        case "matrix_exploded":
            beginning = "" if has_names else f"{quote(name, safe='')}="
            return "".join(f";{beginning}{part}" for part in parts)
        case _:
            return SEPARATORS.get(style, ",").join(parts)


def _quoted(text: str, *, with_slashes: bool = False) -> str:
    """Quote a text; refuse one that would leave its segment in any encoding."""
    if len(text) > MAX_PATH_VALUE:
        raise ParametersRefused(f"an id has at most {MAX_PATH_VALUE} characters; {SOURCE}")
    if with_slashes and "%2f" in text.lower():
        # A document that asks for a "URL-encoded path" makes models encode it themselves.
        text = unquote(text)
    if not (are_segments(text) if with_slashes else is_one_segment(text)):
        raise ParametersRefused(f"{text[:80]!r} cannot be an id; {SOURCE}")
    return quote(text, safe="")
