"""Admin pages of people: who signs in, what staff may do here, environments and their members.

Rights are a superuser's to give: passwords, names to sign in with, addresses, groups, permissions and roles change by
nobody else, whatever permissions staff have, since each of them would be a way to every other. Who belongs to an
environment is decided as everywhere else, by `accounts.people.members.admitters`.
"""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts import audit
from accounts.admin.invitations import InvitationAdmin, WithInviting
from accounts.admin.pages import DjangoUserAdmin, ModelAdmin, TabularInline, linked, moment, person
from accounts.admin.sessions import EndsSessions, PasswordAgain
from accounts.api_tokens.owners import owner_changed, owner_gone
from accounts.changes import ChangeKind, announce
from accounts.errors import MemberRefused
from accounts.models import ApiToken, Environment, IntegratedAccount, Membership, User
from accounts.people import members
from accounts.people.sessions import end_sessions

# What staff see of a person; of it they change what is not fixed.
FOR_STAFF = (
    (None, {"fields": ("username", "first_name", "last_name", "email")}),
    ("Sign-in", {"fields": ("is_active", "is_staff", "last_login", "date_joined")}),
)
FIXED_FOR_STAFF = ("username", "email", "is_staff", "is_superuser", "groups", "user_permissions")

admin.site.unregister(Group)


class SuperusersAlone(ModelAdmin):
    """A page that staff may read, where they have the permission, and superusers alone change."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Keep it to superusers."""
        return person(request).is_superuser and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep it to superusers."""
        return person(request).is_superuser and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep it to superusers."""
        return person(request).is_superuser and super().has_delete_permission(request, obj)


@admin.register(Group)
class GroupAdmin(PasswordAgain, SuperusersAlone, DjangoGroupAdmin):
    """Groups of permissions for staff: whoever may change one could give it, and so themselves, every permission."""


class MembershipInline(TabularInline):
    """The members of an environment, or the environments of a person: read by staff, changed by superusers.

    Nobody is added here. People join by accepting an invitation, and admins change roles in the portal.
    """

    model = Membership
    extra = 0
    fields: ClassVar = ["user", "environment", "role"]
    # Whoever could put another person into a row would have added one.
    readonly_fields: ClassVar = ["user", "environment"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Show it to whoever may see the page that it stands on."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: nobody is made a member by somebody else."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep roles to superusers."""
        return person(request).is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep removals to superusers."""
        return person(request).is_superuser


class MembersAdmin(ModelAdmin):
    """A page with memberships on it, whose changes leave traces."""

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Show members of what there is already."""
        return self.inlines if obj else ()

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save members, each with a trace in the audit record."""
        super().save_formset(request, form, formset, change)
        changed = [row for row, _ in formset.changed_objects]
        for action, rows in (("changed", changed), ("removed", formset.deleted_objects)):
            for row in rows:
                audit.record(person(request), f"membership.{action}", row.audit_subject, {"role": row.role})
                owner_changed(row.user, person(request), row.environment)


@admin.register(User)
class UserAdmin(PasswordAgain, EndsSessions, DjangoUserAdmin, MembersAdmin):
    """People who sign in."""

    audit_kind = "membership"
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "full_name", "email", "environments_count", "is_staff", "is_active", "seen")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    inlines = (MembershipInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Count memberships in the same query."""
        people: QuerySet[User] = super().get_queryset(request).annotate(environments_count=Count("memberships"))
        return people

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Show staff who somebody is, and neither what stands for a password nor rights."""
        return super().get_fieldsets(request, obj) if person(request).is_superuser else FOR_STAFF

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Leave staff the name, and whether somebody may sign in."""
        return ("last_login", "date_joined", *(() if person(request).is_superuser else FIXED_FOR_STAFF))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Keep it to superusers: everybody else is invited, and makes their account themselves."""
        return person(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Keep staff and superusers to superusers."""
        return self._in_reach(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Keep staff and superusers to superusers."""
        return self._in_reach(request, obj) and super().has_delete_permission(request, obj)

    def _in_reach(self, request: HttpRequest, obj: User | None) -> bool:
        return obj is None or person(request).is_superuser or not (obj.is_staff or obj.is_superuser)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Keep passwords to superusers: whoever sets one can be that person."""
        if not person(request).is_superuser:
            raise PermissionDenied("Only superusers set other people's passwords.")
        return super().user_change_password(request, id, form_url)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save; sessions and API tokens of somebody who is deactivated end, and do not come back with the person."""
        if change and "is_active" in form.changed_data and not obj.is_active:
            _keep_admins(request, obj)
        super().save_model(request, obj, form, change)
        if "is_active" in form.changed_data:
            owner_changed(obj, person(request))
            if not obj.is_active:
                end_sessions(obj, person(request))

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete; API tokens of the person end."""
        with transaction.atomic():
            if obj.is_active:
                _keep_admins(request, obj)
            owner_gone(obj, person(request))
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Delete one by one, so that what ends with each is told and noted; all of them, or nobody."""
        with transaction.atomic():
            for row in queryset:
                self.delete_model(request, row)

    @admin.display(description="Name", ordering="last_name")
    def full_name(self, user: User) -> str:
        """The name, or nothing."""
        return user.get_full_name() or "–"

    @admin.display(description="Environments", ordering="environments_count")
    def environments_count(self, user: Any) -> int:
        """How many environments the person belongs to."""
        return int(user.environments_count)

    @admin.display(description="Last sign-in", ordering="last_login")
    def seen(self, user: User) -> SafeString:
        """When the person signed in last."""
        return moment(user.last_login)


@admin.register(Environment)
class EnvironmentAdmin(PasswordAgain, WithInviting, MembersAdmin):
    """Environments with their members."""

    audit_kind = "environment"
    list_display = ("name", "members_count", "accounts_count", "tokens_count", "since")
    search_fields = ("name",)
    inlines = (MembershipInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Environment]:
        """Count what belongs to each in the same query."""
        counts = {
            name: Count(relation, distinct=True)
            for name, relation in (
                ("members_count", "memberships"),
                ("accounts_count", "integrated_accounts"),
                ("tokens_count", "api_tokens"),
            )
        }
        rows: QuerySet[Environment] = super().get_queryset(request).annotate(**counts)
        return rows

    def save_model(self, request: HttpRequest, obj: Environment, form: Any, change: bool) -> None:
        """Save with a trace in the audit record; whoever makes an environment is its first admin."""
        super().save_model(request, obj, form, change)
        if not change or form.changed_data:
            action, details = ("changed", _differences(form)) if change else ("created", {})
            audit.record(person(request), f"environment.{action}", obj.audit_subject, details)
        if not change:
            members.found(obj, person(request))

    def delete_model(self, request: HttpRequest, obj: Environment) -> None:
        """Delete with everything in it, each account and token refused at once."""
        with transaction.atomic():
            accounts = list(IntegratedAccount.objects.filter(environment=obj).values_list("pk", flat=True))
            tokens = list(ApiToken.objects.filter(environment=obj).values_list("pk", flat=True))
            held = {"accounts": len(accounts), "api_tokens": len(tokens)}
            audit.record(person(request), "environment.deleted", obj.audit_subject, held)
            super().delete_model(request, obj)
            for kind, ids in ((ChangeKind.ACCOUNT, accounts), (ChangeKind.TOKEN, tokens)):
                for row_id in ids:
                    announce(kind, row_id)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Environment]) -> None:
        """Delete one by one, so that each is told and noted."""
        for row in queryset:
            self.delete_model(request, row)

    @admin.display(description="Members", ordering="members_count")
    def members_count(self, row: Any) -> int:
        """How many people belong to it."""
        return int(row.members_count)

    @admin.display(description="Accounts", ordering="accounts_count")
    def accounts_count(self, row: Any) -> SafeString:
        """How many accounts are connected in it."""
        query = f"?environment__id__exact={row.pk}"
        return linked("accounts_integratedaccount_changelist", str(row.accounts_count), query=query)

    @admin.display(description="API tokens", ordering="tokens_count")
    def tokens_count(self, row: Any) -> SafeString:
        """How many API tokens it has."""
        query = f"?environment__id__exact={row.pk}"
        return linked("accounts_apitoken_changelist", str(row.tokens_count), query=query)

    @admin.display(description="Created", ordering="created_at")
    def since(self, row: Environment) -> SafeString:
        """When it was made."""
        return moment(row.created_at)


def _keep_admins(request: HttpRequest, leaving: User) -> None:
    """Refuse staff to leave an environment without an admin; superusers may, and can make another."""
    if person(request).is_superuser:
        return
    try:
        members.keep_admins_without(leaving)
    except MemberRefused as refused:
        raise PermissionDenied(str(refused)) from None


def _differences(form: Any) -> dict[str, Any]:
    """Return what a form changed of an environment's own fields, from what to what."""
    return {
        str(form.fields[name].label): {"from": form.initial.get(name), "to": form.cleaned_data[name]}
        for name in form.changed_data
    }


__all__ = ["EnvironmentAdmin", "GroupAdmin", "InvitationAdmin", "UserAdmin"]
