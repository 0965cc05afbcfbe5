"""Where people allow a client something at a server (OAuth's authorization endpoint).

Nobody is sent to a client by the answer to a form: browsers apply the CSP's `form-action` to every redirect that
follows a POST. A page then leads on, by itself and by a link.
"""

from typing import cast
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.signing_in.reauthentication import recently_authenticated
from accounts.web.refusals import REFUSED
from mcpservers.errors import ConsentRefused, FactorMissing
from mcpservers.models.sign_in import is_loopback
from mcpservers.search.exposure import exposed_by
from mcpservers.sign_in.consents import ConsentRequest, allow, asking
from portal.requests import PortalRequest
from portal.sign_in.authorization import (
    AuthorizationRequest,
    RequestRefused,
    RequestUnusable,
    answer,
    denial,
    read_request,
)
from portal.sign_in.forms import WRITE, ConsentForm

# Says that the person comes from the sign-in form, whose answer may not lead to another site either.
AFTER_SIGN_IN = "after_sign_in"


class ClientRedirect(HttpResponseRedirect):
    """A redirect to a client's own address, which was checked before."""

    allowed_schemes = ["https", "http"]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def authorize(request: HttpRequest) -> HttpResponseBase:
    """Ask the person whether a client may do what it asks for; send them back to it with the answer."""
    visitor = cast(PortalRequest, request)
    if not request.user.is_authenticated:
        query = request.GET.copy()
        query[AFTER_SIGN_IN] = "1"
        return redirect_to_login(f"{request.path}?{query.urlencode()}")
    try:
        asked = read_request(visitor)
        return _decide(visitor, asked)
    except RequestUnusable as unusable:
        return render(request, "sign_in/unusable.html", {"reason": str(unusable)}, status=400)
    except RequestRefused as refused:
        return _send_back(visitor, refused.location)
    except ConsentRefused as refused:
        lacks_factor = isinstance(refused, FactorMissing)
        context = {"reason": str(refused), "lacks_factor": lacks_factor}
        return render(request, "sign_in/refused.html", context, status=403)


def _decide(request: PortalRequest, asked: AuthorizationRequest) -> HttpResponseBase:
    wanted = asking(asked.server, asked.client, request.user, asked.scopes)
    form = ConsentForm(request.POST if request.method == "POST" else None, initial={"access": WRITE})
    if form.is_valid():
        return _allow(request, asked, wanted, form) if form.allows else _send_back(request, denial(asked))
    held = wanted.held()
    if held is not None and request.method != "POST" and wanted.is_allowed_by(held):
        return _send_back(request, answer(request, asked, wanted.allowed_by(held)))
    return _consent_page(request, asked, wanted, form)


@recently_authenticated
def _allow(
    request: PortalRequest, asked: AuthorizationRequest, wanted: ConsentRequest, form: ConsentForm
) -> HttpResponse:
    connection = allow(wanted, reads_only=form.reads_only, ends_at=form.ends_at)
    return _send_back(request, answer(request, asked, wanted.allowed_by(connection)))


def _consent_page(
    request: PortalRequest, asked: AuthorizationRequest, wanted: ConsentRequest, form: ConsentForm
) -> HttpResponse:
    server, client = asked.server, asked.client
    exposure = exposed_by(server)
    destructive = [tool for tool in exposure.writing if tool.destructive]
    context = {
        "form": form,
        "client": client,
        "document_host": urlsplit(client.client_id).hostname,
        "sources": client.RegistrationSource,
        "server": server,
        "account": server.account,
        "wanted": wanted,
        "is_local": is_loopback(asked.redirect_uri),
        "back": urlsplit(asked.redirect_uri).netloc,
        "reads": len(exposure.tools) - len(exposure.writing),
        "changes": len(exposure.writing) - len(destructive),
        "destructive": len(destructive),
    }
    return render(request, "sign_in/consent.html", context, status=REFUSED if form.is_bound else None)


def _send_back(request: PortalRequest, location: str) -> HttpResponse:
    """Send the person to a client; by a page if the browser comes from a form."""
    if request.method != "POST" and AFTER_SIGN_IN not in request.GET:
        return ClientRedirect(location)
    context = {"location": location, "host": urlsplit(location).netloc, "is_local": is_loopback(location)}
    response = render(request, "sign_in/back.html", context)
    # The address holds a code: no other site is told where the person comes from.
    response["Referrer-Policy"] = "no-referrer"
    return response
