"""The authentication that a security scheme stands for, and the connection fields that it needs."""

import re
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin

from accounts.definition import MAX_KEYS
from tools.openapi.naming.texts import slug, words_of
from tools.openapi.reading.operations import Operation

HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
ADDRESS = re.compile(r"https?://[^\s#]{1,290}")
SCOPE = re.compile(r"[\x21-\x7e]{1,200}")
MAX_SCOPES = 100
LONGEST_FIELD = 48
PREFIX = r"\b(Token token=|SSWS|Bearer|Token|ApiKey|GenieKey|Klaviyo-API-Key)\s?(?=[<{`'\"\w[*=]|$)"


@dataclass(frozen=True)
class AccessProposal:
    """The authentication and its connection fields; `names` are the parameters that it replaces."""

    authentication: dict[str, Any]
    fields: list[dict[str, Any]]
    names: frozenset[str] = frozenset()
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Candidate:
    """An authentication and its rank: the lower, the easier for an admin to connect."""

    rank: int
    access: AccessProposal


def candidate_of(
    name: str, scheme: dict[str, Any], scopes: Any, operations: list[Operation], base_url: str
) -> Candidate | None:
    """Return the authentication by a scheme; None if a definition has no place for it."""
    kind, http_scheme = str(scheme.get("type")), str(scheme.get("scheme", "")).lower()
    if kind == "apiKey":
        return single_key(scheme)
    if kind == "basic" or (kind == "http" and http_scheme == "basic"):
        return Candidate(3, basic_access())
    if kind == "http" and http_scheme == "bearer":
        return Candidate(0, bearer_access())
    if kind == "oauth2":
        return _oauth(name, scheme, scopes, operations, base_url)
    if kind in {"openIdConnect", "http"}:
        note = f"The scheme {name[:60]} was taken as a bearer token."
        return Candidate(6, bearer_access(note))
    return None


def joined_keys(schemes: dict[str, dict[str, Any]]) -> Candidate | None:
    """Return the authentication with several keys at once; None if one is not a key, or two share a place."""
    keys: list[dict[str, str]] = []
    fields: dict[str, dict[str, Any]] = {}
    names: frozenset[str] = frozenset()
    ranks = []
    for name, scheme in schemes.items():
        single = _key_of(scheme)
        if single is None:
            return None
        field_name = field_name_of(name)
        authentication = single.access.authentication
        value = authentication["value"].replace("{api_key}", f"{{{field_name}}}")
        keys.append({place: text for place, text in authentication.items() if place in {"header", "query"}})
        keys[-1]["value"] = value
        fields[field_name] = {"name": field_name, "label": single.access.fields[0]["label"], "secret": True}
        names |= single.access.names
        ranks.append(single.rank)
    places = {(place, text.lower()) for key in keys for place, text in key.items() if place != "value"}
    if len(places) < len(keys) or len(fields) < len(keys) or len(keys) > MAX_KEYS:
        return None
    # A single key is easier to connect, but several keys are still easier than registering an OAuth client.
    return Candidate(max(ranks) + 1, AccessProposal({"kind": "api_keys", "keys": keys}, [*fields.values()], names))


def _key_of(scheme: dict[str, Any]) -> Candidate | None:
    """Return a scheme as an API key; a bearer token is a key with a prefix."""
    key = single_key(scheme) if scheme.get("type") == "apiKey" else None
    if key is not None:
        # The vendor's names tell several keys apart.
        return Candidate(key.rank, replace(key.access, fields=[{"label": str(scheme["name"])[:80]}]))
    if scheme.get("type") == "http" and str(scheme.get("scheme", "")).lower() == "bearer":
        bearer = {"kind": "api_key", "header": "Authorization", "value": "Bearer {api_key}"}
        return Candidate(0, AccessProposal(bearer, [{"label": "Access token"}]))
    return None


def field_name_of(scheme_name: str) -> str:
    """Return a name for a scheme's connection field that nothing else in a definition uses."""
    name = slug(words_of(scheme_name), LONGEST_FIELD - len("_key")) or "api"
    return name if name.endswith(("key", "token", "secret")) else f"{name}_key"


def single_key(scheme: dict[str, Any]) -> Candidate | None:
    """Return the authentication by a scheme with one API key; None if its name or place cannot be sent."""
    name, place = scheme.get("name"), scheme.get("in")
    if not isinstance(name, str) or not name or len(name) > 100:
        return None
    fields = [{"name": "api_key", "label": "API key", "secret": True}]
    if place == "query":
        return Candidate(
            2,
            AccessProposal({"kind": "api_key", "query": name, "value": "{api_key}"}, fields, frozenset({name})),
        )
    if not HEADER.fullmatch(name):
        return None
    if place == "header":
        description = str(scheme.get("description", ""))[:2000]
        value = _prefixed(name, description)
        access = AccessProposal({"kind": "api_key", "header": name, "value": value}, fields, frozenset({name.lower()}))
        return Candidate(1, access)
    if place == "cookie":
        authentication = {"kind": "api_key", "header": "Cookie", "value": name + "={api_key}"}
        return Candidate(5, AccessProposal(authentication, fields, frozenset({name})))
    return None


def _prefixed(header: str, description: str) -> str:
    """Return the value of a key's header: Authorization may need a prefix, which only the prose mentions."""
    if header.lower() != "authorization":
        return "{api_key}"
    found = re.search(PREFIX, description)
    if found is None:
        return "{api_key}"
    return found[1] + ("" if found[1].endswith("=") else " ") + "{api_key}"


def bearer_access(note: str = "", help_text: str = "") -> AccessProposal:
    """Return the authentication by a bearer token."""
    token: dict[str, Any] = {"name": "token", "label": "Access token", "secret": True}
    fields = [{**token, "help": help_text} if help_text else token]
    return AccessProposal({"kind": "bearer", "token": "{token}"}, fields, notes=[note] if note else [])


def basic_access() -> AccessProposal:
    """Return the authentication by a user name and a password."""
    return AccessProposal(
        {"kind": "basic", "username": "{username}", "password": "{password}"},
        [
            {"name": "username", "label": "User name"},
            {"name": "password", "label": "Password or API key", "secret": True, "required": False},
        ],
    )


def _oauth(name: str, scheme: dict[str, Any], scopes: Any, operations: list[Operation], base_url: str) -> Candidate:
    written = scheme.get("flows")
    flows: dict[str, Any] = written if isinstance(written, dict) else {}
    if not flows and isinstance(scheme.get("flow"), str):  # Swagger 2.0
        flows = {
            {"accessCode": "authorizationCode", "application": "clientCredentials"}.get(scheme["flow"], ""): scheme
        }
    client: list[dict[str, Any]] = [
        {"name": "client_id", "label": "Client ID"},
        {"name": "client_secret", "label": "Client secret", "secret": True},
    ]
    for place, (word, kind) in enumerate(
        (("authorizationCode", "oauth2_authorization_code"), ("clientCredentials", "oauth2_client_credentials"))
    ):
        flow = flows.get(word)
        if not isinstance(flow, dict):
            continue
        token_url = _address(flow.get("tokenUrl"), base_url)
        made: dict[str, Any] = {"kind": kind, "token_url": token_url}
        if word == "authorizationCode":
            made["authorization_url"] = _address(flow.get("authorizationUrl"), base_url)
        if not all(made.values()):
            continue
        made |= {"client_id": "{client_id}", "client_secret": "{client_secret}", "client_authentication": "post"}
        wanted = _scopes(name, flow, scopes, operations)
        if wanted:
            made["scopes"] = wanted
        return Candidate(4 + place, AccessProposal(made, client))
    note = f"The scheme {name[:60]} has no flow that a server can use; an access token is asked for instead."
    return Candidate(7, bearer_access(note, "An OAuth 2.0 access token."))


def _address(url: Any, base_url: str) -> str:
    if not isinstance(url, str):
        return ""
    try:
        absolute = urljoin(base_url + "/", url.strip())
    except ValueError:
        return ""
    return absolute if ADDRESS.fullmatch(absolute) else ""


def _scopes(name: str, flow: dict[str, Any], required: Any, operations: list[Operation]) -> list[str]:
    """Return the scopes that the document requires as a whole, else those of its operations, else all there are."""
    found = [each for each in required if isinstance(each, str)] if isinstance(required, list) else []
    if not found:
        found = [
            scope
            for operation in operations
            for each in (operation.security if isinstance(operation.security, list) else [])
            if isinstance(each, dict) and isinstance(each.get(name), list)
            for scope in each[name]
            if isinstance(scope, str)
        ]
    if not found and isinstance(flow.get("scopes"), dict):
        found = [*flow["scopes"]]
    usable = [scope for scope in dict.fromkeys(found) if SCOPE.fullmatch(scope)]
    return usable[:MAX_SCOPES]
