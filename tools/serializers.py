"""What the management API gives and takes of documentation records, and of accounts with their number of tools."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import IntegratedAccount
from accounts.serializers import AccountSerializer
from accounts.strictness import NameField, ObjectField, StrictSerializer, TextField, TruthField
from tools.catalogue import catalogue_of
from tools.models import Documentation
from tools.preview import EXPOSED, stored_preview


class AccountWithToolsSerializer(AccountSerializer):
    """An integrated account, and how many tools it has."""

    tools = serializers.SerializerMethodField(help_text="How many tools its integration's documentation makes.")

    class Meta(AccountSerializer.Meta):
        fields = (*AccountSerializer.Meta.fields, "tools")

    def get_tools(self, account: IntegratedAccount) -> int:
        """Return the number of tools."""
        return len(catalogue_of(account.integration))


class GateSerializer(serializers.Serializer[Any]):
    """Whether a record passes the quality gate, and if not, why."""

    passes = serializers.BooleanField()
    problems = serializers.ListField(child=serializers.CharField())


class DocumentationSerializer(serializers.ModelSerializer[Documentation]):
    """A documentation record, the tool that it makes, and what stands in its way."""

    integration = serializers.SlugRelatedField[Any](slug_field="name", read_only=True)
    tool_name = serializers.SerializerMethodField()
    query_schema = ObjectField()
    body_schema = ObjectField()
    response_schema = ObjectField()
    gate = serializers.SerializerMethodField()
    tokens = serializers.SerializerMethodField()
    updated_by = serializers.SlugRelatedField[Any](slug_field="username", read_only=True)

    class Meta:
        model = Documentation
        fields = (
            "id",
            "integration",
            "resource",
            "method",
            "tool_name",
            "title",
            "description",
            "query_schema",
            "body_schema",
            "response_schema",
            "published",
            "gate",
            "tokens",
            "updated_by",
            "created_at",
            "updated_at",
        )

    def to_representation(self, instance: Documentation) -> dict[str, Any]:
        """Look the record's tool up once for all members that tell of it."""
        self._preview = stored_preview(instance)
        return super().to_representation(instance)

    def get_tool_name(self, record: Documentation) -> str | None:
        """Return the name of the record's tool; None for a record that makes no tool."""
        return self._preview.name if self._preview.state == EXPOSED else None

    @extend_schema_field(GateSerializer)
    def get_gate(self, record: Documentation) -> dict[str, Any]:
        """Return the verdict of the quality gate."""
        return {"passes": not self._preview.reasons, "problems": self._preview.reasons}

    @extend_schema_field({"type": ["integer", "null"], "description": "About what the tool costs a model to be told."})
    def get_tokens(self, record: Documentation) -> int | None:
        """Return the estimate; None for a record that makes no tool."""
        return self._preview.tokens


class ChangeDocumentationSerializer(StrictSerializer):
    """Changes to a documentation record; what is left out stays as it is."""

    title = NameField(required=False, allow_blank=True, max_length=120)
    description = TextField(required=False, allow_blank=True, max_length=20_000)
    query_schema = ObjectField(required=False, help_text="JSON Schema of path and query parameters, as one object.")
    body_schema = ObjectField(required=False, help_text="JSON Schema of the body, as one object.")
    response_schema = ObjectField(required=False, help_text="JSON Schema of the result.")
    published = TruthField(required=False, help_text="A withdrawn record keeps its text, but makes no tool.")
