"""Completion: values of the definition, and names and ids of the account's departments, reps and tags."""

import asyncio
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from pytest_django.fixtures import Settings

from accounts.models import IntegratedAccount
from mcpservers.lifecycle import create_server
from mcpservers.methods import completing
from mcpservers.methods.completing import Suggestion, matching
from tests.fuse_desk import SIMULATOR_KEY, requests
from tests.mcp_client import STATELESS, McpClient
from tools.calling import names
from tools.models import Call
from tools.record.recorder import recorder

EMPTY = {"values": [], "total": 0, "hasMore": False}
DEPARTMENTS = "/api/v2/departments"


@pytest.fixture(autouse=True)
def _with_names(settings: Settings) -> None:
    settings.NAMES_SECONDS = 300
    names._kept.clear()


def of_prompt(name: str, argument: str, begun: str) -> dict[str, Any]:
    return {"ref": {"type": "ref/prompt", "name": name}, "argument": {"name": argument, "value": begun}}


def of_template(template: str, variable: str, begun: str) -> dict[str, Any]:
    return {"ref": {"type": "ref/resource", "uri": template}, "argument": {"name": variable, "value": begun}}


async def completion(mcp: McpClient, params: dict[str, Any]) -> dict[str, Any]:
    answer = (await mcp.request("completion/complete", params)).json()
    found: dict[str, Any] = answer["result"]["completion"]
    return found


@pytest.mark.parametrize("version", ["2025-11-25", STATELESS])
async def test_statuses_departments_reps_and_tags_are_completed(mcp: McpClient, version: str) -> None:
    mcp = mcp.at(version)
    assert (await completion(mcp, of_prompt("review_queue", "status", "C")))["values"] == ["closed"]
    assert (await completion(mcp, of_prompt("review_queue", "department", "bil")))["values"] == ["Billing"]
    assert "Maya Lindqvist" in (await completion(mcp, of_prompt("review_queue", "rep", "lind")))["values"]
    assert (await completion(mcp, of_prompt("find_tagged", "topic", "refu")))["values"] == ["refund"]
    assert (await completion(mcp, of_prompt("review_case", "case", "CAS"))) == EMPTY


async def test_the_variable_of_a_template_takes_the_id_of_what_is_named(mcp: McpClient) -> None:
    template = "patchbay://fuse_desk/departments/{id}"
    [found] = (await completion(mcp, of_template(template, "id", "bill")))["values"]
    read = await mcp.request("resources/read", {"uri": template.replace("{id}", found)})
    assert '"name":"Billing"' in read.json()["result"]["contents"][0]["text"]
    # The id of a rep on cases is another than that by which a rep is read.
    assert await completion(mcp, of_template("patchbay://fuse_desk/reps/{id}", "id", "")) == EMPTY


async def test_the_list_is_asked_for_once_and_recorded(mcp: McpClient, vendor: httpx.Client) -> None:
    for begun in ("b", "bi", "bil"):
        assert (await completion(mcp, of_prompt("review_queue", "department", begun)))["values"] == ["Billing"]
    assert [each["path"] for each in requests(vendor)] == [DEPARTMENTS]
    await sync_to_async(recorder.flush)()
    [row] = await sync_to_async(lambda: list(Call.objects.all()))()
    assert (row.tool, row.outcome, row.access) == ("list_all_fuse_desk_departments", "ok", "read")


async def test_inactive_reps_are_not_offered(mcp: McpClient) -> None:
    reps = (await mcp.value("list_all_fuse_desk_reps"))["result"]
    gone = {f"{rep['firstName']} {rep['lastName']}" for rep in reps if not rep["active"]}
    offered = {*(await completion(mcp, of_prompt("review_queue", "rep", "")))["values"]}
    assert gone
    assert not gone & offered
    assert len(offered) == len(reps) - len(gone)


async def test_what_a_filter_hides_is_not_offered(
    account: IntegratedAccount, vendor: httpx.Client, mcp: McpClient
) -> None:
    """A server without the list of departments must not tell their names, even where another server keeps them."""
    assert (await completion(mcp, of_prompt("review_queue", "department", "")))["total"] > 1
    tools = ["list_all_fuse_desk_cases", "get_single_fuse_desk_department_by_id"]
    _, token = await sync_to_async(create_server)(account, "tests", name="Few", methods=[], tags=[], tools=tools)
    few = McpClient(token)
    assert await completion(few, of_prompt("review_queue", "department", "")) == EMPTY
    assert await completion(few, of_template("patchbay://fuse_desk/departments/{id}", "id", "")) == EMPTY
    hidden = (await few.request("completion/complete", of_template("patchbay://fuse_desk/cases/{id}", "id", ""))).json()
    assert hidden["error"]["code"] == -32602


@pytest.mark.parametrize("knobs", [{"force_status": 503}, {"force_status": 403}, {"limit": 10, "remaining": 0}])
async def test_a_vendor_that_does_not_list_leaves_nothing_to_offer(
    mcp: McpClient, vendor: httpx.Client, knobs: dict[str, Any]
) -> None:
    path = {"path": "/api/v2/"} if "force_status" in knobs else {}
    vendor.post("/_control", json={**knobs, **path}).raise_for_status()
    assert await completion(mcp, of_prompt("review_queue", "department", "b")) == EMPTY
    vendor.post("/_control/reset")
    assert (await completion(mcp, of_prompt("review_queue", "department", "b")))["values"] == ["Billing"]


async def test_a_vendor_that_takes_long_is_not_waited_for(
    mcp: McpClient, vendor: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completing, "SECONDS", 0.0)
    assert await asyncio.wait_for(completion(mcp, of_prompt("review_queue", "department", "b")), 20) == EMPTY
    await sync_to_async(recorder.flush)()
    [row] = await sync_to_async(lambda: list(Call.objects.all()))()
    assert row.outcome == "cancelled"
    assert row.error.startswith("A completion waits for so long only.")


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (
            {"ref": {"type": "ref/tool"}, "argument": {"name": "a", "value": ""}},
            "ref.type is ref/prompt or ref/resource.",
        ),
        (of_prompt("review_queues", "rep", ""), "there is no prompt review_queues; did you mean review_queue?"),
        (of_prompt("review_queue", "reps", ""), "reps is no argument of the prompt; it has: status, department, rep."),
        (
            of_template("patchbay://fuse_desk/nothing/{id}", "id", ""),
            "ref.uri is no template; resources/templates/list",
        ),
        (
            of_template("patchbay://fuse_desk/cases/{id}", "case", ""),
            "case is no variable of the template; it has: id.",
        ),
        ({"ref": {"type": "ref/prompt", "name": "review_queue"}, "argument": {"name": "rep"}}, "argument needs a name"),
    ],
)
async def test_what_does_not_exist_is_told(mcp: McpClient, params: dict[str, Any], words: str) -> None:
    error = (await mcp.request("completion/complete", params)).json()["error"]
    assert error["code"] == -32602
    assert words in error["message"]


def suggested(*texts: str) -> list[Suggestion]:
    return [Suggestion(text, (text,)) for text in texts]


def test_what_begins_so_comes_first_and_what_is_misspelt_is_found() -> None:
    known = suggested("Debilling", "Old Billing", "Billing", "Support")
    assert matching("bil", known) == ["Billing", "Old Billing", "Debilling"]
    assert matching("Suport", known) == ["Support"]
    assert matching("xyz", known) == []
    assert matching("", known) == ["Debilling", "Old Billing", "Billing", "Support"]
    assert matching("dep-04", [Suggestion("DEP-04", ("Billing", "DEP-04"))]) == ["DEP-04"]


async def test_at_most_a_hundred_values_are_offered(mcp: McpClient, vendor: httpx.Client) -> None:
    for number in range(101):
        made = vendor.post(
            "/api/v1/casetags",
            data={"tagname": f"topic {number:03}"},
            headers={"X-FuseDesk-API-Key": SIMULATOR_KEY},
        )
        made.raise_for_status()
    found = await completion(mcp, of_prompt("find_tagged", "topic", "topic "))
    assert (len(found["values"]), found["total"], found["hasMore"]) == (100, 101, True)
