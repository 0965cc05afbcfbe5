"""The one OpenAPI document of both APIs, and the page that shows it to people."""

import io
import json
import re
import shlex
from html import unescape
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from tests.pages import as_read
from tests.people import People
from tests.portal_site import browser, has_strict_policy

METHODS = {"get", "post", "patch", "delete", "put"}
DOCUMENTED = {
    "/call": {"get"},
    "/call/figures": {"get"},
    "/call/people": {"get"},
    "/call/{call_id}": {"get"},
    "/integrated-account": {"get", "post"},
    "/integrated-account/{account_id}": {"get", "patch", "delete"},
    "/integrated-account/{account_id}/mcp": {"get", "post"},
    "/integrated-account/{account_id}/mcp/{server_id}": {"get", "patch", "delete"},
    "/integrated-account/{account_id}/mcp/{server_id}/rotate": {"post"},
    "/integrated-account/{account_id}/mcp/{server_id}/pause": {"post"},
    "/integrated-account/{account_id}/mcp/{server_id}/resume": {"post"},
    "/integrated-account/{account_id}/tools": {"get"},
    "/integrated-account/{account_id}/tools/{name}": {"post"},
    "/api-token": {"get", "post"},
    "/api-token/{token_id}": {"delete"},
    "/documentation": {"get"},
    "/documentation/{record_id}": {"get", "patch"},
    "/integration": {"get"},
    "/integration/{name}/lint": {"get"},
    "/integration-schema": {"get"},
}


@pytest.fixture
def document() -> dict[str, Any]:
    served: dict[str, Any] = Client().get("/openapi.json").json()
    return served


def test_document_is_valid_and_made_without_a_warning() -> None:
    call_command("spectacular", "--fail-on-warn", "--validate", stdout=io.StringIO(), stderr=io.StringIO())


def test_document_holds_every_operation_of_both_apis_once(document: dict[str, Any]) -> None:
    assert {path: set(operations) & METHODS for path, operations in document["paths"].items()} == DOCUMENTED
    ids = [operation["operationId"] for each in document["paths"].values() for operation in each.values()]
    assert len(ids) == len(set(ids))


def test_every_operation_names_its_problems_and_its_token(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            responses = operation["responses"]
            problems = [text for status, text in responses.items() if status == "default" or int(status) >= 400]
            assert problems
            for response in problems:
                schema = response["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}
            assert path == "/integration-schema" or operation["security"] == [{"apiToken": []}]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    named = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert named <= document["components"]["schemas"].keys()


def test_new_server_is_described_with_an_example(document: dict[str, Any]) -> None:
    made = document["paths"]["/integrated-account/{account_id}/mcp"]["post"]["responses"]["201"]
    (example,) = made["content"]["application/json"]["examples"].values()
    assert example["value"]["url"].endswith("/mcp/pbmcp_…")
    described = document["components"]["schemas"]["ServerWithToken"]["properties"]
    assert described.keys() - {"advice"} == example["value"].keys()


def test_rate_limit_headers_of_a_call_are_described(document: dict[str, Any]) -> None:
    responses = document["paths"]["/integrated-account/{account_id}/tools/{name}"]["post"]["responses"]
    limits = {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"}
    assert responses["200"]["headers"].keys() == limits
    assert responses["429"]["headers"].keys() == limits | {"Retry-After"}


@pytest.mark.parametrize("path", ["/api/docs", "/api/docs/"])
def test_page_loads_nothing_from_another_host(path: str) -> None:
    response = Client().get(path)
    assert response.status_code == 200
    assert has_strict_policy(response)
    page = response.content.decode()
    assert not re.findall(r"(?:src|href)=[\"'](?:https?:)?//", page)
    assert 'href="/openapi.json"' in page


def test_page_shows_every_operation_with_its_members(document: dict[str, Any]) -> None:
    page = as_read(Client().get("/api/docs").content.decode())
    for path, operations in document["paths"].items():
        for http, operation in operations.items():
            shown = page.partition(f'id="{operation["operationId"]}"')[2].partition("</details></div></details>")[0]
            assert f'>{http.upper()}</span> <span class="mono">{path}</span>' in page
            for parameter in operation.get("parameters", []):
                assert f'<span class="mono">{parameter["name"]}</span>' in shown
            assert ("PATCHBAY_API_TOKEN" in shown) is ({"apiToken": []} in operation.get("security", []))
    assert '<span class="mono">config.methods</span>' in page
    assert '<span class="mono">result[].last_four</span>' in page
    assert "<code>consent-needed</code>" in page
    assert "* `" not in page


def test_page_has_a_frame_for_who_is_signed_in(people: People) -> None:
    assert 'href="/sign-in"' in Client().get("/api/docs").content.decode()
    framed = browser(people.teammate).get("/api/docs").content.decode()
    assert 'aria-label="Main"' in framed
    assert 'href="/sign-in"' not in framed


def test_commands_of_the_page_are_what_a_shell_takes(document: dict[str, Any]) -> None:
    page = Client().get("/api/docs").content.decode()
    commands = [unescape(each) for each in re.findall(r'<pre id="\w+-command"[^>]*>([^<]+)</pre>', page)]
    assert len(commands) == sum(len(operations) for operations in document["paths"].values())
    for command in commands:
        words = shlex.split(command)
        assert words[:2] == ["curl", "-sS"]
        if "-d" in words:
            json.loads(words[words.index("-d") + 1])


def test_document_answers_with_a_trailing_slash_too() -> None:
    assert Client().get("/openapi.json/").content == Client().get("/openapi.json").content
