"""Forms of the API token pages."""

import re
from datetime import datetime, timedelta
from typing import Any, cast

from django import forms
from django.utils import timezone

from accounts.errors import NetworkInvalid
from accounts.models import Membership, Role, TokenKind
from accounts.models.people import MOST_TOKEN_DAYS, TOKEN_DAYS
from accounts.texts.counting import counted
from accounts.web.networks import LONGEST_NETWORK, MOST_NETWORKS, parse_networks

OFFERED_DAYS = (7, 30, 90, 365)
PERSONAL = (TokenKind.PERSONAL.value, "Personal: acts for you, and ends when you leave")
SERVICE = (TokenKind.SERVICE.value, "Service: acts for the environment, and stays when people leave")


class TokenForm(forms.Form):
    """A new API token; the choices depend on the member's role and the environment's limits."""

    name = forms.CharField(
        max_length=80,
        help_text="What uses it, such as “Nightly report”.",
        error_messages={"required": "Give the token a name."},
        widget=forms.TextInput({"autocomplete": "off", "autofocus": True}),
    )
    kind = forms.ChoiceField(
        required=False,
        initial=TokenKind.PERSONAL,
        help_text="A personal token can never do more than you can at the moment.",
    )
    role = forms.ChoiceField(initial=Role.VIEWER, help_text="Each role includes the ones before it.")
    ends = forms.ChoiceField(required=False)
    networks = forms.CharField(
        required=False,
        max_length=MOST_NETWORKS * (LONGEST_NETWORK + 2),
        label="Only from these networks",
        help_text="One per line, such as 203.0.113.0/24 or 2001:db8::/32. Empty: from anywhere.",
        widget=forms.Textarea({"rows": 2, "class": "mono", "spellcheck": "false", "autocomplete": "off"}),
    )

    def __init__(self, membership: Membership, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [PERSONAL, SERVICE] if membership.may(Role.ADMIN) else [PERSONAL]
        roles = [(value, words) for value, words in Role.choices if membership.may(Role(value))]
        days = membership.environment.token_days_max
        for field, choices in (("kind", kinds), ("role", roles), ("ends", _ends(days))):
            cast(forms.ChoiceField, self.fields[field]).choices = choices
        self.fields["ends"].initial = str(min(TOKEN_DAYS, days) if days else TOKEN_DAYS)

    def clean_networks(self) -> list[str]:
        """Return the networks in canonical form."""
        try:
            return parse_networks(re.findall(r"[^\s,]+", self.cleaned_data["networks"]))
        except NetworkInvalid as invalid:
            raise forms.ValidationError(str(invalid)) from None

    def wanted(self) -> dict[str, Any]:
        """Return the keyword arguments for `issue_token`; the form must be valid."""
        data = self.cleaned_data
        return {
            "name": data["name"],
            "kind": TokenKind(data["kind"] or TokenKind.PERSONAL),
            "role": Role(data["role"]),
            "expires_at": self._expires_at(),
            # A missing field means the default lifetime; an empty one means “Never”.
            "endless": "ends" in self.data and not data["ends"],
            "networks": data["networks"],
        }

    def _expires_at(self) -> datetime | None:
        days = self.cleaned_data["ends"]
        return timezone.now() + timedelta(days=int(days)) if days else None


def _ends(most: int | None) -> list[tuple[str, str]]:
    """Return the lifetimes to choose from, none longer than the environment allows."""
    days = [each for each in OFFERED_DAYS if most is None or each < most]
    offered = [(str(each), f"In {counted(each, 'day')}") for each in ([*days, most] if most else days)]
    return offered if most else [*offered, ("", "Never")]


class LongestLifeForm(forms.Form):
    """The longest lifetime of an environment's new API tokens."""

    days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_TOKEN_DAYS,
        label="API tokens live at most (days)",
        help_text="Applies to tokens issued from now on. Empty: any lifetime, including no end.",
        widget=forms.TextInput({"autocomplete": "off", "inputmode": "numeric"}),
    )
