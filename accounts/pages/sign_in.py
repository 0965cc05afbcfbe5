"""Signing in: name and password, then a code where somebody has a second factor; and the first password."""

import time
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.tokens import default_token_generator
from django.contrib.auth.views import LoginView, RedirectURLMixin, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode, urlsafe_base64_decode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django.views.generic import FormView

from accounts.models import User
from accounts.pages.people_forms import CodeForm, SignInForm
from accounts.portal import REFUSED, tell
from accounts.second_factors import check_code, factor_of

if TYPE_CHECKING:
    # Generic to the type checker only.
    _CodeView = FormView[CodeForm]
else:
    _CodeView = FormView

PENDING = "sign_in_pending"
PENDING_SECONDS = 300


class SignIn(LoginView):
    """Ask for name and password."""

    template_name = "sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        """Sign in, or go on to the code where there is a second factor."""
        user = cast(User, form.get_user())
        if factor_of(user) is None:
            return super().form_valid(form)
        # A session of its own for this step: what an attacker may have planted is gone, and nobody is signed in yet.
        self.request.session.flush()
        self.request.session[PENDING] = {"user": user.pk, "backend": user.backend, "at": int(time.time())}
        return redirect(f"{reverse('sign-in-code')}?{urlencode({'next': self.get_redirect_url()})}")


class SignInCode(RedirectURLMixin, _CodeView):
    """Ask for the code, once name and password were right."""

    template_name = "sign_in_code.html"
    form_class = CodeForm
    next_page = settings.LOGIN_REDIRECT_URL

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Begin anew where nobody gave a password in the last minutes."""
        pending = request.session.get(PENDING)
        if not pending or time.time() - pending["at"] > PENDING_SECONDS:
            return redirect("sign-in")
        self.pending: dict[str, Any] = pending
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: CodeForm) -> HttpResponse:
        """Sign in with a right code."""
        user = User.objects.filter(pk=self.pending["user"], is_active=True).first()
        if user is None:
            return redirect("sign-in")
        if not check_code(user, form.cleaned_data["code"]):
            factor = factor_of(user)
            locked = factor is not None and factor.is_locked()
            form.add_error("code", LOCKED if locked else WRONG)
            return self.form_invalid(form)
        del self.request.session[PENDING]
        login(self.request, user, backend=self.pending["backend"])
        return redirect(self.get_success_url())

    def form_invalid(self, form: CodeForm) -> HttpResponse:
        """Show the form again with what is wrong."""
        response = super().form_invalid(form)
        response.status_code = REFUSED
        return response


WRONG = "This code is not right, or was used already. Wait for the next one, or use a recovery code."
LOCKED = "Too many wrong codes. Codes are refused for some minutes; then try again."


@require_http_methods(["GET", "HEAD", "POST"])
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """Send whoever comes to the admin to the one place where people sign in."""
    if request.user.is_authenticated:
        raise PermissionDenied("The admin is for staff. Ask whoever runs Patchbay for your team.")
    return redirect_to_login(request.GET.get("next") or reverse("admin:index"))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest, key: str, token: str) -> HttpResponse:
    """Let somebody who was added to an environment set the first password."""
    user = _invited(key)
    if user is None or not default_token_generator.check_token(user, token):
        raise Http404("This link was used already, or is too old. Ask whoever added you for a new one.")
    form = SetPasswordForm(user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        form.save()
        tell(request, "Your password is set. Sign in with it.")
        return redirect("sign-in")
    context = {"form": form, "person": user}
    return render(request, "people/welcome.html", context, status=REFUSED if form.is_bound else None)


def _invited(key: str) -> User | None:
    try:
        found = User.objects.filter(pk=int(urlsafe_base64_decode(key).decode())).first()
    except (ValueError, UnicodeDecodeError, OverflowError):
        return None
    return found if found is not None and found.is_active and not found.has_usable_password() else None
