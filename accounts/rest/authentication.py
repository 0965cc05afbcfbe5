"""Recognise API tokens in the management API: `Authorization: Bearer pbapi_…` (RFC 6750)."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.api_tokens import bearer_token, find_api_token
from accounts.models import ApiToken
from accounts.rest.problems import CHALLENGE


class ApiTokenAuthentication(BaseAuthentication):
    """Set `request.auth` to the token's row. `request.user` stays None: a token acts for itself, as nobody."""

    def authenticate(self, request: Request) -> tuple[None, ApiToken] | None:
        """Return the live token of a request, None where no bearer token was sent; raise AuthenticationFailed."""
        header = request.headers.get("Authorization", "")
        if not header.lower().startswith("bearer"):
            return None
        token = find_api_token(bearer_token(header))
        if token is None:
            raise AuthenticationFailed(
                "This API token opens nothing: it may be mistyped, expired or revoked. An admin makes a new one."
            )
        return None, token

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401."""
        return CHALLENGE
