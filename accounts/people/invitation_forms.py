"""The form of an invitation, which the portal and the admin show."""

from typing import Any, TypedDict

from django import forms
from django.conf import settings

from accounts.models import Role


class InviteTerms(TypedDict):
    """What an invitation offers, to whom."""

    role: Role
    email: str
    note: str


class InviteForm(forms.Form):
    """An invitation: to an address where mail can be sent, else by a link."""

    email = forms.EmailField(
        required=False,
        label="Email address",
        max_length=254,
        help_text="The link goes there, and you do not see it. Leave it empty for a link that you hand over yourself.",
        error_messages={"invalid": "This is no email address. Leave it empty to get a link instead."},
        widget=forms.EmailInput({"autocomplete": "off"}),
    )
    note = forms.CharField(
        required=False,
        label="For whom",
        max_length=80,
        help_text="A name by which you and other admins recognise the invitation.",
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    role = forms.ChoiceField(choices=Role.choices, initial=Role.VIEWER)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not settings.MAIL_ENABLED:
            del self.fields["email"]

    def terms(self) -> InviteTerms:
        """Return what was chosen (of a valid form)."""
        data = self.cleaned_data
        return {"role": Role(data["role"]), "email": data.get("email", ""), "note": data["note"]}
