"""Logging of every process: one line for each event, with the request's id, and with tokens redacted."""

import logging
import socket
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any

import structlog

from accounts import tracing
from accounts.database.outages import outage_of
from accounts.tokens import redact
from config.monitoring.clients import QuietenClients
from config.monitoring.messages import message_of, shortened

Event = MutableMapping[str, Any]

# Longer than any sentence of Patchbay's own; a text that somebody sent is not kept whole.
MOST_CHARACTERS = 2_000
MOST_OF_TRACEBACK = 16_000

ACCESS_FIELDS = ("status", "duration_ms", "client", "surface", "server_id")
NOTICE_FIELDS = ("notice", "vendor", "account", "account_id", "token_id", "count", "reason")


def redact_event(_logger: object, _method: str, event: Event) -> Event:
    """Redact tokens in every text field of an event."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = redact(value)
    return event


class ShortenOutages(logging.Filter):
    """Leave out what an outage would repeat for each request or attempt: it has lines of its own.

    Those of the database are written by `accounts/database/outages.py`, at most one a second.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Drop Django's line about a request and those of Redis' clients; take the traceback from any other line."""
        if record.name == "django.request" and getattr(record, "status_code", 0) == HTTPStatus.SERVICE_UNAVAILABLE:
            return False
        problem = record.exc_info[1] if record.exc_info else None
        if _is_repeated(record.name, problem):
            return False
        if outage_of(problem) is None:
            return True
        record.msg = f"{message_of(record)} ({type(problem).__name__})"
        record.args = record.exc_info = record.exc_text = None
        return True


def _is_repeated(logger: str, problem: BaseException | None) -> bool:
    """Return whether it is what Redis' clients repeat for as long as it is away; /readyz tells of it once.

    Its errors are known by their module, so that no process imports the client for them.
    """
    if logger == "asyncio":
        return isinstance(problem, socket.gaierror)
    return logger == "channels_redis.pubsub" and type(problem).__module__ == "redis.exceptions"


class RedactTokens(logging.Filter):
    """Redact tokens in a record's message, arguments and traceback before any formatter sees it, and shorten them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place; never drop it."""
        record.msg = shortened(redact(message_of(record)), MOST_CHARACTERS)
        record.args = None  # already part of the message
        if record.exc_info and not record.exc_text:
            traceback = logging.Formatter().formatException(record.exc_info)
            record.exc_text = shortened(redact(traceback), MOST_OF_TRACEBACK)
        record.exc_info = None  # or a formatter would add the traceback unredacted
        return True


def _append_traceback(_logger: object, _method: str, event: Event) -> Event:
    record = event.get("_record")
    if isinstance(record, logging.LogRecord) and record.exc_text:
        event["traceback"] = record.exc_text
    return event


def _append_trace(_logger: object, _method: str, event: Event) -> Event:
    event.update(tracing.ids())
    return event


LOGGERS: dict[str, dict[str, Any]] = {
    # Without handlers of their own, which would bypass the redaction.
    "django": {"handlers": [], "propagate": True},
    "django.server": {"handlers": [], "propagate": True},
    "uvicorn": {"handlers": [], "propagate": True},
    # It cannot carry the request's id: config/middleware/requests.py logs requests.
    "uvicorn.access": {"handlers": [], "propagate": False},
    # At INFO it logs the URL of each request, which may contain an API key.
    "httpx": {"level": "WARNING"},
    # At DEBUG they log codes and tokens.
    "oauthlib": {"level": "INFO"},
    "oauth2_provider": {"level": "INFO"},
    # It tells of each attempt to connect, with the address; accounts/database/circuit.py tells of the outage.
    "psycopg.pool": {"level": "ERROR"},
    # It logs the collector's address at each attempt; config/monitoring/telemetry.py tells once.
    "opentelemetry.exporter": {"level": "CRITICAL"},
}


def logging_settings(*, level: str, style: str) -> dict[str, Any]:
    """Return Django's LOGGING; `style` is `text` for people or `json` (one object a line) for collectors."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "outages": {"()": ShortenOutages},
            "clients": {"()": QuietenClients},
            "redact": {"()": RedactTokens},
        },
        "formatters": {"line": _formatter(style)},
        "handlers": {
            "stderr": {
                "class": "config.monitoring.stderr.StderrHandler",
                "formatter": "line",
                "filters": ["outages", "clients", "redact"],
            }
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": LOGGERS,
    }


def _formatter(style: str) -> dict[str, Any]:
    renderer: Any = structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    if style == "json":
        renderer = structlog.processors.JSONRenderer()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _append_trace,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder((*ACCESS_FIELDS, *NOTICE_FIELDS)),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _append_traceback,
        redact_event,
    ]
    return {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    }
