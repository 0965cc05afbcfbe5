"""Try it: the tool as it is typed, called on a live account, by those who may."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from accounts.models import AuditEntry, Environment, IntegratedAccount, Membership, Role, User
from tests.admin_site import staff, superuser
from tests.tools.admin.record_form import typed
from tests.vendors.scripted import ScriptedVendor
from tools.calling.trying import example_arguments
from tools.models import Call, Documentation
from tools.record.recorder import recorder

pytestmark = pytest.mark.django_db(transaction=True)
TEXT = "Returns one ticket of the desk, with everything that was ever said in it."


@pytest.fixture(autouse=True)
def _at_the_vendor(desk_account: IntegratedAccount, upstream: None) -> None:
    """Have an account of the small integration; close what was opened to the vendor."""


@pytest.fixture
def root() -> User:
    return superuser()


async def attempt(person: User, method: str = "get", arguments: Any = None, **changed: str) -> str:
    """Try a record's tool as somebody, with the form as it is saved or changed; return the panel."""
    client = AsyncClient()
    await client.aforce_login(person)
    record = await Documentation.objects.select_related("integration").aget(resource="tickets", method=method)
    account = await IntegratedAccount.objects.aget()
    sent = {"try_account": str(account.pk), "try_arguments": json.dumps(arguments or {"id": "7"}), **changed}
    answer = await client.post(f"/admin/tools/documentation/{record.pk}/try/", typed(record, **sent))
    assert answer.status_code in {200, 403}
    return answer.content.decode() if answer.status_code == 200 else "403"


async def editor(environment: Environment | None, role: Role = Role.VIEWER) -> User:
    """Return a member of the staff who may change records, with a role in an environment."""
    person: User = await sync_to_async(staff)("tools.change_documentation", "tools.view_documentation")
    if environment is not None:
        await Membership.objects.acreate(user=person, environment=environment, role=role)
    return person


async def calls() -> list[Call]:
    await sync_to_async(recorder.flush)()
    return [call async for call in Call.objects.all()]


async def test_a_read_shows_what_a_model_would_read(root: User, scripted: ScriptedVendor) -> None:
    scripted.body = b'{"ticket": {"id": 7, "text": "<b>Hi</b>"}}'
    scripted.headers = {"x-ratelimit-limit": "60", "x-ratelimit-remaining": "59"}
    shown = await attempt(root)
    assert "{&quot;id&quot;:7,&quot;text&quot;:&quot;&lt;b&gt;Hi&lt;/b&gt;&quot;}" in shown
    assert "HTTP 200" in shown
    assert "about 14 tokens" in shown
    assert "<dt>ratelimit-remaining</dt><dd>59</dd>" in shown
    assert scripted.last.path == "/tickets/7"


async def test_the_call_stands_in_the_record_of_calls(root: User) -> None:
    await attempt(root)
    (call,) = await calls()
    assert (call.via, call.client, call.tool) == ("portal", "Try it: root", "get_single_desk_ticket_by_id")
    assert call.client_address == "127.0.0.0/24"


async def test_what_is_typed_is_tried_and_not_saved(root: User, scripted: ScriptedVendor) -> None:
    schema = {"properties": {"id": {"type": "string"}, "deep": {"type": "boolean"}}, "required": ["id"]}
    await attempt(root, arguments={"id": "7", "deep": True}, query_schema=json.dumps(schema), description=TEXT)
    assert scripted.last.parameters == [("deep", "true")]
    record = await Documentation.objects.aget(resource="tickets", method="get")
    assert "deep" not in record.query_schema["properties"]
    assert record.description != TEXT


async def test_a_draft_with_poor_words_can_be_tried(root: User, scripted: ScriptedVendor) -> None:
    assert "HTTP 200" in await attempt(root, description="Thin.")


async def test_a_draft_that_makes_no_tool_says_so(root: User, scripted: ScriptedVendor) -> None:
    assert "There is no tool to try yet" in await attempt(root, query_schema='{"properties": {}}')
    assert scripted.received == []


async def test_a_write_asks_first_and_is_noted(root: User, scripted: ScriptedVendor) -> None:
    given = {"title": "Broken"}
    asked = await attempt(root, "create", given)
    assert "Yes, run it for real" in asked
    assert (scripted.received, await calls()) == ([], [])
    done = await attempt(root, "create", given, try_confirmed="yes")
    assert "HTTP 200" in done
    assert json.loads(scripted.last.body) == given
    (call,) = await calls()
    assert (call.access, call.outcome, call.via) == ("write", "ok", "portal")
    entry = await AuditEntry.objects.aget(action="documentation.tried")
    assert (entry.actor, entry.details["tool"]) == ("root", "create_a_desk_ticket")


async def test_a_failure_is_told_in_the_words_that_a_model_reads(root: User, scripted: ScriptedVendor) -> None:
    scripted.status, scripted.body = 404, b'{"error": {"text": "no <i>such</i> ticket"}}'
    shown = await attempt(root)
    assert "an error, in the words that a model reads" in shown
    assert "HTTP 404" in shown
    assert "No such record exists." in shown
    assert "<i>" not in shown


async def test_wrong_arguments_reach_no_vendor(root: User, scripted: ScriptedVendor) -> None:
    assert "Nothing was sent to Desk." in await attempt(root, arguments={"number": 7})
    assert "The arguments are not JSON" in await attempt(root, try_arguments="{oops")
    assert scripted.received == []


async def test_no_secret_is_shown(root: User) -> None:
    assert "desk-secret" not in await attempt(root)


async def test_staff_try_the_accounts_of_their_own_environments(environment: Environment) -> None:
    assert "HTTP 200" in await attempt(await editor(environment))


async def test_staff_from_elsewhere_do_not_even_see_the_account(scripted: ScriptedVendor) -> None:
    shown = await attempt(await editor(None))
    assert "No account that you may use" in shown
    assert "Desk · " not in shown
    assert scripted.received == []


async def test_a_viewer_tries_no_writes_and_an_operator_does(
    environment: Environment, scripted: ScriptedVendor
) -> None:
    person = await editor(environment)
    given = {"title": "Broken"}
    assert "your role in Production only reads" in await attempt(person, "create", given, try_confirmed="yes")
    assert scripted.received == []
    await Membership.objects.filter(user=person).aupdate(role=Role.OPERATOR)
    assert "HTTP 200" in await attempt(person, "create", given, try_confirmed="yes")


async def test_an_account_that_is_switched_off_is_not_called(root: User, scripted: ScriptedVendor) -> None:
    await IntegratedAccount.objects.aupdate(status=IntegratedAccount.Status.DISABLED)
    assert "is switched off" in await attempt(root)
    assert scripted.received == []


async def test_it_is_for_those_who_may_change_the_record(environment: Environment, scripted: ScriptedVendor) -> None:
    viewer: User = await sync_to_async(staff)("tools.view_documentation")
    await Membership.objects.acreate(user=viewer, environment=environment, role=Role.ADMIN)
    assert await attempt(viewer) == "403"
    assert scripted.received == []


async def test_it_asks_for_the_csrf_token_and_changes_nothing_by_get(root: User) -> None:
    record = await Documentation.objects.aget(resource="tickets", method="get")
    strict = AsyncClient(enforce_csrf_checks=True)
    await strict.aforce_login(root)
    address = f"/admin/tools/documentation/{record.pk}/try/"
    assert (await strict.post(address, {})).status_code == 403
    assert (await strict.get(address)).status_code == 405


async def test_the_editor_shows_the_panel_with_what_the_tool_requires(root: User) -> None:
    client = AsyncClient()
    await client.aforce_login(root)
    record = await Documentation.objects.aget(resource="tickets", method="update")
    shown = (await client.get(f"/admin/tools/documentation/{record.pk}/change/")).content.decode()
    assert "Desk · Production" in shown
    assert "&quot;version&quot;: 1" in shown
    filled = await attempt(root, "update", try_fill="yes", try_arguments="{}")
    assert "&quot;version&quot;: 1" in filled


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "default": "x"}, "x"),
        ({"enum": ["open", "closed"]}, "open"),
        ({"examples": ["T-1"]}, "T-1"),
        ({"type": "string", "format": "date-time"}, "2026-01-31T09:30:00Z"),
        ({"type": "array"}, []),
        ({"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}, "required": ["a"]}, {"a": 1}),
        ({"type": ["string", "null"]}, ""),
        (True, ""),
    ],
)
def test_examples_follow_from_the_schema(schema: Any, value: Any) -> None:
    assert example_arguments({"properties": {"it": schema, "other": {}}, "required": ["it"]}) == {"it": value}
