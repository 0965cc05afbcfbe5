"""What the management API takes and gives of MCP servers. Token and URL stand only where they are made."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.accounts.serializers import EXPIRY_HELP
from api.strictness import MomentField, NameField, StrictSerializer, TextField, TruthField
from mcpservers.models import MCPServer

MAX_NAMES = 200


class FilterField(serializers.ListField):
    """Names to filter by; each counts once."""

    default_error_messages = {
        "not_a_list": "Takes a list of names.",
        "too_many": f"Takes at most {MAX_NAMES} names.",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"child": TextField(max_length=100), "max_length": MAX_NAMES, **kwargs})

    def to_internal_value(self, data: Any) -> list[str]:
        """Return the names, in the order given; raise ValidationError."""
        # Before each is judged: `max_length` is looked at only afterwards.
        if isinstance(data, list) and len(data) > MAX_NAMES:
            self.fail("too_many")
        return list(dict.fromkeys(super().to_internal_value(data)))


class ConfigSerializer(StrictSerializer):
    """Which tools a server exposes, and whether its token alone is enough."""

    methods = FilterField(
        required=False, help_text="`read`, `write`, `custom`, or single methods such as `list`. Empty: all."
    )
    tags = FilterField(required=False, help_text="Tools with any of these tags. Empty: all.")
    tools = FilterField(required=False, help_text="Only these tools, by name. Empty or left out: all.")
    require_api_token_auth = TruthField(
        required=False, help_text="Clients must also send an API token of the environment as a bearer token."
    )

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Return the policy; `tools` stands in it only where some are named."""
        shown: dict[str, Any] = super().to_representation(instance)
        return shown if shown.get("tools") else {name: value for name, value in shown.items() if name != "tools"}


class CreateServerSerializer(StrictSerializer):
    """A new MCP server, or with `partial` the changes to one: what is left out has its default, or stays."""

    name = NameField()
    config = ConfigSerializer(required=False)
    expires_at = MomentField(required=False, allow_null=True, help_text=f"At least 60 seconds ahead. {EXPIRY_HELP}")

    @property
    def chosen(self) -> dict[str, Any]:
        """The settings that were given, as `mcpservers.lifecycle` takes them."""
        given = dict(self.validated_data)
        return {**given.pop("config", {}), **given}


class RotateSerializer(StrictSerializer):
    """How long the present token works beside the new one."""

    grace_seconds = serializers.IntegerField(
        required=False, default=0, min_value=0, help_text="0, unless told: the present token stops working at once."
    )


class PlainServerSerializer(serializers.Serializer[MCPServer]):
    """What every answer tells of an MCP server."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    integrated_account_id = serializers.UUIDField(source="account_id")
    config = ConfigSerializer(source="*")
    expires_at = serializers.DateTimeField(allow_null=True)
    created_by = serializers.CharField(help_text="Who made it: a user name, or an API token by its name.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ServerSerializer(PlainServerSerializer):
    """An MCP server, without its token."""

    status = serializers.SerializerMethodField()
    last_four = serializers.CharField(help_text="The end of its token, to tell it by.")
    previous_until = serializers.DateTimeField(
        allow_null=True, help_text="How long the token before this one works on, after a rotation."
    )
    last_client = serializers.CharField(help_text="What the client that connected last calls itself.")
    last_seen_at = serializers.DateTimeField(allow_null=True, help_text="When a client connected last, to the minute.")

    @extend_schema_field({"type": "string", "enum": MCPServer.Status.values})
    def get_status(self, server: MCPServer) -> str:
        """Return `live`, `paused` or `expired`."""
        return server.status()


class ServerWithTokenSerializer(PlainServerSerializer):
    """An MCP server at the only moment when its token is known."""

    token = serializers.SerializerMethodField(help_text="Shown once: only its digest is kept.")
    url = serializers.SerializerMethodField(help_text="What an MCP client is given.")

    def get_token(self, server: MCPServer) -> str:
        """Return the token that was just made."""
        token: str = self.context["token"]
        return token

    def get_url(self, server: MCPServer) -> str:
        """Return the address that the token opens."""
        return f"{settings.PUBLIC_URL}/mcp/{self.context['token']}"
