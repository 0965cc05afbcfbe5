"""A client on the web, which people connect by a server's address: what it looks up, asks and sends."""

import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from tests.person import Person
from tests.sign_in import challenge_of

RESOURCE = "/.well-known/oauth-protected-resource"
INITIALIZE = {
    "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "A client on the web", "version": "1"},
}  # fmt: skip
MCP = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}


class Towards(httpx.AsyncHTTPTransport):
    """Reaches a server that runs at another port than its public address says."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._port = urlsplit(address).port

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(port=self._port)
        return await super().handle_async_request(request)


@dataclass
class WebClient:
    """Connects to the server at `url`, for a person; `looked_up` are paths with their status codes."""

    url: str
    http: httpx.AsyncClient
    person: Person
    client_id: str = ""
    redirect_uri: str = ""
    tokens: dict[str, Any] = field(default_factory=dict)
    server: dict[str, Any] = field(default_factory=dict)
    looked_up: list[tuple[str, int]] = field(default_factory=list)

    async def send(self, method: str, params: dict[str, Any] | None = None) -> httpx.Response:
        """Send a JSON-RPC request, with the access token if there is one."""
        token = self.tokens.get("access_token")
        headers = {**MCP, **({"Authorization": f"Bearer {token}"} if token else {})}
        body = {"jsonrpc": "2.0", "id": 1, "method": method, **({"params": params} if params is not None else {})}
        return await self.http.post(self.url, json=body, headers=headers)

    async def call(self, name: str, arguments: dict[str, Any]) -> httpx.Response:
        return await self.send("tools/call", {"name": name, "arguments": arguments})

    async def look_up(self, address: str) -> Any:
        """Return a document of metadata; None if there is none."""
        response = await self.http.get(address)
        self.looked_up.append((urlsplit(address).path, response.status_code))
        return response.json() if response.status_code == 200 else None

    async def discover(self) -> str:
        """Find the authorization server by the challenge of the address; return the scope that it asks for."""
        refused = await self.send("initialize", INITIALIZE)
        assert refused.status_code == 401
        asked = challenge_in(refused.headers["www-authenticate"])
        resource = await self.look_up(asked["resource_metadata"])
        assert resource["resource"] == self.url
        (issuer,) = resource["authorization_servers"]
        self.server = await self.metadata_of(issuer)
        assert self.server["issuer"] == issuer
        return asked["scope"]

    async def metadata_of(self, issuer: str) -> Any:
        """Look in each place for an issuer with a path, in the order of MCP 2025-11-25."""
        parts = urlsplit(issuer)
        origin = f"{parts.scheme}://{parts.netloc}"
        for place in (
            f"{origin}/.well-known/oauth-authorization-server{parts.path}",
            f"{origin}/.well-known/openid-configuration{parts.path}",
            f"{issuer}/.well-known/openid-configuration",
        ):
            found = await self.look_up(place)
            if found is not None:
                return found
        return None

    async def register(self, **metadata: Any) -> dict[str, Any]:
        """Register dynamically, in JSON (RFC 7591, 3.1)."""
        response = await self.http.post(self.server["registration_endpoint"], json=metadata)
        assert response.status_code == 201, response.text
        self.client_id = response.json()["client_id"]
        return dict(response.json())

    async def authorise(self, scope: str) -> None:
        """Send the person to allow a scope, and exchange the code."""
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": scope,
            "state": state,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
            "resource": self.url,
        }
        answer = await self.person.go(f"{self.server['authorization_endpoint']}?{urlencode(asked)}")
        assert (answer.get("state"), answer.get("iss")) == (state, self.server["issuer"]), answer
        exchanged = await self._token(
            grant_type="authorization_code", code=answer["code"], redirect_uri=self.redirect_uri, code_verifier=verifier
        )
        assert exchanged.status_code == 200, exchanged.text
        self.tokens = exchanged.json()

    async def refresh(self, token: str) -> httpx.Response:
        """Exchange a refresh token."""
        return await self._token(grant_type="refresh_token", refresh_token=token)

    async def _token(self, **form: str) -> httpx.Response:
        # A form, without a secret (RFC 6749, 4.1.3).
        given = {**form, "client_id": self.client_id, "resource": self.url}
        return await self.http.post(self.server["token_endpoint"], data=given)


def challenge_in(header: str) -> dict[str, str]:
    """Return the parameters of a Bearer challenge (RFC 6750, 3)."""
    scheme, _, rest = header.partition(" ")
    assert scheme == "Bearer"
    return {name: json.loads(value) for name, _, value in (part.partition("=") for part in rest.split(", "))}
