"""The forms of an MCP server: what it exposes, to whom, until when; and how a new URL replaces the old one."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django import forms
from django.forms.boundfield import BoundWidget
from django.utils import timezone

from mcpservers.errors import PolicyRefused
from mcpservers.models import MCPServer
from portal.moments import MomentInput, TimeZoneField
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

# Maps the setting that a policy refusal names to the form's field; None puts the reason above the form.
FIELDS = {
    "config": None,
    "config.methods": "methods",
    "config.tags": "tags",
    "config.tools": "tools",
    "expires_at": "ends",
    "config.require_api_token_auth": "authentication",
}
RESULTS = {
    "both": "Text and structured data: fits every client",
    "text": "Text only: for clients that hand both to the model, which then pays twice",
    "structured": "Structured data only: for programs that read it; other clients see no result",
}
AUTHENTICATION = {
    "url": "The URL alone: whoever has it can use the server",
    "api_token": "The URL and an API token of this environment, in a header",
    "sign_in": "Sign-in: a member allows the client here, and its calls are made in their name",
}
TOO_SOON = "This is past, or less than a minute ahead. Choose a later time, or “Never”."


class ServerForm(forms.Form):
    """The settings of a new or existing server. Every choice comes from the account's catalogue.

    The `chosen` properties, `changed` and `expires_at` need a call of `is_valid()` first.
    """

    name = forms.CharField(
        max_length=80,
        help_text="Clients show it next to the tools, such as “Triage agent”.",
        error_messages={"required": "Give the server a name."},
        widget=forms.TextInput({"autocomplete": "off", "autofocus": True}),
    )
    access = forms.ChoiceField(label="May", choices=ACCESS, initial=READ, widget=forms.RadioSelect)
    methods = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    tags = forms.MultipleChoiceField(
        required=False,
        help_text="Only tools with at least one of these tags. Choose none to allow all.",
        widget=forms.CheckboxSelectMultiple,
    )
    tools = forms.MultipleChoiceField(
        label="Single tools",
        required=False,
        help_text="Only these of the tools that pass the choices above. Choose none to allow all.",
        widget=forms.CheckboxSelectMultiple,
    )
    search_mode = forms.BooleanField(
        label="Search mode",
        required=False,
        help_text="Clients list three tools: one that finds the others by words, one that calls reads, one that calls "
        "writes. For servers with more tools than clients handle well.",
        widget=forms.CheckboxInput({"role": "switch"}),
    )
    results = forms.ChoiceField(
        label="Results come as", required=False, choices=RESULTS, initial="both", widget=forms.RadioSelect
    )
    lean_list = forms.BooleanField(
        label="Shorter list of tools",
        required=False,
        help_text="Leaves out the description of results (outputSchema), by which some programs check structured data. "
        "For clients that pass it on to the model.",
        widget=forms.CheckboxInput({"role": "switch"}),
    )
    ends = forms.ChoiceField(required=False, choices=ENDS, initial="30")
    ends_at = MomentInput(label="Date and time")
    # The browser's script fills it in. Without the script, date and time are UTC, as the label says.
    time_zone = TimeZoneField()
    authentication = forms.ChoiceField(
        label="A client needs", required=False, choices=AUTHENTICATION, initial="url", widget=forms.RadioSelect
    )

    def __init__(self, catalogue: Catalogue, *args: Any, server: MCPServer | None = None, **kwargs: Any) -> None:
        if server is not None:
            kwargs["initial"] = _settings_of(server)
        super().__init__(*args, **kwargs)
        self.server = server
        if server is not None and server.expires_at:
            # The browser's script converts it to the reader's zone. Without the script it stays UTC, as the label says.
            self.fields["ends_at"].widget.attrs["data-moment"] = server.expires_at.isoformat()
        self._groups = {*GROUPS, CUSTOM}
        self._offer("methods", catalogue.method_filters, _by_method(catalogue))
        self._offer("tags", catalogue.tag_filters, _by_tag(catalogue))
        self._offer("tools", [*catalogue.tools], None)

    def _offer(self, name: str, values: list[str], tools: Counter[str] | None) -> None:
        field = cast(forms.MultipleChoiceField, self.fields[name])
        offered = [(value, value if tools is None else f"{value} ({tools[value]})") for value in values]
        # A filter may name something that the integration no longer has. Show it, so that it can be removed.
        gone = [value for value in getattr(self.server, name, ()) if value not in values]
        field.choices = [
            *(choice for choice in offered if tools is None or tools[choice[0]]),
            *((value, f"{value} (no longer there)") for value in gone),
        ]

    @property
    def group_choices(self) -> list[BoundWidget]:
        return [box for box in self["methods"] if str(box.data["value"]) in self._groups]

    @property
    def method_choices(self) -> list[BoundWidget]:
        return [box for box in self["methods"] if str(box.data["value"]) not in self._groups]

    def clean(self) -> None:
        """Check the choices that require a second field."""
        data = self.cleaned_data
        if data.get("access") == CHOOSE and not data.get("methods") and "methods" not in self.errors:
            self.add_error("methods", "Choose at least one group or method.")
        at = data.get("ends_at")
        # `astimezone` overflows near the years 1 and 9999.
        if at is not None and not 2000 <= at.year <= 9000:
            self.add_error("ends_at", "Give a year from 2000 to 9000.")
        if data.get("ends") == AT and not data.get("ends_at") and "ends_at" not in self.errors:
            self.add_error("ends_at", "Give the date and the time, or choose another end.")

    @property
    def chosen_methods(self) -> list[str]:
        """The method filter; `read` where the form does not say."""
        match self.cleaned_data.get("access"):
            case "read_write":
                return ["read", "write", "custom"]
            case "choose":
                return list(self.cleaned_data.get("methods", []))
            case _:
                return ["read"]

    @property
    def chosen_tags(self) -> list[str]:
        return list(self.cleaned_data.get("tags", []))

    @property
    def chosen_tools(self) -> list[str]:
        return list(self.cleaned_data.get("tools", []))

    @property
    def chosen_results(self) -> str:
        """The form of results; both where the form does not say."""
        return self.cleaned_data.get("results") or "both"

    @property
    def has_own_results(self) -> bool:
        """Whether results differ from what most servers have."""
        return self["results"].value() not in {None, "", "both"} or bool(self["lean_list"].value())

    @property
    def chosen(self) -> dict[str, Any]:
        """The settings as keyword arguments for `mcpservers.lifecycle` (valid forms only)."""
        return {
            "name": self.cleaned_data["name"],
            "methods": self.chosen_methods,
            "tags": self.chosen_tags,
            "tools": self.chosen_tools,
            "search_mode": self.cleaned_data["search_mode"],
            "results": self.chosen_results,
            "output_schema": not self.cleaned_data["lean_list"],
            "authentication": self.chosen_authentication,
            "expires_at": self.expires_at,
        }

    @property
    def chosen_authentication(self) -> str:
        """What clients need; the URL alone if the form does not say."""
        return str(self.cleaned_data.get("authentication") or "url")

    @property
    def changed(self) -> dict[str, Any]:
        """The settings that differ from the server's (valid forms only)."""
        before = _settings_of(self.server) if self.server else {}
        fields = {
            "methods": ("access", "methods"),
            "output_schema": ("lean_list",),
            "expires_at": ("ends", "ends_at"),
        }
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
        """When the server ends; None means never."""
        ends, at = self.cleaned_data.get("ends"), self.cleaned_data.get("ends_at")
        if ends == AT:
            return at and at.replace(tzinfo=self.cleaned_data.get("time_zone", UTC)).astimezone(UTC)
        return timezone.now() + timedelta(days=int(ends)) if ends else None

    def refuse(self, refused: PolicyRefused) -> None:
        """Show each reason of a refusal at its field."""
        for name, reason in refused.problems.items():
            self.add_error(FIELDS.get(name), TOO_SOON if name == "expires_at" else reason)


def _by_method(catalogue: Catalogue) -> Counter[str]:
    """Return how many tools each method or group alone would expose: a composite needs its reads too."""
    named = ((tool, name) for tool in catalogue for name in (tool.method_name, tool.group))
    return Counter(name for tool, name in named if catalogue.lets_pass(tool, (name,), (), ()))


def _by_tag(catalogue: Catalogue) -> Counter[str]:
    """Return how many tools each tag alone would expose."""
    tagged = ((tool, tag) for tool in catalogue for tag in {*tool.tags})
    return Counter(tag for tool, tag in tagged if catalogue.lets_pass(tool, (), (tag,), ()))


def _settings_of(server: MCPServer) -> dict[str, Any]:
    """Return a server's settings as the form's initial values; moments to the minute, as browsers submit them."""
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
        "search_mode": server.search_mode,
        "results": server.results,
        "lean_list": not server.output_schema,
        "ends": AT if ends else "",
        "ends_at": ends,
        "authentication": server.authentication.value,
    }


class RotateForm(forms.Form):
    """How long the current URL keeps working after a rotation."""

    grace = forms.ChoiceField(
        label="The current URL",
        choices={
            "0": "stops working at once",
            "3600": "works for another hour",
            "86400": "works for another day",
            "604800": "works for another 7 days",
        },
        initial="0",
        required=False,
        help_text="Choose a grace period if you cannot give all clients the new URL at the same moment.",
    )

    @property
    def period(self) -> timedelta:
        return timedelta(seconds=int(self.cleaned_data["grace"] or 0))
