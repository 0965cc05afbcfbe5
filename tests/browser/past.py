"""A day of calls that were never made, for pictures: `fill` runs in a process of the product."""

import math
import random
from datetime import UTC, datetime, timedelta

from mcpservers.models import MCPServer
from tools.models import Call
from tools.record.rollups import add_up_everything

OUTCOMES = {Call.Outcome.OK: 95, Call.Outcome.INVALID: 3, Call.Outcome.RATE_LIMITED: 1, Call.Outcome.REFUSED: 1}
TOOLS = ("list_all_fuse_desk_cases", "get_single_fuse_desk_case_by_id", "list_all_fuse_desk_contacts")
# By server: what calls it, and how many times in its busiest hour.
CALLERS = {"Triage agent": ("Claude", 60), "Weekly report": ("ChatGPT", 35), "CRM sync": ("openai-agents", 25)}
HOURS = 23


def fill() -> None:
    """Record calls of the servers in CALLERS, most of them in the middle of the time."""
    chance, now = random.Random(7), datetime.now(UTC)
    for server in MCPServer.objects.select_related("account").filter(name__in=CALLERS):
        client, most = CALLERS[server.name]
        for hours in range(1, HOURS):
            count = int(most * math.sin(math.pi * hours / HOURS) * chance.uniform(0.7, 1)) + 1
            Call.objects.bulk_create(
                _call(server, client, now - timedelta(hours=hours) - timedelta(seconds=chance.uniform(0, 3600)), chance)
                for _ in range(count)
            )
    add_up_everything()


def _call(server: MCPServer, client: str, at: datetime, chance: random.Random) -> Call:
    outcome = chance.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
    upstream_ms = chance.lognormvariate(4.8, 0.5)
    return Call(
        environment_id=server.account.environment_id,
        account_id=server.account_id,
        server_id=server.pk,
        via=Call.Via.MCP,
        client=client,
        tool=chance.choice(TOOLS),
        access="read",
        outcome=outcome,
        started_at=at,
        duration_ms=upstream_ms + 3,
        upstream_ms=upstream_ms,
    )
