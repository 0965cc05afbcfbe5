"""Who called: the record, Activity, its exports and `GET /call` have the person."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from accounts.api_tokens.issue import issue_token
from accounts.models import Environment, IntegratedAccount, Role
from mcpservers.lifecycle import create_server
from tests.calls import note_of, record
from tests.mcp_client import McpClient
from tests.people import People
from tests.portal_site import browser, shown
from tests.rest import Rest
from tests.sign_in import Authorizing, client_of, server_for_people
from tools.models import Call
from tools.record.recorder import recorder

TOOL = "list_all_fuse_desk_cases"


@pytest.mark.django_db(transaction=True)
async def test_a_call_through_sign_in_or_a_personal_token_has_its_person(
    account: IntegratedAccount, environment: Environment, people: People, upstream: None
) -> None:
    @sync_to_async
    def clients() -> list[McpClient]:
        server = server_for_people(account)
        access = Authorizing(server, people.operator).tokens()["access_token"]
        _, url = create_server(account, "tests", name="T", methods=[], tags=[], authentication="api_token")
        _, token = issue_token(environment, people.teammate, name="t", role=Role.VIEWER)
        guarded = McpClient(url, sent={"Authorization": f"Bearer {token}"})
        _, plain = create_server(account, "tests", name="U", methods=[], tags=[])
        return [client_of(server, access), guarded, McpClient(plain)]

    for client in await clients():
        await client.call(TOOL, {"limit": 1})
    await sync_to_async(recorder.flush)()
    noted = [(call.person, call.person_key) async for call in Call.objects.order_by("pk")]
    assert noted == [("olga", people.operator.pk), ("tim", people.teammate.pk), ("", None)]


@pytest.fixture
def calls(account: IntegratedAccount) -> list[Call]:
    return record(note_of(account, person="olga", tool="of_olga"), note_of(account, person="tim", tool="of_tim"))


def test_activity_shows_the_person_and_filters_by_it(people: People, calls: list[Call]) -> None:
    ana = browser(people.owner)
    page = shown(ana.get("/activity", {"person": "olga"}))
    assert [f'id="call-{call.pk}"' in page for call in calls] == [True, False]
    assert "Person" in shown(ana.get(f"/activity/calls/{calls[0].pk}"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("calls")
async def test_exports_have_it_too(people: People) -> None:
    client = AsyncClient()
    await sync_to_async(client.force_login)(people.owner)
    exported: Any = await client.get("/activity/export", {"format": "jsonl", "person": "tim"})
    text = b"".join([piece async for piece in exported.streaming_content]).decode()
    assert '"person":"tim"' in text
    assert "of_olga" not in text


@pytest.mark.usefixtures("calls")
def test_rest_has_it_too(admin_token: str) -> None:
    found = Rest(admin_token).get("/call", person="olga").json()["result"]
    assert [(call["tool"], call["person"]) for call in found] == [("of_olga", "olga")]
