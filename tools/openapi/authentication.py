"""How requests are authenticated: the most usable security scheme, and the connection fields it needs."""

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin

from accounts.definition import MAX_KEYS
from tools.openapi.arguments import is_credential_parameter
from tools.openapi.errors import ReferenceRefused
from tools.openapi.naming.texts import slug, words_of
from tools.openapi.reading.document import Document
from tools.openapi.reading.operations import Operation, Parameter

HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
ADDRESS = re.compile(r"https?://[^\s#]{1,290}")
SCOPE = re.compile(r"[\x21-\x7e]{1,200}")
MAX_SCOPES = 100
LONGEST_FIELD = 48
PREFIX = r"\b(Token token=|SSWS|Bearer|Token|ApiKey|GenieKey|Klaviyo-API-Key)\s?(?=[<{`'\"\w[*=]|$)"
# Parameters with credentials that fewer operations have than this part of the most common one's are left out.
OFTEN = 0.2
NO_SCHEME = "The document does not say how requests are authenticated; a bearer token was assumed."


@dataclass(frozen=True)
class AccessProposal:
    """The authentication and its connection fields; `names` are the parameters that it replaces."""

    authentication: dict[str, Any]
    fields: list[dict[str, Any]]
    names: frozenset[str] = frozenset()
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Candidate:
    rank: int
    access: AccessProposal


def access_of(document: Document, operations: list[Operation], base_url: str) -> AccessProposal:
    """Return how requests are authenticated."""
    schemes = _schemes(document)
    requirements = _requirements(document, operations)
    if not requirements:
        requirements = [{name: []} for name in schemes]
    candidates: list[tuple[int, int, int, list[str], AccessProposal]] = []
    for place, requirement in enumerate(requirements):
        known = {name: schemes[name] for name in requirement if name in schemes}
        for name, scheme in known.items():
            candidate = _candidate(name, scheme, requirement.get(name), operations, base_url)
            if candidate is not None:
                others = [each for each in known if each != name]
                # One sufficient scheme is better than a pair; among equals the document's order decides.
                candidates.append((candidate.rank + 10 * len(others), place, len(candidates), others, candidate.access))
        together = _together(known) if len(known) > 1 else None
        if together is not None:
            candidates.append((together.rank, place, len(candidates), [], together.access))
    asked = _asked_for(operations)
    if not candidates:
        found = _from_parameters(asked)
        return found or AccessProposal(_bearer(), [_token_field()], notes=[NO_SCHEME])
    _, _, _, others, access = min(candidates, key=lambda each: each[:3])
    access = _with_parameters(access, asked)
    notes = [*access.notes]
    if others:
        notes.append(f"The vendor also asks for {', '.join(others)}, which has no place in a definition.")
    return AccessProposal(access.authentication, access.fields, access.names, notes)


def _asked_for(operations: list[Operation]) -> list[Parameter]:
    """Return the parameters that carry credentials, where a good part of the operations describes them as such."""
    counts: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], Parameter] = {}
    for operation in operations:
        for each in operation.parameters:
            if is_credential_parameter(each):
                key = (each.place, each.name.lower() if each.place == "header" else each.name)
                counts[key] += 1
                if key not in first or each.required:
                    first[key] = each
    most = max(counts.values(), default=0)
    return [first[key] for key, count in counts.items() if count >= OFTEN * most]


def _from_parameters(asked: list[Parameter]) -> AccessProposal | None:
    """Return the authentication by parameters alone; None if there are none, or they say too little."""
    said = [each for each in asked if each.name.lower() != "authorization" or not _says_nothing(each)]
    if not said:
        return None
    names = ", ".join(each.name for each in said)
    note = f"The document has no security scheme; the credentials were taken from its parameters ({names})."
    if len(said) == 1:
        scheme = _as_scheme(said[0])
        single = _api_key(scheme) if scheme["type"] == "apiKey" else _Candidate(3, _basic_access())
        return replace(single.access, notes=[note]) if single else None
    together = _together({each.name: _as_scheme(each) for each in said})
    return replace(together.access, notes=[note]) if together else None


def _as_scheme(parameter: Parameter) -> dict[str, Any]:
    """Return a parameter as the security scheme that it stands for."""
    words = " ".join([parameter.description, *parameter.samples])
    if parameter.name.lower() == "authorization" and re.search(r"\bBasic\b", words):
        return {"type": "basic"}
    return {"type": "apiKey", "in": parameter.place, "name": parameter.name, "description": words}


def _says_nothing(parameter: Parameter) -> bool:
    return _as_scheme(parameter)["type"] == "apiKey" and not re.search(
        PREFIX, " ".join([parameter.description, *parameter.samples])
    )


def _with_parameters(access: AccessProposal, asked: list[Parameter]) -> AccessProposal:
    """Return an authentication by keys with the required parameters that no scheme describes."""
    sent = {"authorization", *(name.lower() for name in access.names)}
    missing = [each for each in asked if each.required and each.name.lower() not in sent]
    if not missing:
        return access
    note = f"The vendor also asks for {', '.join(each.name for each in missing)}, which has no place in a definition."
    keys = _keys_of(access.authentication)
    if not keys or len(keys) + len(missing) > MAX_KEYS:
        return replace(access, notes=[*access.notes, note])
    fields = [*access.fields]
    names = access.names
    for each in missing:
        name = _field_name(each.name)
        if any(known["name"] == name for known in fields):
            name = f"{each.place}_{name}"[:LONGEST_FIELD]
        keys.append({each.place: each.name, "value": f"{{{name}}}"})
        fields.append({"name": name, "label": each.name[:80], "secret": True})
        names |= {each.name.lower() if each.place == "header" else each.name}
    return AccessProposal({"kind": "api_keys", "keys": keys}, fields, names, access.notes)


def _keys_of(authentication: dict[str, Any]) -> list[dict[str, Any]]:
    """Return an authentication as API keys; none if it is of another kind."""
    match authentication["kind"]:
        case "api_key":
            return [{key: value for key, value in authentication.items() if key != "kind"}]
        case "api_keys":
            return [*authentication["keys"]]
        case "bearer":
            return [{"header": "Authorization", "value": f"Bearer {authentication['token']}"}]
        case _:
            return []


def _schemes(document: Document) -> dict[str, dict[str, Any]]:
    written = document.part("securityDefinitions") or document.part("components", "securitySchemes")
    schemes = {}
    for name, scheme in written.items():
        try:
            resolved = document.references.resolved(scheme)
        except ReferenceRefused:
            continue
        if isinstance(resolved, dict):
            schemes[name] = resolved
    return schemes


def _requirements(document: Document, operations: list[Operation]) -> list[dict[str, Any]]:
    """Return the requirements of the document as a whole, or else the most common ones of its operations."""
    written = document.root.get("security")
    found = [each for each in written if isinstance(each, dict) and each] if isinstance(written, list) else []
    if found:
        return found
    counts: dict[tuple[str, ...], int] = {}
    samples: dict[tuple[str, ...], dict[str, Any]] = {}
    for operation in operations:
        for each in operation.security if isinstance(operation.security, list) else []:
            if isinstance(each, dict) and each:
                key = tuple(sorted(each))
                counts[key] = counts.get(key, 0) + 1
                samples.setdefault(key, each)
    most = max(counts.values(), default=0)
    return [samples[key] for key, count in counts.items() if count >= most * 0.5]


def _candidate(
    name: str, scheme: dict[str, Any], scopes: Any, operations: list[Operation], base_url: str
) -> _Candidate | None:
    kind, http_scheme = str(scheme.get("type")), str(scheme.get("scheme", "")).lower()
    if kind == "apiKey":
        return _api_key(scheme)
    if kind == "basic" or (kind == "http" and http_scheme == "basic"):
        return _Candidate(3, AccessProposal(_basic(), _basic_fields()))
    if kind == "http" and http_scheme == "bearer":
        return _Candidate(0, AccessProposal(_bearer(), [_token_field()]))
    if kind == "oauth2":
        return _oauth(name, scheme, scopes, operations, base_url)
    if kind in {"openIdConnect", "http"}:
        note = f"The scheme {name[:60]} was taken as a bearer token."
        return _Candidate(6, AccessProposal(_bearer(), [_token_field()], notes=[note]))
    return None


def _together(schemes: dict[str, dict[str, Any]]) -> _Candidate | None:
    """Return the authentication with several keys at once; None if one is not a key, or two share a place."""
    keys: list[dict[str, str]] = []
    fields: dict[str, dict[str, Any]] = {}
    names: frozenset[str] = frozenset()
    ranks = []
    for name, scheme in schemes.items():
        single = _key_of(scheme)
        if single is None:
            return None
        field_name = _field_name(name)
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
    return _Candidate(max(ranks) + 1, AccessProposal({"kind": "api_keys", "keys": keys}, [*fields.values()], names))


def _key_of(scheme: dict[str, Any]) -> _Candidate | None:
    """Return a scheme as an API key; a bearer token is a key with a prefix."""
    key = _api_key(scheme) if scheme.get("type") == "apiKey" else None
    if key is not None:
        # The vendor's names tell several keys apart.
        return _Candidate(key.rank, replace(key.access, fields=[{"label": str(scheme["name"])[:80]}]))
    if scheme.get("type") == "http" and str(scheme.get("scheme", "")).lower() == "bearer":
        bearer = {"kind": "api_key", "header": "Authorization", "value": "Bearer {api_key}"}
        return _Candidate(0, AccessProposal(bearer, [{"label": "Access token"}]))
    return None


def _field_name(scheme_name: str) -> str:
    """Return a name for a scheme's connection field that nothing else in a definition uses."""
    name = slug(words_of(scheme_name), LONGEST_FIELD - len("_key")) or "api"
    return name if name.endswith(("key", "token", "secret")) else f"{name}_key"


def _api_key(scheme: dict[str, Any]) -> _Candidate | None:
    name, place = scheme.get("name"), scheme.get("in")
    if not isinstance(name, str) or not name or len(name) > 100:
        return None
    fields = [{"name": "api_key", "label": "API key", "secret": True}]
    if place == "query":
        return _Candidate(
            2,
            AccessProposal({"kind": "api_key", "query": name, "value": "{api_key}"}, fields, frozenset({name})),
        )
    if not HEADER.fullmatch(name):
        return None
    if place == "header":
        description = str(scheme.get("description", ""))[:2000]
        value = _prefixed(name, description)
        access = AccessProposal({"kind": "api_key", "header": name, "value": value}, fields, frozenset({name.lower()}))
        return _Candidate(1, access)
    if place == "cookie":
        authentication = {"kind": "api_key", "header": "Cookie", "value": name + "={api_key}"}
        return _Candidate(5, AccessProposal(authentication, fields, frozenset({name})))
    return None


def _prefixed(header: str, description: str) -> str:
    """Return the value of a key's header: Authorization may need a prefix, which only the prose mentions."""
    if header.lower() != "authorization":
        return "{api_key}"
    found = re.search(PREFIX, description)
    if found is None:
        return "{api_key}"
    return found[1] + ("" if found[1].endswith("=") else " ") + "{api_key}"


def _bearer() -> dict[str, Any]:
    return {"kind": "bearer", "token": "{token}"}


def _token_field(help_text: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {"name": "token", "label": "Access token", "secret": True}
    return {**made, "help": help_text} if help_text else made


def _basic() -> dict[str, Any]:
    return {"kind": "basic", "username": "{username}", "password": "{password}"}


def _basic_access() -> AccessProposal:
    return AccessProposal(_basic(), _basic_fields())


def _basic_fields() -> list[dict[str, Any]]:
    return [
        {"name": "username", "label": "User name"},
        {"name": "password", "label": "Password or API key", "secret": True, "required": False},
    ]


def _oauth(name: str, scheme: dict[str, Any], scopes: Any, operations: list[Operation], base_url: str) -> _Candidate:
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
        return _Candidate(4 + place, AccessProposal(made, client))
    note = f"The scheme {name[:60]} has no flow that a server can use; an access token is asked for instead."
    return _Candidate(7, AccessProposal(_bearer(), [_token_field("An OAuth 2.0 access token.")], notes=[note]))


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
