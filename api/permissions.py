"""Permissions of API tokens in the management API, by role."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.models import ApiToken, Role


class TokenRolePermission(BasePermission):
    """Require the view's `reading_role` for reading, and its `required_role` for changes.

    By default, every token may read, and only an admin's may change.
    """

    message = ""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether the token's role is sufficient; set `message` for the refusal."""
        token = request.auth
        if not isinstance(token, ApiToken):
            return False
        if request.method not in view.allowed_methods:
            return True  # the view answers 405, regardless of the role
        if request.method in SAFE_METHODS:
            needed: Role = getattr(view, "reading_role", Role.VIEWER)
        else:
            needed = getattr(view, "required_role", Role.ADMIN)
        present = token.present_role
        self.message = refusal(present or Role.VIEWER, needed)
        return present is not None and present.includes(needed)


def refusal(role: Role, needed: Role) -> str:
    """Return the message for a token whose role is insufficient."""
    return (
        f"This API token has the role {role.value}; this requires the role {needed.value}. "
        "Use a token with that role. A personal token may never do more than the person it acts for."
    )
