"""Whether a process is traced: only where a collector is named."""

from collections.abc import Callable

from django.conf import settings


def start_tracing() -> Callable[[], None]:
    """Begin to trace where a collector is named; return what ends it."""
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        return no_tracing
    # OpenTelemetry is large: it is not even imported by who does not use it.
    from config.monitoring.telemetry import start  # noqa: PLC0415

    return start()


def no_tracing() -> None:
    """Do nothing: no tracing has begun."""
