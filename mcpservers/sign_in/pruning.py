"""Delete what sign-in leaves behind: unused clients, and codes, tokens and connections that have ended."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from mcpservers.models import AccessToken, AuthorizationCode, PersonConnection, RefreshToken, RegisteredClient
from mcpservers.sign_in.consents import end_connections

TASK = "prune_sign_in"
WHY = "its time was over, or the person may no longer allow it"
# A client that nobody allowed anything for so long was never used, or is used no more.
UNUSED_AFTER = timedelta(days=7)
# A used code is kept while its use again would tell of a theft.
CODE_KEPT = timedelta(days=1)


def prune() -> int:
    """Delete all of it; return how many rows."""
    return end_connections(PersonConnection.objects.over(), TASK, WHY) + _prune_tokens() + prune_clients()


def prune_clients() -> int:
    """Delete clients that no admin made and nobody has allowed anything; return how many."""
    made = RegisteredClient.objects.exclude(registration_source=RegisteredClient.RegistrationSource.MANUAL)
    deleted, _ = made.filter(connections=None, updated__lt=timezone.now() - UNUSED_AFTER).delete()
    return int(deleted)


def _prune_tokens() -> int:
    """Delete what opens nothing, and by whose use again nothing would be learnt; return how many."""
    now = timezone.now()
    refreshed = now - timedelta(seconds=settings.OAUTH2_PROVIDER["REFRESH_TOKEN_EXPIRE_SECONDS"])
    codes, _ = AuthorizationCode.objects.filter(expires__lt=now - CODE_KEPT).delete()
    refreshing, _ = RefreshToken.objects.filter(
        Q(revoked__lt=refreshed) | Q(revoked=None, access_token__expires__lt=refreshed)
    ).delete()
    opening, _ = AccessToken.objects.filter(expires__lt=now, refresh_token=None).delete()
    return int(codes + refreshing + opening)
