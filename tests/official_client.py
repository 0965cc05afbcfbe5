"""The official Python client with its own implementation of OAuth; a person decides in a browser of theirs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider, TokenStorage
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

from tests.person import Person

CALLBACK = "http://localhost:43117/callback"


@dataclass
class Kept(TokenStorage):
    """What a client keeps between its runs."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


@dataclass
class OfficialClient:
    """Connects to one server. `asked` are the authorization addresses that it opened, `options` its provider's."""

    url: str
    person: Person
    kept: Kept = field(default_factory=Kept)
    mode: str = "auto"
    callback: str = CALLBACK
    asked: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    auth: OAuthClientProvider = field(init=False, repr=False)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Client]:
        answers: list[dict[str, str]] = []

        async def redirect(address: str) -> None:
            self.asked.append(address)
            answers.append(await self.person.go(address))

        async def callback() -> AuthorizationCodeResult:
            found = answers.pop()
            return AuthorizationCodeResult(code=found.get("code", ""), state=found.get("state"), iss=found.get("iss"))

        metadata = OAuthClientMetadata(client_name="Official client", redirect_uris=[self.callback])  # type: ignore[list-item]
        self.auth = auth = OAuthClientProvider(self.url, metadata, self.kept, redirect, callback, **self.options)
        http = httpx2.AsyncClient(auth=auth, timeout=20)
        async with http, Client(streamable_http_client(self.url, http_client=http), mode=self.mode) as client:
            yield client
