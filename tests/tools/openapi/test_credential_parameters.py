"""Cookies and parameters that carry credentials: of the account, and never a model's."""

from typing import Any

import pytest

from accounts.models import Environment
from tests.tools.openapi.imported import document_of, make
from tests.tools.openapi.parts import TEXT, parameter
from tests.vendors.scripted import ScriptedVendor
from tools.openapi.proposal import propose
from tools.openapi.reading.document import read

pytestmark = pytest.mark.usefixtures("transactional_db", "upstream")


async def test_a_cookie_of_the_account_and_those_of_arguments_go_together(
    environment: Environment, scripted: ScriptedVendor
) -> None:
    schemes = {"securitySchemes": {"k": {"type": "apiKey", "in": "cookie", "name": "sid"}}}
    cookies = [parameter("cookie", TEXT, "theme"), parameter("cookie", TEXT, "sid", required=True)]
    text = document_of({"/a": {"get": {"parameters": cookies}}}, components=schemes)
    acme = await make(environment, scripted, text, {"api_key": "acme-secret"})
    await acme.call("GET /a", {"theme": "dark; sid=forged"})
    assert scripted.last.header("cookie") == ["sid=acme-secret; theme=dark%3B%20sid%3Dforged"]


async def test_credentials_that_only_parameters_describe_are_connection_fields(
    environment: Environment, scripted: ScriptedVendor
) -> None:
    key = parameter("header", TEXT, "Api-Key", required=True)
    text = document_of({"/images": {"get": {"parameters": [key]}}}, security=[], components={})
    acme = await make(environment, scripted, text, {"api_key": "acme-secret"})
    assert (await acme.schema("GET /images"))["properties"].keys() <= {"limit", "next_cursor"}
    await acme.call("GET /images", {})
    assert scripted.last.header("api-key") == ["acme-secret"]


@pytest.mark.parametrize(
    ("parameters", "with_scheme", "expected"),
    [
        ([parameter("query", TEXT, "api_key")], False, {"kind": "api_key", "query": "api_key", "value": "{api_key}"}),
        (
            [parameter("header", {**TEXT, "example": "Bearer abc"}, "Authorization")],
            False,
            {"kind": "api_key", "header": "Authorization", "value": "Bearer {api_key}"},
        ),
        ([parameter("header", TEXT, "Authorization")], False, {"kind": "bearer", "token": "{token}"}),
        (
            [parameter("header", TEXT, "Authorization", description="Basic authentication")],
            False,
            {"kind": "basic", "username": "{username}", "password": "{password}"},
        ),
        (
            [parameter("header", TEXT, "X-Api-Key", required=True)],
            True,
            {"kind": "api_keys", "keys": [{"header": "Authorization", "value": "Bearer {token}"},
                                          {"header": "X-Api-Key", "value": "{x_api_key}"}]},
        ),
        ([parameter("header", TEXT, "X-Api-Key")], True, {"kind": "bearer", "token": "{token}"}),
    ],
)  # fmt: skip
def test_credentials_among_the_parameters(parameters: Any, with_scheme: bool, expected: dict[str, Any]) -> None:
    more: dict[str, Any] = {} if with_scheme else {"security": [], "components": {}}
    text = document_of({"/a": {"get": {"parameters": parameters}}, "/b": {"get": {"parameters": parameters}}}, **more)
    made = propose(read(text), name="acme").document
    assert made["authentication"] == expected
    assert all(field.get("secret") or field["name"] == "username" for field in made["connection_fields"])
