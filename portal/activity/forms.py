"""The filters of the Activity pages, as a form and as query parameters."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.forms.utils import flatatt
from django.http import QueryDict
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from mcpservers.eras import SUPPORTED
from portal.moments import MomentInput, TimeZoneField
from tools.models.calls import McpTransport, Via
from tools.record.activity import CallFilter, outcomes

CUSTOM = "custom"
USUAL = "24h"
PERIODS = {
    "1h": ("1 hour", timedelta(hours=1)),
    "24h": ("24 hours", timedelta(hours=24)),
    "7d": ("7 days", timedelta(days=7)),
    "30d": ("30 days", timedelta(days=30)),
}
# The interfaces through which calls come; of MCP, also each of its transports.
WAYS: dict[str, str] = {
    Via.MCP.value: str(Via.MCP.label),
    **{way.value: f"{Via.MCP.label}, {way.label}" for way in McpTransport},
    Via.REST.value: str(Via.REST.label),
    Via.PORTAL.value: str(Via.PORTAL.label),
}
OLDEST = timedelta(days=3660)


NARROWING = ("account", "server", "tool", "person", "client", "framework", "outcome", "via", "revision")


@dataclass(frozen=True, slots=True)
class ActivityQuery:
    """The calls to show, between two moments; without `until`, future calls are included."""

    calls: CallFilter
    since: datetime
    until: datetime | None


class LongSelect(forms.Select):
    """A select with hundreds of options. Django's own is slow: it renders a template for each."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        given = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        chosen = str(value or "")
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((key, mark_safe(" selected") if key == chosen else "", words) for key, words in self.choices),
        )
        return format_html("<select{}>{}</select>", flatatt(given), options)


class ActivityForm(forms.Form):
    """The filters. An invalid value is reported at its field and filters nothing."""

    account = forms.UUIDField(required=False, widget=LongSelect)
    server = forms.UUIDField(required=False, label="MCP server", widget=LongSelect)
    tool = forms.CharField(
        required=False, max_length=64, widget=forms.TextInput({"list": "tools", "class": "mono", "spellcheck": "false"})
    )
    person = forms.CharField(required=False, max_length=150, widget=forms.TextInput({"list": "people"}))
    client = forms.CharField(required=False, max_length=120, widget=forms.TextInput({"list": "clients"}))
    outcome = forms.ChoiceField(required=False, choices=lambda: [("", "Any"), *outcomes()])
    framework = forms.CharField(required=False, max_length=100, widget=forms.TextInput({"list": "frameworks"}))
    via = forms.ChoiceField(required=False, choices=[("", "Any"), *WAYS.items()])
    revision = forms.ChoiceField(
        label="Protocol", required=False, choices=[("", "Any"), *((each, each) for each in SUPPORTED)]
    )
    period = forms.ChoiceField(
        required=False,
        choices=[*((key, words) for key, (words, _) in PERIODS.items()), (CUSTOM, "From … to …")],
        widget=forms.RadioSelect,
    )
    since = MomentInput(label="From")
    until = MomentInput(label="To")
    # The browser's script fills it in. Without the script, times are UTC, as the labels say.
    time_zone = TimeZoneField()

    def __init__(self, query: QueryDict) -> None:
        given = query.copy()
        if not given.get("period"):
            given["period"] = CUSTOM if given.get("since") or given.get("until") else USUAL
        super().__init__(given, prefix=None, auto_id="filter-%s", use_required_attribute=False)

    def offer(self, name: str, choices: Iterable[tuple[UUID, str]], gone: str) -> None:
        """Set a field's choices; a chosen row that no longer exists is offered as `gone`."""
        offered = [(str(key), words) for key, words in choices]
        chosen = self.data.get(name)
        if chosen and chosen not in dict(offered):
            offered.append((chosen, gone))
        cast(forms.Select, self.fields[name].widget).choices = [("", "Any"), *offered]

    def clean(self) -> None:
        """Convert the two moments to UTC, and check their order."""
        data = self.cleaned_data
        for name in ("since", "until"):
            moment = data.get(name)
            # `astimezone` overflows near the years 1 and 9999.
            if moment is not None and not 2000 <= moment.year <= 9000:
                self.add_error(name, "Give a year from 2000 to 9000.")
            elif moment is not None:
                data[name] = moment.replace(tzinfo=data.get("time_zone", UTC)).astimezone(UTC)
        since, until = data.get("since"), data.get("until")
        if data.get("period") == CUSTOM and since and until and until <= since:
            self.add_error("until", "This is not later than “From”.")

    def activity_query(self, environment_id: UUID, account_id: UUID | None) -> ActivityQuery:
        """Return the query; `account_id` is given on an account's page and overrides the filter."""
        self.is_valid()  # for cleaned_data: invalid fields are left out of it, and so filter nothing
        data = self.cleaned_data
        since, until = self._window()
        calls = CallFilter(
            environment_id=environment_id,
            account_id=account_id or data.get("account"),
            server_id=data.get("server"),
            tool=data.get("tool", ""),
            client=data.get("client", ""),
            outcome=data.get("outcome", ""),
            via=way if (way := data.get("via", "")) in Via.values else "",
            transport=way if way in McpTransport.values else "",
            revision=data.get("revision", ""),
            framework=data.get("framework", ""),
            person=data.get("person", ""),
            since=since,
            until=until,
        )
        return ActivityQuery(calls, since, until)

    def _window(self) -> tuple[datetime, datetime | None]:
        now, data = timezone.now(), self.cleaned_data
        if data.get("period") != CUSTOM:
            return now - PERIODS[data.get("period") or USUAL][1], None
        until = data.get("until")
        since = data.get("since") or (until or now) - PERIODS[USUAL][1]
        return max(since, now - OLDEST), until

    def address(self, **other: Any) -> str:
        """Return the filters as a query string without defaults; `other` adds or replaces parameters."""
        kept = {name: self.data.get(name, "") for name in self.fields}
        if kept["period"] == USUAL:
            kept["period"] = ""
        if self.data.get("period") != CUSTOM:
            kept["since"] = kept["until"] = kept["time_zone"] = ""
        kept |= {name: str(value) for name, value in other.items()}
        return urlencode({name: value for name, value in kept.items() if value})

    @property
    def narrowing(self) -> int:
        """The number of filters set, not counting time."""
        return sum(bool(self.data.get(name)) for name in NARROWING)
