"""In which time zone somebody means the dates and times of a form."""

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import forms


class TimeZoneField(forms.CharField):
    """Filled by the browser's script; without one, or with a zone that is not known, it is UTC."""

    def __init__(self) -> None:
        super().__init__(max_length=64, required=False, initial="UTC", widget=forms.HiddenInput({"data-time-zone": ""}))

    def clean(self, value: Any) -> ZoneInfo:
        """Return the zone."""
        try:
            return ZoneInfo(super().clean(value) or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError, forms.ValidationError):
            return ZoneInfo("UTC")
