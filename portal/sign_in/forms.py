"""What a person decides about a client: how much of what it asks for, and for how long."""

from datetime import datetime, timedelta

from django import forms
from django.utils import timezone

WRITE, READ = "write", "read"
DAYS = {"": "Until I end it", "90": "90 days", "30": "30 days", "1": "1 day"}


class ConsentForm(forms.Form):
    """A decision; `is_valid()` first."""

    access = forms.ChoiceField(
        required=False, choices={WRITE: "What it asks for", READ: "Reads only, also later"}, widget=forms.RadioSelect
    )
    days = forms.ChoiceField(label="For how long", required=False, choices=DAYS, initial="90")
    decision = forms.ChoiceField(choices={"allow": "Allow", "refuse": "Refuse"})

    @property
    def allows(self) -> bool:
        return bool(self.cleaned_data["decision"] == "allow")

    @property
    def reads_only(self) -> bool:
        """Whether the person keeps the client from anything but reads."""
        return bool(self.cleaned_data["access"] == READ)

    @property
    def ends_at(self) -> datetime | None:
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=int(days)) if days else None
