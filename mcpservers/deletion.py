"""Delete MCP servers: those that somebody deletes, and those that have expired."""

from uuid import UUID

from django.db import transaction

from accounts import audit
from mcpservers.models import MCPServer


@transaction.atomic
def delete_server(server: MCPServer, actor: audit.Actor, *, action: str = "deleted") -> None:
    """Delete a server; its URL is refused from now on."""
    expires_at = None if server.expires_at is None else server.expires_at.isoformat()
    # Recorded first, since a deleted row has lost its primary key.
    audit.record(actor, f"mcp_server.{action}", server.audit_subject, {"expires_at": expires_at})
    server.delete()


@transaction.atomic
def purge_server(server_id: UUID, actor: audit.Actor) -> bool:
    """Delete a server if it has expired; return whether it was deleted.

    Since it was found, another worker may have deleted it, or a person may have given it more time.
    """
    # The account is only read for the audit record, and needs no lock.
    expired = MCPServer.objects.expired().select_related("account").select_for_update(of=("self",))
    server = expired.filter(pk=server_id).first()
    if server is None:
        return False
    delete_server(server, actor, action="expired")
    return True
