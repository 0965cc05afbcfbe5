"""API keys, their scopes, and the hourly limit that everything on the account shares."""

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
# Shown as the limit where none is counted.
UNCOUNTED = 1_000_000


@dataclass(frozen=True, slots=True)
class AccountKey:
    """A known key; `name` stands for it wherever the key itself must not be seen."""

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
        """Find the key that a request carries; None if it carries none that is known."""
        return next((self._keys.get(value) for name, value in headers if name == KEY_HEADER), None)

    def get(self, headers: Headers) -> AccountKey:
        """Find the key that a request carries. Raises Unauthorized."""
        key = self.find(headers)
        if key is None:
            raise Unauthorized
        return key


class HourlyLimit:
    """Count the requests of an hour that begins with the first of them."""

    def __init__(self, limit: int, elapsed: Callable[[], float]) -> None:
        self._elapsed = elapsed
        self.set_limit(limit)

    def set_limit(self, limit: int) -> None:
        """Begin a new hour under another limit; 0 means that nothing is counted."""
        self.limit = limit or UNCOUNTED
        self._counted = limit > 0
        self._left = self.limit
        self._ends: float | None = None

    @property
    def remaining(self) -> int:
        """How many requests are left, after a new hour has begun if it was time."""
        if self._ends is not None and self._elapsed() >= self._ends:
            self._left, self._ends = self.limit, None
        return self._left

    def set_remaining(self, remaining: int) -> None:
        """Begin an hour in which so many requests are left, counted from now on in any case."""
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
        """Give the headers that stand on every answer of the API."""
        return [
            (b"x-fusedesk-usage-limit", b"%d" % self.limit),
            (b"x-fusedesk-usage-remaining", b"%d" % self.remaining),
        ]
