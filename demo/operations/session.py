"""v1/session: what the key may do, open to every key and so the natural test of a connection."""

from demo.account import Account
from demo.routing import Route, RoutedRequest


def list_permissions(account: Account, call: RoutedRequest) -> object:
    """List the scopes of the key that asks."""
    return call.key.scopes


ROUTES = (Route("GET", "v1/session/permissions", None, list_permissions),)
