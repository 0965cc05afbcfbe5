"""The time zone of the dates and times in a form."""

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import forms


class TimeZoneField(forms.CharField):
    """A hidden field that the browser's script fills in; UTC without the script, or for an unknown zone."""

    def __init__(self) -> None:
        super().__init__(max_length=64, required=False, initial="UTC", widget=forms.HiddenInput({"data-time-zone": ""}))

    def clean(self, value: Any) -> ZoneInfo:
        try:
            return ZoneInfo(super().clean(value) or "UTC")
        # ZoneInfo reads a file by the given name: bad keys raise ValueError, names of folders OSError.
        except (ZoneInfoNotFoundError, ValueError, OSError, forms.ValidationError):
            return ZoneInfo("UTC")
