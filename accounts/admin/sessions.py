"""What the admin has of signing in: failed attempts, ending somebody's sessions, and asking for the password again."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.safestring import SafeString

from accounts.admin.pages import DjangoUserAdmin, ModelAdmin, moment, person
from accounts.models import FailedSignIns, User
from accounts.people.sessions import end_sessions
from accounts.signing_in.reauthentication import recently_authenticated

if TYPE_CHECKING:
    # Each stands before another base, whose methods it extends.
    _Admin = ModelAdmin
    _UserAdmin = DjangoUserAdmin
else:
    _Admin = _UserAdmin = object


class PasswordAgain(_Admin):
    """Pages on which rights and passwords are changed: each change takes a password that was given lately."""

    def get_urls(self) -> list[URLPattern]:
        """Hold what every page of the model changes to it, actions and raw posts included."""
        patterns: list[URLPattern] = super().get_urls()
        for pattern in patterns:
            pattern.callback = recently_authenticated(pattern.callback)
        return patterns


class EndsSessions(_UserAdmin):
    """People whose sessions superusers may end."""

    actions = ("end_their_sessions",)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer the action to superusers alone."""
        offered: dict[str, Any] = super().get_actions(request)
        if not person(request).is_superuser:
            offered.pop("end_their_sessions", None)
        return offered

    @admin.action(description="Sign out everywhere: end every session")
    def end_their_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """End every session of each, with a trace in the audit record."""
        if not person(request).is_superuser:
            raise PermissionDenied
        ended = sum(end_sessions(user, person(request)) for user in queryset)
        self.message_user(request, f"{ended} sessions ended. Their next requests are refused.")


@admin.register(FailedSignIns)
class FailedSignInsAdmin(ModelAdmin):
    """Failed sign-ins of the last minutes; deleting one lifts its lock."""

    list_display = ("what", "user", "network", "failures", "last")
    list_filter = ("kind",)
    list_select_related = ("user",)
    search_fields = ("user__username", "=network")
    fields = ("what", "user", "network", "failures", "last")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: only attempts are counted."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a count is lifted by deleting it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep it to superusers: whoever lifts locks can guess on."""
        return person(request).is_superuser

    @admin.display(description="Counted", ordering="kind")
    def what(self, row: FailedSignIns) -> str:
        """What the attempts have in common."""
        return row.get_kind_display()

    @admin.display(description="Last attempt", ordering="last_at")
    def last(self, row: FailedSignIns) -> SafeString:
        """When one failed last."""
        return moment(row.last_at)
