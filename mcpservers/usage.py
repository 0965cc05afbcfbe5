"""Who used a server lately, so that whoever is about to end it knows what will break."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from tools.models import Call

LATELY = timedelta(hours=24)
NAMED_CLIENTS = 3


@dataclass(frozen=True)
class Usage:
    """Calls in the last 24 hours; `clients` are the most recent ones, by what they call themselves."""

    calls: int
    clients: list[str]


def usage_of(server_ids: list[UUID]) -> Usage:
    """Return how some servers were used lately."""
    calls = Call.objects.filter(server_id__in=server_ids, started_at__gte=timezone.now() - LATELY)
    names = calls.exclude(client="").order_by().values_list("client", flat=True).distinct()
    return Usage(calls.count(), sorted(names[:NAMED_CLIENTS]))
