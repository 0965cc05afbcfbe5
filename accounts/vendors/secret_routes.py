"""Keep an account's secrets where they were given for.

A secret is given for an address. The definition and the account's fields turn that into a set of routes; the account
stores those that its secrets were given for. `check_routes` runs wherever a connection is made, and refuses to send a
secret along any other route, whoever changed the account or its integration.
"""

from accounts.definition import (
    PLACEHOLDER,
    ApiKey,
    ApiKeysAuthentication,
    AuthorizationCodeAuthentication,
    BasicAuthentication,
    BearerAuthentication,
    Definition,
    OAuthAuthentication,
)
from accounts.errors import SecretsMoved
from accounts.models import IntegratedAccount
from accounts.vendors.authentication import fill
from accounts.vendors.oauth.client import registered_client
from accounts.vendors.routes import Move, Place, SecretRoute, approved_routes, destination_of, move_between

# The names of secrets that are not connection fields.
ACCESS_TOKEN, REFRESH_TOKEN, CONSENT = "access token", "refresh token", "consent"
CLIENT_PLACES: dict[str, Place] = {"basic": "header", "post": "body"}


def routes_of(definition: Definition, opened: dict[str, str], base_url: str = "") -> frozenset[SecretRoute]:
    """Return the routes of everything that authenticates an account's requests.

    `opened` are its open connection fields. Every field that the authentication uses has a route, whether declared as
    secret or not: a definition that declares a stored secret as open must not take it off its route.
    """
    fields = _shown_fields(definition, opened)
    base = destination_of(base_url or fill(definition.base_url, fields), definition.base_url, fields)
    # An account's own address replaces the definition's, with any secrets in it.
    routes = set() if base_url else _unfilled(definition.base_url, opened, base)
    match definition.authentication:
        case ApiKey() as key:
            routes |= _of_key(key, base)
        case ApiKeysAuthentication(keys=keys):
            routes |= {route for key in keys for route in _of_key(key, base)}
        case BearerAuthentication() | BasicAuthentication() as declared:
            routes |= _named(" ".join(declared.templates.values()), "header", base)
        case declared:
            routes |= {SecretRoute(ACCESS_TOKEN, "header", base), *_of_client(definition, declared, opened, base_url)}
    return frozenset(routes)


def _shown_fields(definition: Definition, opened: dict[str, str]) -> dict[str, str]:
    """Return fields to fill addresses with; secrets stay placeholders, since routes are stored and shown."""
    return {**opened, **{name: f"{{{name}}}" for name in definition.secret_fields}}


def _of_key(key: ApiKey, base: str) -> set[SecretRoute]:
    return _named(key.value, "query" if key.header is None else "header", base)


def _of_client(
    definition: Definition, declared: OAuthAuthentication, opened: dict[str, str], base_url: str
) -> set[SecretRoute]:
    fields = _shown_fields(definition, opened)
    client = registered_client(definition, declared, fields, base_url)
    tokens = destination_of(client.token_url, declared.token_url, fields)
    place = CLIENT_PLACES.get(declared.client_authentication)
    routes = _unfilled(declared.token_url, opened, tokens) | _named(declared.client_id, place or "body", tokens)
    if place is not None:
        routes |= _named(declared.client_secret or "", place, tokens)
    if isinstance(declared, AuthorizationCodeAuthentication):
        page = destination_of(client.authorization_url, declared.authorization_url, fields)
        routes |= {SecretRoute(REFRESH_TOKEN, "body", tokens), SecretRoute(CONSENT, "page", page)}
        routes |= _named(declared.client_id, "page", page) | _unfilled(declared.authorization_url, opened, page)
    return routes


def _named(template: str, place: Place, destination: str) -> set[SecretRoute]:
    """Return a route for each connection field that a template is filled from."""
    return {SecretRoute(name, place, destination) for name in PLACEHOLDER.findall(template)}


def _unfilled(template: str, opened: dict[str, str], destination: str) -> set[SecretRoute]:
    """Return a route for each secret that is part of an address; open fields show in the address itself."""
    return {route for route in _named(template, "address", destination) if route.secret not in opened}


def address_fields(definition: Definition) -> frozenset[str]:
    """Return the names of the connection fields that addresses are made of."""
    declared = definition.authentication
    templates = [text for name, text in declared.templates.items() if name in {"token_url", "authorization_url"}]
    return frozenset(PLACEHOLDER.findall(" ".join([definition.base_url, *templates])))


def routes_of_account(account: IntegratedAccount, definition: Definition) -> frozenset[SecretRoute]:
    """Return the routes that an account's secrets would take now."""
    return routes_of(definition, account.connection, account.base_url)


def move_of(account: IntegratedAccount, definition: Definition) -> Move | None:
    """Return the move that stops an account under a definition; None if its secrets stay on their routes."""
    return move_between(approved_routes(account), routes_of_account(account, definition))


def check_routes(account: IntegratedAccount, definition: Definition) -> frozenset[SecretRoute]:
    """Return the routes of an account's secrets; raise SecretsMoved if they were not given for these."""
    routes = routes_of_account(account, definition)
    move = move_between(approved_routes(account), routes)
    if move is not None:
        raise SecretsMoved(stopped_words(move))
    return routes


def again_words(move: Move) -> str:
    """Return the message beside a secret that has to be given again."""
    way = f"moves from {move.source} to {move.target}" if move.source else f"goes to {move.target}"
    return f"Give it again: the account {way}, and the stored one is not sent there."


def stopped_words(move: Move) -> str:
    """Return why an account is stopped, and what to do: a sentence without its full stop."""
    return f"{move}, so nothing is sent. An admin of its environment has to give every secret again"
