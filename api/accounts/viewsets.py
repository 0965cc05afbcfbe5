"""Viewsets of integrations, integrated accounts and API tokens (DRF)."""

from typing import Any, TypeVar, cast
from uuid import UUID

import django_filters
from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from accounts.api_tokens.issue import issue_token, revoke_token
from accounts.definition import definition_schema
from accounts.errors import TokenUnfit
from accounts.integrated_accounts.lifecycle import (
    connect_account,
    disconnect_account,
    reconnect_account,
    set_enabled,
    set_time_zone,
)
from accounts.models import ApiToken, IntegratedAccount, Integration, Role
from accounts.models.integrations import AccountStatus
from api.accounts.problems import connection_problems
from api.accounts.serializers import (
    AccountSerializer,
    ApiTokenSerializer,
    ChangeAccountSerializer,
    ConnectAccountSerializer,
    IntegrationSerializer,
    IssuedTokenSerializer,
    IssueTokenSerializer,
)
from api.exceptions import NOT_FOUND
from api.pagination import CursorPages
from api.problems import Problem, ProblemRaised

M = TypeVar("M", bound=Model)

SHOWN_ONCE = {"Cache-Control": "no-store"}
CONNECT_EXAMPLE = OpenApiExample(
    "FuseDesk",
    value={
        "integration": "fuse_desk",
        "name": "Acme FuseDesk",
        "connection": {"app_name": "acme", "api_key": "the key that FuseDesk shows"},
    },
    request_only=True,
)


class ApiViewSet(GenericViewSet[M]):
    """The base of the management API's viewsets: pagination, the token, and no OPTIONS."""

    http_method_names = ["get", "post", "patch", "delete", "head"]
    pagination_class = CursorPages

    @property
    def token(self) -> ApiToken:
        """The API token that authenticated the request."""
        return cast(ApiToken, self.request.auth)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a chunked body, which DRF would ignore."""
        super().initial(request, *args, **kwargs)
        if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
            raise ProblemRaised(Problem(411, "Send the body with a Content-Length instead of in chunks."))

    def page(self, rows: QuerySet[M]) -> Response:
        """Return a page of rows, filtered by the query parameters."""
        items = self.paginate_queryset(self.filter_queryset(rows))
        return self.get_paginated_response(self.get_serializer(items, many=True).data)


class AccountFilterSet(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """Filters of the list of accounts."""

    integration = django_filters.CharFilter(field_name="integration__name", help_text="The name of an integration.")
    status = django_filters.ChoiceFilter(choices=AccountStatus.choices)

    class Meta:
        model = IntegratedAccount
        fields = ("integration", "status")


@extend_schema(tags=["integrated-account"])
class AccountViewSet(ApiViewSet[IntegratedAccount]):
    """Integrated accounts of the token's environment; those of others are not found."""

    queryset = IntegratedAccount.objects.all()
    serializer_class = AccountSerializer
    filter_backends = (DjangoFilterBackend,)
    filterset_class = AccountFilterSet
    lookup_url_kwarg = "account_id"
    required_role = Role.ADMIN

    def get_queryset(self) -> QuerySet[IntegratedAccount]:
        """Prefetch integrations, so that the accounts of one share its row in memory."""
        return (
            IntegratedAccount.objects.filter(environment=self.token.environment)
            .select_related("grant")
            .prefetch_related("integration")
        )

    def list(self, request: Request) -> Response:
        """List the environment's accounts."""
        return self.page(self.get_queryset())

    def retrieve(self, request: Request, account_id: UUID) -> Response:
        """Read an account."""
        return self._answer(self.get_object())

    @extend_schema(request=ConnectAccountSerializer, examples=[CONNECT_EXAMPLE])
    def create(self, request: Request) -> Response:
        """Connect an account. The connection is tested first; nothing is saved if the vendor refuses it.

        If the vendor requires a person's consent (OAuth 2.0 authorization code), the answer is the problem
        `consent-needed`, whose `portal_url` is the page where an admin connects the account.
        """
        serializer = ConnectAccountSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data
        with connection_problems(reverse("connect", args=[wanted["integration"].name])):
            account = connect_account(
                self.token.environment,
                wanted["integration"],
                self.token,
                name=wanted["name"],
                fields=wanted.get("connection", {}),
                base_url=wanted.get("base_url", ""),
                time_zone=wanted.get("time_zone", ""),
            )
        location = f"{settings.PUBLIC_PATH}/integrated-account/{account.pk}"
        return self._answer(account, status.HTTP_201_CREATED, {"Location": location})

    @extend_schema(request=ChangeAccountSerializer)
    def partial_update(self, request: Request, account_id: UUID) -> Response:
        """Change an account. New connection fields or another address are tested with the vendor first."""
        account = self.get_object()
        serializer = ChangeAccountSerializer(data=request.data, context={"account": account})
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data
        if wanted.keys() - {"status", "time_zone"}:
            with connection_problems(reverse("account-settings", args=[account.pk])):
                reconnect_account(
                    account,
                    self.token,
                    name=wanted.get("name"),
                    fields=wanted.get("connection"),
                    base_url=wanted.get("base_url"),
                )
        set_time_zone(account, self.token, wanted.get("time_zone", account.time_zone))
        end = wanted.get("status", account.status)
        if end != account.status:
            set_enabled(account, self.token, enabled=end == account.Status.ACTIVE)
        return self._answer(account)

    def destroy(self, request: Request, account_id: UUID) -> Response:
        """Disconnect an account; its MCP servers end with it."""
        disconnect_account(self.get_object(), self.token)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _answer(self, account: IntegratedAccount, code: int = 200, headers: dict[str, str] | None = None) -> Response:
        return Response(self.get_serializer(account).data, status=code, headers=headers)


@extend_schema(tags=["api-token"])
class ApiTokenViewSet(ApiViewSet[ApiToken]):
    """API tokens; only tokens with the role admin may list and issue them."""

    queryset = ApiToken.objects.filter(revoked_at=None)
    serializer_class = ApiTokenSerializer
    reading_role = required_role = Role.ADMIN

    def get_queryset(self) -> QuerySet[ApiToken]:
        """Return the environment's unrevoked tokens, expired ones included."""
        return ApiToken.objects.with_owners().filter(environment=self.token.environment, revoked_at=None)

    def list(self, request: Request) -> Response:
        """List the environment's personal and service tokens, without their values."""
        return self.page(self.get_queryset())

    @extend_schema(
        request=IssueTokenSerializer,
        responses={201: IssuedTokenSerializer},
        examples=[OpenApiExample("A viewer", value={"name": "Reporting", "role": "viewer"}, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        """Issue a token, which is revoked with the one that asks. Only this answer contains its value."""
        serializer = IssueTokenSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            token, value = issue_token(self.token.environment, self.token, **serializer.wanted())
        except TokenUnfit as unfit:
            raise ValidationError({unfit.field or "non_field_errors": unfit.reason}) from None
        shown = {**ApiTokenSerializer(token).data, "token": value}
        return Response(shown, status=status.HTTP_201_CREATED, headers=SHOWN_ONCE)

    def destroy(self, request: Request, token_id: UUID) -> Response:
        """Revoke a token and those that it issued; they are refused from now on."""
        revoke_token(get_object_or_404(self.get_queryset(), pk=token_id), self.token)
        return Response(status=status.HTTP_204_NO_CONTENT)


class IntegrationPages(CursorPages):
    """Pages of integrations, by name: the default order is by time."""

    ordering = ("name",)


@extend_schema(tags=["integration"])
class IntegrationViewSet(ApiViewSet[Integration]):
    """Integrations: the vendors that accounts can be connected to."""

    queryset = Integration.objects.all()
    serializer_class = IntegrationSerializer
    pagination_class = IntegrationPages

    def list(self, request: Request) -> Response:
        """List the integrations, with the connection fields that each asks for."""
        return self.page(self.get_queryset())


@extend_schema(tags=["integration"], responses={200: {"type": "object"}})
class IntegrationSchemaView(APIView):
    """The JSON Schema (2020-12) of an integration's definition; it needs no token."""

    http_method_names = ["get", "head"]
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, request: Request) -> Response:
        """Return the JSON Schema of a definition, for editors and other programs."""
        return Response(definition_schema())


@csrf_exempt  # programs send no CSRF token, and should see the 404
def unknown_address(request: HttpRequest) -> HttpResponse:
    """Answer unknown paths of the API with a problem, whatever the method."""
    return Problem(404, NOT_FOUND).response()
