"""Viewsets of documentation records, and of accounts with their number of tools (DRF)."""

import django_filters
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Integration, Role
from api.accounts.viewsets import AccountViewSet, ApiViewSet
from api.pagination import CursorPages
from api.tools.serializers import (
    AccountWithToolsSerializer,
    ChangeDocumentationSerializer,
    DocumentationSerializer,
    IntegrationLintSerializer,
    shown_report,
)
from tools.documentation.editing import save_record
from tools.documentation.verdicts import ensure_fresh, report_of
from tools.models import Documentation
from tools.rights import Right, demand


class AccountWithToolsViewSet(AccountViewSet):
    """Integrated accounts, each with its number of tools."""

    serializer_class = AccountWithToolsSerializer


class DocumentationFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """Filters of the list of documentation records."""

    integration = django_filters.CharFilter(field_name="integration__name", help_text="The name of an integration.")
    resource = django_filters.CharFilter(help_text="The name of a resource, such as cases.")

    class Meta:
        model = Documentation
        fields = ("integration", "resource")


class DocumentationPages(CursorPages):
    """Pages of records in their order of creation."""

    ordering = ("pk",)


@extend_schema(tags=["documentation"])
class DocumentationViewSet(ApiViewSet[Documentation]):
    """Documentation records: the descriptions of methods that models read. All environments share them."""

    queryset = Documentation.objects.all()
    serializer_class = DocumentationSerializer
    pagination_class = DocumentationPages
    filter_backends = (DjangoFilterBackend,)
    filterset_class = DocumentationFilter
    lookup_url_kwarg = "record_id"
    required_role = Role.ADMIN

    def get_queryset(self) -> QuerySet[Documentation]:
        """Return every record with its verdict, after updating stale verdicts."""
        ensure_fresh()
        rows = Documentation.objects.select_related("updated_by", "integration", "verdict")
        return rows.defer("integration__definition")

    def list(self, request: Request) -> Response:
        """List the records, each with the verdict of the quality gate and the score of the lint."""
        return self.page(self.get_queryset())

    def retrieve(self, request: Request, record_id: int) -> Response:
        """Read a record."""
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=ChangeDocumentationSerializer)
    def partial_update(self, request: Request, record_id: int) -> Response:
        """Change a record. One that the gate refuses is saved as a draft: it produces no tool, and `gate` says why."""
        # Before validation, whose errors would reveal something; `save_record` demands it again.
        demand(self.token, Right.CHANGE_RECORD)
        record = self.get_object()
        serializer = ChangeDocumentationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        for name, value in serializer.validated_data.items():
            setattr(record, name, value)
        save_record(self.token, record)
        # Read again, with the new verdict.
        return Response(self.get_serializer(self.get_object()).data)


@extend_schema(tags=["integration"])
class IntegrationLintViewSet(ApiViewSet[Integration]):
    """The results of gate and lint for an integration's records."""

    queryset = Integration.objects.all()
    serializer_class = IntegrationLintSerializer
    lookup_field = lookup_url_kwarg = "name"

    def retrieve(self, request: Request, name: str) -> Response:
        """Read the score of every record with its reasons, and the findings that concern all tools together."""
        return Response(shown_report(report_of(self.get_object())))
