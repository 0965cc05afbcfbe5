"""Serializers of integrations, integrated accounts and API tokens. None outputs a stored secret."""

from typing import Any, cast

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.definition import Definition
from accounts.errors import DefinitionInvalid
from accounts.models import ApiToken, IntegratedAccount, Integration, Role
from accounts.time_zones import MAX_NAME, time_zone_problem
from accounts.vendors.addresses import base_url_problem
from accounts.web.networks import LONGEST_NETWORK, MOST_NETWORKS
from api.strictness import MomentField, NameField, ObjectField, StrictSerializer, TextField

CONNECTION_HELP = "Connection fields by name; the integration lists them."
EXPIRY_HELP = "ISO 8601; without an offset it is UTC. Null: no end."
TOKEN_EXPIRY_HELP = (
    "ISO 8601; without an offset it is UTC. Left out: in 90 days, or earlier if the environment or the token "
    "that asks requires it. Null: no end, where the environment permits tokens without one."
)
ZONE_HELP = "Where the account's team works, such as Europe/Berlin: models are told today's date there. Empty: UTC."
NETWORKS_HELP = "IP networks (CIDR) or addresses that it may be used from, at most 20; none: from anywhere."


class IntegrationReferenceSerializer(serializers.ModelSerializer[Integration]):
    """The integration of an account."""

    class Meta:
        model = Integration
        fields = ("name", "label")


class IntegrationSerializer(serializers.ModelSerializer[Integration]):
    """An integration, with the fields needed to connect an account."""

    connection_fields = serializers.SerializerMethodField()

    class Meta:
        model = Integration
        fields = ("name", "label", "connection_fields", "revision", "created_at", "updated_at")

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_connection_fields(self, integration: Integration) -> list[dict[str, Any]]:
        """Return the fields that the definition declares; none if it is invalid."""
        definition = parsed_or_none(integration)
        return [field.model_dump() for field in definition.connection_fields] if definition else []


class AccountSerializer(serializers.ModelSerializer[IntegratedAccount]):
    """An integrated account, with its open connection fields and the names of its secret ones."""

    integration = IntegrationReferenceSerializer()
    connection = serializers.DictField(child=serializers.CharField())
    secret_fields = serializers.SerializerMethodField(
        help_text="The names of the connection fields that are encrypted and never shown."
    )
    scopes = serializers.ListField(child=serializers.CharField())
    problem = serializers.CharField(
        help_text="Why it must be connected again: its vendor refused a new token, or its secrets would go "
        "to another address than they were given for. Otherwise empty."
    )

    class Meta:
        model = IntegratedAccount
        fields: tuple[str, ...] = (
            "id",
            "name",
            "integration",
            "status",
            "problem",
            "connection",
            "secret_fields",
            "base_url",
            "time_zone",
            "scopes",
            "checked_at",
            "created_at",
            "updated_at",
        )

    def get_secret_fields(self, account: IntegratedAccount) -> list[str]:
        """Return the names in the definition's order; a page of accounts parses each definition only once."""
        names: dict[Any, list[str]] = cast(dict[str, Any], self.context).setdefault("secret_fields", {})
        if account.integration_id not in names:
            definition = parsed_or_none(account.integration)
            fields = definition.connection_fields if definition else []
            names[account.integration_id] = [field.name for field in fields if field.secret]
        return names[account.integration_id]


class BaseUrlField(TextField):
    """The base URL of a vendor's API; empty: the definition's."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 300, "allow_blank": True, "required": False, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        """Return the address; raise ValidationError."""
        address = super().to_internal_value(data)
        problem = base_url_problem(address)
        if problem:
            raise serializers.ValidationError(problem)
        return address


class ZoneField(TextField):
    """A time zone by its name in the IANA database; empty: UTC."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{"max_length": MAX_NAME, "allow_blank": True, "required": False, "help_text": ZONE_HELP, **kwargs}
        )

    def to_internal_value(self, data: Any) -> str:
        """Return the name; raise ValidationError."""
        name = super().to_internal_value(data)
        if problem := time_zone_problem(name):
            raise serializers.ValidationError(problem)
        return name


class ConnectAccountSerializer(StrictSerializer):
    """A new integrated account."""

    integration = TextField(help_text="The name of an integration.")
    name = NameField()
    connection = ObjectField(required=False, help_text=CONNECTION_HELP)
    base_url = BaseUrlField(
        help_text="Only if the account uses another address than the definition's, such as a test system."
    )
    time_zone = ZoneField()

    def validate_integration(self, name: str) -> Integration:
        """Return the integration; raise ValidationError with the known names."""
        integration = Integration.objects.filter(name=name).first()
        if integration is None:
            known = ", ".join(Integration.objects.order_by("name").values_list("name", flat=True)) or "none"
            raise serializers.ValidationError(f"There is no integration {name[:60]!r}. There is: {known}.")
        return integration


class ChangeAccountSerializer(StrictSerializer):
    """Changes to an integrated account; omitted fields keep their values."""

    name = NameField(required=False)
    connection = ObjectField(required=False, help_text=f"{CONNECTION_HELP} Omitted ones keep their values.")
    base_url = BaseUrlField()
    time_zone = ZoneField()
    status = serializers.ChoiceField(choices=["active", "disabled"], required=False)

    def validate_status(self, status: str) -> str:
        """Refuse to activate an account that must be connected again, unless the request does that too."""
        account: IntegratedAccount = self.context["account"]
        reconnecting = "connection" in self.initial_data
        # A successful reconnection makes the account active by itself.
        if status == "active" and account.status == account.Status.NEEDS_REAUTH and not reconnecting:
            raise serializers.ValidationError("The account must be connected again: send `connection` with it.")
        return status


class ApiTokenSerializer(serializers.ModelSerializer[ApiToken]):
    """An API token, without its value."""

    owner = serializers.SlugRelatedField[Any](
        slug_field="username",
        read_only=True,
        help_text="The person a personal token acts for; null for a service token.",
    )
    present_role = serializers.CharField(
        allow_null=True,
        read_only=True,
        help_text="Its current role: its own, or its owner's if that is lower. Null: it no longer works.",
    )
    networks = serializers.ListField(child=serializers.CharField(), help_text=NETWORKS_HELP)
    parent_id = serializers.UUIDField(
        allow_null=True, help_text="The API token that issued it; revoking that one revokes this one too."
    )

    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = (
            "id",
            "name",
            "kind",
            "owner",
            "role",
            "present_role",
            "networks",
            "last_four",
            "parent_id",
            "created_by",
            "created_at",
            "expires_at",
            "last_used_at",
            "last_used_address",
        )


class IssuedTokenSerializer(ApiTokenSerializer):
    """A new API token with its value, which is shown only here."""

    token = serializers.CharField()

    class Meta(ApiTokenSerializer.Meta):
        fields = (*ApiTokenSerializer.Meta.fields, "token")


class IssueTokenSerializer(StrictSerializer):
    """A new API token, with kind and owner of the token that issues it; no wider, and revoked with it."""

    name = NameField()
    role = serializers.ChoiceField(choices=Role.choices)
    expires_at = MomentField(required=False, allow_null=True, help_text=TOKEN_EXPIRY_HELP)
    networks = serializers.ListField(
        child=TextField(max_length=LONGEST_NETWORK), required=False, max_length=MOST_NETWORKS, help_text=NETWORKS_HELP
    )

    def wanted(self) -> dict[str, Any]:
        """Return the arguments for `issue_token`; call is_valid first."""
        data = self.validated_data
        given = {name: data[name] for name in ("name", "expires_at", "networks") if name in data}
        # An explicit null asks for no expiry, an omitted value for the default.
        endless = "expires_at" in data and data["expires_at"] is None
        return {**given, "role": Role(data["role"]), "endless": endless}


def parsed_or_none(integration: Integration) -> Definition | None:
    """Return an integration's parsed definition; None if the stored one is invalid."""
    try:
        return integration.parsed()
    except DefinitionInvalid:
        return None
