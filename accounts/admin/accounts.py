"""Admin pages for API tokens, connected accounts and the audit record; people.py has those for people.

Integrations have theirs in tools/admin/integrations.py, because it shows the catalogue compiled from a definition.
"""

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin.pages import Label, ModelAdmin, RecordAdmin, labelled, moment, mono, person, pretty_json
from accounts.admin.people import EnvironmentAdmin, GroupAdmin, InvitationAdmin, UserAdmin
from accounts.api_tokens.issue import delete_token, revoke_token
from accounts.errors import AccountError
from accounts.integrated_accounts.check import check_account
from accounts.integrated_accounts.lifecycle import disconnect_account, reconnect_account, set_enabled, set_time_zone
from accounts.models import ApiToken, AuditEntry, Environment, IntegratedAccount
from accounts.texts.counting import counted

TESTED_AT_ONCE = 5  # each test may take as long as a vendor takes to time out
STATUS_COLOURS = {"active": "success", "needs_reauth": "warning", "disabled": "danger"}


@admin.register(ApiToken)
class ApiTokenAdmin(ModelAdmin):
    """List and revoke API tokens. They are issued in the portal or over REST, which show their value once."""

    audit_kind = "api_token"
    list_display = (
        "name", "ends_in", "environment", "kind", "acts_for", "role", "state", "used", "expires", "created_by"
    )  # fmt: skip
    list_filter = ("kind", "role", "environment", "expires_at")
    search_fields = ("name", "=last_four")
    actions = ("revoke",)
    fields = (
        "name", "ends_in", "state", "environment", "kind", "acts_for", "role", "present", "networks_shown", "parent",
        "created_by", "created", "used", "last_used_address", "expires", "revoked",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        """Load owners and memberships, which `state` and `present` need, in two queries."""
        rows: Any = super().get_queryset(request)
        return cast(QuerySet[ApiToken], rows.with_owners())

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: the portal and REST issue tokens, because only they show the value."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """Refuse: a token's rights never change; revoke it and issue another."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Require Django's permission to change tokens."""
        return person(request).has_perm("accounts.change_apitoken")

    @admin.action(description="Revoke: refuse them from now on", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """Revoke the selected tokens that are not revoked yet."""
        rows = list(queryset.filter(revoked_at=None))
        for row in rows:
            revoke_token(row, person(request))
        self.message_user(request, f"{len(rows)} API tokens revoked. Programs that use them are refused now.")

    def delete_model(self, request: HttpRequest, obj: ApiToken) -> None:
        """Delete a token and its descendants; all are refused immediately."""
        delete_token(obj, person(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """Delete one by one, so that each is refused and recorded; descendants go first."""
        for row in queryset.order_by("-depth"):
            self.delete_model(request, row)

    @admin.display(description="Acts for", ordering="owner_name")
    def acts_for(self, row: ApiToken) -> str:
        """The person whose rights limit the token's; a service token has none."""
        return row.owner_name or "–"

    @admin.display(description="May now")
    def present(self, row: ApiToken) -> str:
        """The lower of its own role and its owner's."""
        return row.present_role or "nothing"

    @admin.display(description="Networks")
    def networks_shown(self, row: ApiToken) -> str:
        return ", ".join(row.networks) or "from everywhere"

    @admin.display(description="Ends in", ordering="last_four")
    def ends_in(self, row: ApiToken) -> SafeString:
        """The last four characters: all that is kept of the token's text."""
        return mono(f"…{row.last_four}")

    @labelled(
        description="State", colours={"live": "success", "expired": "info", "ended": "danger", "revoked": "danger"}
    )
    def state(self, row: ApiToken) -> Label:
        if row.revoked_at is not None:
            return Label("revoked", "Revoked")
        if not row.lasts():
            return Label("expired", "Expired")
        return Label("live", "Live") if row.is_live() else Label("ended", "Ended: its owner left")

    @admin.display(description="Last used", ordering="last_used_at")
    def used(self, row: ApiToken) -> SafeString:
        """When a program last used it, to the minute."""
        return moment(row.last_used_at)

    @admin.display(description="Expires", ordering="expires_at")
    def expires(self, row: ApiToken) -> SafeString:
        """When it expires, unless it is revoked first."""
        return moment(row.expires_at)

    @admin.display(description="Created", ordering="created_at")
    def created(self, row: ApiToken) -> SafeString:
        return moment(row.created_at)

    @admin.display(description="Revoked", ordering="revoked_at")
    def revoked(self, row: ApiToken) -> SafeString:
        return moment(row.revoked_at, none="not revoked")


@admin.register(IntegratedAccount)
class IntegratedAccountAdmin(ModelAdmin):
    """Connected accounts. Their address and connection fields change in the portal, where they are tested first."""

    audit_kind = "integrated_account"
    list_display = ("name", "integration", "environment", "state", "checked", "changed", "created_by")
    list_filter = ("status", "integration", "environment")
    list_select_related = ("integration", "environment", "created_by")
    search_fields = ("name", "integration__label", "environment__name")
    actions = ("test_connection", "enable", "disable")
    fields = (
        "name", "time_zone", "state", "reason", "integration", "environment", "connection_fields", "address",
        "scopes_reported", "tokens", "checked", "created_by", "created", "changed",
    )  # fmt: skip
    readonly_fields = tuple(field for field in fields if field not in {"name", "time_zone"})

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: the portal and REST connect accounts, because they test the connection first."""
        return False

    def save_model(self, request: HttpRequest, obj: IntegratedAccount, form: Any, change: bool) -> None:
        """Change the name or the time zone, with an entry each in the audit record."""
        row = IntegratedAccount.objects.get(pk=obj.pk)
        if row.name != obj.name:
            reconnect_account(row, person(request), name=obj.name, verify=False)
        set_time_zone(row, person(request), obj.time_zone)

    def delete_model(self, request: HttpRequest, obj: IntegratedAccount) -> None:
        """Disconnect the account; every URL to it is refused from now on."""
        disconnect_account(obj, person(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[IntegratedAccount]) -> None:
        for row in queryset:
            disconnect_account(row, person(request))

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[IntegratedAccount]) -> None:
        rows = list(queryset.filter(status=IntegratedAccount.Status.DISABLED))
        for row in rows:
            set_enabled(row, person(request), enabled=True)
        self.message_user(request, f"{counted(len(rows), 'account')} enabled.")

    @admin.action(description="Disable: refuse every call of their tools", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[IntegratedAccount]) -> None:
        rows = list(queryset.exclude(status=IntegratedAccount.Status.DISABLED))
        for row in rows:
            set_enabled(row, person(request), enabled=False)
        self.message_user(
            request, f"{counted(len(rows), 'account')} disabled. Every call of their tools is now refused."
        )

    @admin.action(description=f"Test the connection (at most {TESTED_AT_ONCE})", permissions=["change"])
    def test_connection(self, request: HttpRequest, queryset: QuerySet[IntegratedAccount]) -> None:
        """Test each connection and show the vendor's answer."""
        if queryset.count() > TESTED_AT_ONCE:
            self.message_user(request, f"Choose at most {TESTED_AT_ONCE} accounts; nothing was tested.", messages.ERROR)
            return
        for row in queryset.select_related("integration"):
            self._test(request, row)

    def _test(self, request: HttpRequest, row: IntegratedAccount) -> None:
        # A successful test makes an account active, which must not undo what an admin switched off.
        if row.status == row.Status.DISABLED:
            self.message_user(request, f"{row.name} is disabled; enable it first.", messages.WARNING)
            return
        try:
            check_account(row, person(request))
        except AccountError as problem:
            self.message_user(request, f"{row.name}: {problem}", messages.ERROR)
        else:
            scopes = ", ".join(row.scopes) or "none reported"
            self.message_user(request, f"{row.name}: the connection works. Scopes: {scopes}.")

    @labelled(description="State", colours=STATUS_COLOURS, ordering="status")
    def state(self, row: IntegratedAccount) -> Label:
        return Label(row.status, IntegratedAccount.Status(row.status).label)

    @admin.display(description="Why")
    def reason(self, row: IntegratedAccount) -> str:
        """Why the account must be reconnected, if known."""
        return row.problem or "–"

    @admin.display(description="Connection fields")
    def connection_fields(self, row: IntegratedAccount) -> SafeString:
        """The open fields; secret ones are never shown."""
        return pretty_json(row.connection)

    @admin.display(description="Address")
    def address(self, row: IntegratedAccount) -> str:
        """The account's own base URL, if it overrides the definition's."""
        return row.base_url or "as the definition says"

    @admin.display(description="Scopes")
    def scopes_reported(self, row: IntegratedAccount) -> str:
        """The scopes that the vendor reported for the credentials."""
        return ", ".join(row.scopes) or "none reported"

    @admin.display(description="OAuth tokens")
    def tokens(self, row: IntegratedAccount) -> SafeString | str:
        """The state of the account's tokens; the tokens themselves are never shown."""
        grant = getattr(row, "grant", None)
        if grant is None:
            return "none"
        if grant.refused_at is not None:
            return f"refused: {grant.problem}"
        ends = moment(grant.expires_at, none="when the vendor says so")
        return format_html("version {}, the access token ends: {}", grant.version, ends)

    @admin.display(description="Tested", ordering="checked_at")
    def checked(self, row: IntegratedAccount) -> SafeString:
        """When a connection test last succeeded."""
        return moment(row.checked_at)

    @admin.display(description="Created", ordering="created_at")
    def created(self, row: IntegratedAccount) -> SafeString:
        return moment(row.created_at)

    @admin.display(description="Changed", ordering="updated_at")
    def changed(self, row: IntegratedAccount) -> SafeString:
        return moment(row.updated_at)


@admin.register(AuditEntry)
class AuditEntryAdmin(RecordAdmin):
    """Changes and who made them; read-only."""

    list_display = ("when", "actor", "what", "target_name", "environment_name")
    list_display_links = ("when", "what")
    list_filter = ("action",)
    search_fields = ("actor", "target_name", "action", "=target_id")
    fields = ("at", "actor", "what", "target_name", "target_id", "environment_name", "details_shown")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        """Look up each entry's environment name in the same query; a deleted environment has none."""
        names = Environment.objects.filter(pk=OuterRef("environment_id")).values("name")
        entries: QuerySet[AuditEntry] = super().get_queryset(request).annotate(environment_name=Subquery(names))
        return entries

    @admin.display(description="When", ordering="at")
    def when(self, entry: AuditEntry) -> SafeString:
        return moment(entry.at)

    @admin.display(description="Action", ordering="action")
    def what(self, entry: AuditEntry) -> SafeString:
        """The action as the audit record writes it, such as `api_token.revoked`."""
        return mono(entry.action)

    @admin.display(description="Environment")
    def environment_name(self, entry: Any) -> str:
        return entry.environment_name or "–"

    @admin.display(description="Details")
    def details_shown(self, entry: AuditEntry) -> SafeString:
        return pretty_json(entry.details)


__all__ = [
    "ApiTokenAdmin",
    "AuditEntryAdmin",
    "EnvironmentAdmin",
    "GroupAdmin",
    "IntegratedAccountAdmin",
    "InvitationAdmin",
    "UserAdmin",
]
