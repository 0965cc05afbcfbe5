"""The scopes of OAuth: what they are called, and what of them is granted."""

from collections.abc import Iterable

from accounts.models import Role

READ, WRITE, OFFLINE = "read", "write", "offline_access"
# What a client asks for first (MCP 2025-11-25, Authorization: the least that is needed); the rest comes step by step.
FIRST = (READ,)
ALL = (READ, WRITE, OFFLINE)


def grantable(role: Role) -> tuple[str, ...]:
    """Return the scopes that a member with this role may grant."""
    return ALL if role.includes(Role.OPERATOR) else (READ, OFFLINE)


def granted(asked: Iterable[str], role: Role, *, reads_only: bool) -> tuple[str, ...]:
    """Return what is granted of the scopes that were asked for; reading always is."""
    allowed = {*grantable(role)} - ({WRITE} if reads_only else set())
    return tuple(scope for scope in ALL if scope in {READ, *asked} & allowed)
