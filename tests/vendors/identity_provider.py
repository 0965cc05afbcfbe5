"""The demo's identity provider with knobs: what a faulty or hostile one does, over a socket."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from accounts.single_sign_on.providers import IdentityProvider
from demo.identity_provider.provider import CLIENT_ID, CLIENT_SECRET, DemoIdentityProvider, IssuedCode, ProviderAnswer

MAPPINGS = (
    {"group": "support-admins", "environment": "Production", "role": "admin"},
    {"group": "support", "environment": "Production", "role": "operator"},
    {"group": "support", "environment": "Nowhere", "role": "viewer"},
)


@dataclass
class KnobbedProvider(DemoIdentityProvider):
    """`changed` replaces claims of ID tokens, where None leaves one out; `forged_with` signs them instead."""

    changed: dict[str, Any] = field(default_factory=dict)
    forged_with: str = ""
    changed_metadata: dict[str, Any] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)  # by path
    asked: list[str] = field(default_factory=list)

    @property
    def configured(self) -> dict[str, Any]:
        """How OIDC_PROVIDERS describes it."""
        return {
            "name": "acme",
            "label": "Acme",
            "issuer": self.issuer,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "create_people": True,
            "roles": MAPPINGS,
        }

    def provider(self, **changed: Any) -> IdentityProvider:
        """Return it as Patchbay reads it."""
        return IdentityProvider.model_validate({**self.configured, **changed})

    def respond(self, path: str, query: dict[str, str], form: dict[str, str], authorization: str) -> ProviderAnswer:
        self.asked.append(path)
        if path in self.status:
            return ProviderAnswer(self.status[path], b'{"error": "x"}', {"content-type": "application/json"})
        return super().respond(path, query, form, authorization)

    def metadata(self) -> dict[str, Any]:
        return {**super().metadata(), **self.changed_metadata}

    def claims(self, issued: IssuedCode) -> dict[str, Any]:
        claims = {**super().claims(issued), **self.changed}
        return {name: value for name, value in claims.items() if value is not None}

    def id_token(self, issued: IssuedCode) -> str:
        claims = self.claims(issued)
        match self.forged_with:
            case "another key":
                key = RSAKey.generate_key(2048, {"kid": str(self.key.kid)})
                return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, key)
            case "the client's secret":
                return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET))
            case "no key":
                return f"{_part({'alg': 'none'})}.{_part(claims)}."
        return super().id_token(issued)


def _part(document: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()
