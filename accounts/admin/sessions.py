"""Sign-in in the admin: failed attempts, ending a person's sessions, and password confirmation."""

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
from accounts.texts.counting import counted

if TYPE_CHECKING:
    # Mixins: each precedes another base class and extends its methods.
    _Admin = ModelAdmin
    _UserAdmin = DjangoUserAdmin
else:
    _Admin = _UserAdmin = object


class PasswordAgain(_Admin):
    """Pages that change rights or passwords; each change requires a recently given password."""

    def get_urls(self) -> list[URLPattern]:
        """Wrap every view of the model, so that actions and hand-made POSTs are covered too."""
        patterns: list[URLPattern] = super().get_urls()
        for pattern in patterns:
            pattern.callback = recently_authenticated(pattern.callback)
        return patterns


class EndsSessions(_UserAdmin):
    """Add the action that ends a person's sessions, for superusers."""

    actions = ("end_their_sessions",)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        offered: dict[str, Any] = super().get_actions(request)
        if not person(request).is_superuser:
            offered.pop("end_their_sessions", None)
        return offered

    @admin.action(description="Sign out everywhere: end every session")
    def end_their_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """End every session of the selected people, with an audit entry each."""
        if not person(request).is_superuser:
            raise PermissionDenied
        ended = sum(end_sessions(user, person(request)) for user in queryset)
        self.message_user(request, f"{counted(ended, 'session')} ended, and refused from the next request on.")


@admin.register(FailedSignIns)
class FailedSignInsAdmin(ModelAdmin):
    """Recent failed sign-ins; deleting a row lifts its lock."""

    list_display = ("what", "user", "network", "failures", "last")
    list_filter = ("kind",)
    list_select_related = ("user",)
    search_fields = ("user__username", "=network")
    fields = ("what", "user", "network", "failures", "last")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: only failed attempts create rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: delete the row to reset its count."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow superusers only: lifting a lock permits further guesses."""
        return person(request).is_superuser

    @admin.display(description="Counted", ordering="kind")
    def what(self, row: FailedSignIns) -> str:
        return row.get_kind_display()

    @admin.display(description="Last attempt", ordering="last_at")
    def last(self, row: FailedSignIns) -> SafeString:
        return moment(row.last_at)
