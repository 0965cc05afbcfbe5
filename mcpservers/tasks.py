"""Background work of this app."""

from celery import shared_task

from mcpservers.deletion import purge_server
from mcpservers.models import MCPServer
from mcpservers.sign_in.pruning import prune

TASK = "purge_expired_servers"


@shared_task
def purge_expired_servers() -> int:
    """Delete expired servers, each with an entry in the audit record; return how many."""
    expired = list(MCPServer.objects.expired().values_list("pk", flat=True))
    return sum(purge_server(server_id, TASK) for server_id in expired)


@shared_task
def prune_sign_in() -> int:
    """Delete clients that nobody uses, and codes and tokens that have ended; return how many rows."""
    return prune()
