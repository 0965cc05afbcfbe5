"""MCP servers that several tests need."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import IntegratedAccount
from mcpservers.lifecycle import create_server
from mcpservers.models import MCPServer


def made_in_every_status(account: IntegratedAccount) -> None:
    """Make a live server, One; a paused one, Two; an expired one, Three; and Four, which was paused when it expired."""
    for name in ("One", "Two", "Three", "Four"):
        create_server(account, "tests", name=name, methods=[], tags=[])
    now = timezone.now()
    MCPServer.objects.filter(name__in=("Two", "Four")).update(paused_at=now)
    MCPServer.objects.filter(name__in=("Three", "Four")).update(expires_at=now - timedelta(minutes=1))
