"""The record of calls in the management API (DRF): a list, single calls, and aggregate figures."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from api.accounts.viewsets import ApiViewSet
from api.pagination import CURSOR, LIMIT, CursorUnknown, opened, sealed
from api.strictness import MomentField, StrictSerializer
from mcpservers.eras import SUPPORTED
from tools.models import Call, Outcome
from tools.models.calls import McpTransport, Via
from tools.record.activity import ANY_FAILURE, CallFilter, CallPosition, page_of
from tools.record.figures import Tally, TallyRow, breakdown_of, figures_of

PERIOD = timedelta(hours=24)
MOST = 200


class CallQuery(StrictSerializer):
    """Filters of calls; an omitted one matches every call."""

    account = serializers.UUIDField(required=False, help_text="The id of an account.")
    server = serializers.UUIDField(required=False, help_text="The id of an MCP server.")
    tool = serializers.CharField(required=False, max_length=64, help_text="The name of a tool.")
    client = serializers.CharField(
        required=False, max_length=120, help_text="A part of the name that the client reports."
    )
    person = serializers.CharField(
        required=False, max_length=150, help_text="The user name of whoever the call was made for."
    )
    outcome = serializers.ChoiceField(
        required=False,
        choices=[*Outcome.values, ANY_FAILURE],
        help_text="One outcome, or `failures` for all failed calls.",
    )
    via = serializers.ChoiceField(required=False, choices=Via.values, help_text="The interface used for the call.")
    transport = serializers.ChoiceField(
        required=False, choices=McpTransport.choices, help_text="The transport of MCP; no other call has one."
    )
    revision = serializers.ChoiceField(required=False, choices=SUPPORTED, help_text="The protocol revision of MCP.")
    framework = serializers.CharField(
        required=False, max_length=100, help_text="A part of the name of what the client is made with."
    )
    since = MomentField(required=False, help_text="Not before this moment (RFC 3339).")
    until = MomentField(required=False, help_text="Not after this moment (RFC 3339).")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a period that ends before it begins, and years whose neighbours datetime cannot represent."""
        for name in ("since", "until"):
            if name in attrs and not 2000 <= attrs[name].year <= 9000:
                raise serializers.ValidationError({name: "Takes a year from 2000 to 9000."})
        if "since" in attrs and "until" in attrs and attrs["since"] > attrs["until"]:
            raise serializers.ValidationError({"until": "Is before since."})
        return attrs

    def wanted(self, environment_id: Any) -> CallFilter:
        """Return the filter for one environment; call is_valid first."""
        given = {name: value for name, value in self.validated_data.items() if name not in {LIMIT, CURSOR}}
        return CallFilter(environment_id, given.pop("account", None), given.pop("server", None), **given)


class CallListQuery(CallQuery):
    """Filters of calls, and a page of the matches."""

    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST, default=50, help_text="How many calls to return at most."
    )
    next_cursor = serializers.CharField(
        required=False, help_text="For the next page: the next_cursor of the previous page, passed back unchanged."
    )

    def validate_next_cursor(self, given: str) -> CallPosition | None:
        """Return the cursor's position; raise ValidationError if the list did not issue it."""
        try:
            return CallPosition.parse(opened(given, self.context["request"]))
        except CursorUnknown as unknown:
            raise serializers.ValidationError(str(unknown)) from None


class CallSerializer(serializers.ModelSerializer[Call]):
    """One call. Durations are in milliseconds; values with names like those of secrets are masked in `arguments`."""

    class Meta:
        model = Call
        fields = (
            "id", "started_at", "account_id", "server_id", "token_id", "person", "via", "transport", "revision",
            "client", "framework", "client_address", "tool", "access", "arguments", "outcome", "error",
            "upstream_status", "duration_ms", "before_ms", "upstream_ms", "upstream_bytes", "result_chars",
        )  # fmt: skip


@extend_schema_serializer(many=False)
class CallPageSerializer(serializers.Serializer[Any]):
    """A page of calls, newest first."""

    result = CallSerializer(many=True)
    next_cursor = serializers.CharField(
        allow_null=True,
        help_text="Null on the last page. A search may return short or empty pages before that.",
    )


class TallySerializer(serializers.Serializer[Any]):
    """Figures for some calls. Percentiles are null where there are none."""

    calls = serializers.IntegerField()
    failed = serializers.IntegerField()
    p50_ms = serializers.FloatField(allow_null=True)
    p95_ms = serializers.FloatField(allow_null=True)
    p99_ms = serializers.FloatField(allow_null=True)


class ToolTallySerializer(TallySerializer):
    """Figures for the calls of one tool."""

    tool = serializers.CharField()


class ServerTallySerializer(TallySerializer):
    """Figures for the calls through one server; `server_id` is null for calls without a server."""

    server_id = serializers.UUIDField(allow_null=True)
    account_id = serializers.UUIDField(allow_null=True)


class CallFiguresSerializer(serializers.Serializer[Any]):
    """Figures for calls: in total, by tool and by server, the most called first."""

    since = serializers.DateTimeField(
        help_text="The start of the period, rounded to the hour or day if figures are kept by these."
    )
    until = serializers.DateTimeField()
    total = TallySerializer()
    tools = ToolTallySerializer(many=True)
    servers = ServerTallySerializer(many=True, allow_null=True, help_text="The ten most used; null if unknown.")


@extend_schema(tags=["call"])
class CallViewSet(ApiViewSet[Call]):
    """The record of calls of the token's environment."""

    queryset = Call.objects.all()
    serializer_class = CallSerializer
    pagination_class = None  # type: ignore[assignment]  # `page_of` pages by position, without DRF

    @extend_schema(parameters=[CallListQuery], responses=CallPageSerializer)
    def list(self, request: Request) -> Response:
        """List calls, newest first. They are not counted, so that a long record answers as fast as a short one."""
        serializer = CallListQuery(data=request.query_params.dict(), context={"request": request})
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        page = page_of(serializer.wanted(self.token.environment_id), data.get(CURSOR), data[LIMIT])
        following = sealed(str(page.next), request) if page.next else None
        return Response({"result": CallSerializer(page.calls, many=True).data, CURSOR: following})

    def retrieve(self, request: Request, call_id: int) -> Response:
        """Read a call."""
        call = get_object_or_404(Call, pk=call_id, environment_id=self.token.environment_id)
        return Response(CallSerializer(call).data)

    @extend_schema(parameters=[CallQuery], responses=CallFiguresSerializer)
    def figures(self, request: Request) -> Response:
        """Read aggregate figures, of the last 24 hours unless `since` and `until` are given."""
        serializer = CallQuery(data=request.query_params.dict())
        serializer.is_valid(raise_exception=True)
        until: datetime = serializer.validated_data.get("until") or timezone.now()
        since: datetime = serializer.validated_data.get("since") or until - PERIOD
        wanted = serializer.wanted(self.token.environment_id)
        whole, parted = figures_of(wanted, since, until), breakdown_of(wanted, since, until)
        shown = {
            "since": whole.since,
            "until": whole.until,
            "total": _tally(whole.total),
            "tools": [{"tool": line.key, **_tally(line.tally)} for line in parted.tools],
            "servers": None if parted.servers is None else [_server(line) for line in parted.servers],
        }
        return Response(CallFiguresSerializer(shown).data)


def _server(line: TallyRow) -> dict[str, Any]:
    return {"server_id": line.key, "account_id": line.account_id, **_tally(line.tally)}


def _tally(tally: Tally) -> dict[str, Any]:
    p50, p95, p99 = tally.times or (None, None, None)
    return {"calls": tally.calls, "failed": tally.errors, "p50_ms": p50, "p95_ms": p95, "p99_ms": p99}
