"""Request tokens at a vendor's token endpoint, under the same guards as every other request to a vendor."""

import re
from typing import Any
from urllib.parse import parse_qsl

import httpx
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_token_request
from django.conf import settings

from accounts import bounded_json
from accounts.errors import AuthorizationUnavailable, NotJSON, TokenRefused, UpstreamForbidden
from accounts.product import USER_AGENT
from accounts.texts.invisible import visible
from accounts.token_sets import NotATokenSet, TokenSet, read_token_set
from accounts.vendors.answers.charsets import charset_of, decoded
from accounts.vendors.concealment import SecretMask
from accounts.vendors.oauth.client import ClientAtVendor, endpoint_problem
from accounts.vendors.upstream import Upstream, UpstreamResponse

METHODS = {"basic": "client_secret_basic", "post": "client_secret_post", "none": "none"}
HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "Content-Type": "application/x-www-form-urlencoded",
    "User-Agent": USER_AGENT,
}
# The most seconds that a request for a token may take; waiting for another process's request takes a little longer.
TOKEN_SECONDS = 15.0
# Statuses that refuse a token, and error codes of passing failures, which refuse none.
REFUSING = frozenset({400, 401, 403})
PASSING = frozenset({"temporarily_unavailable", "server_error", "slow_down", "rate_limit_exceeded"})
SENT_SECRETS = frozenset({"code", "code_verifier", "refresh_token"})
TOKENS = frozenset({"access_token", "refresh_token"})
# What no form has in it, but a page that holds an address with `&error=`.
NOT_IN_FORM = re.compile(r"[\s<>{}\"]")
MAX_MEMBERS = 100
ERROR_CODE = re.compile(r"[A-Za-z0-9_.\- ]{1,60}")


def token_seconds() -> float:
    """Return the most seconds that a request for a token may take."""
    return min(TOKEN_SECONDS, settings.UPSTREAM_TOTAL_SECONDS)


async def exchange_code(client: ClientAtVendor, code: str, *, redirect_uri: str, verifier: str) -> TokenSet:
    """Get tokens for an authorization code (RFC 6749, section 4.1.3; RFC 7636, section 4.5)."""
    return await _ask(client, "authorization_code", code=code, redirect_uri=redirect_uri, code_verifier=verifier)


async def refresh(client: ClientAtVendor, refresh_token: str) -> TokenSet:
    """Get tokens for a refresh token (RFC 6749, section 6)."""
    return await _ask(client, "refresh_token", refresh_token=refresh_token)


async def client_credentials(client: ClientAtVendor) -> TokenSet:
    """Get a token for the client itself (RFC 6749, section 4.4)."""
    return await _ask(client, "client_credentials", scope=client.scope)


async def _ask(client: ClientAtVendor, grant_type: str, **parameters: str) -> TokenSet:
    """Ask for tokens; raise TokenRefused, AuthorizationUnavailable or another UpstreamFailure."""
    problem = endpoint_problem(client.token_url)
    if problem:
        raise UpstreamForbidden(f"the address of its token endpoint cannot be used: {problem}")
    # The definition's extra parameters must not replace those of the grant.
    extra = {name: value for name, value in client.token_parameters.items() if name not in parameters}
    body = prepare_token_request(grant_type, **{**parameters, **extra})
    authentication = ClientAuth(client.client_id, client.client_secret, METHODS[client.client_authentication])
    url, headers, body = authentication.prepare("POST", client.token_url, dict(HEADERS), body)
    request = httpx.Request(
        "POST",
        url,
        headers=headers,
        stream=httpx.ByteStream(body.encode()),
        extensions={"target": "", "seconds": token_seconds()},
    )
    # A refusal may repeat what was sent: the whole header, its last word, or the code or token of the grant.
    sent = request.headers.get("Authorization", "")
    secrets = SecretMask(
        (
            client.client_secret,
            sent,
            sent.rpartition(" ")[2],
            *(parameters[name] for name in SENT_SECRETS & parameters.keys()),
        )
    )
    async with Upstream() as upstream:
        return _read(await upstream.send(request), secrets)


def _read(response: UpstreamResponse, secrets: SecretMask) -> TokenSet:
    members = _members(decoded(response.body, charset_of(response) or "utf-8"))
    error = members.get("error")
    if isinstance(error, dict):  # some vendors nest what RFC 6749, section 5.2, has flat
        error = error.get("code") or error.get("type") or error.get("message")
    success = 200 <= response.status < 300
    if success and "access_token" in members:
        try:
            return read_token_set(members)
        except NotATokenSet as problem:
            raise AuthorizationUnavailable(f"its authorization server cannot be used: {problem}") from None
    # Some vendors refuse with status 200.
    if (response.status in REFUSING or (success and error)) and error not in PASSING:
        raise TokenRefused(secrets.conceal(_code(error)), _words(secrets, members), response.status)
    what = "no token" if success else f"HTTP {response.status}"
    raise AuthorizationUnavailable(f"its authorization server answered with {what}")


def _members(text: str) -> dict[str, Any]:
    """Return the members of an answer in JSON (RFC 6749, section 5.1), or in a form, as some vendors send it."""
    try:
        answer = bounded_json.loads(text.encode())
    except NotJSON:
        return _form(text.strip())
    return answer if isinstance(answer, dict) else {}


def _form(text: str) -> dict[str, Any]:
    if NOT_IN_FORM.search(text):
        return {}
    try:
        members: dict[str, Any] = dict(parse_qsl(text, max_num_fields=MAX_MEMBERS))
    except ValueError:
        return {}
    for name in TOKENS & members.keys():
        # RFC 6750, section 2.1: a token may have a plus sign, but no space. Not every vendor escapes it.
        members[name] = members[name].replace(" ", "+")
    return members


def _code(error: object) -> str:
    return error if isinstance(error, str) and ERROR_CODE.fullmatch(error) else "no readable reason"


def _words(secrets: SecretMask, members: dict[str, Any]) -> str:
    """Return the vendor's own words on one line, with the secrets that were sent masked."""
    words = members.get("error_description") or members.get("message") or ""
    return " ".join(visible(secrets.conceal(words)).split())[:300].rstrip(".") if isinstance(words, str) else ""
