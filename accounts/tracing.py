"""Spans of what Patchbay does, for whoever installs a tracer; without one they cost next to nothing.

config/monitoring/telemetry.py installs OpenTelemetry's, and is only imported where it is wanted. Attributes follow its
semantic conventions. None may hold a secret, an argument, a result or an address with a token in it.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from enum import Enum, auto
from types import TracebackType
from typing import Protocol

Attributes = Mapping[str, str | int | float | bool]
# What continues a trace: `traceparent` and `tracestate` (W3C Trace Context, section 3).
Carrier = Mapping[str, str]


class SpanKind(Enum):
    """Who takes part in the work: a client of ours, a server of others', who sends or takes a message, or nobody."""

    SERVER = auto()
    CLIENT = auto()
    PRODUCER = auto()
    CONSUMER = auto()
    INTERNAL = auto()


class Span(Protocol):
    """A piece of work under way."""

    def note(self, attributes: Attributes) -> None:
        """Add attributes."""

    def rename(self, name: str) -> None:
        """Give the span a name that is known only now."""

    def fail(self, kind: str) -> None:
        """Mark the work as failed; `kind` is one of few, such as a status or the name of a class."""


class Tracer(Protocol):
    """What makes spans."""

    def span(self, name: str, kind: SpanKind, attributes: Attributes, carrier: Carrier) -> AbstractContextManager[Span]:
        """Return a span for a block; it continues the carrier's trace if that has one, else that of the context."""

    def current(self) -> Span:
        """Return the context's span."""

    def carrier(self) -> dict[str, str]:
        """Return what lets others continue the context's trace."""

    def ids(self) -> dict[str, str]:
        """Return the context's `trace_id` and `span_id`, if it has a span."""


class _NoSpan:
    """The span where nothing is traced."""

    def __enter__(self) -> Span:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Do nothing."""

    def note(self, attributes: Attributes) -> None:
        """Do nothing."""

    def rename(self, name: str) -> None:
        """Do nothing."""

    def fail(self, kind: str) -> None:
        """Do nothing."""


_NOTHING: Attributes = {}
_NO_CARRIER: Carrier = {}
NO_SPAN = _NoSpan()
_tracers: list[Tracer] = []


def install(tracer: Tracer | None) -> None:
    """Trace with this tracer from now on, or with none."""
    _tracers[:] = [] if tracer is None else [tracer]


def span(
    name: str,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Attributes = _NOTHING,
    carrier: Carrier = _NO_CARRIER,
) -> AbstractContextManager[Span]:
    """Return a span for a block; an exception that leaves the block fails it, by the name of its class alone."""
    return _tracers[0].span(name, kind, attributes, carrier) if _tracers else NO_SPAN


def current() -> Span:
    """Return the context's span."""
    return _tracers[0].current() if _tracers else NO_SPAN


def carrier() -> dict[str, str]:
    """Return what lets others continue the context's trace; nothing where nothing is traced."""
    return _tracers[0].carrier() if _tracers else {}


def ids() -> dict[str, str]:
    """Return the context's `trace_id` and `span_id`; nothing where nothing is traced."""
    return _tracers[0].ids() if _tracers else {}


def is_on() -> bool:
    """Return whether anything is traced."""
    return bool(_tracers)
