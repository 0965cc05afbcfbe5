"""Recognise API tokens in the management API: `Authorization: Bearer pbapi_…` (RFC 6750)."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from accounts.allowances import Holder, HolderKind, count_request_in_thread
from accounts.api_tokens.recognition import bearer_token, find_api_token
from accounts.errors import AddressRefused, AllowanceUsedUp
from accounts.models import ApiToken
from accounts.web.client_address import client_address
from accounts.web.unknown_tokens import note_unknown_token
from api.problems import CHALLENGE, ProblemRaised, beyond_limit


class ApiTokenAuthentication(BaseAuthentication):
    """Set `request.auth` to the token's row. `request.user` stays None, because rights come from the token."""

    def authenticate(self, request: Request) -> tuple[None, ApiToken] | None:
        """Return the request's live token, or None if no bearer token was sent.

        Raises AuthenticationFailed; PermissionDenied for a live token from an address outside its networks; and
        ProblemRaised for one beyond its request limit.
        """
        header = request.headers.get("Authorization", "")
        if not header.lower().startswith("bearer"):
            return None
        try:
            token = find_api_token(bearer_token(header), request.META.get("REMOTE_ADDR", ""))
        except AddressRefused as refused:
            raise PermissionDenied(str(refused)) from None
        if token is None:
            note_unknown_token("rest", client_address(request))
            raise AuthenticationFailed(
                "This API token does not work: it may be mistyped, expired or revoked, or the person it acts for may "
                "no longer belong to its environment. Issue a new one in the portal."
            )
        try:
            count_request_in_thread(Holder(HolderKind.TOKEN, token.pk))
        except AllowanceUsedUp as used_up:
            raise ProblemRaised(beyond_limit(used_up)) from None
        return None, token

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE
