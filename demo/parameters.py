"""Parameters of a call, from its query or its body, parsed and validated one by one."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import parse_qsl

import orjson

from demo.errors import BadRequest, VendorError
from demo.references import parse_reference

T = TypeVar("T")

DEFAULT_LIMIT = 25
MAXIMUM_LIMIT = 100
MAXIMUM_OFFSET = 1_000_000


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time that includes `after` and excludes `before`."""

    after: datetime | None
    before: datetime | None

    def holds(self, moment: datetime | None) -> bool:
        """Tell whether a moment is in the window; None never is."""
        if moment is None:
            return False
        return (self.after is None or moment >= self.after) and (self.before is None or moment < self.before)


class Parameters:
    """Named texts. An empty text counts as absent; every refusal is a BadRequest that names the parameter."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = {name: value for name, value in values.items() if value.strip()}

    def __bool__(self) -> bool:
        return bool(self._values)

    def only(self, names: Iterable[str]) -> dict[str, str]:
        """Return those of the named parameters that are present."""
        return {name: self._values[name] for name in names if name in self._values}

    def text(self, name: str) -> str | None:
        """Read a text."""
        return self._values.get(name)

    def required(self, name: str) -> str:
        """Read a required text."""
        value = self._values.get(name)
        if value is None:
            raise BadRequest(name, "this parameter is required.")
        return value

    def number(self, name: str, *, at_least: int, at_most: int) -> int | None:
        """Read a whole number within bounds."""
        value = self._values.get(name)
        if value is None:
            return None
        number = parse_reference(value)
        if number is None or not at_least <= number <= at_most:
            raise BadRequest(name, f"this must be a whole number from {at_least} to {at_most}.")
        return number

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        """Read one of a fixed set of words."""
        value = self._values.get(name)
        if value is not None and value not in choices:
            raise BadRequest(name, f"this must be one of {', '.join(choices)}.")
        return value

    def flag(self, name: str) -> bool:
        """Read a yes or no; absent is no."""
        return self.choice(name, ("1", "0", "true", "false")) in ("1", "true")

    def moment(self, name: str) -> datetime | None:
        """Read a date in ISO 8601, taken as UTC where it names no offset."""
        value = self._values.get(name)
        return None if value is None else _moment(name, value)

    def window(self, name: str) -> Window | None:
        """Read a date filter: a JSON object with `after`, `before` or both."""
        value = self._values.get(name)
        if value is None:
            return None
        try:
            bounds = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise BadRequest(name, "this is not valid JSON.") from None
        if not isinstance(bounds, dict) or not bounds or not bounds.keys() <= {"after", "before"}:
            raise BadRequest(name, 'this must be a JSON object such as {"after": "…", "before": "…"}.')
        return Window(*(_moment(name, bounds[key]) if key in bounds else None for key in ("after", "before")))

    def known(self, name: str, find: Callable[[str], T | None]) -> T | None:
        """Return the record that a parameter refers to."""
        value = self._values.get(name)
        if value is None:
            return None
        record = find(value)
        if record is None:
            raise BadRequest(name, "there is no record with this id.")
        return record

    def page(self, records: list[T]) -> list[T]:
        """Return the slice that `limit` and `offset` select; a limit above the highest is lowered to it."""
        limit = self.number("limit", at_least=1, at_most=1_000_000)
        offset = self.number("offset", at_least=0, at_most=MAXIMUM_OFFSET) or 0
        return records[offset : offset + min(limit or DEFAULT_LIMIT, MAXIMUM_LIMIT)]


NO_PARAMETERS = Parameters({})


def from_query(query: bytes) -> Parameters:
    """Read the parameters of a query string."""
    return _from_urlencoded(query) if query else NO_PARAMETERS


def from_body(body: bytes, content_type: str) -> Parameters:
    """Read a form, which is what the vendor's own plugin sends, or a flat JSON object."""
    media_type = content_type.partition(";")[0].strip().lower()
    if not body:
        return NO_PARAMETERS
    if media_type in ("application/x-www-form-urlencoded", ""):
        return _from_urlencoded(body)
    if media_type != "application/json":
        raise VendorError("The body must be a form or JSON.")
    try:
        values = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise VendorError("The body is not valid JSON.") from None
    if not isinstance(values, dict):
        raise VendorError("The body must be a JSON object.")
    return Parameters({name: _as_text(value) for name, value in values.items() if value is not None})


def _from_urlencoded(data: bytes) -> Parameters:
    try:
        return Parameters(dict(parse_qsl(data.decode(), keep_blank_values=True, max_num_fields=1000)))
    except ValueError:
        raise VendorError("The parameters are not urlencoded UTF-8 text.") from None


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join(_as_text(one) for one in value)
    return orjson.dumps(value).decode()


def _moment(name: str, value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRequest(name, "dates are written in ISO 8601, such as 2026-01-31T09:00:00+00:00.") from None
