"""What the authorization server accepts: what the toolkit checks (RFC 6749, 8707, 9700), and what connections ask."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2 import InvalidGrantError

from mcpservers.models import AuthorizationCode, PersonConnection, RefreshToken
from mcpservers.sign_in.addresses import address_of, server_named
from mcpservers.sign_in.consents import end_tokens


@dataclass
class RefreshTokenUsed(Exception):
    """A refresh token was used, or has ended, since it was checked."""

    family: UUID | None


class GrantValidator(OAuth2Validator):  # type: ignore[misc]  # the toolkit has no annotations
    """Checks codes and tokens; `request` is oauthlib's, and carries what was found so far."""

    def _load_application(self, client_id: str | None, request: Any) -> Any:
        # PostgreSQL knows no NUL in texts, and raises for one.
        return None if "\0" in (client_id or "") else super()._load_application(client_id, request)

    def validate_code(self, client_id: str, code: str, client: Any, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Return whether a code may be exchanged; one that was already ends what came of it (RFC 6749, 4.1.2)."""
        used = AuthorizationCode.objects.filter(code=code, application=client).exclude(used_at=None).first()
        if used is not None:
            end_tokens(PersonConnection.objects.filter(pk=used.connection_id))
            return False
        valid: bool = super().validate_code(client_id, code, client, request, *args, **kwargs)
        return valid and lasts(AuthorizationCode.objects.get(code=code, application=client).connection)

    def save_authorization_code(self, client_id: str, code: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        """Store a code, without what is for ID tokens alone: none are issued, and a client may send any text."""
        request.nonce, request.claims = "", {}
        super().save_authorization_code(client_id, code, request, *args, **kwargs)

    def invalidate_authorization_code(self, client_id: str, code: str, request: Any, *args: Any, **kwargs: Any) -> None:
        """Note that a code was used, of which a second use is then known."""
        unused = AuthorizationCode.objects.filter(code=code, application=request.client, used_at=None)
        if not unused.update(used_at=timezone.now()):
            # Two requests exchanged it at the same time: what both got ends.
            used = AuthorizationCode.objects.filter(code=code, application=request.client)
            end_tokens(PersonConnection.objects.filter(pk__in=used.values("connection")))
            raise InvalidGrantError(request=request)

    def validate_refresh_token(self, refresh_token: str, client: Any, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Return whether a refresh token may be used: its connection lasts, and the person still belongs there."""
        if not super().validate_refresh_token(refresh_token, client, request, *args, **kwargs):
            return False
        return lasts(request.refresh_token_instance.connection)

    def save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> None:
        """Store new tokens; of two requests with one refresh token, the second ends the family."""
        try:
            super().save_bearer_token(token, request, *args, **kwargs)
        except RefreshTokenUsed as used:
            # Outside of the transaction, which is rolled back.
            RefreshToken.revoke_family(used.family)
            raise InvalidGrantError(request=request) from None

    def _save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> None:
        renewed = getattr(request, "refresh_token_instance", None)
        if renewed is not None:
            # The toolkit would answer with the tokens that the first request got, of which there are only digests.
            row = RefreshToken.objects.select_for_update().filter(pk=renewed.pk, revoked=None).first()
            if row is None:
                raise RefreshTokenUsed(renewed.token_family)
        super()._save_bearer_token(token, request, *args, **kwargs)

    def _check_and_set_request_resource(self, request: Any) -> None:
        """Compare a resource indicator as the server that it names, however a client writes its address."""
        named = server_named(request.resource) if isinstance(getattr(request, "resource", None), str) else None
        if named is not None:
            request.resource = [address_of(named)]
        super()._check_and_set_request_resource(request)


def lasts(connection: PersonConnection) -> bool:
    """Return whether a connection has not ended, and its person is active and still a member."""
    return not connection.is_over and connection.role is not None


def holds_genuine(form: Mapping[str, str]) -> bool:
    """Return whether a request for tokens holds a code or refresh token that can be used, and so is no guess.

    All people of a hosted client come from a few networks: who sends nonsense from there must not shut them out.
    """
    code, token = form.get("code", ""), form.get("refresh_token", "")
    if token:
        checksum = hashlib.sha256(token.encode()).hexdigest()
        return RefreshToken.objects.filter(token_checksum=checksum, revoked=None).exists()
    return bool(code) and AuthorizationCode.objects.filter(code=code, used_at=None).exists()
