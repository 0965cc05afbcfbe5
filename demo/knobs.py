"""The knobs of the control endpoint, and how they apply to a path."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

RESPONSES = (
    "normal",
    "oversized",
    "invalid_json",
    "html",
    "empty",
    "truncated",
    "deep",
    "gzip_bomb",
    "redirect",
)
# The server itself sets the headers that frame a message.
FRAMING_HEADERS = {"content-length", "transfer-encoding", "connection"}
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
EVERYWHERE = ""


class UnknownKnob(Exception):
    """A knob that does not exist or cannot have this value; `name` is the knob's."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name


@dataclass(frozen=True, slots=True)
class Knobs:
    """How the simulator misbehaves. `latency_ms` may be a fraction; `force_times` counts down to 0."""

    latency_ms: float = 0
    force_status: int | None = None
    force_times: int | None = None
    force_headers: Mapping[str, str] = field(default_factory=dict)
    response: str = "normal"
    drip_bytes_per_second: int | None = None
    drop_connection: bool = False


Check = Callable[[object], bool]


def _whole(at_least: int, at_most: int) -> Check:
    # In Python a bool is an int, but `true` is not a number in JSON.
    return lambda value: type(value) is int and at_least <= value <= at_most


def _is_latency(value: object) -> bool:
    return type(value) in (int, float) and isinstance(value, int | float) and 0 <= value <= 60_000


def _are_headers(value: object) -> bool:
    return isinstance(value, dict) and all(
        HEADER_NAME.fullmatch(name)
        and name.lower() not in FRAMING_HEADERS
        and isinstance(text, str)
        and HEADER_VALUE.fullmatch(text)
        for name, text in value.items()
    )


CHECKS: dict[str, tuple[Check, str]] = {
    "latency_ms": (_is_latency, "this is a number of milliseconds from 0 to 60000."),
    "force_status": (_whole(400, 599), "this is a status from 400 to 599."),
    "force_times": (_whole(1, 1_000_000), "this is a whole number from 1 on."),
    "force_headers": (_are_headers, "this is an object of header names and printable ASCII values."),
    "response": (lambda value: value in RESPONSES, f"this is one of {', '.join(RESPONSES)}."),
    "drip_bytes_per_second": (_whole(1, 100_000_000), "this is a whole number from 1 on."),
    "drop_connection": (lambda value: isinstance(value, bool), "this is true or false."),
}
DEFAULTS = {one.name: getattr(Knobs(), one.name) for one in fields(Knobs)}


class Rules:
    """Knobs for everything and for the paths that begin with a prefix; the longest prefix wins."""

    def __init__(self) -> None:
        self.by_prefix: dict[str, Knobs] = {}

    def set(self, prefix: str, values: Mapping[str, Any]) -> None:
        """Change some knobs; None resets a knob. Raises UnknownKnob."""
        for name, value in values.items():
            if name not in CHECKS:
                raise UnknownKnob(name, "there is no such knob.")
            check, expected = CHECKS[name]
            if value is not None and not check(value):
                raise UnknownKnob(name, expected)
        changes = {name: DEFAULTS[name] if value is None else value for name, value in values.items()}
        self.by_prefix[prefix] = replace(self.by_prefix.get(prefix, Knobs()), **changes)

    def take(self, path: str) -> Knobs | None:
        """Return the knobs for a request, and count it if a status is forced a limited number of times."""
        if not self.by_prefix:
            return None
        prefixes = [prefix for prefix in self.by_prefix if path.startswith(prefix)]
        if not prefixes:
            return None
        prefix = max(prefixes, key=len)
        knobs = self.by_prefix[prefix]
        if knobs.force_status and knobs.force_times:
            left = knobs.force_times - 1
            status = knobs.force_status if left else None
            self.by_prefix[prefix] = replace(knobs, force_status=status, force_times=left or None)
        return knobs
