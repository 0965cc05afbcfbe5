"""A call as the list shows it."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.activity.names import CallNames
from tools.models import Call, Outcome
from tools.models.calls import UNFAILED
from tools.record.activity import words_of

SHAPES: dict[str, str] = {Outcome.OK: "live", Outcome.PENDING: "expired", Outcome.CANCELLED: "paused"}


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call with its names; an empty name means that the row no longer exists.

    `framework` is empty where the client's own name says it.
    """

    call: Call
    account: str
    server: str
    shape: str
    outcome: str
    failed: bool
    way: str
    framework: str


def rows_of(calls: Sequence[Call], names: CallNames) -> list[CallRow]:
    """Return the rows of some calls, and add the names they need to `names`."""
    names.learn(calls)
    return [_row(call, names) for call in calls]


def _row(call: Call, names: CallNames) -> CallRow:
    return CallRow(
        call,
        names.accounts[call.account_id],
        names.servers[call.server_id] if call.server_id else "",
        SHAPES.get(call.outcome, "attention"),
        words_of(call.outcome),
        call.outcome not in UNFAILED,
        ", ".join(filter(None, [call.get_via_display(), call.get_transport_display()])),
        "" if _name_in(call.framework) in _name_in(call.client) else call.framework,
    )


def _name_in(told: str) -> str:
    """Return the name in a name with a version, to compare it with another one."""
    return told.partition(" ")[0].partition("/")[0].lower()
