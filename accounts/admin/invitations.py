"""Admin pages of invitations: the list of who is pending, and the page that invites into an environment."""

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

if TYPE_CHECKING:
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
    """Invitations by what has become of them."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer every state."""
        return InvitationState.choices

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Invitation]:
        """Keep those in the chosen state."""
        chosen = self.value()
        rows: QuerySet[Invitation] = queryset
        return queryset.in_state(chosen) if chosen in InvitationState.values else rows


@admin.register(Invitation)
class InvitationAdmin(RecordAdmin):
    """Who is invited where, and what became of it. An invitation is made on the page of its environment."""

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
        """Ask for Django's permission to change invitations."""
        return person(request).has_perm("accounts.change_invitation")

    @admin.action(description="Withdraw: their links open nothing any more", permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """Withdraw those that nobody has answered."""
        done = 0
        for row in queryset:
            try:
                withdraw(row, person(request))
                done += 1
            except MemberRefused:
                continue  # answered already: nothing is left to take back
        self.message_user(request, f"{done} invitations withdrawn.")

    @labelled(description="State", colours=STATE_COLOURS)
    def state_shown(self, row: Invitation) -> Label:
        """What has become of it."""
        state = row.state()
        return Label(state, state.label)

    @admin.display(description="Link ends in")
    def ends_in(self, row: Invitation) -> SafeString:
        """The last four characters of its token, for recognition; nothing more is known."""
        return mono(f"…{row.last_four}" if row.last_four else "–")

    @admin.display(description="Invited", ordering="created_at")
    def made(self, row: Invitation) -> SafeString:
        """When it was made."""
        return moment(row.created_at)

    @admin.display(description="Ends", ordering="expires_at")
    def ends(self, row: Invitation) -> SafeString:
        """When its link stops working."""
        return moment(row.expires_at, none="no link yet")

    @admin.display(description="Mailed")
    def sent(self, row: Invitation) -> SafeString:
        """When the mail server took it."""
        return moment(row.sent_at, none="not mailed")

    @admin.display(description="Accepted")
    def accepted(self, row: Invitation) -> SafeString:
        """When it was accepted."""
        return moment(row.accepted_at, none="not accepted")

    @admin.display(description="Withdrawn")
    def withdrawn(self, row: Invitation) -> SafeString:
        """When it was withdrawn or declined."""
        return moment(row.withdrawn_at, none="not withdrawn")


class WithInviting(_Base):
    """The page of an environment that invites somebody into it."""

    actions_detail = ("invite",)

    @page_action(description="Invite", icon="person_add", url_path="invite", permissions=["invite"])
    def invite(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for role and address; invite, and show the link, once."""
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
        """Ask for Django's permission to add invitations; whether it is their environment, the page asks itself."""
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
        response["Cache-Control"] = "private, no-store"
        return response


def _dress(form: InviteForm) -> None:
    """Give the portal's form the theme's widgets."""
    for name, field in form.fields.items():
        if name in WIDGETS:
            field.widget = WIDGETS[name](field.widget.attrs)
    form.fields["role"].widget = UnfoldAdminSelectWidget(choices=Role.choices)
