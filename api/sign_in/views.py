"""The authorization server's endpoints for programs: tokens, revocation, registration. The toolkit does the work."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from oauth2_provider.oauth2_backends import get_oauthlib_core

from accounts.web.client_address import client_address
from accounts.web.unknown_tokens import note_unknown_token
from api.sign_in.origins import for_any_origin
from mcpservers.errors import MetadataRefused
from mcpservers.sign_in import registration
from mcpservers.sign_in.rates import REGISTRATIONS, TOKEN_FAILURES
from mcpservers.sign_in.validation import holds_genuine

MAX_METADATA = 16 * 1024
SECRETS = ("client_secret", "code", "code_verifier", "refresh_token", "token")


@csrf_exempt  # programs send no cookie
@for_any_origin("POST")
@sensitive_post_parameters(*SECRETS)
def token(request: HttpRequest) -> HttpResponse:
    """Exchange a code or a refresh token for tokens (RFC 6749, 4.1.3 and 6)."""
    address = client_address(request)
    if TOKEN_FAILURES.is_used_up(address) and not holds_genuine(request.POST):
        return _too_many(TOKEN_FAILURES.seconds)
    _, headers, body, status = get_oauthlib_core().create_token_response(request)
    if status != 200:
        TOKEN_FAILURES.count(address)
        note_unknown_token("oauth", address)
    return _answer(headers, body, status)


@csrf_exempt
@for_any_origin("POST")
@sensitive_post_parameters(*SECRETS)
def revoke(request: HttpRequest) -> HttpResponse:
    """Revoke an access or refresh token with what came of it (RFC 7009)."""
    _, headers, body, status = get_oauthlib_core().create_revocation_response(request)
    return _answer(headers, body or "{}", status)


@csrf_exempt
@for_any_origin("POST")
def register(request: HttpRequest) -> HttpResponse:
    """Register a client (RFC 7591, 3)."""
    address = client_address(request)
    if REGISTRATIONS.is_used_up(address):
        return _too_many(REGISTRATIONS.seconds)
    try:
        metadata = registration.read_metadata(_json(request))
        client = registration.register(metadata)
    except MetadataRefused as refused:
        return JsonResponse({"error": refused.code, "error_description": str(refused)}, status=400)
    REGISTRATIONS.count(address)
    return JsonResponse(
        {
            "client_id": client.client_id,
            "client_id_issued_at": int(client.created.timestamp()),
            "client_name": client.name,
            "redirect_uris": list(metadata.redirect_uris),
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        },
        status=201,
    )


def _json(request: HttpRequest) -> Any:
    if len(request.body) > MAX_METADATA:
        raise MetadataRefused("invalid_client_metadata", f"The body has at most {MAX_METADATA} bytes.")
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        raise MetadataRefused("invalid_client_metadata", "The body is no JSON.") from None


def _answer(headers: dict[str, str], body: str, status: int) -> HttpResponse:
    response = HttpResponse(body, status=status, content_type="application/json")
    for name, value in headers.items():
        response[name] = value
    # RFC 6749, 5.1; the toolkit leaves it out of some refusals.
    response["Cache-Control"] = "no-store"
    return response


def _too_many(seconds: int) -> HttpResponse:
    words = f"Too many attempts from this network. Wait up to {seconds // 60} minutes."
    response = JsonResponse({"error": "temporarily_unavailable", "error_description": words}, status=429)
    response["Retry-After"] = str(seconds)
    return response
