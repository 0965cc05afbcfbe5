"""Viewset of MCP servers (DRF)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import django_filters
from django.conf import settings
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import IntegratedAccount, Role
from api.accounts.viewsets import SHOWN_ONCE, ApiViewSet
from api.problems import FieldError, ProblemRaised, invalid
from api.servers.serializers import (
    CreateServerSerializer,
    RotateSerializer,
    ServerSerializer,
    ServerWithTokenSerializer,
)
from mcpservers import lifecycle
from mcpservers.deletion import delete_server
from mcpservers.errors import PolicyRefused
from mcpservers.models import MCPServer, MCPServerQuerySet

TRIAGE = {
    "name": "Triage Agent",
    "config": {"methods": ["read"], "tags": ["support"], "require_api_token_auth": False},
    "expires_at": None,
}
TRIAGE_MADE = {
    "id": "3f0c3e4e-6c5a-4d0f-9c0e-6c1d2f3a4b5c",
    "name": "Triage Agent",
    "integrated_account_id": "9b2f1c34-52a1-4b1c-8a58-0d3a55a3f7aa",
    "config": {"methods": ["read"], "tags": ["support"], "require_api_token_auth": False},
    "expires_at": None,
    "created_by": "API token automation (…x7Qa)",
    "created_at": "2026-11-23T09:00:00Z",
    "updated_at": "2026-11-23T09:00:00Z",
    "token": "pbmcp_…",
    "url": "https://patchbay.example.com/mcp/pbmcp_…",
}
REQUEST_EXAMPLE = OpenApiExample("Reads for triage", value=TRIAGE, request_only=True)
MADE_EXAMPLE = OpenApiExample("Made", value=TRIAGE_MADE, response_only=True, status_codes=["200", "201"])


@contextmanager
def policy_problems() -> Iterator[None]:
    """Translate PolicyRefused to ProblemRaised."""
    try:
        yield
    except PolicyRefused as refused:
        raise ProblemRaised(invalid(*(FieldError(*problem) for problem in refused.problems.items()))) from None


class ServerFilterSet(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """Filters of the list of MCP servers."""

    status = django_filters.ChoiceFilter(choices=MCPServer.Status.choices, method="in_status")

    def in_status(self, servers: MCPServerQuerySet, name: str, value: str) -> MCPServerQuerySet:
        return servers.in_status(value)


@extend_schema(tags=["mcp-server"])
class ServerViewSet(ApiViewSet[MCPServer]):
    """The MCP servers of one integrated account."""

    queryset = MCPServer.objects.all()
    serializer_class = ServerSerializer
    filter_backends = (DjangoFilterBackend,)
    filterset_class = ServerFilterSet
    lookup_url_kwarg = "server_id"
    required_role = Role.OPERATOR

    def account(self) -> IntegratedAccount:
        """Return the account in the path; raise Http404 if it is not in the token's environment."""
        accounts = IntegratedAccount.objects.filter(environment=self.token.environment).select_related("integration")
        return get_object_or_404(accounts, pk=self.kwargs["account_id"])

    def get_queryset(self) -> QuerySet[MCPServer]:
        """Return the account's servers, including expired ones that are not purged yet."""
        servers = MCPServer.objects.select_related("account__integration")
        return servers.filter(account_id=self.kwargs["account_id"], account__environment_id=self.token.environment_id)

    def list(self, request: Request, account_id: UUID) -> Response:
        """List the account's servers, newest first."""
        # For its 404: an empty list would suggest that the account exists.
        self.account()
        return self.page(self.get_queryset())

    def retrieve(self, request: Request, account_id: UUID, server_id: UUID) -> Response:
        """Read a server."""
        return Response(ServerSerializer(self.get_object()).data)

    @extend_schema(
        request=CreateServerSerializer,
        responses={201: ServerWithTokenSerializer},
        examples=[REQUEST_EXAMPLE, MADE_EXAMPLE],
    )
    def create(self, request: Request, account_id: UUID) -> Response:
        """Create a server. Only this answer contains its token and URL."""
        account = self.account()
        serializer = CreateServerSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        # Omitted filters are empty ones, which expose every tool.
        with policy_problems():
            server, token = lifecycle.create_server(
                account, self.token, **{"methods": [], "tags": [], **serializer.chosen}
            )
        location = f"{settings.PUBLIC_PATH}/integrated-account/{account.pk}/mcp/{server.pk}"
        return self._with_token(server, token, status.HTTP_201_CREATED, {"Location": location})

    @extend_schema(request=CreateServerSerializer)
    def partial_update(self, request: Request, account_id: UUID, server_id: UUID) -> Response:
        """Change a server, effective immediately. `expires_at: null` removes its expiry."""
        server = self.get_object()
        serializer = CreateServerSerializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        with policy_problems():
            lifecycle.change_server(server, self.token, **serializer.chosen)
        return Response(ServerSerializer(server).data)

    def destroy(self, request: Request, account_id: UUID, server_id: UUID) -> Response:
        """Delete a server; its URL is refused from now on."""
        delete_server(self.get_object(), self.token)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="integrated_account_mcp_rotate",
        request=RotateSerializer,
        responses={200: ServerWithTokenSerializer},
        examples=[MADE_EXAMPLE],
    )
    def rotate(self, request: Request, account_id: UUID, server_id: UUID) -> Response:
        """Replace a server's token. Only this answer contains the new one; the old one may keep working for a while."""
        server = self.get_object()
        serializer = RotateSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with policy_problems():
            grace = timedelta(seconds=serializer.validated_data["grace_seconds"])
            token = lifecycle.rotate_token(server, self.token, grace=grace)
        return self._with_token(server, token, status.HTTP_200_OK, {})

    @extend_schema(operation_id="integrated_account_mcp_pause", request=None, responses={200: ServerSerializer})
    def pause(self, request: Request, account_id: UUID, server_id: UUID) -> Response:
        """Refuse every client until the server is resumed; its URL stays the same."""
        server = self.get_object()
        with policy_problems():
            lifecycle.pause_server(server, self.token)
        return Response(ServerSerializer(server).data)

    @extend_schema(operation_id="integrated_account_mcp_resume", request=None, responses={200: ServerSerializer})
    def resume(self, request: Request, account_id: UUID, server_id: UUID) -> Response:
        """Resume a paused server; clients are answered again."""
        server = self.get_object()
        with policy_problems():
            lifecycle.resume_server(server, self.token)
        return Response(ServerSerializer(server).data)

    def _with_token(self, server: MCPServer, token: str, code: int, headers: dict[str, str]) -> Response:
        shown = ServerWithTokenSerializer(server, context={"token": token}).data
        return Response(shown, status=code, headers={**SHOWN_ONCE, **headers})
