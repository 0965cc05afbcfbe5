"""How requests are authenticated: by the most usable security scheme, or by parameters that carry credentials."""

import re
from collections import Counter
from dataclasses import replace
from typing import Any

from accounts.definition import MAX_KEYS
from tools.openapi.arguments import is_credential_parameter
from tools.openapi.errors import ReferenceRefused
from tools.openapi.reading.document import Document
from tools.openapi.reading.operations import Operation, Parameter
from tools.openapi.schemes import (
    LONGEST_FIELD,
    PREFIX,
    AccessProposal,
    Candidate,
    basic_access,
    bearer_access,
    candidate_of,
    field_name_of,
    joined_keys,
    single_key,
)

# Parameters with credentials that fewer operations have than this part of the most common one's are left out.
OFTEN = 0.2
NO_SCHEME = "The document does not say how requests are authenticated; a bearer token was assumed."


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
            candidate = candidate_of(name, scheme, requirement.get(name), operations, base_url)
            if candidate is not None:
                others = [each for each in known if each != name]
                # One sufficient scheme is better than a pair; among equals the document's order decides.
                candidates.append((candidate.rank + 10 * len(others), place, len(candidates), others, candidate.access))
        together = joined_keys(known) if len(known) > 1 else None
        if together is not None:
            candidates.append((together.rank, place, len(candidates), [], together.access))
    asked = _asked_for(operations)
    if not candidates:
        found = _from_parameters(asked)
        return found or bearer_access(NO_SCHEME)
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
        single = single_key(scheme) if scheme["type"] == "apiKey" else Candidate(3, basic_access())
        return replace(single.access, notes=[note]) if single else None
    together = joined_keys({each.name: _as_scheme(each) for each in said})
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
        name = field_name_of(each.name)
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
