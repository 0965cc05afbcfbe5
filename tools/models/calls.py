"""The record of calls: who called which tool, through what, with which outcome."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Outcome(models.TextChoices):
    """How a call ended."""

    PENDING = "pending", "Pending: sent, no answer noted yet"
    OK = "ok", "OK"
    INVALID = "invalid", "Refused: invalid arguments"
    RATE_LIMITED = "rate_limited", "Refused: rate limit"
    BUSY = "busy", "Refused: too much at once"
    REFUSED = "refused", "Refused by the vendor"
    UNREACHABLE = "unreachable", "Vendor not reached"
    UNUSABLE = "unusable", "Unusable answer"
    CANCELLED = "cancelled", "Cancelled by the client"
    FAILED = "failed", "Failed here"
    UNKNOWN = "unknown", "Unknown: no answer was recorded"


# Everything else is an error: nothing that the caller asked for came back.
UNFAILED = (Outcome.OK, Outcome.PENDING, Outcome.CANCELLED)
FAILED = ~Q(outcome__in=UNFAILED)


class Via(models.TextChoices):
    """The interface through which a call came."""

    MCP = "mcp", "MCP"
    REST = "rest", "REST"
    PORTAL = "portal", "Portal"


class McpTransport(models.TextChoices):
    """The transport of MCP through which a call came."""

    HTTP = "http", "Streamable HTTP"
    SSE = "sse", "HTTP+SSE"


class Call(models.Model):
    """One call of a tool. It outlives account, server and token, so it refers to them without a constraint."""

    Outcome = Outcome
    Via = Via

    environment_id = models.UUIDField()
    account_id = models.UUIDField()
    server_id = models.UUIDField(null=True, blank=True)
    token_id = models.UUIDField(null=True, blank=True, help_text="The API token that was sent, if any.")
    via = models.CharField(max_length=6, choices=Via.choices)
    client = models.CharField(max_length=120, blank=True, help_text="What the client calls itself.")
    # With defaults of the database's, since a process of the previous release knows no such columns.
    transport = models.CharField(
        max_length=4, choices=McpTransport.choices, blank=True, db_default="", help_text="The transport of MCP."
    )
    revision = models.CharField(max_length=10, blank=True, db_default="", help_text="The protocol revision of MCP.")
    framework = models.CharField(
        max_length=100,
        blank=True,
        db_default="",
        help_text="The framework or HTTP library of the client, by its User-Agent.",
    )
    client_address = models.CharField(
        max_length=43,
        blank=True,
        db_default="",
        help_text="Where the call came from; CLIENT_ADDRESSES says how much of it is kept.",
    )
    trace_id = models.UUIDField(null=True, blank=True, help_text="What a composite and the calls of its steps share.")
    step = models.CharField(
        max_length=48, blank=True, db_default="", help_text="The step of a composite that made the call."
    )
    # Of whoever the call was made for. The name is kept, so that the record outlives the person.
    person_key = models.BigIntegerField(null=True, blank=True, help_text="Whose sign-in or API token it was.")
    person = models.CharField(max_length=150, blank=True, db_default="", help_text="Their user name at that time.")
    tool = models.CharField(max_length=64)
    access = models.CharField(max_length=5)
    arguments = models.JSONField(default=dict)
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    error = models.CharField(max_length=500, blank=True)
    upstream_status = models.PositiveSmallIntegerField(null=True, blank=True)
    started_at = models.DateTimeField()
    duration_ms = models.FloatField(null=True, blank=True)
    before_ms = models.FloatField(null=True, blank=True, help_text="From the start until the vendor was asked.")
    upstream_ms = models.FloatField(null=True, blank=True)
    upstream_bytes = models.PositiveIntegerField(default=0)
    result_chars = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["-started_at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["account_id", "-started_at"], name="call_account"),
            models.Index(fields=["server_id", "-started_at"], name="call_server"),
            models.Index(fields=["started_at"], name="call_started"),
            models.Index(fields=["environment_id", "-started_at"], name="call_environment"),
            models.Index(fields=["started_at"], name="call_pending", condition=Q(outcome="pending")),
            models.Index(fields=["environment_id", "-started_at"], name="call_failed", condition=FAILED),
            models.Index(fields=["account_id", "-started_at"], name="call_failed_account", condition=FAILED),
        ]

    def __str__(self) -> str:
        return f"{self.tool} {self.outcome}"
