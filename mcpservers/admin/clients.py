"""The admin page of registered clients: what programs are known for sign-in, and those that an admin registers."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts import audit
from accounts.admin.pages import ModelAdmin, ModelForm, person
from mcpservers.models import RegisteredClient
from mcpservers.sign_in.consents import end_connections


class RegisteredClientForm(ModelForm):
    """A client's name, and where people are sent back to."""

    class Meta:
        model = RegisteredClient
        fields = ["name", "redirect_uris"]
        labels = {"redirect_uris": "Redirect addresses"}
        help_texts = {
            "name": "The consent page shows it, and says that an admin of Patchbay registered it.",
            "redirect_uris": "One a line: https, or http on localhost, 127.0.0.1 or [::1], there with any port.",
        }
        widgets = {"redirect_uris": UnfoldAdminTextareaWidget({"rows": 4, "spellcheck": "false"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            kinds = RegisteredClient
            self.instance.client_type = kinds.CLIENT_PUBLIC
            self.instance.authorization_grant_type = kinds.GRANT_AUTHORIZATION_CODE
            self.instance.client_secret, self.instance.hash_client_secret = "", False

    def clean_redirect_uris(self) -> str:
        """Return the addresses as they are stored, with single spaces between."""
        return " ".join(self.cleaned_data["redirect_uris"].split())


@admin.register(RegisteredClient)
class RegisteredClientAdmin(ModelAdmin):
    """Programs that people may allow something. What registered itself can be deleted, and is not changed."""

    audit_kind = "client"
    form = RegisteredClientForm
    list_display = ("name", "registration_source", "client_id", "connected", "created")
    list_filter = ("registration_source",)
    search_fields = ("name", "=client_id")
    fields = ("name", "redirect_uris", "identifier", "registration_source", "created")
    readonly_fields = ("identifier", "registration_source", "created")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count the connections for the column."""
        rows: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(connected=Count("connections"))
        return counted

    @admin.display(description="Client ID")
    def identifier(self, row: Any) -> str:
        return format_html('<code class="pb-mono">{}</code>', row.client_id)

    @admin.display(description="Connections", ordering="connected")
    def connected(self, row: Any) -> int:
        return int(row.connected)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep what a program says of itself as it said it."""
        is_own = obj is None or obj.registration_source == RegisteredClient.RegistrationSource.MANUAL
        return is_own and super().has_change_permission(request, obj)

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and record it."""
        super().save_model(request, obj, form, change)
        action = f"{self.audit_kind}.{'changed' if change else 'created'}"
        audit.record(person(request), action, obj.audit_subject, {"changed": sorted(form.changed_data)})

    @transaction.atomic
    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """End its connections, and delete it."""
        rows = obj.connections.select_related("server__account", "user", "client")
        end_connections(rows, person(request), "its client was deleted")
        audit.record(person(request), f"{self.audit_kind}.deleted", obj.audit_subject)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Delete one by one, so that each deletion is audited."""
        for row in queryset:
            self.delete_model(request, row)
