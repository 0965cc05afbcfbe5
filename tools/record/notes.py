"""What is noted about a call while it runs, and how its row is stored: secrets masked, texts cut."""

import re
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

import orjson
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.tokens import redact
from accounts.vendors.captured import CapturedExchange
from accounts.vendors.concealment import MASK
from tools.models import Call, Outcome

MAX_TEXT = 1000
SECRET_NAMES = re.compile("passw(?:or)?d|secret|token|api_?key|authorization|credential", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: an account's environment, and the server or API token through which the call came.

    `transport` (McpTransport) and `revision` are those of MCP, `framework` is what made the client. `address` is
    the client's, as `noted_address` returns it. A composite and its steps share `trace_id`; `step` is the name of one
    of these. `person_key` and `person` are the key and the user name of whoever the call is made for, if that is known.
    """

    environment_id: UUID
    account_id: UUID
    via: str
    server_id: UUID | None = None
    token_id: UUID | None = None
    client: str = ""
    transport: str = ""
    revision: str = ""
    framework: str = ""
    address: str = ""
    trace_id: UUID | None = None
    step: str = ""
    person_key: int | None = None
    person: str = ""


@dataclass(slots=True)
class CallNote:
    """What is known about a call, completed while it runs. Durations are in milliseconds, `began` is in seconds.

    `seen` is called with what is exchanged with the vendor, which is not stored. `intent` is the row of a write on its
    way into the database.
    """

    caller: Caller
    tool: str
    access: str
    started_at: datetime
    arguments: dict[str, Any] = field(default_factory=dict)
    outcome: str = Outcome.FAILED
    error: str = ""
    upstream_status: int | None = None
    duration_ms: float | None = None
    before_ms: float | None = None
    upstream_ms: float | None = None
    upstream_bytes: int = 0
    result_chars: int = 0
    row_id: int | None = None
    intent: "Future[int] | None" = field(default=None, repr=False)
    began: float = field(default_factory=time.perf_counter)
    seen: Callable[[CapturedExchange], None] | None = field(default=None, repr=False)

    @property
    def ended_at(self) -> float:
        """When the call ended, by the clock of `began`."""
        return self.began + (self.duration_ms or 0) / 1000

    def columns(self) -> dict[str, Any]:
        """Return the row's values by column, with secrets masked and texts cut."""
        caller = self.caller
        return {
            "environment_id": caller.environment_id,
            "account_id": caller.account_id,
            "server_id": caller.server_id,
            "token_id": caller.token_id,
            "via": caller.via,
            "client": _storable(caller.client)[:120],
            "transport": caller.transport,
            "revision": caller.revision,
            "framework": _storable(caller.framework)[:100],
            "client_address": caller.address,
            "trace_id": caller.trace_id,
            "step": caller.step,
            "person_key": caller.person_key,
            "person": _storable(caller.person)[:150],
            "tool": self.tool[:64],
            "access": self.access,
            "arguments": masked(self.arguments),
            "outcome": self.outcome,
            "error": _storable(redact(self.error))[:500],
            "upstream_status": self.upstream_status,
            "started_at": self.started_at,
            "duration_ms": self.duration_ms,
            "before_ms": self.before_ms,
            "upstream_ms": self.upstream_ms,
            "upstream_bytes": self.upstream_bytes,
            "result_chars": self.result_chars,
        }

    def row(self) -> Call:
        return Call(pk=self.row_id, **self.columns())

    def values(self, database: BaseDatabaseWrapper) -> tuple[Any, ...]:
        """Return the values of COLUMNS as the database's driver takes them: the row without the cost of a model."""
        columns = self.columns()
        if not database.features.has_native_uuid_field:
            # Without a UUID type in the database, Django stores the hexadecimal digits.
            for name in IDS:
                columns[name] = columns[name] and columns[name].hex
        columns["arguments"] = orjson.dumps(columns["arguments"]).decode()
        columns["started_at"] = database.ops.adapt_datetimefield_value(columns["started_at"])
        return _in_order(columns)


COLUMNS = tuple(field.attname for field in Call._meta.concrete_fields if not field.primary_key)
_in_order: Callable[[dict[str, Any]], tuple[Any, ...]] = itemgetter(*COLUMNS)
IDS = tuple(name for name in COLUMNS if name.endswith("_id"))
# What is known before a call is made; the rest of an intent's row is filled in when it has ended.
BEGUN = frozenset(
    {
        *IDS, "via", "client", "transport", "revision", "framework", "client_address", "step", "tool", "access",
        "started_at", "person_key", "person",
    }
)  # fmt: skip
ENDED = tuple(name for name in COLUMNS if name not in BEGUN)


def masked(value: Any, depth: int = 0) -> Any:
    """Return arguments as they may be stored: secrets masked, long texts cut, no NUL (PostgreSQL accepts none)."""
    if isinstance(value, dict):
        return {
            _storable(redact(str(key)[:MAX_TEXT]))[:100]: MASK if _names_secret(str(key)) else masked(child, depth + 1)
            for key, child in list(value.items())[:100]
        }
    if isinstance(value, list):
        return [masked(item, depth + 1) for item in value[:100]]
    if isinstance(value, str):
        # Redacting shortens a text, so more is read than is kept; text far beyond the cut is not read.
        text = _storable(redact(value[: 4 * MAX_TEXT]))
        return text if len(text) <= MAX_TEXT and len(value) <= 4 * MAX_TEXT else f"{text[:MAX_TEXT]}…"
    return value


def _storable(text: str) -> str:
    return text.replace("\0", "")


def _names_secret(name: str) -> bool:
    # Every paging call carries next_cursor; no secret name is part of it.
    return SECRET_NAMES.search(name) is not None
