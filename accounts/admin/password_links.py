"""Links for new passwords, which superusers hand over, in the admin."""

from typing import TYPE_CHECKING

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from accounts.admin.pages import DjangoUserAdmin, page_action, person
from accounts.models import User
from accounts.signing_in.password_resets import address_of, link_for
from accounts.signing_in.passwords import may_use_password

if TYPE_CHECKING:
    # A mixin: it precedes another base class and extends its methods.
    _Admin = DjangoUserAdmin
else:
    _Admin = object


class WithPasswordLink(_Admin):
    """Add a page to the admin of people on which a superuser makes a link for a lost password."""

    actions_detail = ("password_link",)

    @page_action(description="Lost password", icon="key", url_path="password-link", permissions=["password_link"])
    def password_link(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say what the link does and, after a POST, show it, once."""
        user = get_object_or_404(User, pk=object_id)
        if not user.is_active or not may_use_password(user):
            raise Http404(f"{user} signs in with no password.")
        token = link_for(user, person(request)) if request.method == "POST" else ""
        context = {
            **self.admin_site.each_context(request),
            "title": f"Lost password of {user}",
            "opts": self.opts,
            "media": self.media,
            "user_shown": user,
            "url": address_of(token) if token else "",
        }
        response = render(request, "admin/accounts/user/password_link.html", context)
        # The page may show the link, which is a credential.
        response["Cache-Control"] = "private, no-store"
        return response

    def has_password_link_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow superusers only, as for setting passwords."""
        return person(request).is_superuser
