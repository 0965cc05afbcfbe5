"""The management API of integrations."""

import jsonschema_rs
import pytest

from accounts.models import Environment, Integration, Role
from tests.rest import Rest, problem, token_of


def test_every_token_sees_which_integrations_there_are_and_what_they_ask_for(
    environment: Environment, integration: Integration
) -> None:
    listed = Rest(token_of(environment, Role.VIEWER)).get("/integration").json()
    (fuse_desk,) = listed["result"]
    assert (fuse_desk["name"], fuse_desk["label"]) == ("fuse_desk", "FuseDesk")
    assert [(field["name"], field["secret"]) for field in fuse_desk["connection_fields"]] == [
        ("app_name", False),
        ("api_key", True),
    ]
    assert listed["next_cursor"] is None


def test_definition_that_no_longer_fits_breaks_neither_list_nor_accounts(
    environment: Environment, integration: Integration
) -> None:
    Integration.objects.update(definition={"name": "fuse_desk"})
    rest = Rest(token_of(environment))
    assert rest.get("/integration").json()["result"][0]["connection_fields"] == []
    body = {"integration": "fuse_desk", "name": "x", "connection": {}}
    assert "not valid at present" in problem(rest.post("/integrated-account", body), 409)["detail"]


@pytest.mark.parametrize("path", ["/integration-schema", "/integration-schema/"])
def test_schema_of_definitions_is_public_and_holds_for_the_bundled_one(path: str, integration: Integration) -> None:
    schema = Rest().get(path).json()
    assert schema["$schema"].endswith("2020-12/schema")
    assert jsonschema_rs.Draft202012Validator(schema).is_valid(integration.definition)


def test_list_needs_a_token(db: None) -> None:
    problem(Rest().get("/integration/"), 401)
