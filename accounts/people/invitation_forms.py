"""The invitation form of portal and admin."""

from typing import Any, TypedDict

from django import forms
from django.conf import settings

from accounts.models import Role


class InviteTerms(TypedDict):
    """The role that an invitation offers, and its recipient."""

    role: Role
    email: str
    note: str


class InviteForm(forms.Form):
    """An invitation by mail, or by link if the address is empty or mail is not configured."""

    email = forms.EmailField(
        required=False,
        label="Email address",
        max_length=254,
        help_text="The link goes there, and you do not see it. Leave it empty for a link that you hand over yourself.",
        error_messages={"invalid": "This is not an email address. Leave it empty to get a link instead."},
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
        """Return the cleaned values; call it on a valid form only."""
        data = self.cleaned_data
        return {"role": Role(data["role"]), "email": data.get("email", ""), "note": data["note"]}
