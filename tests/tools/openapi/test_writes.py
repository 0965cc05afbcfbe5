"""A write is sent once: no page of its answer sends it again, whatever a description or a definition says."""

from importlib import import_module
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.apps import apps

from accounts.definition import parse_definition
from accounts.errors import DefinitionInvalid
from accounts.models import Environment, Integration
from tests.bundles import load_bundle, read_bundle
from tests.tools.openapi.imported import document_of, imported
from tests.vendors.application import Answer
from tests.vendors.desk import DESK
from tests.vendors.imported import Import, described
from tests.vendors.scripted import ScriptedVendor
from tools.catalogue.compilation import build

LIST = {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "integer"}}}}
ENVELOPE = {"type": "object", "properties": {"data": LIST, "meta": {"type": "object", "properties": {
    "next_cursor": {"type": "string"}, "total": {"type": "integer"}, "has_more": {"type": "boolean"},
}}}}  # fmt: skip
PAGING = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in ("cursor", "page", "limit", "offset")]
MIGRATION: Any = import_module("accounts.migrations.0009_writes_without_pages")


def operation(schema: Any, *, parameters: Any = ()) -> dict[str, Any]:
    body = {"content": {"application/json": {"schema": LIST}}}
    answer = {"description": "made", "content": {"application/json": {"schema": schema}}}
    return {"parameters": [*parameters], "requestBody": body, "responses": {"200": answer}}


@pytest.mark.parametrize("http", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("schema", [LIST, ENVELOPE], ids=["list", "envelope"])
async def test_a_write_that_answers_a_list_has_no_pages(
    http: str, schema: Any, importing: Import, scripted: ScriptedVendor
) -> None:
    client = await importing(described({"/rules": {http: operation(schema, parameters=PAGING)}}))
    rows = [{"id": number} for number in range(60)]
    more = {"data": rows, "meta": {"next_cursor": "again", "total": 900, "has_more": True}}
    scripted.answer = lambda request: Answer(
        200, rows if schema is LIST else more, {"Link": '</rules?p=2>; rel="next"'}
    )
    (tool,) = (await client.request("tools/list")).json()["result"]["tools"]
    assert not tool["annotations"]["readOnlyHint"]
    assert "next_cursor" not in tool["inputSchema"]["properties"]
    assert "next_cursor" not in str(tool["outputSchema"].get("required"))
    shown = await client.value(tool["name"], {"body": [{"id": 1}]})
    assert len(shown["result"]) == 60
    assert "next_cursor" not in shown
    words = await client.failure(tool["name"], {"body": [{"id": 1}], "next_cursor": "AWFiYw=="})
    assert "next_cursor is not an argument of this tool" in words
    assert len(scripted.received) == 1


@pytest.mark.parametrize("said", [{"paginated": True}, {"pagination": {"kind": "none"}}])
@pytest.mark.parametrize("http", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_definition_that_pages_a_write_is_refused(said: dict[str, Any], http: str) -> None:
    document, _ = read_bundle(DESK)
    methods = document["resources"]["tickets"]["methods"]
    methods["sweep"] = {"http": http, "path": "/x", "access": "write", **said}
    with pytest.raises(DefinitionInvalid, match=r"a write has no pages.*say access: read if"):
        parse_definition(document)
    methods["sweep"]["access"] = "read"
    parse_definition(document)


@pytest.mark.django_db
def test_a_stored_definition_that_pages_a_write_keeps_its_tools() -> None:
    integration = load_bundle(DESK).integration
    before, revision = [tool.name for tool in build(integration)], integration.revision
    methods = integration.definition["resources"]["tickets"]["methods"]
    methods["create"] |= {"paginated": True, "pagination": {"kind": "none"}}
    integration.save()
    MIGRATION.take_pages_off_writes(apps, None)
    after = Integration.objects.get()
    assert [tool.name for tool in build(after)] == before
    assert after.revision > revision
    MIGRATION.take_pages_off_writes(apps, None)
    assert Integration.objects.get().revision == after.revision


IDS, TEXT = {"type": "array", "items": {"type": "integer"}}, {"type": "string"}
ID = {"name": "id", "in": "path", "required": True, "schema": TEXT}


def queried(*, by_id: bool = False, **schemas: Any) -> dict[str, Any]:
    return {
        "parameters": [*([ID] if by_id else []), *({"name": n, "in": "query", "schema": schemas[n]} for n in schemas)]
    }


def with_body(*required: str, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": [*required]}
    return {"requestBody": {"required": bool(required), "content": {"application/json": {"schema": schema}}}}


LOSING: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "DELETE /tickets": (
        queried(ids=IDS, status=TEXT),
        [{"ids": []}, {"ids": [""]}, {"ids": [None]}, {"status": ""}, {"ids": [], "status": None},
         {"ids": [None], "status": "open"}],
    ),
    "DELETE /rows": (
        with_body(ids=IDS, all={"type": "boolean"}),
        [{"ids": [None]}, {"ids": ""}, {"ids": None}, {"ids": ["", None], "all": True}],
    ),
    "POST /tickets/delete": (with_body(ids=IDS, note=TEXT), [{"ids": [None]}, {"ids": [None], "note": "x"}]),
    "POST /tickets/purge": (with_body("ids", ids=IDS), [{"ids": [None]}, {"ids": [""]}]),
    "PATCH /t/{id}": (
        queried(by_id=True, status=TEXT, assignee=TEXT),
        [{"id": "1", "status": ""}, {"id": "1", "status": None, "assignee": ""}],
    ),
    "PUT /t/{id}/assignee": (queried(by_id=True, user=TEXT), [{"id": "1", "user": ""}]),
}  # fmt: skip
SENT: list[tuple[str, dict[str, Any], str]] = [
    ("DELETE /tickets", {}, ""),
    ("DELETE /tickets", {"ids": [7], "status": ""}, 'status ("")'),
    ("DELETE /things/{id}", {"id": "1", "reason": None}, "reason (null)"),
    ("PATCH /t/{id}", {"id": "1", "status": "open", "assignee": ""}, 'assignee ("")'),
    ("POST /tickets/delete", {"note": "x"}, ""),
]


async def test_a_write_that_would_lose_its_filter_or_its_change_is_refused(
    environment: Environment, scripted: ScriptedVendor, transactional_db: None, upstream: None
) -> None:
    operations = {name: described for name, (described, _) in LOSING.items()}
    operations["DELETE /things/{id}"] = queried(by_id=True, reason=TEXT)
    paths: dict[str, dict[str, Any]] = {}
    for name, each in operations.items():
        http, path = name.lower().split()
        paths.setdefault(path, {})[http] = each
    acme = await sync_to_async(imported)(environment, scripted, document_of(paths))
    for name, (_, calls) in LOSING.items():
        for arguments in calls:
            assert "Nothing was sent" in await acme.failure(name, arguments), (name, arguments)
    assert scripted.received == []
    for name, arguments, lost in SENT:
        shown = await acme.call(name, arguments)
        assert lost in str(shown.get("remarks", "")), (name, arguments)
        assert ("remarks" in shown) == bool(lost)


async def test_only_a_read_or_a_list_that_is_made_does_without_an_unknown_limit(
    environment: Environment, scripted: ScriptedVendor, transactional_db: None, upstream: None
) -> None:
    listing = {"200": {"description": "OK", "content": {"application/json": {"schema": LIST}}}}
    paths: dict[str, dict[str, Any]] = {
        "/messages": {"delete": queried(before=TEXT)},
        "/messages/purge": {"post": {**with_body(queue=TEXT), "responses": listing}},
        "/messages/mark": {"post": with_body(queue=TEXT)},
        "/messages/{id}": {"get": queried(by_id=True), "patch": {**queried(by_id=True), **with_body(queue=TEXT)}},
        "/rules": {"post": {**with_body(name=TEXT), "responses": listing}},
    }
    acme = await sync_to_async(imported)(environment, scripted, document_of(paths))
    for name, arguments in [
        ("DELETE /messages", {}), ("POST /messages/purge", {"queue": "q"}), ("POST /messages/mark", {"queue": "q"}),
        ("PATCH /messages/{id}", {"id": "1", "queue": "q"}),
    ]:  # fmt: skip
        words = await acme.failure(name, {**arguments, "limit": 10})
        assert "limit is not an argument of this tool" in words, name
    assert scripted.received == []
    await acme.call("GET /messages/{id}", {"id": "1", "limit": 10})
    await acme.call("POST /rules", {"name": "a", "limit": 10})
    assert scripted.last.json() == {"name": "a"}
