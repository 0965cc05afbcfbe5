"""The forms of an MCP server: what it opens, to whom, until when; and how a new URL takes over."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django import forms
from django.forms.boundfield import BoundWidget
from django.utils import timezone

from mcpservers.errors import PolicyRefused
from mcpservers.models import MCPServer
from portal.servers.time_zones import TimeZoneField
from tools.catalogue.compilation import Catalogue
from tools.catalogue.naming import CUSTOM, GROUPS

READ, READ_WRITE, CHOOSE = "read", "read_write", "choose"
AT = "at"
ACCESS = {READ: "Read", READ_WRITE: "Read and write", CHOOSE: "Choose methods…"}
ENDS = {
    "": "Never",
    "1": "In 1 day",
    "7": "In 7 days",
    "30": "In 30 days",
    "90": "In 90 days",
    AT: "At a date and time…",
}

# Where policy names a setting, the form has a field, and for some refusals words that fit a form better.
FIELDS = {
    "config": None,
    "config.methods": "methods",
    "config.tags": "tags",
    "config.tools": "tools",
    "expires_at": "ends",
}
TOO_SOON = "This is past, or less than a minute ahead. Choose a later time, or “Never”."


class ServerForm(forms.Form):
    """The settings of a server, new or as it is. Every choice comes from the account's catalogue."""

    name = forms.CharField(
        max_length=80,
        help_text="Clients show it beside the tools, such as “Triage agent”.",
        error_messages={"required": "Give the server a name."},
        widget=forms.TextInput({"autocomplete": "off", "autofocus": True}),
    )
    access = forms.ChoiceField(label="May", choices=ACCESS, initial=READ, widget=forms.RadioSelect)
    methods = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    tags = forms.MultipleChoiceField(
        required=False,
        help_text="Only tools with one of these tags; none chosen is all.",
        widget=forms.CheckboxSelectMultiple,
    )
    tools = forms.MultipleChoiceField(
        label="Single tools",
        required=False,
        help_text="Only these, of those that the choices above leave; none chosen is all.",
        widget=forms.CheckboxSelectMultiple,
    )
    ends = forms.ChoiceField(required=False, choices=ENDS, initial="30")
    ends_at = forms.DateTimeField(
        label="Date and time",
        required=False,
        error_messages={"invalid": "Give a date and a time, such as 2027-01-31 18:00."},
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    # Filled by the browser's script; without one the date and time are taken as UTC, and the label says so.
    time_zone = TimeZoneField()
    require_api_token_auth = forms.BooleanField(
        label="Also ask for an API token",
        required=False,
        help_text="The URL alone is then not enough: clients send a token of this environment in a header.",
        widget=forms.CheckboxInput({"role": "switch"}),
    )

    def __init__(self, catalogue: Catalogue, *args: Any, server: MCPServer | None = None, **kwargs: Any) -> None:
        if server is not None:
            kwargs["initial"] = _settings_of(server)
        super().__init__(*args, **kwargs)
        self.server = server
        if server is not None and server.expires_at:
            # Shown in the reader's own zone by the browser's script; without one it is UTC, as the label says.
            self.fields["ends_at"].widget.attrs["data-moment"] = server.expires_at.isoformat()
        self._groups = {*GROUPS, CUSTOM}
        methods = Counter(tool.method_name for tool in catalogue) + Counter(tool.group for tool in catalogue)
        self._offer("methods", catalogue.method_filters, methods)
        self._offer("tags", catalogue.tag_filters, Counter(tag for tool in catalogue for tag in {*tool.tags}))
        self._offer("tools", [*catalogue.tools], None)

    def _offer(self, name: str, values: list[str], tools: Counter[str] | None) -> None:
        field = cast(forms.MultipleChoiceField, self.fields[name])
        offered = [(value, value if tools is None else f"{value} ({tools[value]})") for value in values]
        # A filter may name what the integration no longer has: it stays in view, to be taken out.
        gone = [value for value in getattr(self.server, name, ()) if value not in values]
        field.choices = [
            *(choice for choice in offered if tools is None or tools[choice[0]]),
            *((value, f"{value} (no longer there)") for value in gone),
        ]

    @property
    def group_choices(self) -> list[BoundWidget]:
        """The check boxes of groups of methods."""
        return [box for box in self["methods"] if str(box.data["value"]) in self._groups]

    @property
    def method_choices(self) -> list[BoundWidget]:
        """The check boxes of single methods."""
        return [box for box in self["methods"] if str(box.data["value"]) not in self._groups]

    def clean(self) -> None:
        """Hold the choices that need a second field against it."""
        data = self.cleaned_data
        if data.get("access") == CHOOSE and not data.get("methods") and "methods" not in self.errors:
            self.add_error("methods", "Choose at least one group or method.")
        at = data.get("ends_at")
        # Beyond these years a time cannot be moved between zones.
        if at is not None and not 2000 <= at.year <= 9000:
            self.add_error("ends_at", "Give a year from 2000 to 9000.")
        if data.get("ends") == AT and not data.get("ends_at") and "ends_at" not in self.errors:
            self.add_error("ends_at", "Give the date and the time, or choose another end.")

    @property
    def chosen_methods(self) -> list[str]:
        """The method filter that was chosen, as far as the form makes sense (after is_valid)."""
        match self.cleaned_data.get("access"):
            case "read_write":
                return ["read", "write", "custom"]
            case "choose":
                return list(self.cleaned_data.get("methods", []))
            case _:
                return ["read"]

    @property
    def chosen_tags(self) -> list[str]:
        """The tag filter that was chosen (after is_valid)."""
        return list(self.cleaned_data.get("tags", []))

    @property
    def chosen_tools(self) -> list[str]:
        """The filter of single tools that was chosen (after is_valid)."""
        return list(self.cleaned_data.get("tools", []))

    @property
    def chosen(self) -> dict[str, Any]:
        """The settings that were chosen, as `mcpservers.lifecycle` takes them (of a valid form)."""
        return {
            "name": self.cleaned_data["name"],
            "methods": self.chosen_methods,
            "tags": self.chosen_tags,
            "tools": self.chosen_tools,
            "require_api_token_auth": self.cleaned_data["require_api_token_auth"],
            "expires_at": self.expires_at,
        }

    @property
    def changed(self) -> dict[str, Any]:
        """Those of the chosen settings that are others than the server's (of a valid form)."""
        before = _settings_of(self.server) if self.server else {}
        fields = {"methods": ("access", "methods"), "expires_at": ("ends", "ends_at")}
        return {
            name: value
            for name, value in self.chosen.items()
            if any(self._differs(field, before) for field in fields.get(name, (name,)))
        }

    def _differs(self, name: str, before: dict[str, Any]) -> bool:
        if name == "ends_at":
            ends = before.get("ends_at")
            return self.expires_at != (ends and ends.replace(tzinfo=UTC))
        return self.cleaned_data.get(name) != before.get(name)

    @property
    def expires_at(self) -> datetime | None:
        """When the server ends; None is never (after is_valid)."""
        ends, at = self.cleaned_data.get("ends"), self.cleaned_data.get("ends_at")
        if ends == AT:
            return at and at.replace(tzinfo=self.cleaned_data.get("time_zone", UTC)).astimezone(UTC)
        return timezone.now() + timedelta(days=int(ends)) if ends else None

    def refuse(self, refused: PolicyRefused) -> None:
        """Put each of policy's reasons beside its field."""
        for name, reason in refused.problems.items():
            self.add_error(FIELDS.get(name), TOO_SOON if name == "expires_at" else reason)


def _settings_of(server: MCPServer) -> dict[str, Any]:
    """Return a server's settings as the fields of the form hold them; moments to the minute, as browsers give them."""
    every = {*GROUPS, CUSTOM}
    methods = {*server.methods}
    access = READ if methods == {"read"} else READ_WRITE if methods in (set(), every) else CHOOSE
    ends = server.expires_at and server.expires_at.astimezone(UTC).replace(second=0, microsecond=0, tzinfo=None)
    return {
        "name": server.name,
        "access": access,
        "methods": server.methods if access == CHOOSE else [],
        "tags": server.tags,
        "tools": server.tools,
        "ends": AT if ends else "",
        "ends_at": ends,
        "require_api_token_auth": server.require_api_token_auth,
    }


class RotateForm(forms.Form):
    """How long the present URL works beside the new one."""

    grace = forms.ChoiceField(
        label="The present URL",
        choices={
            "0": "stops working at once",
            "3600": "works for another hour",
            "86400": "works for another day",
            "604800": "works for another 7 days",
        },
        initial="0",
        required=False,
        help_text="Choose a while where clients cannot all be given the new URL at the same moment.",
    )

    @property
    def period(self) -> timedelta:
        """The grace period (of a valid form)."""
        return timedelta(seconds=int(self.cleaned_data["grace"] or 0))
