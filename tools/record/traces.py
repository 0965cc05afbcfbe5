"""Find the calls that belong together in the record: that of a composite, and those of its steps."""

from datetime import timedelta

from django.db.models import QuerySet

from tools.models import Call

# No composite takes longer; an index covers the account and the time, none the trace.
LONGEST = timedelta(minutes=10)


def steps_of(call: Call) -> QuerySet[Call]:
    """Return the calls of a composite's steps, oldest first; none of any other call."""
    return _of_trace(call).exclude(step="").order_by("started_at", "pk") if not call.step else Call.objects.none()


def composite_of(call: Call) -> Call | None:
    """Return the call of the composite that a step belongs to."""
    return _of_trace(call).filter(step="").first() if call.step else None


def _of_trace(call: Call) -> QuerySet[Call]:
    if call.trace_id is None:
        return Call.objects.none()
    around = (call.started_at - LONGEST, call.started_at + LONGEST)
    return Call.objects.filter(account_id=call.account_id, started_at__range=around, trace_id=call.trace_id)
