"""Try a tool against a live account: make the call that a model would make, and show a person its outcome.

The call is real. A write is refused until it is confirmed, and noted before it is sent; like every other call, it is
recorded, as made through the portal.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db.models import QuerySet

from accounts import audit
from accounts.models import IntegratedAccount, Integration, Role, User
from accounts.models.audit import AuditSubject
from accounts.people.members import accounts_of, may
from accounts.vendors.captured import CapturedExchange
from tools.calling.answers.files import File
from tools.calling.invocation import CallResult, invoke
from tools.calling.wording import explain
from tools.catalogue.schemas.json_schemas import Schema
from tools.catalogue.tool import Tool, ToolSet
from tools.catalogue.toolbox import usable_connection
from tools.errors import AccountUnusable, CallFailed, WriteForbidden, WriteUnconfirmed
from tools.models.calls import Via
from tools.ratelimits import RateLimits
from tools.record.notes import Caller, CallNote
from tools.tokens import tokens_of

EXAMPLES = {"string": "", "integer": 1, "number": 1, "boolean": False, "array": [], "object": {}}
DATES = {"date": "2026-01-31", "date-time": "2026-01-31T09:30:00Z", "email": "jane.doe@example.com"}


@dataclass(frozen=True)
class Trial:
    """The outcome of a call: the text that a model would read, what it costs, and what the vendor did.

    `exchanges` are the requests that were sent, of which the last one counts; `file` is the vendor's file, which `text`
    only describes.
    """

    text: str
    is_error: bool
    tokens: int
    characters: int
    cut: bool
    upstream_status: int | None
    upstream_ms: float | None
    milliseconds: float
    limits: RateLimits
    file: File | None = None
    exchanges: tuple[CapturedExchange, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class TrialOrigin:
    """Where a person tries a tool: its name in the record of calls, and the audit entry for a write.

    `address` is the person's, as `noted_address` returns it.
    """

    place: str
    action: str
    subject: AuditSubject
    address: str
    details: dict[str, Any] = field(default_factory=dict)


def accounts_for(person: User, integration: Integration) -> QuerySet[IntegratedAccount]:
    """Return the accounts that a person may try an integration's tools on: all for a superuser, else their own."""
    rows = IntegratedAccount.objects.all() if person.is_superuser else accounts_of(person)
    return rows.filter(integration=integration).select_related("environment", "integration").order_by("name")


def try_tool(
    tool: Tool,
    account: IntegratedAccount,
    arguments: Any,
    person: User,
    origin: TrialOrigin,
    *,
    confirmed: bool,
    server_id: UUID | None = None,
    among: ToolSet | None = None,
) -> Trial:
    """Call a tool on behalf of an account; return a failure in the words that a model would read.

    `server_id` is the MCP server that exposes the tool, `among` are all tools that it exposes. Raises WriteForbidden or
    WriteUnconfirmed for a write before anything is sent.
    """
    if not tool.read_only:
        _allow_write(tool, account, person, origin, confirmed=confirmed)
    client = f"{origin.place}: {person.get_username()}"
    caller = Caller(
        account.environment_id,
        account.pk,
        Via.PORTAL,
        server_id=server_id,
        client=client,
        address=origin.address,
        person_key=person.pk,
        person=person.get_username(),
    )
    exchanges: list[CapturedExchange] = []
    note = CallNote(caller, tool.name, tool.method.access, datetime.now(UTC), seen=exchanges.append)
    try:
        connection, unusable = usable_connection(account)
        if connection is None:
            raise AccountUnusable(unusable)
        result = async_to_sync(invoke)(
            tool, connection, arguments, caller, budget=settings.RESULT_TOKENS, note=note, among=among
        )
    except CallFailed as failed:
        words = explain(failed, tool_name=tool.name, vendor=account.integration.label, read_only=tool.read_only)
        return _trial(words, failed.limits, note, exchanges)
    return _trial(result.text, result.limits, note, exchanges, result)


def _trial(
    text: str,
    limits: RateLimits,
    note: CallNote,
    exchanges: list[CapturedExchange],
    result: CallResult | None = None,
) -> Trial:
    return Trial(
        text=text,
        is_error=result is None,
        tokens=tokens_of(text.encode()),
        characters=len(text),
        cut=result is not None and result.cut,
        upstream_status=note.upstream_status,
        upstream_ms=note.upstream_ms,
        milliseconds=note.duration_ms or 0,
        limits=limits,
        file=result.file if result else None,
        exchanges=tuple(exchanges),
    )


def _allow_write(tool: Tool, account: IntegratedAccount, person: User, origin: TrialOrigin, *, confirmed: bool) -> None:
    if not (person.is_superuser or may(person, account.environment, Role.OPERATOR)):
        raise WriteForbidden(account.environment.name)
    if not confirmed:
        raise WriteUnconfirmed
    audit.record(person, origin.action, origin.subject, {"tool": tool.name, **origin.details})


def example_arguments(schema: Schema) -> dict[str, Any]:
    """Return the required arguments to begin with, each with a default, an example or an empty value."""
    properties = schema.get("properties", {})
    return {name: _example(properties.get(name, {})) for name in schema.get("required", [])}


def _example(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return ""
    for word in ("default", "const", "example"):
        if word in schema:
            return schema[word]
    for word in ("examples", "enum"):
        if isinstance(schema.get(word), list) and schema[word]:
            return schema[word][0]
    kind = schema.get("type")
    if kind == "object":
        return example_arguments(schema)
    if schema.get("format") in DATES:
        return DATES[schema["format"]]
    return EXAMPLES.get(kind if isinstance(kind, str) else "string", "")
