"""What OpenAPI 3.2 and odd servers add: read where a tool can do it, refused with the reason where none can."""

import json
from typing import Any

import pytest

from accounts.definition import Access
from tests.vendors.application import Answer
from tests.vendors.imported import Import, described
from tests.vendors.scripted import ScriptedVendor
from tools.openapi.errors import DocumentInvalid
from tools.openapi.proposal import Proposal, propose
from tools.openapi.reading.document import read

OK = {"200": {"description": "ok", "content": {"application/json": {"schema": {"type": "object"}}}}}
ROWS = {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "integer"}}}}


def proposed(paths: dict[str, Any], **parts: Any) -> Proposal:
    return propose(read(described(paths, **{"openapi": "3.2.0", **parts})), name="acme")


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1", "3.2.0", "3.2.9"])
def test_every_version_of_the_third_major_one_is_read(version: str) -> None:
    assert proposed({"/a": {"get": {"responses": OK}}}, openapi=version).operations == 1


@pytest.mark.parametrize("version", ["3.3.0", "4.0.0", "2.0", "", "3"])
def test_another_version_is_refused_with_those_that_are_known(version: str) -> None:
    with pytest.raises(DocumentInvalid, match=r"3\.0, 3\.1 and 3\.2 are"):
        proposed({"/a": {"get": {"responses": OK}}}, openapi=version)


async def test_a_query_is_a_read_that_is_sent_with_its_body(importing: Import, scripted: ScriptedVendor) -> None:
    schema = {"type": "object", "properties": {"words": {"type": "string"}, "cursor": {"type": "string"}}}
    envelope = {"type": "object", "properties": {"data": ROWS, "next_cursor": {"type": "string"}}}
    operation = {
        "operationId": "findTickets",
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": envelope}}}},
    }
    client = await importing(described({"/tickets": {"query": operation}}, openapi="3.2.0"))
    (tool,) = (await client.request("tools/list")).json()["result"]["tools"]
    assert tool["annotations"]["readOnlyHint"]
    scripted.answer = lambda request: Answer(200, {"data": [{"id": 1}], "next_cursor": "c2"})
    first = await client.value(tool["name"], {"words": "refund"})
    await client.value(tool["name"], {"words": "refund", "next_cursor": first["next_cursor"]})
    assert [(each.method, each.json()) for each in scripted.received] == [
        ("QUERY", {"words": "refund"}),
        ("QUERY", {"words": "refund", "cursor": "c2"}),
    ]


def test_methods_without_a_result_are_refused_with_the_reason() -> None:
    item = {
        "get": {"responses": OK},
        "head": {"responses": {"200": {"description": "ok"}}},
        "additionalOperations": {"LOCK": {"responses": OK}},
    }
    moved = {"get": {"responses": {"302": {"description": "moved"}}}}
    proposal = proposed({"/a": item, "/b": moved})
    assert {each.operation: each.reason for each in proposal.refused} == {
        "HEAD /a": "HEAD gives nothing that a tool could return.",
        "LOCK /a": "LOCK is a method that no tool can send.",
        "GET /b": "it only answers with a redirect, which is not followed.",
    }


def test_each_item_of_a_sequence_is_described() -> None:
    content = {"application/json": {"itemSchema": ROWS["items"]}}
    proposal = proposed({"/a": {"get": {"responses": {"200": {"description": "ok", "content": content}}}}})
    assert proposal.records[0]["response_schema"]["properties"]["id"]["type"] == "integer"


def test_a_whole_query_that_is_described_as_a_form_is_one_argument_each() -> None:
    schema = {
        "type": "object", "required": ["state"],
        "properties": {"state": {"type": "string", "description": "Which."}, "tags": ROWS},
    }  # fmt: skip
    parameter = {
        "name": "all",
        "in": "querystring",
        "content": {"application/x-www-form-urlencoded": {"schema": schema}},
    }
    (record,) = proposed({"/a": {"get": {"parameters": [parameter], "responses": OK}}}).records
    assert record["query_schema"]["required"] == ["state"]
    assert list(record["query_schema"]["properties"]) == ["state", "tags"]
    assert record["query_schema"]["properties"]["state"]["description"] == "Which."


@pytest.mark.parametrize(
    ("server", "base_url", "fields"),
    [
        ({"url": "https://{tenant}.acme.example"}, "https://{tenant}.acme.example", ["tenant"]),
        ({"url": "{origin}/v1", "variables": {"origin": {"default": "https://api.acme.example"}}},
         "https://api.acme.example/v1", []),
        ({"url": "https://api.acme.example/{base}", "variables": {"base": {"default": "v1/rest"}}},
         "https://api.acme.example/v1/rest", []),
        ({"url": "{scheme}://{host}", "variables": {"scheme": {"default": "https", "enum": ["http", "https"]},
                                                    "host": {"default": "acme.example"}}},
         "https://{host}", ["host"]),
        ({"url": "{proto}://acme.example", "variables": {"proto": {"default": "https"}}}, "https://acme.example", []),
        ({"url": "https://acme.example:{port}", "variables": {"port": {"default": "8443"}}},
         "https://acme.example:8443", []),
    ],
)  # fmt: skip
def test_servers_with_variables_are_addresses(server: dict[str, Any], base_url: str, fields: list[str]) -> None:
    proposal = proposed({"/a": {"get": {"responses": OK}}}, servers=[server])
    assert proposal.document["base_url"] == base_url
    assert [each["name"] for each in proposal.document["connection_fields"]] == [*fields, "token"]
    assert proposal.definition.base_url == base_url


@pytest.mark.parametrize("url", ["//[acme", "https://[acme"])
def test_an_operation_whose_address_is_none_is_refused_alone(url: str) -> None:
    paths = {"/a": {"get": {"responses": OK, "servers": [{"url": url}]}}, "/b": {"get": {"responses": OK}}}
    proposal = proposed(paths)
    assert [each.operation for each in proposal.refused] == ["GET /a"]


def test_a_base_address_that_is_none_is_asked_for() -> None:
    with pytest.raises(DocumentInvalid, match="does not say where the API is"):
        proposed({"/a": {"get": {"responses": OK, "servers": [{"url": "/v2"}]}}}, servers=[{"url": "https://[acme"}])


SWAGGER_2 = {"swagger": "2.0", "info": {"title": "A"}, "host": "acme.example"}
VERSION_3 = {"openapi": "3.0.3", "info": {"title": "A"}, "servers": [{"url": "https://acme.example"}]}


@pytest.mark.parametrize("document", [SWAGGER_2, VERSION_3])
@pytest.mark.parametrize("status", ["200", "404"])
def test_an_answer_whose_reference_leads_nowhere_refuses_no_operation(document: dict[str, Any], status: str) -> None:
    responses = {"204": {"description": "Done"}, status: {"$ref": "#/responses/Gone"}}
    proposal = propose(read(json.dumps({**document, "paths": {"/a": {"get": {"responses": responses}}}})), name="acme")
    assert (len(proposal.records), proposal.refused) == (1, [])


def test_access_follows_the_method() -> None:
    proposal = proposed({"/a": {"query": {"responses": OK}, "get": {"responses": OK}, "put": {"responses": OK}}})
    methods = [method for each in proposal.definition.resources.values() for method in each.methods.values()]
    assert {method.http: method.access for method in methods} == {
        "GET": Access.READ, "QUERY": Access.READ, "PUT": Access.WRITE,
    }  # fmt: skip
