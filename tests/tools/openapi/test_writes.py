"""A write is sent once: no page of its answer sends it again, whatever a description or a definition says."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from accounts.definition import parse_definition
from accounts.errors import DefinitionInvalid
from accounts.models import Integration
from tests.bundles import load_bundle, read_bundle
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
    assert after.revision == revision + 1
    MIGRATION.take_pages_off_writes(apps, None)
    assert Integration.objects.get().revision == revision + 1
