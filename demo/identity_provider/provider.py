"""The provider's endpoints: metadata, keys, the page where one chooses who to be, tokens, userinfo."""

import base64
import hashlib
import hmac
import html
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from demo.asgi import Receive, Scope, Send

CLIENT_ID, CLIENT_SECRET = "patchbay", "demo-client-secret"
CODE_SECONDS, TOKEN_SECONDS = 60, 300
PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Demo identity provider</title>"
    "<h1>Who are you?</h1><p>A demo: nobody asks for a password.</p><ul>{}</ul></html>"
)
Claims = dict[str, Any]
PEOPLE: dict[str, Claims] = {
    "ida": {
        "email": "ida@example.com",
        "email_verified": True,
        "given_name": "Ida",
        "family_name": "Admin",
        "groups": ["support-admins"],
    },
    "otto": {
        "email": "otto@example.com",
        "email_verified": True,
        "given_name": "Otto",
        "family_name": "Operator",
        "groups": ["support"],
    },
}


@dataclass(frozen=True)
class ProviderAnswer:
    """What goes back to a client or browser."""

    status: int
    body: bytes
    headers: dict[str, str]


@dataclass
class IssuedCode:
    """An authorization code: for whom, and what the request for it said."""

    subject: str
    asked: dict[str, str]
    made_at: float


@dataclass
class DemoIdentityProvider:
    """An ASGI application. `prefix` is a path that its issuer ends with; `people` are claims by subject."""

    prefix: str = ""
    people: dict[str, Claims] = field(default_factory=lambda: {name: dict(each) for name, each in PEOPLE.items()})
    client_id: str = CLIENT_ID
    client_secret: str = field(default=CLIENT_SECRET, repr=False)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "demo", "use": "sig"}))
    issuer: str = ""
    codes: dict[str, IssuedCode] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self.issuer = f"http://{headers.get('host', '')}{self.prefix}"
        query = dict(parse_qsl(scope["query_string"].decode()))
        form = dict(parse_qsl(body.decode()))
        path = str(scope["path"]).removeprefix(self.prefix)
        answer = self.respond(path, query, form, headers.get("authorization", ""))
        told = {**answer.headers, "content-length": str(len(answer.body)), "cache-control": "no-store"}
        fields = [(name.encode(), value.encode()) for name, value in told.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": fields})
        await send({"type": "http.response.body", "body": answer.body})

    def respond(self, path: str, query: dict[str, str], form: dict[str, str], authorization: str) -> ProviderAnswer:
        """Answer one request."""
        match path:
            case "/.well-known/openid-configuration":
                return _json(200, self.metadata())
            case "/keys":
                return _json(200, self.published_keys())
            case "/authorize":
                return self._choice(query)
            case "/authorize/as":
                subject = query.pop("subject", "")
                return ProviderAnswer(302, b"", {"location": self.consent(subject, query)})
            case "/token":
                return _json(*self.token(form, authorization))
            case "/userinfo":
                return _json(*self.userinfo(authorization))
        return _json(404, {"error": "not_found"})

    def metadata(self) -> dict[str, Any]:
        """Return the provider's metadata (OpenID Connect Discovery 1.0, section 3)."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def published_keys(self) -> dict[str, Any]:
        """Return the public keys."""
        return dict(KeySet([self.key]).as_dict(private=False))

    def consent(self, subject: str, asked: dict[str, str]) -> str:
        """Return where the browser of this person is sent back to, with a code."""
        code = secrets.token_urlsafe(24)
        self.codes[code] = IssuedCode(subject, asked, time.time())
        answer = {"code": code, "state": asked.get("state", ""), "iss": self.issuer}
        return f"{asked.get('redirect_uri', '')}?{urlencode(answer)}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Return status and answer of the token endpoint; a code is good once."""
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        if not hmac.compare_digest(unquote(pair), f"{self.client_id}:{self.client_secret}"):
            return 401, {"error": "invalid_client"}
        issued = self.codes.pop(form.get("code", ""), None)
        if issued is None or not _fits(issued, form):
            return 400, {"error": "invalid_grant"}
        access_token = secrets.token_urlsafe(24)
        self.tokens[access_token] = issued.subject
        return 200, {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "id_token": self.id_token(issued),
        }

    def claims(self, issued: IssuedCode) -> Claims:
        """Return the claims of an ID token."""
        now = int(time.time())
        return {
            "iss": self.issuer,
            "sub": issued.subject,
            "aud": self.client_id,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "auth_time": now,
            "nonce": issued.asked.get("nonce", ""),
            **self.people[issued.subject],
        }

    def id_token(self, issued: IssuedCode) -> str:
        """Return a signed ID token."""
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, self.claims(issued), self.key)

    def userinfo(self, authorization: str) -> tuple[int, dict[str, Any]]:
        """Return status and answer of the userinfo endpoint."""
        subject = self.tokens.get(authorization.removeprefix("Bearer "))
        return (200, {"sub": subject, **self.people[subject]}) if subject else (401, {"error": "invalid_token"})

    def _choice(self, query: dict[str, str]) -> ProviderAnswer:
        links = [
            f'<li><a href="{self.prefix}/authorize/as?{html.escape(urlencode({**query, "subject": subject}))}">'
            f"{html.escape(subject)}</a></li>"
            for subject in self.people
        ]
        return ProviderAnswer(200, PAGE.format("".join(links)).encode(), {"content-type": "text/html; charset=utf-8"})


def _fits(issued: IssuedCode, form: dict[str, str]) -> bool:
    """Return whether the request for tokens is of the same client as the one for the code (RFC 7636, section 4.6)."""
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return (
        time.time() - issued.made_at < CODE_SECONDS
        and issued.asked.get("redirect_uri") == form.get("redirect_uri")
        and issued.asked.get("code_challenge") == challenge
        and issued.asked.get("code_challenge_method") == "S256"
    )


def _json(status: int, document: dict[str, Any]) -> ProviderAnswer:
    return ProviderAnswer(status, json.dumps(document).encode(), {"content-type": "application/json"})
