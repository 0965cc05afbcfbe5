"""While the database is away or busy, every entrance says so in its own form, at once, and logs no traceback."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from accounts.models import IntegratedAccount
from config.asgi import application
from tests.database_faults import database_away, impatient, locked
from tests.mcp_client import McpClient
from tests.people import People
from tests.rest import PROBLEM, AsyncRest, Rest

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def away(mcp: McpClient) -> AsyncIterator[None]:
    """A database that is away, for a process that is asked the first time."""
    gone = database_away()
    await sync_to_async(gone.__enter__)()
    yield
    await sync_to_async(gone.__exit__)(None, None, None)


def check_problem(status: int, headers: Any, document: dict[str, Any], kind: str) -> None:
    assert (status, headers["Content-Type"]) == (503, PROBLEM)
    assert int(headers["Retry-After"]) > 0
    assert document["type"] == f"urn:patchbay:problem:database-{kind}"
    assert "Try again in" in document["detail"]


async def test_an_mcp_client_is_told_by_the_protocol(
    mcp: McpClient, away: None, caplog: pytest.LogCaptureFixture
) -> None:
    answers = [await mcp.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}) for _ in range(20)]
    for answer in answers:
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert "database cannot be reached" in answer.json()["error"]["message"]
    assert not any(record.exc_info for record in caplog.records)
    assert sum("refused" in record.getMessage() for record in caplog.records) <= 2


async def test_an_agent_is_told_by_a_problem(
    admin_token: str, account: IntegratedAccount, mcp: McpClient, away: None
) -> None:
    answer: Any = await AsyncRest(admin_token).get(f"/integrated-account/{account.pk}/tools")
    check_problem(answer.status_code, answer.headers, answer.json(), "away")


async def test_the_stream_of_activity_is_refused(mcp: McpClient, away: None) -> None:
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/activity/stream", headers={"Cookie": "sessionid=x"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


def test_a_program_of_the_management_api_is_told_by_a_problem(admin_token: str, account: IntegratedAccount) -> None:
    rest = Rest(admin_token)
    rest.get("/integrated-account")
    with locked("mcpservers_mcpserver"), impatient():
        answer: Any = rest.post(f"/integrated-account/{account.pk}/mcp", {"name": "x"})
    check_problem(answer.status_code, answer.headers, json.loads(answer.content), "busy")
    assert rest.post(f"/integrated-account/{account.pk}/mcp", {"name": "x"}).status_code == 201


def test_a_person_gets_a_page(people: People) -> None:
    browser = Client(raise_request_exception=False)
    form = {"username": "ana", "password": "ana-pass-1"}
    with locked("accounts_session"), impatient():
        page = browser.post("/sign-in", form)
    assert (page.status_code, page.headers["Retry-After"]) == (503, "2")
    assert page.headers["Content-Type"].startswith("text/html")
    text = page.content.decode()
    assert "Not possible at the moment" in text
    assert "check whether it was saved" in text
    assert browser.post("/sign-in", form).status_code == 302
