"""The playground: a form made of a tool's schema, a real call, what the model reads and what the vendor saw."""

import ast
import json
import re
import subprocess
from html import unescape
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from accounts.models import AuditEntry, IntegratedAccount, User
from mcpservers.lifecycle import create_server
from mcpservers.models import MCPServer
from portal.tools.argument_forms import ArgumentsForm
from portal.tools.call_snippets import as_called, over_mcp, over_rest
from tests.fuse_desk import SIMULATOR_KEY
from tests.pages import as_read
from tests.people import People
from tests.vendors.desk import desk_tool
from tools.catalogue.compilation import catalogue_of
from tools.models import Call
from tools.record.recorder import recorder

pytestmark = pytest.mark.django_db(transaction=True)

LIST, NOTE, TAG = "list_all_fuse_desk_cases", "fuse_desk_cases_add_note", "fuse_desk_cases_bulk_update"
OVERVIEW = "get_fuse_desk_customer_overview"
HTMX = {"HX-Request": "true"}


class Bench:
    """The playground of one account, before somebody."""

    def __init__(self, account: IntegratedAccount) -> None:
        self.account = account
        self.address = f"/accounts/{account.pk}/playground"
        self.client = AsyncClient()

    async def get(self, **asked: str) -> str:
        """Return the page for a choice."""
        answer = await self.client.get(self.address, asked)
        assert answer.status_code == 200
        return as_read(answer.content.decode())

    async def press(self, button: str, tool: str, /, status: int = 200, **typed: Any) -> str:
        """Press a button of the form; return the page."""
        fields = {name.replace("__", "-"): value for name, value in typed.items()}
        answer = await self.client.post(self.address, {"tool": tool, button: "yes", **fields})
        assert answer.status_code == status
        return unescape(answer.content.decode())


@pytest.fixture
async def bench(account: IntegratedAccount, people: People, upstream: None) -> Bench:
    """An operator at the playground."""
    return await at_bench(account, people.operator)


async def at_bench(account: IntegratedAccount, person: User) -> Bench:
    """Put somebody before the playground."""
    bench = Bench(account)
    await bench.client.aforce_login(person)
    return bench


async def calls() -> list[Call]:
    await sync_to_async(recorder.flush)()
    return [call async for call in Call.objects.all()]


def result_of(shown: str) -> Any:
    """Return the result that a page shows."""
    found = re.search(r'<pre id="result"[^>]*>(.*?)</pre>', shown, re.S)
    assert found
    return json.loads(found.group(1))


async def test_a_form_is_made_of_what_a_tool_takes(bench: Bench) -> None:
    shown = await bench.get(tool=LIST)
    for words in ('name="argument-status"', '<option value="open">open</option>', 'name="argument-limit"'):
        assert words in shown
    assert "44" in await bench.get()
    assert "is not a tool of this account" in await bench.get(tool="list_all_unicorns")


async def test_a_read_shows_what_a_model_reads_and_what_the_vendor_was_asked(bench: Bench) -> None:
    shown = await bench.press("run", LIST, argument__status="open", argument__limit="2")
    assert result_of(shown)["result_count"] == 2
    for words in ("/api/v1/cases?status=open&limit=3", "x-fusedesk-api-key: •••", "HTTP 200", "tokens"):
        assert words in shown
    assert SIMULATOR_KEY not in shown
    (call,) = await calls()
    assert (call.tool, call.via, call.client, call.outcome) == (LIST, "portal", "Playground: olga", "ok")
    assert call.client_address == "127.0.0.0/24"
    assert call.arguments == {"status": "open", "limit": 2}


async def test_a_composite_shows_its_steps_and_what_each_of_them_asked(bench: Bench) -> None:
    shown = await bench.get(tool=OVERVIEW)
    for words in ("Its 6 steps", "contacts.get", "for each of the newest 3 of", "open_cases"):
        assert words in shown
    ran = await bench.press("run", OVERVIEW, argument__email="jane.doe@example.com")
    assert result_of(ran)["contact"]["emailAddress"] == "jane.doe@example.com"
    for path in ("/v2/contacts?search=", "/v1/cases?status=active&contactid=", "/v1/chats", "/v1/emails/unassigned?"):
        assert f"/api{path}" in ran
    made = {call.step: call for call in await calls()}
    whole = await bench.client.get(f"/activity/calls/{made[''].pk}")
    said = as_read(whole.content.decode())
    assert all(step in said for step in made)
    assert "asked by its steps" in said
    of_step = as_read((await bench.client.get(f"/activity/calls/{made['emails'].pk}")).content.decode())
    assert re.search(rf'<a class="mono" href="/activity/calls/{made[""].pk}">{OVERVIEW}</a>', of_step)
    tool = await bench.client.get(f"/accounts/{bench.account.pk}/tools/contacts/overview")
    assert "Last messages of the newest open cases" in as_read(tool.content.decode())
    assert "GET /" not in as_read(tool.content.decode())


async def test_what_is_no_number_stays_typed_beside_the_reason(bench: Bench) -> None:
    shown = await bench.press("run", LIST, status=422, argument__limit="two", argument__subject="refund")
    assert "“two” is not a whole number." in shown
    assert 'value="two"' in shown
    assert 'value="refund"' in shown
    assert await calls() == []


@pytest.mark.parametrize("typed", ["nan", "inf", "-Infinity", "1e999"])
def test_what_is_no_number_in_json_is_none_in_a_form(typed: str) -> None:
    schema = {"type": "object", "properties": {"id": {"type": "string"}, "rate": {"type": "number"}}}
    form = ArgumentsForm(desk_tool("tickets.get", query_schema=schema), {"argument-rate": typed})
    assert form.errors["rate"] == [f"“{typed}” is not a number."]


async def test_what_the_tool_refuses_is_told_as_to_a_model(bench: Bench) -> None:
    shown = await bench.press("run", LIST, argument__limit="500")
    assert "An error, as a model reads it." in shown
    assert "Correct the arguments and call again." in shown
    assert "Nothing was sent to FuseDesk." in shown


async def test_a_call_on_record_is_opened_with_its_arguments(bench: Bench, people: People) -> None:
    await bench.press("run", LIST, argument__subject="refund")
    (call,) = await calls()
    assert f"tool={LIST}&amp;call={call.pk}" in (await bench.client.get(f"/activity/calls/{call.pk}")).content.decode()
    assert 'value="refund"' in await bench.get(tool=LIST, call=str(call.pk))
    await Call.objects.filter(pk=call.pk).aupdate(arguments={"unknown": 1})
    assert "&quot;unknown&quot;: 1" in await bench.get(tool=LIST, call=str(call.pk))
    await Call.objects.filter(pk=call.pk).aupdate(account_id=people.elsewhere.pk)
    assert "unknown" not in await bench.get(tool=LIST, call=str(call.pk))


async def test_json_takes_what_no_field_holds(bench: Bench) -> None:
    shown = await bench.press("switch", LIST, argument__status="open", way="fields")
    assert '"status": "open"' in shown
    back = await bench.press("switch", LIST, way="json", argument__document='{"status": "open", "limit": 3}')
    assert '<option value="open" selected>' in back
    assert 'value="3"' in back
    shown = await bench.press("run", LIST, way="json", argument__document='{"limit": 1, "nonsense": true}')
    assert "nonsense is not an argument of this tool" in shown
    shown = await bench.press("run", LIST, status=422, way="json", argument__document='{"limit": ')
    assert "This is not JSON" in shown
    assert '{"limit": ' in shown


async def test_a_write_asks_first_and_is_noted(bench: Bench) -> None:
    typed: dict[str, Any] = {"argument__id": "CAS-89102", "argument__note": "Seen.\r\nTwice."}
    shown = await bench.press("run", NOTE, **typed)
    assert "for real" in shown
    assert await calls() == []
    shown = await bench.press("confirmed", NOTE, **typed)
    assert result_of(shown)["id"] == "CAS-89102"
    (call,) = await calls()
    assert (call.access, call.arguments["note"]) == ("write", "Seen.\nTwice.")
    entry = await AuditEntry.objects.aget(action="tool.tried")
    assert (entry.actor, entry.details) == ("olga", {"tool": NOTE})


async def test_a_viewer_reads_and_does_not_write(account: IntegratedAccount, people: People, upstream: None) -> None:
    bench = await at_bench(account, people.teammate)
    assert result_of(await bench.press("run", LIST, argument__limit="1"))["result_count"] == 1
    shown = await bench.press("confirmed", NOTE, argument__id="CAS-89102", argument__note="No.")
    assert "your role in Production only reads" in shown
    assert [call.tool for call in await calls()] == [LIST]


async def test_through_a_server_there_are_its_tools_alone(bench: Bench) -> None:
    server, _ = await sync_to_async(create_server)(bench.account, "tests", name="Readers", methods=["read"], tags=[])
    shown = await bench.get(server=str(server.pk))
    assert LIST in shown
    assert NOTE not in shown
    assert "is not a tool of Readers" in await bench.get(server=str(server.pk), tool=NOTE)
    await bench.press("run", LIST, server=str(server.pk), argument__limit="1")
    (call,) = await calls()
    assert call.server_id == server.pk
    await bench.press("confirmed", NOTE, server=str(server.pk), argument__id="CAS-89102", argument__note="No.")
    assert len(await calls()) == 1


async def test_an_account_that_cannot_be_used_says_what_a_model_would_read(bench: Bench) -> None:
    await IntegratedAccount.objects.filter(pk=bench.account.pk).aupdate(status="needs_reauth")
    assert "must be connected again" in await bench.press("run", LIST)


async def test_outsiders_find_nothing(account: IntegratedAccount, people: People, upstream: None) -> None:
    bench = await at_bench(account, people.outsider)
    assert (await bench.client.get(bench.address)).status_code == 404
    assert (await bench.client.post(bench.address, {"tool": LIST, "run": "yes"})).status_code == 404


async def test_a_script_gets_the_part_that_it_asked_for(bench: Bench) -> None:
    answer = await bench.client.post(bench.address, {"tool": LIST, "run": "yes", "argument-limit": "1"}, headers=HTMX)
    assert "<html" not in answer.content.decode()
    refused = await bench.client.post(bench.address, {"tool": LIST, "argument-limit": "x"}, headers=HTMX)
    assert refused.headers["HX-Retarget"] == "#playground-form"
    assert refused.content.decode().lstrip().startswith("<form")


async def test_programs_are_shown_without_a_call(bench: Bench) -> None:
    shown = await bench.press("programs", NOTE, argument__id="it's", argument__note="$HOME `id`")
    assert "Authorization: Bearer $PATCHBAY_API_TOKEN" in shown
    assert await calls() == []


@pytest.mark.parametrize("guarded", [False, True])
def test_programs_say_exactly_what_was_typed(guarded: bool) -> None:
    typed = {"id": "it's", "note": '$HOME `id` "x" \\ é\n', "flag": True, "none": None}
    server = MCPServer(name="Readers", require_api_token_auth=guarded)
    for snippets in (over_mcp(server, NOTE, typed), over_rest("http://localhost/tools", NOTE, typed)):
        assert assigned(snippets.python, "arguments") == typed
        sent = shell_words(snippets.curl)
        body = json.loads(sent[sent.index("-d") + 1])
        assert (body["params"]["arguments"] if "params" in body else body) == typed
        assert ("Authorization: Bearer secret" in sent) is ("PATCHBAY_API_TOKEN" in snippets.variables)


def test_programs_call_through_search_mode_where_the_server_has_it(account: IntegratedAccount) -> None:
    tool = catalogue_of(account.integration).get(NOTE)
    assert as_called(MCPServer(search_mode=True), tool, {"id": 1}) == (
        "call_write_tool", {"name": NOTE, "arguments": {"id": 1}},
    )  # fmt: skip
    assert as_called(MCPServer(), tool, {"id": 1}) == (NOTE, {"id": 1})


def assigned(program: str, name: str) -> Any:
    """Return the literal that a program assigns to a name."""
    for statement in ast.parse(program).body:
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == name:
            return ast.literal_eval(statement.value)
    raise AssertionError(f"no {name} in {program}")


def shell_words(command: str) -> list[str]:
    """Return the words that a shell makes of a command, after the first."""
    script = "curl() { printf '%s\\0' \"$@\"; }\n" + command
    variables = {"PATCHBAY_API_TOKEN": "secret", "PATCHBAY_MCP_URL": "http://localhost/mcp/x"}
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, env=variables)
    return done.stdout.split("\0")
