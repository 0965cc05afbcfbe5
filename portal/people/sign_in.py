"""Sign-in: name and password, then a code for users with a second factor."""

import time
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib.auth.views import LoginView, RedirectURLMixin, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods
from django.views.generic import FormView

from accounts.errors import SignInRefused
from accounts.models import User
from accounts.people.second_factors import check_code, factor_of
from accounts.signing_in.entering import enter
from accounts.signing_in.limits import begin
from accounts.single_sign_on.providers import providers
from accounts.web.refusals import REFUSED, refused
from portal.people.forms import CodeForm, SignInForm

if TYPE_CHECKING:
    # Django's view classes are generic only in its type stubs.
    _CodeView = FormView[CodeForm]
else:
    _CodeView = FormView

PENDING = "sign_in_pending"
PENDING_SECONDS = 300


def let_in(request: HttpRequest, user: User, backend: str, to: str, *, after: str) -> HttpResponse:
    """Sign in a person who has proved who they are, and go `to`; ask for the code first if they have a second factor.

    `after` is the page that was asked for, if any.
    """
    if factor_of(user) is None:
        return enter(request, user, backend, to)
    # A new session for this step: it drops anything an attacker may have planted, and nobody is signed in yet.
    request.session.flush()
    # With the password's hash: a password change in between invalidates a half-finished sign-in.
    request.session[PENDING] = {
        "user": user.pk,
        "backend": backend,
        "at": int(time.time()),
        "password": user.get_session_auth_hash(),
    }
    return redirect(f"{reverse('sign-in-code')}?{urlencode({'next': after})}")


class SignIn(LoginView):
    """Ask for name and password."""

    template_name = "sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        """Sign in, or go on to the code for users with a second factor."""
        user = cast(User, form.get_user())
        return let_in(self.request, user, user.backend, self.get_success_url(), after=self.get_redirect_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what people may sign in with."""
        return super().get_context_data(
            providers=providers(), passwords=settings.PASSWORD_SIGN_IN, mail=settings.MAIL_ENABLED, **kwargs
        )

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show the form with its errors, or the page that says signing in is locked."""
        refusal: SignInRefused | None = form.refusal
        if refusal is not None and refusal.reason == "locked":
            return locked_out(self.request, refusal)
        return refused(super().form_invalid(form), refusal)


class SignInCode(RedirectURLMixin, _CodeView):
    """Ask for the code after a correct name and password."""

    template_name = "sign_in_code.html"
    form_class = CodeForm
    next_page = settings.LOGIN_REDIRECT_URL

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Start again unless a password was accepted within PENDING_SECONDS."""
        pending = request.session.get(PENDING)
        if not pending or time.time() - pending["at"] > PENDING_SECONDS:
            return redirect("sign-in")
        self.pending: dict[str, Any] = pending
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: CodeForm) -> HttpResponse:
        user = User.objects.filter(pk=self.pending["user"], is_active=True).first()
        if user is None or not constant_time_compare(user.get_session_auth_hash(), self.pending.get("password", "")):
            return redirect("sign-in")
        try:
            # Codes count towards the same limits as passwords.
            attempt = begin(self.request, user.get_username())
            if check_code(user, form.cleaned_data["code"]):
                attempt.take_back()
                del self.request.session[PENDING]
                return enter(self.request, user, self.pending["backend"], self.get_success_url())
            attempt.fail()
        except SignInRefused as refusal:
            return self.refuse(form, refusal)
        factor = factor_of(user)
        form.add_error("code", LOCKED if factor is not None and factor.is_locked() else WRONG)
        return self.form_invalid(form)

    def refuse(self, form: CodeForm, refusal: SignInRefused) -> HttpResponse:
        """Say that codes are not accepted at the moment."""
        if refusal.reason == "locked":
            return locked_out(self.request, refusal)
        form.add_error("code", str(refusal))
        page = self.render_to_response(self.get_context_data(form=form, refusal=refusal))
        return refused(page, refusal)

    def form_invalid(self, form: CodeForm) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = REFUSED
        return response


WRONG = "This code is not right, or was used already. Wait for the next one, or use a recovery code."
LOCKED = "Too many wrong codes. Codes are refused for a few minutes; then try again."


def locked_out(request: HttpRequest, refusal: SignInRefused) -> HttpResponse:
    """Say that signing in is locked, and for how many minutes."""
    # Rounded up: after the stated minutes the lock is over.
    context = {"minutes": -(-refusal.seconds // 60)}
    return refused(render(request, "sign_in_locked.html", context), refusal)


@require_http_methods(["GET", "HEAD", "POST"])
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """Send visitors of the admin to the portal's sign-in page."""
    # The sign-in page sends signed-in users back here: a redirect would loop.
    if request.user.is_authenticated:
        raise PermissionDenied("The admin is for staff. Ask the person who runs Patchbay for your team.")
    return redirect_to_login(request.GET.get("next") or reverse("admin:index"))
