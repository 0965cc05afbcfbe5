"""Traces by OpenTelemetry, sent to a collector by OTLP over HTTP. Imported only with OTEL_EXPORTER_OTLP_ENDPOINT set.

The SDK's own variables apply too, such as OTEL_EXPORTER_OTLP_HEADERS, OTEL_RESOURCE_ATTRIBUTES and OTEL_TRACES_SAMPLER.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from accounts import product, tracing
from accounts.notices import Notice, Troubles
from accounts.tracing import Attributes, Carrier, SpanKind

# A collector that is away must not hold a process that stops.
LAST_SECONDS = 3.0
KINDS = {
    SpanKind.SERVER: trace.SpanKind.SERVER,
    SpanKind.CLIENT: trace.SpanKind.CLIENT,
    SpanKind.PRODUCER: trace.SpanKind.PRODUCER,
    SpanKind.CONSUMER: trace.SpanKind.CONSUMER,
    SpanKind.INTERNAL: trace.SpanKind.INTERNAL,
}
# No other propagator: baggage would bring what clients choose into every span behind theirs.
PROPAGATOR = TraceContextTextMapPropagator()


class OpenTelemetrySpan:
    """A span of OpenTelemetry."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def note(self, attributes: Attributes) -> None:
        self._span.set_attributes(attributes)

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def fail(self, kind: str) -> None:
        self._span.set_attribute("error.type", kind)
        self._span.set_status(trace.StatusCode.ERROR)


class OpenTelemetryTracer:
    """Makes spans that a provider exports."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer(product.NAME, product.VERSION)

    @contextmanager
    def span(self, name: str, kind: SpanKind, attributes: Attributes, carrier: Carrier) -> Iterator[OpenTelemetrySpan]:
        parent, links = _parent_of(carrier)
        # Exceptions are not recorded: their texts may quote what was sent.
        with self._tracer.start_as_current_span(
            name,
            parent,
            KINDS[kind],
            attributes,
            links,
            record_exception=False,
            set_status_on_exception=False,
        ) as started:
            made = OpenTelemetrySpan(started)
            try:
                yield made
            except BaseException as failure:
                made.fail(type(failure).__name__)
                raise

    def current(self) -> OpenTelemetrySpan:
        return OpenTelemetrySpan(trace.get_current_span())

    def carrier(self) -> dict[str, str]:
        """Return `traceparent` alone: `tracestate` is between a client and its own systems."""
        found: dict[str, str] = {}
        PROPAGATOR.inject(found)
        return {name: value for name, value in found.items() if name == "traceparent"}

    def ids(self) -> dict[str, str]:
        here = trace.get_current_span().get_span_context()
        if not here.is_valid:
            return {}
        return {"trace_id": trace.format_trace_id(here.trace_id), "span_id": trace.format_span_id(here.span_id)}


class ToldExporter(SpanExporter):
    """Exports by another exporter, and tells once that the collector takes nothing, with how much was lost."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._troubles = Troubles(Notice.TRACES_LOST, Notice.TRACES_SENT)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            self._troubles.passed("collector", "The collector takes spans again.", {})
        else:
            self._troubles.happened("collector", "Spans were lost: the collector took none.", {}, times=len(spans))
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _parent_of(carrier: Carrier) -> tuple[Context | None, list[trace.Link]]:
    """Return the parent that a carrier names, with a link to the context's own span; no parent for an unusable one."""
    if not carrier:
        return None, []
    parent = PROPAGATOR.extract(carrier, Context())
    if not trace.get_current_span(parent).get_span_context().is_valid:
        return None, []
    here = trace.get_current_span().get_span_context()
    return parent, [trace.Link(here)] if here.is_valid else []


def start() -> Callable[[], None]:
    """Begin to trace; return what ends it, and sends the last spans."""
    resource = Resource.create({"service.name": settings.OTEL_SERVICE_NAME, "service.version": product.VERSION})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    address = f"{settings.OTEL_EXPORTER_OTLP_ENDPOINT.rstrip('/')}/v1/traces"
    provider.add_span_processor(BatchSpanProcessor(ToldExporter(OTLPSpanExporter(address))))
    tracing.install(OpenTelemetryTracer(provider))

    def stop() -> None:
        tracing.install(None)
        # In a thread that the interpreter does not wait for: the exporter tries for longer than a stop may take.
        last = threading.Thread(target=provider.shutdown, daemon=True, name="last-spans")
        last.start()
        last.join(LAST_SECONDS)

    return stop
