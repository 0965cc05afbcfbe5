"""Identities of people at identity providers, in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts.admin.pages import ModelAdmin, moment, person
from accounts.admin.sessions import PasswordAgain
from accounts.models import Identity
from accounts.single_sign_on.people import disconnect


@admin.register(Identity)
class IdentityAdmin(PasswordAgain, ModelAdmin):
    """Who signs in with what; superusers disconnect."""

    list_display = ("user", "issuer", "subject", "email", "last")
    list_select_related = ("user",)
    search_fields = ("user__username", "=email", "=subject")
    fields = ("user", "issuer", "subject", "email", "created_at", "last")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: only the person can show that an identity is theirs."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: an identity never becomes another person's."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return person(request).is_superuser

    def delete_model(self, request: HttpRequest, obj: Identity) -> None:
        """Disconnect, with an audit entry; the roles that it gave are taken away."""
        disconnect(obj, person(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Identity]) -> None:
        """Disconnect one by one, so that each is recorded."""
        for row in queryset:
            disconnect(row, person(request))

    @admin.display(description="Last sign-in", ordering="last_used_at")
    def last(self, row: Identity) -> SafeString:
        return moment(row.last_used_at)
