"""Forms for connecting an account and for its settings."""

from typing import Any
from urllib.parse import quote

from django import forms

from accounts.definition import PLACEHOLDER, ConnectionField, Definition
from accounts.errors import ConnectionIncomplete, ConnectionRefused
from accounts.models import IntegratedAccount
from accounts.time_zones import MAX_NAME, check_time_zone
from accounts.vendors.routes import Move, approved_routes, move_between
from accounts.vendors.secret_routes import address_fields, again_words, move_of, routes_of

# Connection fields share a form with the portal's own fields, and a vendor may also ask for a `name`.
PREFIX = "field_"
KEEP = "Leave empty to keep the present one"
# Replaces KEEP while the form names another address (static/portal/secrets.js).
AGAIN = "Needed again, since the address is another"


class VendorField(forms.CharField):
    """A connection field, with a link to where the vendor shows its value."""

    def __init__(self, declared: ConnectionField, *, keep_secret: bool, again: str = "", decides: bool = False) -> None:
        kept = declared.secret and keep_secret and not again
        attrs = {
            "placeholder": declared.placeholder,
            "spellcheck": "false",
            "autocapitalize": "none",
            "autocomplete": "off",
        }
        if kept:
            attrs |= {"placeholder": KEEP, "data-kept": AGAIN}
        if decides:
            attrs["data-address"] = ""
        super().__init__(
            label=declared.label,
            help_text=declared.help,
            required=declared.required and not kept,
            max_length=4000,
            widget=forms.PasswordInput(attrs) if declared.secret else forms.TextInput(attrs),
            error_messages={"required": (declared.secret and again) or f"{declared.label} is required."},
        )
        self.link_template = declared.link
        self.link = ""


class NameForm(forms.Form):
    """The name of an account."""

    name = forms.CharField(
        max_length=80,
        help_text="How your team and the models tell this account from others.",
        error_messages={"required": "Give the account a name."},
        widget=forms.TextInput({"autocomplete": "off"}),
    )


class ZoneForm(forms.Form):
    """The time zone of an account's team."""

    time_zone = forms.CharField(
        label="Time zone",
        required=False,
        max_length=MAX_NAME,
        validators=[check_time_zone],
        help_text="Where the team works, such as Europe/Berlin. Models are told today's date there, and count by its "
        "days. Empty is UTC.",
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "list": "time-zones"}),
    )


class ReplaceConnectionForm(forms.Form):
    """The connection fields of a definition; secrets are never shown, and are kept when left empty."""

    keep_secrets = True

    def __init__(
        self, definition: Definition, *args: Any, account: IntegratedAccount | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        move = self._move(definition, account) if account is not None else None
        again = again_words(move) if move is not None else ""
        decisive = address_fields(definition)
        for declared in definition.connection_fields:
            self.fields[PREFIX + declared.name] = VendorField(
                declared, keep_secret=self.keep_secrets, again=again, decides=declared.name in decisive
            )
        self.fields["base_url"] = forms.URLField(
            label=f"Another address of {definition.label}",
            required=False,
            max_length=300,
            assume_scheme="https",
            help_text="Only for a test system. Empty is the usual address.",
            widget=forms.TextInput(
                {"inputmode": "url", "autocomplete": "off", "placeholder": "https://", "data-address": ""}
            ),
        )
        self._fill_links()

    def _move(self, definition: Definition, account: IntegratedAccount) -> Move | None:
        """Return how the typed values would move the account's secrets; unbound, how its definition already does."""
        if not self.is_bound:
            return move_of(account, definition)
        names = [field.name for field in definition.connection_fields if not field.secret]
        typed = {name: str(self.data.get(PREFIX + name, "")).strip() for name in names}
        opened = {**account.connection, **{name: value for name, value in typed.items() if value}}
        base_url = str(self.data.get("base_url", "")).strip()
        return move_between(approved_routes(account), routes_of(definition, opened, base_url))

    @property
    def vendor_fields(self) -> list[forms.BoundField]:
        """The connection fields, in the definition's order."""
        return [self[name] for name in self.fields if name.startswith(PREFIX)]

    @property
    def given(self) -> dict[str, str]:
        """The connection fields' values by their names in the definition; the form must be valid."""
        return {name.removeprefix(PREFIX): self.cleaned_data[name] for name in self.fields if name.startswith(PREFIX)}

    def refuse(self, refusal: ConnectionIncomplete | ConnectionRefused) -> None:
        """Add each reason to its field; a vendor's refusal concerns the whole form."""
        if isinstance(refusal, ConnectionRefused):
            self.add_error("base_url" if refusal.forbidden else None, refusal.reason)
            return
        for name, reason in refusal.problems.items():
            place = next((known for known in (PREFIX + name, name) if known in self.fields), None)
            self.add_error(place, reason)

    def _fill_links(self) -> None:
        """Fill the {placeholders} of the links with the values of fields that are not secret."""
        known = {
            bound.name.removeprefix(PREFIX): str(bound.value() or "")
            for bound in self.vendor_fields
            if not isinstance(bound.field.widget, forms.PasswordInput)
        }
        for bound in self.vendor_fields:
            if isinstance(bound.field, VendorField):
                bound.field.link = filled_link(bound.field.link_template, known)


class ConnectForm(NameForm, ReplaceConnectionForm):
    """The name and connection fields of a new account."""

    keep_secrets = False


class ConfirmNameForm(forms.Form):
    """Confirm a deletion by typing the account's name."""

    confirmation = forms.CharField(
        max_length=80,
        error_messages={"required": "Type the account's name."},
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, account: IntegratedAccount, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        self.fields["confirmation"].label = f"Type “{account.name}” to confirm"

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"]
        # Stripped like the typed value: Django strips a CharField's input.
        if typed != self.account.name.strip():
            raise forms.ValidationError(f"This is not the account's name. Type {self.account.name} exactly.")
        return typed


def filled_link(template: str, known: dict[str, str]) -> str:
    """Return a link with its {placeholders} filled; empty if one is unknown or it is not an http(s) link."""
    if not template.startswith(("https://", "http://")) or not all(
        known.get(name) for name in PLACEHOLDER.findall(template)
    ):
        return ""
    return PLACEHOLDER.sub(lambda match: quote(known[match[1]], safe=""), template)
