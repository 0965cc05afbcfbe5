"""A collector of traces: takes OTLP over HTTP at a socket, and tells which spans came."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.vendors.application import serving
from tests.vendors.scripted import ScriptedVendor

KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
ERROR = 2


@dataclass(frozen=True)
class Received:
    """A span as it came over the wire."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    failed: bool
    links: tuple[str, ...]
    events: int
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass
class Collector:
    """Where spans are sent to; `stop` ends the tracing that sends them."""

    site: ScriptedVendor
    stop: Callable[[], None] = lambda: None

    @property
    def raw(self) -> bytes:
        """Every byte that came."""
        return b"".join(request.body for request in self.site.received)

    def spans(self) -> list[Received]:
        """Return the spans so far, in the order in which they began."""
        assert {(request.method, request.path) for request in self.site.received} <= {("POST", "/v1/traces")}
        found = [
            (span.start_time_unix_nano, _received(span))
            for request in self.site.received
            for resource in ExportTraceServiceRequest.FromString(request.body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        return [span for _, span in sorted(found, key=lambda pair: pair[0])]

    def resource(self) -> dict[str, Any]:
        """Return what the sender says of itself."""
        (first, *_) = ExportTraceServiceRequest.FromString(self.site.received[0].body).resource_spans
        return _values(first.resource.attributes)

    def one(self, name: str) -> Received:
        (span,) = [each for each in self.spans() if each.name == name]
        return span


def _received(span: Any) -> Received:
    return Received(
        span.name,
        KINDS[span.kind],
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.status.code == ERROR,
        tuple(link.span_id.hex() for link in span.links),
        len(span.events),
        _values(span.attributes),
    )


def _values(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, str(each.value.WhichOneof("value"))) for each in attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    """Take spans for as long as the block lasts."""
    with serving(ScriptedVendor()) as site:
        yield Collector(site)
