"""Who used a server lately, so that whoever is about to end it knows what will break."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Count
from django.utils import timezone

from tools.models import Call

LATELY = timedelta(hours=24)
NAMED_CLIENTS = 3


@dataclass(frozen=True)
class Usage:
    """Calls in the last 24 hours; `clients` are the most recent ones, by what they call themselves."""

    calls: int
    clients: list[str]


def calls_lately(server_ids: list[UUID]) -> dict[UUID, int]:
    """Return the calls of the last 24 hours by server; servers without any are left out."""
    calls = Call.objects.filter(server_id__in=server_ids, started_at__gte=timezone.now() - LATELY)
    counted = calls.order_by().values_list("server_id").annotate(calls=Count("pk"))
    return {server_id: number for server_id, number in counted if server_id is not None}


def usage_of(server_ids: list[UUID]) -> Usage:
    """Return how some servers were used lately."""
    calls = Call.objects.filter(server_id__in=server_ids, started_at__gte=timezone.now() - LATELY)
    names = calls.exclude(client="").order_by().values_list("client", flat=True).distinct()
    return Usage(calls.count(), sorted(names[:NAMED_CLIENTS]))
