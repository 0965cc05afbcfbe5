"""Authorization, step by step, in this process: one client, one server, one person's browser."""

import base64
import hashlib
import html
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.test import Client

from accounts.models import IntegratedAccount, User
from mcpservers.lifecycle import create_server
from mcpservers.models import MCPServer
from mcpservers.sign_in.addresses import address_of
from mcpservers.sign_in.registration import ClientMetadata, register
from tests.mcp_client import McpClient
from tests.portal_site import browser
from tests.rest import RestAnswer

CALLBACK = "https://client.example/callback"
GO_ON = re.compile(r'href="([^"]*)" rel="noreferrer">Go on')
VERIFIER = "v" * 43
ALLOW = {"decision": "allow"}


def server_for_people(account: IntegratedAccount, name: str = "For people", **settings: Any) -> MCPServer:
    """Return a new server that asks for sign-in."""
    chosen = {"methods": [], "tags": [], "authentication": "sign_in", **settings}
    return create_server(account, "tests", name=name, **chosen)[0]


def challenge_of(verifier: str) -> str:
    """Return a verifier's challenge by S256 (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def registered(*redirects: str, name: str = "A client") -> str:
    """Return the id of a client that has registered itself."""
    return str(register(ClientMetadata(name, redirects or (CALLBACK,))).client_id)


@dataclass
class Authorizing:
    """A client that asks a person. Parameters given to a step replace its own; None leaves one out."""

    server: MCPServer
    person: User | None
    client_id: str = field(default_factory=registered)
    redirect_uri: str = CALLBACK
    scope: str = "read"

    def __post_init__(self) -> None:
        self.browser = browser(self.person) if self.person else Client()
        self.program = Client()

    def parameters(self, **changed: str | None) -> dict[str, str]:
        usual: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": "of this browser",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
            "resource": address_of(self.server.pk),
        }
        return {name: value for name, value in {**usual, **changed}.items() if value is not None}

    def ask(self, **changed: str | None) -> Any:
        """Open the address that a client sends people to."""
        return self.browser.get("/oauth/authorize", self.parameters(**changed))

    def decide(self, choices: dict[str, str] | None = None, **changed: str | None) -> Any:
        """Send the consent page's form."""
        query = self.browser.get("/oauth/authorize", self.parameters(**changed)).request["QUERY_STRING"]
        return self.browser.post(f"/oauth/authorize?{query}", choices or ALLOW)

    def code(self, choices: dict[str, str] | None = None, **changed: str | None) -> str:
        """Return the code that the client gets once the person has decided."""
        return answered(self.decide(choices, **changed))["code"]

    def exchange(self, code: str, **changed: str | None) -> RestAnswer:
        """Ask for tokens with a code."""
        usual: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "client_id": self.client_id,
            "code_verifier": VERIFIER,
            "resource": address_of(self.server.pk),
        }
        return self.program.post("/oauth/token", _given({**usual, **changed}))

    def refresh(self, token: str, **changed: str | None) -> RestAnswer:
        """Ask for new tokens with a refresh token."""
        usual: dict[str, str | None] = {
            "grant_type": "refresh_token",
            "refresh_token": token,
            "client_id": self.client_id,
            "resource": address_of(self.server.pk),
        }
        return self.program.post("/oauth/token", _given({**usual, **changed}))

    def tokens(self, choices: dict[str, str] | None = None, **changed: str | None) -> dict[str, Any]:
        """Return the tokens that the client gets once the person has decided."""
        answer = self.exchange(self.code(choices, **changed))
        assert answer.status_code == 200, answer.content
        return dict(answer.json())


def _given(values: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def sent_to(response: Any) -> str:
    """Return where a response leads to a client: by a redirect, or by a page."""
    if response.status_code == 302:
        return str(response.headers["Location"])
    found = GO_ON.search(response.content.decode())
    assert found, response.content.decode()
    return html.unescape(found[1])


def answered(response: Any) -> dict[str, str]:
    """Return the parameters that a client gets."""
    return {name: values[0] for name, values in parse_qs(urlsplit(sent_to(response)).query).items()}


def client_of(server: MCPServer, token: str = "", version: str | None = "2025-11-25") -> McpClient:
    """Return an MCP client of a server with sign-in, which sends an access token if it has one."""
    return McpClient(f"s/{server.pk}", version, sent={"Authorization": f"Bearer {token}"} if token else {})
