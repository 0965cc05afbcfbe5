"""The form of an MCP server: what it opens, to whom, until when."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import forms
from django.forms.boundfield import BoundWidget
from django.utils import timezone

from mcpservers.errors import PolicyRefused
from tools.catalogue import Catalogue
from tools.naming import CUSTOM, GROUPS

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
FIELDS = {"config": None, "config.methods": "methods", "config.tags": "tags", "expires_at": "ends"}
TOO_SOON = "This is past, or less than a minute ahead. Choose a later time, or “Never”."


class ServerForm(forms.Form):
    """The settings of a new server. Every choice comes from the account's catalogue."""

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
    ends = forms.ChoiceField(required=False, choices=ENDS, initial="30")
    ends_at = forms.DateTimeField(
        label="Date and time",
        required=False,
        error_messages={"invalid": "Give a date and a time, such as 2027-01-31 18:00."},
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    # Filled by the browser's script; without one the date and time are taken as UTC, and the label says so.
    time_zone = forms.CharField(required=False, initial="UTC", widget=forms.HiddenInput({"data-time-zone": ""}))
    require_api_token_auth = forms.BooleanField(
        label="Also ask for an API token",
        required=False,
        help_text="The URL alone is then not enough: clients send a token of this environment in a header.",
        widget=forms.CheckboxInput({"role": "switch"}),
    )

    def __init__(self, catalogue: Catalogue, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._groups = {*GROUPS, CUSTOM}
        methods = Counter(tool.method_name for tool in catalogue) + Counter(tool.group for tool in catalogue)
        self._offer("methods", catalogue.method_filters, methods)
        self._offer("tags", catalogue.tag_filters, Counter(tag for tool in catalogue for tag in {*tool.tags}))

    def _offer(self, name: str, values: list[str], tools: Counter[str]) -> None:
        field = cast(forms.MultipleChoiceField, self.fields[name])
        field.choices = [(value, f"{value} ({tools[value]})") for value in values if tools[value]]

    @property
    def group_choices(self) -> list[BoundWidget]:
        """The check boxes of groups of methods."""
        return [box for box in self["methods"] if str(box.data["value"]) in self._groups]

    @property
    def method_choices(self) -> list[BoundWidget]:
        """The check boxes of single methods."""
        return [box for box in self["methods"] if str(box.data["value"]) not in self._groups]

    def clean_time_zone(self) -> ZoneInfo:
        """Return the time zone that a date and time are meant in."""
        try:
            return ZoneInfo(self.cleaned_data["time_zone"] or "UTC")
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")

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
