"""Dates and times in forms, and the time zone that they are meant in."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from accounts.time_zones import UTC, zone_of


class MomentInput(forms.DateTimeField):
    """An optional date and time, in the zone that the TimeZoneField of its form names."""

    def __init__(self, *, label: str) -> None:
        super().__init__(
            label=label,
            required=False,
            error_messages={"invalid": "Give a date and a time, such as 2027-01-31 18:00."},
            widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        )


class TimeZoneField(forms.CharField):
    """A hidden field that the browser's script fills in; UTC without the script, or for an unknown zone."""

    def __init__(self) -> None:
        super().__init__(max_length=64, required=False, initial="UTC", widget=forms.HiddenInput({"data-time-zone": ""}))

    def clean(self, value: Any) -> ZoneInfo:
        try:
            return zone_of(super().clean(value))
        except forms.ValidationError:
            return UTC
