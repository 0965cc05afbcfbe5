"""For whom an environment's tools were called, in the management API (DRF)."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Role
from api.accounts.viewsets import ApiViewSet
from api.strictness import MomentField, StrictSerializer
from tools.models import Call
from tools.record.people import use_by_people

PERIOD = timedelta(days=30)
OLDEST = timedelta(days=3660)


class UsePeriodQuery(StrictSerializer):
    """The period to sum up."""

    since = MomentField(required=False, help_text="Not before this moment (RFC 3339).")


class PersonUseSerializer(serializers.Serializer[Any]):
    """The calls of one person; `person` is empty for calls that nobody signed in for."""

    person = serializers.CharField(source="name")
    calls = serializers.IntegerField()
    reads = serializers.IntegerField()
    writes = serializers.IntegerField()
    failed = serializers.IntegerField(source="errors")
    clients = serializers.ListField(
        child=serializers.CharField(), help_text="Those that called most, by the names that they give themselves."
    )
    last_called_at = serializers.DateTimeField(source="last_at")


class UseByPeopleSerializer(serializers.Serializer[Any]):
    """Who called, most calls first, at most 200 people."""

    since = serializers.DateTimeField()
    people = PersonUseSerializer(many=True)
    capped = serializers.BooleanField(help_text="Whether there were more calls than the newest 50,000 that count.")


@extend_schema(tags=["call"])
class PersonUseViewSet(ApiViewSet[Call]):
    """Use by people of the token's environment; only tokens with the role admin read it."""

    queryset = Call.objects.all()
    serializer_class = UseByPeopleSerializer
    pagination_class = None  # type: ignore[assignment]  # its length is bounded
    reading_role = Role.ADMIN

    @extend_schema(parameters=[UsePeriodQuery], responses=UseByPeopleSerializer)
    def people(self, request: Request) -> Response:
        """Read how much each person called, in the last 30 days unless `since` is given."""
        serializer = UsePeriodQuery(data=request.query_params.dict())
        serializer.is_valid(raise_exception=True)
        now = timezone.now()
        since: datetime = max(serializer.validated_data.get("since") or now - PERIOD, now - OLDEST)
        use = use_by_people(self.token.environment_id, since)
        shown = {"since": since, "people": use.people, "capped": use.capped}
        return Response(UseByPeopleSerializer(shown).data)
