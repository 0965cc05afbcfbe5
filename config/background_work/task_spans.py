"""Spans of tasks, where they are sent and where they run: names, ids and outcomes, no arguments and no results.

A run continues the trace of what sent it, which travels in the message's headers.
"""

from typing import Any

from celery import Celery, Task

from accounts import tracing
from accounts.tracing import SpanKind

# OpenTelemetry's semantic conventions for messaging.
SYSTEM, OPERATION, NAME, ID = (
    "messaging.system", "messaging.operation.name", "patchbay.task", "messaging.message.id",
)  # fmt: skip
TRACEPARENT = "traceparent"


class TracedTask(Task[Any, Any]):
    """A task whose runs are spans."""

    abstract = True

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Run the task; what it raises fails the span, by the name of its class."""
        attributes = {SYSTEM: "celery", OPERATION: "run", NAME: self.name, ID: str(self.request.id)}
        headers = self.request.headers or {}
        carrier = {TRACEPARENT: headers[TRACEPARENT]} if TRACEPARENT in headers else {}
        with tracing.span(f"run {self.name}", SpanKind.CONSUMER, attributes, carrier):
            return self.run(*arguments, **named)


class TracedCelery(Celery):
    """An application whose messages name the trace that they belong to."""

    task_cls = f"{__name__}:{TracedTask.__name__}"

    def send_task(self, name: str, *arguments: Any, **options: Any) -> Any:
        """Send a task, as a span."""
        with tracing.span(f"send {name}", SpanKind.PRODUCER, {SYSTEM: "celery", OPERATION: "send", NAME: name}):
            options["headers"] = {**(options.get("headers") or {}), **tracing.carrier()}
            return super().send_task(name, *arguments, **options)
