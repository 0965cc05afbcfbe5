"""The Content-Security-Policy of the pages: strict for the portal, wider where the admin theme needs it."""

from typing import Any

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# The admin theme uses Alpine.js, which evaluates expressions from templates, and inline styles. None of its pages
# shows customers' texts unescaped.
WIDER: dict[str, dict[str, Any]] = {
    "/admin": {"script-src": [SELF, UNSAFE_EVAL, UNSAFE_INLINE], "style-src": [SELF, UNSAFE_INLINE]},
}


class PortalCSPMiddleware(CSPMiddleware):
    """Send the strict policy of the settings, except under the prefixes named in WIDER."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """Replace the script and style sources where the path asks for wider ones."""
        parts: PolicyParts = super().get_policy_parts(request, response, report_only)
        for prefix, directives in WIDER.items():
            if request.path_info.startswith(prefix):
                parts.replace = directives
        return parts
