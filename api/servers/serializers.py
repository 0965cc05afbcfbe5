"""Serializers of MCP servers. Only answers that create a token contain it and its URL."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.accounts.serializers import EXPIRY_HELP
from api.strictness import MomentField, NameField, StrictSerializer, TextField, TruthField
from mcpservers.models import MCPServer
from mcpservers.search.exposure import exposed_by
from mcpservers.sign_in.addresses import address_of

MAX_NAMES = 200


class FilterField(serializers.ListField):
    """A list of names to filter by; duplicates are dropped."""

    default_error_messages = {
        "not_a_list": "Takes a list of names.",
        "too_many": f"Takes at most {MAX_NAMES} names.",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"child": TextField(max_length=100), "max_length": MAX_NAMES, **kwargs})

    def to_internal_value(self, data: Any) -> list[str]:
        """Return the names in the given order; raise ValidationError."""
        # Checked before the items are validated: `max_length` is checked only afterwards.
        if isinstance(data, list) and len(data) > MAX_NAMES:
            self.fail("too_many")
        return list(dict.fromkeys(super().to_internal_value(data)))


# Settings that answers show only where they differ from what a server has by default.
USUAL = {"tools": [], "search_mode": False, "results": MCPServer.ResultForm.BOTH, "output_schema": True}


class ConfigSerializer(StrictSerializer):
    """The tools that a server exposes, the form of results, and whether its token alone is sufficient."""

    methods = FilterField(
        required=False, help_text="`read`, `write`, `custom`, or single methods such as `list`. Empty: all."
    )
    tags = FilterField(required=False, help_text="Tools with any of these tags. Empty: all.")
    tools = FilterField(required=False, help_text="Only these tools, by name. Empty or left out: all.")
    search_mode = TruthField(
        required=False,
        help_text="Clients list three tools, which find the others by words and call them by name. Off if left out.",
    )
    results = serializers.ChoiceField(
        required=False,
        choices=MCPServer.ResultForm.choices,
        error_messages={"invalid_choice": f"Takes {', '.join(MCPServer.ResultForm.values)}."},
        help_text="`text`, `structured` (structuredContent), or both, if left out. Clients that pass both to a model "
        "make it pay twice.",
    )
    output_schema = TruthField(
        required=False,
        help_text="Tools list an outputSchema, by which programs check structuredContent. On if left out; with "
        "`results` of `text` there is none.",
    )
    authentication = serializers.ChoiceField(
        required=False,
        choices=MCPServer.Authentication.choices,
        error_messages={"invalid_choice": f"Takes {', '.join(MCPServer.Authentication.values)}."},
        help_text="What a client needs: the secret `url` alone, an `api_token` beside it, or a person who signs in "
        "(`sign_in`); then the address holds no secret. The first if left out.",
    )
    require_api_token_auth = TruthField(
        required=False,
        help_text="Clients must also send an API token of the environment as a bearer token; the same as "
        "`authentication` of `api_token`.",
    )

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Return the policy; of USUAL, only what differs."""
        shown: dict[str, Any] = super().to_representation(instance)
        if shown["authentication"] != MCPServer.Authentication.SIGN_IN:
            del shown["authentication"]  # as `require_api_token_auth` says
        return {name: value for name, value in shown.items() if name not in USUAL or value != USUAL[name]}


class CreateServerSerializer(StrictSerializer):
    """A new MCP server, or with `partial` changes to one: omitted fields have their defaults, or keep their values."""

    name = NameField()
    config = ConfigSerializer(required=False)
    expires_at = MomentField(required=False, allow_null=True, help_text=f"At least 60 seconds ahead. {EXPIRY_HELP}")

    @property
    def chosen(self) -> dict[str, Any]:
        """The given settings, as arguments for `mcpservers.lifecycle`."""
        given = dict(self.validated_data)
        return {**given.pop("config", {}), **given}


class RotateSerializer(StrictSerializer):
    """How long the current token keeps working after a rotation."""

    grace_seconds = serializers.IntegerField(
        required=False, default=0, min_value=0, help_text="By default 0: the current token stops working immediately."
    )


class PlainServerSerializer(serializers.Serializer[MCPServer]):
    """The fields of an MCP server that every answer has."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    integrated_account_id = serializers.UUIDField(source="account_id")
    config = ConfigSerializer(source="*")
    expires_at = serializers.DateTimeField(allow_null=True)
    created_by = serializers.CharField(help_text="Who made it: a user name, or an API token by its name.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    # A row has none of its own, so that the field is left out where `to_representation` does not add it.
    advice = serializers.CharField(
        required=False, help_text="What to do about a server that lists more than clients handle well, if it does."
    )

    def to_representation(self, instance: MCPServer) -> dict[str, Any]:
        """Return the server, with `advice` only if there is some."""
        shown: dict[str, Any] = super().to_representation(instance)
        advice = exposed_by(instance).advice
        return {**shown, "advice": advice} if advice else shown


class ServerSerializer(PlainServerSerializer):
    """An MCP server, without its token."""

    status = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField(
        help_text="The address of a server that people sign in to; left out for others, whose URL is shown once."
    )
    last_four = serializers.CharField(help_text="The last four characters of its token, to recognise it by.")
    previous_until = serializers.DateTimeField(
        allow_null=True, help_text="Until when the previous token keeps working, after a rotation."
    )
    last_client = serializers.CharField(help_text="The name reported by the client that last connected.")
    last_seen_at = serializers.DateTimeField(allow_null=True, help_text="When a client last connected, to the minute.")

    def get_url(self, server: MCPServer) -> str:
        return address_of(server.pk)

    def to_representation(self, instance: MCPServer) -> dict[str, Any]:
        """Return the server, with `url` only if it holds no secret."""
        shown = super().to_representation(instance)
        if not instance.sign_in:
            del shown["url"]
        return shown

    @extend_schema_field({"type": "string", "enum": MCPServer.Status.values})
    def get_status(self, server: MCPServer) -> str:
        return server.status()


class ServerWithTokenSerializer(PlainServerSerializer):
    """An MCP server with its new token, which is shown only here."""

    token = serializers.SerializerMethodField(
        help_text="Shown once: only its digest is stored. Null for a server that people sign in to."
    )
    url = serializers.SerializerMethodField(help_text="The URL for an MCP client.")

    @extend_schema_field({"type": ["string", "null"]})
    def get_token(self, server: MCPServer) -> str | None:
        return self.context["token"] or None

    def get_url(self, server: MCPServer) -> str:
        """Return the MCP URL, which contains the token if there is one."""
        token: str = self.context["token"]
        return f"{settings.PUBLIC_URL}/mcp/{token}" if token else address_of(server.pk)
