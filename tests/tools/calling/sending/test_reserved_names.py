"""Headers and parameters that would choose how a request is made are none for an argument, from wherever they come."""

import pytest

from accounts.definition import is_reserved_header, is_reserved_parameter, parse_definition
from accounts.errors import DefinitionInvalid
from tests.bundles import read_bundle
from tests.mcp_client import McpClient
from tests.vendors.desk import DESK
from tests.vendors.scripted import ScriptedVendor

HEADERS = [
    "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL", "Forwarded",
    "X-Forwarded-For", "X-Forwarded-Prefix", "X-Forwarded-Anything", "Host", "Transfer-Encoding", "Content-Length",
    "Connection", "Cookie", "Proxy-Authorization", "Sec-Fetch-Site", "x_http_method_override", "X-Real-IP", "TE",
    "Upgrade", "Via", "X-Accel-Redirect", "True-Client-IP", "X-Original-Host", "X-Http-Path-Override", "Expect",
]  # fmt: skip
PARAMETERS = ["_method", "_METHOD", "X-HTTP-Method-Override", "_HttpMethod", "x_http_method", "http_method_override"]


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_steers_a_request_is_reserved_and_no_definition_sends_it(name: str) -> None:
    assert is_reserved_header(name)
    document, _ = read_bundle(DESK)
    with pytest.raises(DefinitionInvalid):
        parse_definition({**document, "headers": {name: "DELETE"}})


@pytest.mark.parametrize("name", ["X-Locale", "X-Request-ID", "Idempotency-Key", "If-Match", "X-Api-Version", "Prefer"])
def test_a_header_of_the_vendors_own_is_not(name: str) -> None:
    assert not is_reserved_header(name)


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_that_chooses_the_method_is_reserved(name: str) -> None:
    assert is_reserved_parameter(name)


@pytest.mark.parametrize("name", ["method", "payment_method", "methods", "_meta", "http", "filter"])
def test_other_parameters_are_not(name: str) -> None:
    assert not is_reserved_parameter(name)


async def test_no_member_of_an_object_chooses_the_method(desk: McpClient, scripted: ScriptedVendor) -> None:
    words = await desk.failure("list_all_desk_tickets", {"tree": {"_method": "DELETE"}})
    assert "would choose how the request is made" in words
    assert scripted.received == []
