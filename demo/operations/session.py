"""v1/session: the key's scopes. Every key may ask for them, so this is the natural test of a connection."""

from demo.account import Account
from demo.routing import Route, RoutedRequest


def list_permissions(account: Account, call: RoutedRequest) -> object:
    """List the scopes of the request's key."""
    return call.key.scopes


ROUTES = (Route("GET", "v1/session/permissions", None, list_permissions),)
