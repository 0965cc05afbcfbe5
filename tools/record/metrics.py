"""Metrics of tool calls, which `config/monitoring/metrics.py` exposes.

Labels are bounded: beyond a number of servers, tools and integrations, further ones count as `other`.
"""

from collections.abc import Hashable
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram

if TYPE_CHECKING:
    from tools.record.notes import CallNote

OTHER = "other"
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

CALLS = Counter("patchbay_tool_calls", "Tool calls that have ended.", ["server", "tool", "access", "outcome"])
UPSTREAM_SECONDS = Histogram(
    "patchbay_upstream_seconds",
    "Time that vendors took, failures included.",
    ["integration"],
    buckets=SECONDS,
)
DEVIATIONS = Counter(
    "patchbay_answer_deviations",
    "Results that did not have the form that their tool's response schema documents.",
    ["integration", "tool"],
)
WRITES_NOT_SENT = Counter(
    "patchbay_writes_not_sent",
    "Writes that were not sent because they could not be noted in time, or their client had gone by then.",
    ["reason"],
)
INTENTS_WAITING = Gauge("patchbay_intents_waiting", "Writes whose row is on its way into the database.")
RECORD_QUEUE = Gauge("patchbay_call_record_queue", "Calls that are not written into the record of calls yet.")
RECORDS_LOST = Counter(
    "patchbay_call_records_lost", "Calls that are missing from the record of calls, by why.", ["reason"]
)
# Made in advance: an alert sees no increase in a series that is new.
for _reason in ("queue full", "refused by the database", "process stopped"):
    RECORDS_LOST.labels(_reason)
for _reason in ("late", "database away", "failed", "client gone"):
    WRITES_NOT_SENT.labels(_reason)

OLDEST_WAIT = Gauge(
    "patchbay_oldest_wait_seconds",
    "How long the oldest call has been waiting for the record, or a write for its intent.",
    ["what"],
)


class BoundedLabel:
    """Give the first values their own label, and all further ones `other`."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._labels: dict[Hashable, str] = {None: "none"}

    def of(self, value: Hashable) -> str:
        """Return the label of a value; None is `none`."""
        label = self._labels.get(value)
        if label is None:
            if len(self._labels) > self._size:
                return OTHER
            label = self._labels[value] = str(value)
        return label


_servers = BoundedLabel(200)
_tools = BoundedLabel(1000)
_integrations = BoundedLabel(100)
_calls: dict[tuple[str, str, str, str], Counter] = {}
_upstream: dict[str, Histogram] = {}
_deviations: dict[tuple[str, str], Counter] = {}
# The most series of calls with a server of their own; the rest count under the server `other`.
MOST_SERIES = 10_000


def count_call(note: "CallNote") -> None:
    """Count a call that has ended."""
    labels = (_servers.of(note.caller.server_id), _tools.of(note.tool), str(note.access), str(note.outcome))
    series = _calls.get(labels)
    if series is None:
        if len(_calls) >= MOST_SERIES:
            labels = (OTHER, *labels[1:])
        series = _calls[labels] = CALLS.labels(*labels)
    series.inc()


def count_deviation(integration: str, tool: str) -> None:
    """Count a result that deviates from its documentation."""
    labels = (_integrations.of(integration), _tools.of(tool))
    series = _deviations.get(labels)
    if series is None:
        if len(_deviations) >= MOST_SERIES:
            labels = (OTHER, OTHER)
        series = _deviations[labels] = DEVIATIONS.labels(*labels)
    series.inc()


def observe_upstream(integration: str, seconds: float) -> None:
    """Add the seconds that a vendor took to its histogram."""
    label = _integrations.of(integration)
    series = _upstream.get(label)
    if series is None:
        series = _upstream[label] = UPSTREAM_SECONDS.labels(label)
    series.observe(seconds)
