"""Put calls on record as the product does: through its recorder, so that figures are added up too."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.models import IntegratedAccount
from tools.models import Call
from tools.record.notes import Caller, CallNote
from tools.record.recorder import CallRecorder

TOOL = "list_all_fuse_desk_cases"


def note_of(account: IntegratedAccount, server_id: UUID | None = None, **values: Any) -> CallNote:
    """Return a call that succeeded a moment ago, but for what is said otherwise; `ago` is in seconds."""
    caller = Caller(
        environment_id=account.environment_id,
        account_id=account.pk,
        via=values.pop("via", "mcp"),
        server_id=server_id,
        token_id=values.pop("token_id", None),
        client=values.pop("client", "Claude 1"),
        **{name: values.pop(name, "") for name in ("transport", "revision", "framework", "person")},
        address=values.pop("address", "203.0.113.0/24"),
    )
    started_at = values.pop("started_at", None) or datetime.now(UTC) - timedelta(seconds=values.pop("ago", 1))
    note = CallNote(caller, values.pop("tool", TOOL), values.pop("access", "read"), started_at)
    for name, value in {"outcome": "ok", "duration_ms": 20.0, "upstream_ms": 15.0, **values}.items():
        setattr(note, name, value)
    return note


def record(*notes: CallNote) -> list[Call]:
    """Write calls, and return their rows in the same order."""
    before = set(Call.objects.values_list("pk", flat=True))
    recorder = CallRecorder()
    recorder._thread = object()  # type: ignore[assignment]  # none is started: this test writes by itself
    for note in notes:
        recorder.add(note)
    recorder.flush()
    return list(Call.objects.exclude(pk__in=before).order_by("pk"))
