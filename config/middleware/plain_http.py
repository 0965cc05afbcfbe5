"""Refuse tokens that come over plain HTTP where HTTPS is assumed, instead of redirecting them.

A redirect would teach the client to send its token in the clear each time. Whichever proxy is in front, and whether it
refuses these itself, they are refused here; Django redirects everything else.
"""

from django.conf import settings

from mcpservers.endpoint import PREFIX
from mcpservers.replies import Scope

MCP = (
    "MCP servers answer over https:// only. Change the URL, and rotate it in Patchbay: it was sent unencrypted, and "
    "may have been read on the way."
)
API = (
    "The API answers over https:// only. Change the URL, and replace the token: it was sent unencrypted, and may have "
    "been read on the way."
)


def problem_of(scope: Scope) -> tuple[int, str] | None:
    """Return status and message for a token that was sent over plain HTTP; None for any other request."""
    if not settings.SECURE_SSL_REDIRECT or scope.get("scheme") != "http":
        return None
    if scope["path"].startswith(PREFIX):
        return 403, MCP
    if any(name == b"authorization" for name, _ in scope["headers"]):
        return 403, API
    return None
