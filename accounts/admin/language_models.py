"""The admin page of language models: where evaluations ask, with which key, and what one may cost."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldBooleanSwitchWidget

from accounts import audit
from accounts.admin.pages import ModelAdmin, ModelForm, person
from accounts.models import LanguageModel
from accounts.vendors.addresses import base_url_problem

# Where a key goes; it was given for these, and for nothing else.
ROUTE = ("api", "base_url")
LONGEST_KEY = 1000


class LanguageModelForm(ModelForm):
    """A language model. Its key is taken and never shown."""

    new_key = forms.CharField(
        required=False,
        max_length=LONGEST_KEY,
        label="Key",
        widget=UnfoldAdminPasswordWidget({"autocomplete": "new-password"}),
        help_text="It is encrypted, and never shown again. Empty keeps the one that is stored, if there is one.",
    )
    drop_key = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
        label="Delete the stored key",
        help_text="For an address that wants none, such as a server of your own.",
    )

    class Meta:
        model = LanguageModel
        fields = ["name", "api", "base_url", "model", "token_limit", "minute_limit"]

    def clean_base_url(self) -> str:
        """Refuse an address that no request could be sent to."""
        address: str = self.cleaned_data["base_url"]
        problem = base_url_problem(address)
        if problem:
            raise forms.ValidationError(problem)
        return address

    def clean_new_key(self) -> str:
        """Refuse what no header can carry."""
        key: str = self.cleaned_data["new_key"]
        if not (key.isascii() and key.isprintable()):
            raise forms.ValidationError("A key has no line breaks, and only ASCII characters.")
        return key

    def clean(self) -> dict[str, Any]:
        """Demand the key again where it would go elsewhere: only who knows it may send it there."""
        super().clean()
        values = self.cleaned_data
        moves = any(name in self.changed_data for name in ROUTE)
        if self.instance.key and moves and not (values.get("new_key") or values.get("drop_key")):
            self.add_error("new_key", "The stored key was given for another address or API. Enter the key again.")
        if values.get("new_key") and values.get("drop_key"):
            self.add_error("drop_key", "Either enter a key, or delete the stored one.")
        return values


@admin.register(LanguageModel)
class LanguageModelAdmin(ModelAdmin):
    """Language models that evaluations may ask."""

    audit_kind = "language_model"
    form = LanguageModelForm
    list_display = ("name", "api", "base_url", "model", "has_key")
    search_fields = ("name", "model", "base_url")
    fieldsets = (
        (None, {"fields": ("name", "api", "base_url", "model")}),
        ("Key", {"fields": ("has_key", "new_key", "drop_key")}),
        ("The most that one evaluation may use", {"fields": (("token_limit", "minute_limit"),)}),
    )
    readonly_fields = ("has_key",)

    @admin.display(description="Key stored", boolean=True)
    def has_key(self, row: LanguageModel) -> bool:
        return bool(row.key)

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: LanguageModel, form: Any, change: bool) -> None:
        """Save with the key encrypted, and an audit entry that names what changed and no value."""
        values = form.cleaned_data
        if values.get("new_key") or values.get("drop_key"):
            obj.set_key(values["new_key"])
        super().save_model(request, obj, form, change)
        action = f"{self.audit_kind}.{'changed' if change else 'created'}"
        audit.record(person(request), action, obj.audit_subject, {"changed": sorted(form.changed_data)})

    @transaction.atomic
    def delete_model(self, request: HttpRequest, obj: LanguageModel) -> None:
        """Delete with its key; runs that it answered stay."""
        audit.record(person(request), f"{self.audit_kind}.deleted", obj.audit_subject)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Delete one by one, so that each deletion is audited."""
        for row in queryset:
            self.delete_model(request, row)
