"""Serializers of documentation records, and of accounts with their number of tools."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import IntegratedAccount
from api.accounts.serializers import AccountSerializer
from api.strictness import NameField, ObjectField, StrictSerializer, TextField, TruthField
from tools.catalogue.compilation import catalogue_of
from tools.documentation.lint import LintFinding
from tools.documentation.preview import DRAFT, EXPOSED, WITHDRAWN, stored_preview
from tools.documentation.verdicts import Report
from tools.models import Documentation


class AccountWithToolsSerializer(AccountSerializer):
    """An integrated account, and how many tools it has."""

    tools = serializers.SerializerMethodField(help_text="How many tools its integration's documentation produces.")

    class Meta(AccountSerializer.Meta):
        fields = (*AccountSerializer.Meta.fields, "tools")

    def get_tools(self, account: IntegratedAccount) -> int:
        return len(catalogue_of(account.integration))


class GateSerializer(serializers.Serializer[Any]):
    """Whether a record passes the quality gate, and if not, why."""

    passes = serializers.BooleanField()
    problems = serializers.ListField(child=serializers.CharField())


class FindingSerializer(serializers.Serializer[Any]):
    """One thing that would make a record better."""

    rule = serializers.CharField(help_text="The rule's name; docs/integrations.md explains the rules.")
    place = serializers.CharField(help_text="Where it is, such as `query_schema.status`.")
    reason = serializers.CharField(help_text="What is wrong, and what to do.")


class LintSerializer(serializers.Serializer[Any]):
    """How well a record serves models."""

    score = serializers.IntegerField(min_value=0, max_value=100)
    findings = FindingSerializer(many=True)


class LintedRecordSerializer(serializers.Serializer[Any]):
    """One record in the lint of an integration."""

    id = serializers.IntegerField()
    resource = serializers.CharField()
    method = serializers.CharField()
    tool_name = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(choices=[EXPOSED, DRAFT, WITHDRAWN])
    score = serializers.IntegerField(min_value=0, max_value=100)
    tokens = serializers.IntegerField(allow_null=True)
    problems = serializers.ListField(
        child=serializers.CharField(), help_text="The problems that the quality gate found."
    )
    findings = FindingSerializer(many=True)


class IntegrationLintSerializer(serializers.Serializer[Any]):
    """The results of gate and lint for all records of an integration."""

    integration = serializers.CharField()
    score = serializers.IntegerField(allow_null=True, help_text="The mean of the published records.")
    tools = serializers.IntegerField(help_text="How many records produce a tool.")
    drafts = serializers.IntegerField(help_text="How many published records produce none.")
    tokens = serializers.IntegerField(help_text="Roughly how many tokens all tools together cost a model.")
    findings = serializers.ListField(child=serializers.CharField(), help_text="What concerns all tools together.")
    records = LintedRecordSerializer(many=True)


def shown_findings(findings: Iterable[LintFinding]) -> list[dict[str, str]]:
    """Return findings in the API's format."""
    return [{"rule": each.rule, "place": each.place, "reason": each.words} for each in findings]


def shown_report(report: Report) -> dict[str, Any]:
    """Return an integration's lint report in the API's format."""
    return {
        "integration": report.integration.name,
        "score": report.score,
        "tools": len(report.exposed),
        "drafts": len(report.drafts),
        "tokens": report.tokens,
        "findings": report.findings,
        "records": [_shown_record(record) for record in report.records],
    }


def _shown_record(record: Documentation) -> dict[str, Any]:
    shown = stored_preview(record)
    return {
        "id": record.pk,
        "resource": record.resource,
        "method": record.method,
        "tool_name": shown.name if shown.state == EXPOSED else None,
        "state": shown.state,
        "score": shown.score,
        "tokens": shown.tokens,
        "problems": shown.reasons,
        "findings": shown_findings(shown.findings),
    }


EXAMPLES_HELP = "Calls of the tool, each as an object of its arguments."


class DocumentationSerializer(serializers.ModelSerializer[Documentation]):
    """A documentation record, its tool, and the problems that keep it from having one."""

    integration = serializers.SlugRelatedField[Any](slug_field="name", read_only=True)
    tool_name = serializers.SerializerMethodField(help_text="Null for a record that produces no tool.")
    query_schema = ObjectField()
    body_schema = ObjectField()
    response_schema = ObjectField()
    examples = serializers.ListField(child=ObjectField(), help_text=EXAMPLES_HELP)
    gate = serializers.SerializerMethodField()
    lint = serializers.SerializerMethodField()
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
            "examples",
            "published",
            "gate",
            "lint",
            "tokens",
            "updated_by",
            "created_at",
            "updated_at",
        )

    def to_representation(self, instance: Documentation) -> dict[str, Any]:
        """Look up the record's tool once for all fields that describe it."""
        self._preview = stored_preview(instance)
        return super().to_representation(instance)

    def get_tool_name(self, record: Documentation) -> str | None:
        """Return the name of the record's tool; None if it produces none."""
        return self._preview.name if self._preview.state == EXPOSED else None

    @extend_schema_field(GateSerializer)
    def get_gate(self, record: Documentation) -> dict[str, Any]:
        return {"passes": not self._preview.reasons, "problems": self._preview.reasons}

    @extend_schema_field(LintSerializer)
    def get_lint(self, record: Documentation) -> dict[str, Any]:
        """Return the score and the findings behind it."""
        return {"score": self._preview.score, "findings": shown_findings(self._preview.findings)}

    @extend_schema_field(
        {"type": ["integer", "null"], "description": "Roughly how many tokens the tool's description costs a model."}
    )
    def get_tokens(self, record: Documentation) -> int | None:
        """Return the estimate; None for a record that produces no tool."""
        return self._preview.tokens


class ChangeDocumentationSerializer(StrictSerializer):
    """Changes to a documentation record; omitted fields keep their values."""

    title = NameField(required=False, allow_blank=True, max_length=120)
    description = TextField(required=False, allow_blank=True, max_length=20_000)
    query_schema = ObjectField(required=False, help_text="JSON Schema of path and query parameters, as one object.")
    body_schema = ObjectField(required=False, help_text="JSON Schema of the body, as one object.")
    response_schema = ObjectField(required=False, help_text="JSON Schema of the result.")
    examples = serializers.ListField(child=ObjectField(), required=False, max_length=100, help_text=EXAMPLES_HELP)
    published = TruthField(required=False, help_text="A withdrawn record keeps its text, but produces no tool.")
