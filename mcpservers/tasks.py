"""Background work of this app."""

from celery import shared_task

from mcpservers.models import MCPServer
from mcpservers.policy import delete_server

TASK = "purge_expired_servers"


@shared_task
def purge_expired_servers() -> int:
    """Delete servers whose time is over, each with a trace in the audit record; return how many."""
    purged = 0
    for server in MCPServer.objects.expired().select_related("account"):
        delete_server(server, TASK, action="expired")
        purged += 1
    return purged
