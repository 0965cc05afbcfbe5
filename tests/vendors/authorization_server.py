"""An authorization server with a small API behind it, over a socket: it does what a vendor's does, and counts.

Tokens are opaque; what the API takes is what was issued and neither ended nor was revoked.
"""

import asyncio
import base64
import hashlib
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode

from tests.vendors.application import Answer, Request, Vendor

CLIENT_ID, CLIENT_SECRET = "patchbay-client", "s3cret-of-the-client"


@dataclass
class AuthorizationServer(Vendor):
    """Set the knobs before asking; `reset` puts them back."""

    expires_in: float | None = 3600
    refresh_expires_in: float | None = None
    gives_refresh_tokens: bool = True
    rotates: bool = True
    grace: bool = False  # an old refresh token may be used once more
    client_authentication: str = "basic"
    issuer: str | None = None
    consent_error: str = ""
    refuses: tuple[int, dict[str, Any]] | None = None  # what /token answers instead
    hold: threading.Event | None = None  # /token waits for it
    on_token: Callable[[dict[str, str]], None] | None = None  # called when tokens are issued, before the answer
    writes: Callable[[dict[str, Any]], bytes] | None = None  # how /token writes its answer; as JSON unless told
    media_type: str = "application/json"  # what /token calls its answer
    loses_answers: bool = False  # the connection breaks in the middle of /token's answer
    api_status: int = 200
    counts: Counter[str] = field(default_factory=Counter)
    asked: list[dict[str, str]] = field(default_factory=list)
    token_asked: threading.Event = field(default_factory=threading.Event)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    access: dict[str, float] = field(default_factory=dict)
    refresh: dict[str, str] = field(default_factory=dict)  # refresh token → live, used

    @property
    def refreshes(self) -> int:
        """How many tokens were given for a refresh token or to the client itself."""
        return self.counts["refresh_token"] + self.counts["client_credentials"]

    async def is_asked(self) -> None:
        """Wait until a request for a token is there."""
        assert await asyncio.to_thread(self.token_asked.wait, 10)

    def end_access(self) -> None:
        """Let every access token end now."""
        self.access.clear()

    def revoke(self) -> None:
        """Let no token be of any use."""
        self.access.clear()
        self.refresh.clear()

    async def respond(self, request: Request) -> Answer:
        """Answer as the paths of an authorization server and of its API do."""
        match request.path:
            case "/authorize":
                return Answer(302, None, {"location": self.consent(request.query)})
            case "/token":
                return await self._give(request)
            case "/counts":
                return Answer(200, dict(self.counts))
            case _:
                return Answer(*self._api(request.header_value("authorization")))

    async def _give(self, request: Request) -> Answer:
        form = request.form()
        self.asked.append(form)
        self.token_asked.set()
        if self.hold:
            await asyncio.to_thread(self.hold.wait, 10)
        status, answer = self.refuses or self._token(form, request.header_value("authorization"))
        body = answer if self.writes is None else self.writes(answer)
        given = Answer(status, body, {"cache-control": "no-store"}, self.media_type)
        if self.loses_answers:
            given.headers["content-length"] = str(len(given.content) + 1)
        return given

    def consent(self, query: str) -> str:
        """Return where a person who consents is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        answer = {"state": asked["state"]}
        if self.issuer:
            answer["iss"] = self.issuer
        if self.consent_error:
            answer |= {"error": self.consent_error, "error_description": "Nobody <b>wanted</b> it."}
        else:
            answer["code"] = secrets.token_urlsafe(16)
            self.codes[answer["code"]] = asked
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def _token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        if not self._is_client(form, authorization):
            return 401, {"error": "invalid_client", "error_description": f"Not {_secret(form, authorization)}."}
        grant = form["grant_type"]
        if grant == "authorization_code" and not self._is_code(form):
            return 400, {"error": "invalid_grant", "error_description": "The code is not known."}
        if grant == "refresh_token" and not self._is_refresh_token(form["refresh_token"]):
            self.counts["refused"] += 1
            return 400, {"error": "invalid_grant", "error_description": "The token was used or revoked."}
        self.counts[grant] += 1
        answer: dict[str, Any] = {"access_token": _token68("at"), "token_type": "Bearer"}
        self.access[answer["access_token"]] = time.time() + (self.expires_in or 10**9)
        if self.expires_in is not None:
            answer["expires_in"] = self.expires_in
        if grant != "client_credentials" and self.gives_refresh_tokens and (self.rotates or grant != "refresh_token"):
            answer["refresh_token"] = _token68("rt")
            self.refresh[answer["refresh_token"]] = "live"
            if self.refresh_expires_in:
                answer["refresh_token_expires_in"] = self.refresh_expires_in
        if self.on_token:
            self.on_token(form)
        return 200, answer

    def _is_client(self, form: dict[str, str], authorization: str) -> bool:
        if self.client_authentication == "basic":
            pair = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
            return unquote(authorization) == f"Basic {pair}" and "client_secret" not in form
        if self.client_authentication == "post":
            given = (form.get("client_id"), form.get("client_secret"))
            return not authorization and given == (CLIENT_ID, CLIENT_SECRET)
        return not authorization and form.get("client_id") == CLIENT_ID and "client_secret" not in form

    def _is_code(self, form: dict[str, str]) -> bool:
        asked = self.codes.pop(form["code"], None)
        if asked is None or asked["redirect_uri"] != form["redirect_uri"]:
            return False
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        return asked["code_challenge"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def _is_refresh_token(self, token: str) -> bool:
        known = self.refresh.get(token)
        if not self.rotates:
            return known is not None
        if known == "live":
            self.refresh[token] = "used"
            return True
        return known == "used" and self.grace

    def _api(self, authorization: str) -> tuple[int, dict[str, Any]]:
        self.counts["api"] += 1
        if time.time() >= self.access.get(authorization.removeprefix("Bearer "), 0):
            self.counts["unauthorized"] += 1
            return 401, {"error": {"text": "The token has ended."}}
        return self.api_status, {"tickets": [{"id": 1}], "scopes": ["tickets.read"]}


application = AuthorizationServer()


def _token68(kind: str) -> str:
    """Return a fresh token with every sign that RFC 6750, section 2.1, allows beside letters and digits."""
    return f"{kind}-{secrets.token_urlsafe(24)}._~+/="


def _secret(form: dict[str, str], authorization: str) -> str:
    """Return the client's secret as it was sent: some vendors repeat it."""
    pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
    return form.get("client_secret") or pair.partition(":")[2]


AUTHENTICATION = {
    "code": """
    kind: oauth2_authorization_code
    authorization_url: "{site}/authorize?tenant={{subdomain}}"
    token_url: "{site}/token"
    client_id: "{{client_id}}"
    client_secret: "{{client_secret}}"
    client_authentication: {client_authentication}
    scopes: [tickets.read, offline_access]
    authorization_parameters: {{access_type: offline}}
""",
    "client": """
    kind: oauth2_client_credentials
    token_url: "{site}/token"
    client_id: "{{client_id}}"
    client_secret: "{{client_secret}}"
    client_authentication: {client_authentication}
    scopes: [tickets.read]
    token_parameters: {{audience: "https://desk.example"}}
""",
}
BUNDLE = """
bundle: 1
integration:
  name: oauth_desk
  label: OAuth Desk
  description: Answers whoever has a token.
  base_url: "{site}"
  connection_fields:
    - {{name: subdomain, label: Subdomain, pattern: "[a-z-]+"}}
    - {{name: client_id, label: Client ID}}
    - {{name: client_secret, label: Client secret, secret: true}}
  authentication: {authentication}
  connection_test: {{path: /me, scopes: scopes}}
  pagination: {{kind: none}}
  errors: {{message: error.text}}
  resources:
    tickets:
      label: Tickets
      methods:
        list: {{http: GET, path: /tickets, access: read, result: tickets}}
        create: {{http: POST, path: /tickets, access: write, body: json}}
documentation:
  - resource: tickets
    method: list
    title: List tickets
    description: Lists the tickets of the desk, the newest first, as many as there are.
  - resource: tickets
    method: create
    title: Create a ticket
    description: Opens a ticket on the desk and returns it with its number, at once.
    body_schema: {{type: object, properties: {{title: {{type: string}}}}, required: [title]}}
"""
FIELDS = {"subdomain": "acme", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


def bundle(site: str, kind: str, client_authentication: str = "basic") -> str:
    """Return the bundle of an integration whose vendor is this server at an address."""
    authentication = AUTHENTICATION[kind].format(site=site, client_authentication=client_authentication)
    return BUNDLE.format(site=site, authentication=authentication)
