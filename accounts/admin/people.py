"""Admin pages of people: users, staff groups, environments and their members.

Only superusers change passwords, user names, addresses, groups, permissions and roles, whatever permissions staff
have, because each of these leads to all the others. `accounts.people.members.admitters` decides who may invite people
to an environment, here as everywhere else.
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
from accounts.admin.password_links import WithPasswordLink
from accounts.admin.sessions import EndsSessions, PasswordAgain
from accounts.api_tokens.owners import owner_changed, owner_gone
from accounts.errors import MemberRefused
from accounts.models import Environment, Membership, User
from accounts.people import members
from accounts.people.disabling import end_what_they_have
from accounts.people.sessions import end_sessions

# What staff see of a person; they may change the fields that are not fixed.
FOR_STAFF = (
    (None, {"fields": ("username", "first_name", "last_name", "email")}),
    ("Sign-in", {"fields": ("is_active", "is_staff", "last_login", "date_joined")}),
)
FIXED_FOR_STAFF = ("username", "email", "is_staff", "is_superuser", "groups", "user_permissions")

# Registered again below, with password confirmation.
admin.site.unregister(Group)


class SuperusersAlone(ModelAdmin):
    """A page that permitted staff may read and only superusers may change."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return person(request).is_superuser and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return person(request).is_superuser and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return person(request).is_superuser and super().has_delete_permission(request, obj)


@admin.register(Group)
class GroupAdmin(PasswordAgain, SuperusersAlone, DjangoGroupAdmin):
    """Permission groups of staff; anybody who may change a group could grant themselves every permission."""


class MembershipInline(TabularInline):
    """The members of an environment, or the environments of a person: staff read them, superusers change them.

    Nobody is added here. People join by accepting an invitation, and admins change roles in the portal.
    """

    model = Membership
    extra = 0
    fields: ClassVar = ["user", "environment", "role"]
    # Replacing the person in a row would amount to adding a member.
    readonly_fields: ClassVar = ["user", "environment"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow everybody who may see the page around it."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: people become members by accepting an invitation."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return person(request).is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return person(request).is_superuser


class MembersAdmin(ModelAdmin):
    """A page with memberships, whose changes go into the audit record."""

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Leave the members out while the row is being added."""
        return self.inlines if obj else ()

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save members with an audit entry each, and update their API tokens."""
        super().save_formset(request, form, formset, change)
        changed = [row for row, _ in formset.changed_objects]
        for action, rows in (("changed", changed), ("removed", formset.deleted_objects)):
            for row in rows:
                audit.record(person(request), f"membership.{action}", row.audit_subject, {"role": row.role})
                owner_changed(row.user, person(request), row.environment)


@admin.register(User)
class UserAdmin(PasswordAgain, EndsSessions, WithPasswordLink, DjangoUserAdmin, MembersAdmin):
    """People who sign in."""

    audit_kind = "membership"
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "full_name", "email", "environments_count", "is_staff", "is_active", "seen")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    inlines = (MembershipInline,)

    fieldsets = (*(DjangoUserAdmin.fieldsets or ()), ("Single sign-on", {"fields": ("verified_email",)}))

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        people: QuerySet[User] = super().get_queryset(request).annotate(environments_count=Count("memberships"))
        return people

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Show staff the identity alone, without password hash and rights."""
        return super().get_fieldsets(request, obj) if person(request).is_superuser else FOR_STAFF

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Let staff change only a person's name and whether they may sign in."""
        return ("last_login", "date_joined", *(() if person(request).is_superuser else FIXED_FOR_STAFF))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow superusers only: everybody else joins by invitation and creates their own account."""
        return person(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Reserve the accounts of staff and superusers for superusers."""
        return self._in_reach(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Reserve the accounts of staff and superusers for superusers."""
        return self._in_reach(request, obj) and super().has_delete_permission(request, obj)

    def _in_reach(self, request: HttpRequest, obj: User | None) -> bool:
        return obj is None or person(request).is_superuser or not (obj.is_staff or obj.is_superuser)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Allow superusers only: with a new password one can sign in as that person."""
        if not person(request).is_superuser:
            raise PermissionDenied("Only superusers set other people's passwords.")
        return super().user_change_password(request, id, form_url)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save; deactivation ends sessions, API tokens and connections for good, even if the person is reactivated."""
        if change and "is_active" in form.changed_data and not obj.is_active:
            _keep_admins(request, obj)
        super().save_model(request, obj, form, change)
        if "is_active" in form.changed_data:
            owner_changed(obj, person(request))
            if not obj.is_active:
                end_sessions(obj, person(request))
            # Reactivation too: it brings nothing back of somebody who was deactivated in another way.
            end_what_they_have(obj, person(request))

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete the person and end their API tokens."""
        with transaction.atomic():
            if obj.is_active:
                _keep_admins(request, obj)
            # First, because the deletion sets the owner of each token to null.
            owner_gone(obj, person(request))
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Delete one by one, so that each deletion ends tokens and is recorded; all of them, or none."""
        with transaction.atomic():
            for row in queryset:
                self.delete_model(request, row)

    @admin.display(description="Name", ordering="last_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name() or "–"

    @admin.display(description="Environments", ordering="environments_count")
    def environments_count(self, user: Any) -> int:
        return int(user.environments_count)

    @admin.display(description="Last sign-in", ordering="last_login")
    def seen(self, user: User) -> SafeString:
        return moment(user.last_login)


@admin.register(Environment)
class EnvironmentAdmin(PasswordAgain, WithInviting, MembersAdmin):
    """Environments, with their members and the page that invites people."""

    audit_kind = "environment"
    list_display = ("name", "members_count", "accounts_count", "tokens_count", "since")
    search_fields = ("name",)
    inlines = (MembershipInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Environment]:
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
        """Save with an audit entry; the creator becomes the environment's first admin."""
        super().save_model(request, obj, form, change)
        if not change or form.changed_data:
            action, details = ("changed", _differences(form)) if change else ("created", {})
            audit.record(person(request), f"environment.{action}", obj.audit_subject, details)
        if not change:
            members.found(obj, person(request))

    def delete_model(self, request: HttpRequest, obj: Environment) -> None:
        """Delete the environment with its contents; its accounts and tokens are refused immediately."""
        with transaction.atomic():
            counts = {"accounts": obj.integrated_accounts.count(), "api_tokens": obj.api_tokens.count()}
            audit.record(person(request), "environment.deleted", obj.audit_subject, counts)
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Environment]) -> None:
        """Delete one by one, so that each deletion is recorded."""
        for row in queryset:
            self.delete_model(request, row)

    @admin.display(description="Members", ordering="members_count")
    def members_count(self, row: Any) -> int:
        return int(row.members_count)

    @admin.display(description="Accounts", ordering="accounts_count")
    def accounts_count(self, row: Any) -> SafeString:
        query = f"?environment__id__exact={row.pk}"
        return linked("accounts_integratedaccount_changelist", str(row.accounts_count), query=query)

    @admin.display(description="API tokens", ordering="tokens_count")
    def tokens_count(self, row: Any) -> SafeString:
        query = f"?environment__id__exact={row.pk}"
        return linked("accounts_apitoken_changelist", str(row.tokens_count), query=query)

    @admin.display(description="Created", ordering="created_at")
    def since(self, row: Environment) -> SafeString:
        return moment(row.created_at)


def _keep_admins(request: HttpRequest, leaving: User) -> None:
    """Keep staff from leaving an environment without an admin; superusers may, because they can appoint one."""
    if person(request).is_superuser:
        return
    try:
        members.keep_admins_without(leaving)
    except MemberRefused as refused:
        raise PermissionDenied(str(refused)) from None


def _differences(form: Any) -> dict[str, Any]:
    """Return the old and new value of each changed field of an environment, by its label."""
    return {
        str(form.fields[name].label): {"from": form.initial.get(name), "to": form.cleaned_data[name]}
        for name in form.changed_data
    }


__all__ = ["EnvironmentAdmin", "GroupAdmin", "InvitationAdmin", "UserAdmin"]
