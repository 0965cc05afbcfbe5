"""Speak to the REST APIs over HTTP in the name of an API token."""

from dataclasses import dataclass
from typing import Any, Protocol

from django.test import AsyncClient, Client

from accounts.models import ApiToken, Environment, Membership, Role, User

JSON = "application/json"
PROBLEM = "application/problem+json"


class RestAnswer(Protocol):
    """What tests read of an answer, whichever client got it."""

    status_code: int
    content: bytes

    def json(self) -> Any: ...

    def __getitem__(self, header: str) -> str: ...


@dataclass
class Rest:
    """A program with a token; an empty one sends none."""

    token: str = ""

    def __post_init__(self) -> None:
        self.headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        self.client = Client(headers=self.headers)

    def get(self, path: str, **query: Any) -> RestAnswer:
        return self.client.get(path, query)

    def post(self, path: str, body: Any = None) -> RestAnswer:
        return self.client.post(path, {} if body is None else body, content_type=JSON)

    def patch(self, path: str, body: Any) -> RestAnswer:
        return self.client.patch(path, body, content_type=JSON)

    def delete(self, path: str) -> RestAnswer:
        return self.client.delete(path)


@dataclass
class AsyncRest:
    """The same for asynchronous tests."""

    token: str = ""

    def __post_init__(self) -> None:
        self.headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        self.client = AsyncClient()

    async def get(self, path: str, **query: Any) -> RestAnswer:
        return await self.client.get(path, query, headers=self.headers)

    async def post(self, path: str, body: Any, content_type: str = JSON) -> RestAnswer:
        return await self.client.post(path, body, content_type=content_type, headers=self.headers)


def token_of(environment: Environment, role: Role = Role.ADMIN) -> str:
    """Return the value of a new API token."""
    return ApiToken.objects.issue(environment=environment, name=f"a {role}", role=role, owner=None)[1]


def token_for(person: User, environment: Environment, role: Role = Role.ADMIN) -> str:
    """Return the value of a new API token that acts for a person, who is made a member with its role where needed."""
    Membership.objects.get_or_create(environment=environment, user=person, defaults={"role": role})
    name = f"a token of {person.username}"
    return ApiToken.objects.issue(environment=environment, name=name, role=role, owner=person)[1]


def problem(response: RestAnswer, status: int) -> dict[str, Any]:
    """Return the problem of an answer, after checking its form (RFC 9457)."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == PROBLEM
    document: dict[str, Any] = response.json()
    assert document["status"] == status
    assert document["type"].startswith("urn:patchbay:problem:")
    assert document["title"]
    assert document["detail"]
    return document


def reasons(response: RestAnswer) -> dict[str, str]:
    """Return the reasons of a refused request by field."""
    return {error["field"]: error["reason"] for error in problem(response, 400)["errors"]}
