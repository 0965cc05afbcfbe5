"""What an API token's role permits in the management API."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.models import ApiToken, Role


class TokenRolePermission(BasePermission):
    """Let a token read where it has the view's `reading_role`, and change where it has its `required_role`.

    A view that names none may be read by every token, and changed by an admin's alone.
    """

    message = ""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether the token's role is enough; without a token it never is."""
        token = request.auth
        if not isinstance(token, ApiToken):
            return False
        if request.method not in view.allowed_methods:
            return True  # the view answers 405, whatever the role
        if request.method in SAFE_METHODS:
            needed: Role = getattr(view, "reading_role", Role.VIEWER)
        else:
            needed = getattr(view, "required_role", Role.ADMIN)
        present = token.present_role
        self.message = refusal(present or Role.VIEWER, needed)
        return present is not None and present.includes(needed)


def refusal(role: Role, needed: Role) -> str:
    """Return the words for a token whose role is not enough."""
    return (
        f"This API token has the role {role.value}; this takes the role {needed.value}. "
        "Use a token with that role. A personal token never may more than the person that it acts for."
    )
