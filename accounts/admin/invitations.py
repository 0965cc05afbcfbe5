"""Admin pages of invitations: the list, and the page that invites somebody into an environment."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.admin.pages import Label, ModelAdmin, RecordAdmin, labelled, moment, mono, page_action, person
from accounts.errors import MemberRefused
from accounts.models import Environment, Invitation, InvitationState, Role
from accounts.people.invitation_forms import InviteForm
from accounts.people.invitations import invite, withdraw
from accounts.people.members import may_admit
from accounts.texts.counting import counted

if TYPE_CHECKING:
    # A mixin: it precedes another base class and extends its methods.
    _Base = ModelAdmin
else:
    _Base = object

STATE_COLOURS = {
    "waiting": "warning",
    "no_link": "info",
    "expired": "info",
    "accepted": "success",
    "withdrawn": "danger",
}
WIDGETS = {"email": UnfoldAdminEmailInputWidget, "note": UnfoldAdminTextInputWidget}


class StateFilter(admin.SimpleListFilter):
    """Filter invitations by their state, which is computed and has no column."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return InvitationState.choices

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Invitation]:
        chosen = self.value()
        rows: QuerySet[Invitation] = queryset
        return queryset.in_state(chosen) if chosen in InvitationState.values else rows


@admin.register(Invitation)
class InvitationAdmin(RecordAdmin):
    """Invitations and their outcome; the page of an environment creates them."""

    audit_kind = "invitation"
    list_display = ("recipient", "environment", "role", "state_shown", "invited_by_name", "made", "ends", "accepted_by")
    list_filter = (StateFilter, "environment", "role")
    list_select_related = ("environment", "accepted_by")
    search_fields = ("email", "note", "invited_by_name", "=last_four")
    actions = ("withdraw",)
    fields = (
        "recipient", "email", "note", "environment", "role", "state_shown", "ends_in", "invited_by_name",
        "made", "ends", "sent", "accepted", "accepted_by", "withdrawn",
    )  # fmt: skip

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        """Require Django's permission to change invitations."""
        return person(request).has_perm("accounts.change_invitation")

    @admin.action(description="Withdraw: their links stop working", permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """Withdraw the selected invitations that are still unanswered."""
        done = 0
        for row in queryset:
            try:
                withdraw(row, person(request))
                done += 1
            except MemberRefused:
                continue  # already answered, so there is nothing to withdraw
        self.message_user(request, f"{counted(done, 'invitation')} withdrawn.")

    @labelled(description="State", colours=STATE_COLOURS)
    def state_shown(self, row: Invitation) -> Label:
        state = row.state()
        return Label(state, state.label)

    @admin.display(description="Link ends in")
    def ends_in(self, row: Invitation) -> SafeString:
        """The last four characters: all that is kept of the token's text."""
        return mono(f"…{row.last_four}" if row.last_four else "–")

    @admin.display(description="Invited", ordering="created_at")
    def made(self, row: Invitation) -> SafeString:
        return moment(row.created_at)

    @admin.display(description="Ends", ordering="expires_at")
    def ends(self, row: Invitation) -> SafeString:
        """When its link expires."""
        return moment(row.expires_at, none="no link yet")

    @admin.display(description="Mailed")
    def sent(self, row: Invitation) -> SafeString:
        """When the mail server accepted its mail."""
        return moment(row.sent_at, none="not mailed")

    @admin.display(description="Accepted")
    def accepted(self, row: Invitation) -> SafeString:
        return moment(row.accepted_at, none="not accepted")

    @admin.display(description="Withdrawn")
    def withdrawn(self, row: Invitation) -> SafeString:
        """When it was withdrawn by an admin or declined by its recipient."""
        return moment(row.withdrawn_at, none="not withdrawn")


class WithInviting(_Base):
    """Add an Invite page to the admin of environments."""

    actions_detail = ("invite",)

    @page_action(description="Invite", icon="person_add", url_path="invite", permissions=["invite"])
    def invite(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Invite with the chosen role and address; show a link that is not mailed, once."""
        environment = get_object_or_404(Environment, pk=object_id)
        if not may_admit(person(request), environment):
            raise PermissionDenied(f"Only admins of {environment} and superusers invite people to it.")
        form = InviteForm(request.POST if request.method == "POST" else None)
        _dress(form)
        if form.is_valid():
            try:
                offer = invite(environment, person(request), **form.terms())
            except MemberRefused as refused:
                form.add_error(None, str(refused))
            else:
                if offer.path is not None:
                    return self._page(request, environment, url=f"{settings.PUBLIC_URL}{offer.path}")
                self.message_user(request, f"The invitation goes to {offer.invitation.email} within a minute.")
                return HttpResponseRedirect(reverse("admin:accounts_environment_change", args=[environment.pk]))
        return self._page(request, environment, form=form)

    def has_invite_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Require Django's permission to add invitations; `invite` checks the environment itself."""
        return person(request).has_perm("accounts.add_invitation")

    def _page(self, request: HttpRequest, environment: Environment, **context: Any) -> HttpResponse:
        shown = {
            **self.admin_site.each_context(request),
            "title": f"Invite to {environment}",
            "opts": self.opts,
            "media": self.media,
            "environment": environment,
            "mail": settings.MAIL_ENABLED,
            "days": settings.INVITATION_LIFETIME.days,
            **context,
        }
        response = render(request, "admin/accounts/environment/invite.html", shown)
        # The page may show the link, which is a credential.
        response["Cache-Control"] = "private, no-store"
        return response


def _dress(form: InviteForm) -> None:
    """Replace the widgets of the portal's form by the theme's."""
    for name, field in form.fields.items():
        if name in WIDGETS:
            field.widget = WIDGETS[name](field.widget.attrs)
    form.fields["role"].widget = UnfoldAdminSelectWidget(choices=Role.choices)
