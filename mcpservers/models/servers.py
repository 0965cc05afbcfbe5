"""MCP servers: each opens one account's tools to the clients that may reach it, within its policy."""

import json
import uuid
from datetime import datetime
from typing import Any, TypeVar

from django.db import connections, models
from django.db.models import Q
from django.utils import timezone

from accounts.changes import ChangeKind
from accounts.models import IntegratedAccount, Integration
from accounts.models.audit import AuditSubject
from accounts.models.revisions import RevisedQuerySet, RevisedRow
from accounts.tokens import MintedToken

# A live server with what else a request needs. It runs for every server that a process meets, and Django takes ten
# times as long to compose it as to run it.
OPENED = """
SELECT server.id, server.account_id, server.name, server.methods, server.tags, server.tools, server.search_mode,
    server.results, server.output_schema, server.require_api_token_auth, server.sign_in, server.digest,
    server.previous_until,
    server.expires_at, server.revision,
    account.environment_id, account.integration_id, account.name AS account_name, account.status, account.stopped,
    account.connection, account.credentials, account.approved_routes, account.base_url, account.time_zone,
    account.refusal, account.revision AS account_revision, integration.label, integration.revision AS of_integration
FROM mcpservers_mcpserver server
JOIN accounts_integratedaccount account ON account.id = server.account_id
JOIN accounts_integration integration ON integration.id = account.integration_id
WHERE server.paused_at IS NULL AND (server.expires_at IS NULL OR server.expires_at > %s)
"""
BY_TOKEN = """
    AND NOT server.sign_in
    AND (server.digest = %s OR (server.previous_digest = %s AND server.previous_until > %s))
"""
BY_ID = "AND server.sign_in AND server.id = %s"


M = TypeVar("M", bound=models.Model)
# SQLite has no type for them.
uuid_field = models.UUIDField()
uuid_of = uuid_field.to_python


class MCPServerQuerySet(RevisedQuerySet["MCPServer"]):
    """MCP servers, with what makes them live, expired or open to a token."""

    def live(self, now: datetime | None = None) -> "MCPServerQuerySet":
        """Return those that answer clients."""
        return self.filter(paused_at=None).filter(Q(expires_at=None) | Q(expires_at__gt=now or timezone.now()))

    def opened_by(self, digest: bytes, now: datetime | None = None) -> "MCPServerQuerySet":
        """Return the one that a token opens: its current token, or the previous one during its grace period."""
        previous = Q(previous_digest=digest, previous_until__gt=now or timezone.now())
        return self.filter(sign_in=False).filter(Q(digest=digest) | previous)

    def open_to(self, digest: bytes) -> "MCPServer | None":
        """Return the live server that a token opens, with its account and integration; the rest is deferred."""
        now = self._moment()
        return self._opened(BY_TOKEN, [now, digest, digest, now])

    def open_to_people(self, server_id: uuid.UUID) -> "MCPServer | None":
        """Return the live server with this id if people sign in to it, loaded as by `open_to`."""
        return self._opened(BY_ID, [self._moment(), uuid_field.get_db_prep_value(server_id, connections[self.db])])

    def _moment(self) -> Any:
        return connections[self.db].ops.adapt_datetimefield_value(timezone.now())

    def _opened(self, which: str, parameters: list[Any]) -> "MCPServer | None":
        row = next(iter(self.raw(OPENED + which, parameters)), None)
        if row is None:
            return None
        read: Any = row  # with the columns of the other tables
        environment_id, integration_id = map(uuid_of, (read.environment_id, read.integration_id))
        row.account = self._partly(
            IntegratedAccount, id=row.account_id, environment_id=environment_id, integration_id=integration_id,
            name=read.account_name, status=read.status, stopped=read.stopped, connection=json.loads(read.connection),
            credentials=read.credentials, approved_routes=json.loads(read.approved_routes), base_url=read.base_url,
            time_zone=read.time_zone, refusal=read.refusal, revision=read.account_revision,
        )  # fmt: skip
        row.account.integration = self._partly(
            Integration, id=integration_id, label=read.label, revision=read.of_integration
        )
        return row

    def _partly(self, model: type[M], **values: Any) -> M:
        """Return a stored row of which only these columns were read."""
        names = [field.attname for field in model._meta.concrete_fields if field.attname in values]
        return model.from_db(self.db, names, [values[name] for name in names])

    def expired(self, now: datetime | None = None) -> "MCPServerQuerySet":
        return self.filter(expires_at__lte=now or timezone.now())

    def in_status(self, status: str, now: datetime | None = None) -> "MCPServerQuerySet":
        """Return those whose MCPServer.status() is this one."""
        now = now or timezone.now()
        match MCPServer.Status(status):
            case MCPServer.Status.LIVE:
                return self.live(now)
            case MCPServer.Status.PAUSED:
                return self.exclude(paused_at=None).exclude(expires_at__lte=now)
            case MCPServer.Status.EXPIRED:
                return self.expired(now)


class MCPServer(RevisedRow):
    """One address for clients: a tokenized URL, of which only the digest is kept, or one that asks for sign-in."""

    announced_kind = ChangeKind.SERVER
    announced_by = "pk"
    quiet_fields = frozenset({"last_client", "first_seen_at", "last_seen_at"})

    class Status(models.TextChoices):
        """Whether clients are answered."""

        LIVE = "live", "Live"
        PAUSED = "paused", "Paused"
        EXPIRED = "expired", "Expired"

    class Authentication(models.TextChoices):
        """What a client needs: the secret URL alone, an API token beside it, or a person who signs in."""

        URL = "url", "The URL alone"
        API_TOKEN = "api_token", "The URL and an API token"
        SIGN_IN = "sign_in", "Sign-in: people allow a client at Patchbay"

    class ResultForm(models.TextChoices):
        """In which form clients get the results of tools."""

        BOTH = "both", "Text and structured data"
        TEXT = "text", "Text only"
        STRUCTURED = "structured", "Structured data only"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(IntegratedAccount, on_delete=models.CASCADE, related_name="mcp_servers")
    name = models.CharField(max_length=80)
    methods = models.JSONField(default=list, blank=True, help_text="read, write, custom or single methods; empty: all.")
    tags = models.JSONField(default=list, blank=True, help_text="Tools with any of these tags; empty: all.")
    tools = models.JSONField(default=list, blank=True, help_text="Only these tools, by name; empty: all.")
    search_mode = models.BooleanField(
        default=False, help_text="Clients find tools by words and call them by name, in place of a list of all."
    )
    # With defaults of the database's, since a process of the previous release knows no such columns.
    results = models.CharField(
        max_length=10,
        choices=ResultForm.choices,
        default=ResultForm.BOTH,
        db_default=ResultForm.BOTH,
        help_text="The form of results: text, structuredContent, or both.",
    )
    output_schema = models.BooleanField(
        default=True, db_default=True, help_text="Tools list an outputSchema, unless results are text only."
    )
    require_api_token_auth = models.BooleanField(
        default=False, help_text="Clients must also send an API token of the environment as a bearer token."
    )
    sign_in = models.BooleanField(
        default=False, db_default=False, editable=False, help_text="People sign in; there is no tokenized URL."
    )
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    previous_digest = models.BinaryField(max_length=32, unique=True, null=True, editable=False)
    previous_until = models.DateTimeField(null=True, editable=False, help_text="How long the URL before works.")
    expires_at = models.DateTimeField(null=True, blank=True, db_index=True)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_client = models.CharField(max_length=120, blank=True, editable=False, help_text="What it calls itself.")
    first_seen_at = models.DateTimeField(null=True, editable=False, help_text="When a client connected first.")
    last_seen_at = models.DateTimeField(null=True, editable=False)
    created_by = models.CharField(max_length=160, editable=False, help_text="A user name, or an API token by its name.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MCPServerQuerySet.as_manager()  # type: ignore[misc]  # the abstract row's is wider

    class Meta:
        ordering = ["-created_at", "pk"]
        verbose_name = "MCP server"

    def __str__(self) -> str:
        return self.name

    @property
    def audit_subject(self) -> AuditSubject:
        """The row as the audit record names it."""
        return AuditSubject(self.account.environment_id, self.pk, self.name)

    @property
    def authentication(self) -> Authentication:
        """What a client needs to be answered.

        It is kept in two columns: processes of the previous release write the first, and do not know the other.
        """
        if self.sign_in:
            return self.Authentication.SIGN_IN
        return self.Authentication.API_TOKEN if self.require_api_token_auth else self.Authentication.URL

    @authentication.setter
    def authentication(self, chosen: str) -> None:
        self.sign_in = chosen == self.Authentication.SIGN_IN
        self.require_api_token_auth = chosen == self.Authentication.API_TOKEN

    @property
    def lists_output(self) -> bool:
        """Whether its tools list an outputSchema, which promises structuredContent."""
        return self.output_schema and self.results != self.ResultForm.TEXT

    def status(self, now: datetime | None = None) -> Status:
        if self.expires_at is not None and self.expires_at <= (now or timezone.now()):
            return self.Status.EXPIRED
        return self.Status.LIVE if self.paused_at is None else self.Status.PAUSED

    def take_token(self, token: MintedToken, *, keep_until: datetime | None = None) -> None:
        """Replace the token by a new one; the previous one works until `keep_until`, or stops at once (not saved)."""
        # PostgreSQL returns a memoryview for a binary column.
        self.previous_digest = bytes(self.digest) if keep_until else None
        self.previous_until = keep_until
        self.digest, self.last_four = token.digest, token.last_four

    def ends_for(self, digest: bytes) -> datetime | None:
        """Return when the token with this digest stops opening the server; None means never."""
        moments = [self.expires_at, None if self.sign_in or bytes(self.digest) == digest else self.previous_until]
        return min((moment for moment in moments if moment), default=None)
