"""API keys, their scopes, and the hourly limit that the whole account shares."""

from collections.abc import Callable
from dataclasses import dataclass

from demo.asgi import Headers
from demo.errors import LimitExhausted, Unauthorized

KEY_HEADER = b"x-fusedesk-api-key"
READ_ONLY_KEY = "fd-readonly-key"
SCOPELESS_KEY = "fd-noscope-key"

READ_SCOPES = ("cases", "chats", "emails", "contacts", "reps", "departments", "casetags", "webhooks")
WRITE_SCOPES = (
    "cases_create",
    "cases_update",
    "chats_update",
    "contacts_create",
    "contacts_update",
    "departments_update",
    "casetags_update",
    "webhooks_update",
    "integrations",
)

HOUR = 3600
# Reported as the limit while requests are not counted.
UNCOUNTED = 1_000_000


@dataclass(frozen=True, slots=True)
class AccountKey:
    """A known key; `name` replaces it where the key itself must not appear."""

    name: str
    scopes: tuple[str, ...]


class AccountKeys:
    """The three keys that the simulator knows."""

    def __init__(self, full_key: str) -> None:
        self._keys = {
            READ_ONLY_KEY.encode(): AccountKey("readonly", READ_SCOPES),
            SCOPELESS_KEY.encode(): AccountKey("noscope", ()),
            full_key.encode(): AccountKey("full", READ_SCOPES + WRITE_SCOPES),
        }

    def find(self, headers: Headers) -> AccountKey | None:
        """Return the known key that a request carries, or None."""
        return next((self._keys.get(value) for name, value in headers if name == KEY_HEADER), None)

    def get(self, headers: Headers) -> AccountKey:
        """Return the known key that a request carries. Raises Unauthorized."""
        key = self.find(headers)
        if key is None:
            raise Unauthorized
        return key


class HourlyLimit:
    """Counts the requests of an hour that begins with the first of them."""

    def __init__(self, limit: int, elapsed: Callable[[], float]) -> None:
        self._elapsed = elapsed
        self.set_limit(limit)

    def set_limit(self, limit: int) -> None:
        """Begin a new hour with another limit; 0 means no counting."""
        self.limit = limit or UNCOUNTED
        self._counted = limit > 0
        self._left = self.limit
        self._ends: float | None = None

    @property
    def remaining(self) -> int:
        """The number of requests left, in a new hour if the last one has ended."""
        if self._ends is not None and self._elapsed() >= self._ends:
            self._left, self._ends = self.limit, None
        return self._left

    def set_remaining(self, remaining: int) -> None:
        """Begin an hour with this many requests left, and count even if there was no limit."""
        self._counted = True
        self._left = remaining
        self._ends = self._elapsed() + HOUR

    def take(self) -> None:
        """Count a request. Raises LimitExhausted."""
        if not self._counted:
            return
        if self.remaining <= 0:
            raise LimitExhausted
        if self._ends is None:
            self._ends = self._elapsed() + HOUR
        self._left -= 1

    def headers(self) -> Headers:
        """Return the headers of every answer of the API."""
        return [
            (b"x-fusedesk-usage-limit", b"%d" % self.limit),
            (b"x-fusedesk-usage-remaining", b"%d" % self.remaining),
        ]
