"""Tell who made a server. Programs make servers too, so the audit record is asked; a server names people only."""

from collections.abc import Sequence
from uuid import UUID

from accounts.models import AuditEntry
from mcpservers.models import MCPServer


def makers_of(servers: Sequence[MCPServer]) -> dict[UUID, str | None]:
    """Return the name of each server's maker, in one query.

    Where the audit record no longer reaches back so far, it is the person's name; None where there was none.
    """
    entries = AuditEntry.objects.filter(
        action="mcp_server.created", target_id__in=[str(server.pk) for server in servers]
    )
    noted = dict(entries.values_list("target_id", "actor"))
    return {server.pk: noted.get(str(server.pk)) or _person(server) for server in servers}


def _person(server: MCPServer) -> str | None:
    return server.created_by.get_username() if server.created_by else None
