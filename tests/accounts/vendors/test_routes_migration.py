"""Accounts that were there before routes were kept: they go on where they are, and stop where that cannot be told."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps
from django.conf import settings

from accounts.definition import parse_definition
from accounts.models import Environment, IntegratedAccount, Integration
from accounts.vendors.routes import approve
from accounts.vendors.secret_routes import routes_of
from tests.vendors.routed import BASIC, BEARER, HEADER, QUERY, client_at, connected, document, load
from tools.catalogue.toolbox import usable_connection

pytestmark = pytest.mark.django_db
MIGRATION: Any = import_module("accounts.migrations.0008_secret_routes")
SITE = "https://api.desk.example"
KINDS = [
    HEADER,
    QUERY,
    BEARER,
    BASIC,
    {"kind": "api_keys", "keys": [{"header": "X-A", "value": "{api_key}"}, {"query": "b", "value": "{client_secret}"}]},
    client_at(SITE),
    client_at("https://login.{tenant}.example", client_authentication="post"),
    client_at(f"{SITE}/{{tenant}}", client_authentication="none", client_secret=None),
    client_at(
        SITE, kind="oauth2_authorization_code", authorization_url="https://{tenant}.example/authorize?x={tenant}"
    ),
]
TEMPLATES = [
    SITE,
    f"{SITE}:8443/v1/",
    f"{SITE}/{{tenant}}/v1",
    "https://{tenant}.desk.example",
    "https://{api_key}.example",
]
BUNDLES = sorted((Path(settings.BASE_DIR) / "integrations").glob("*.yaml"))


def migrate() -> None:
    """Do what the migration does with the rows that are there."""
    IntegratedAccount.objects.update(approved_routes=[])
    MIGRATION.approve_present_routes(apps, None)


@pytest.mark.parametrize("base_url", ["", "https://Own.Example.:443/x", "https://[2606:4700::1]:8443"])
@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("kind", KINDS, ids=lambda each: each["kind"])
def test_the_routes_are_those_that_are_checked_from_then_on(kind: dict[str, Any], template: str, base_url: str) -> None:
    account = IntegratedAccount()
    definition = document(template, kind)
    opened = {"tenant": "acme", "client_id": "patchbay"}
    approve(account, routes_of(parse_definition(definition), opened, base_url))
    assert MIGRATION.routes(definition, opened, base_url) == account.approved_routes


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda path: path.stem)
def test_accounts_of_the_integrations_that_come_along_keep_working(bundle: Path) -> None:
    definition = yaml.safe_load(bundle.read_text())["integration"]
    opened = {field["name"]: "acme" for field in definition["connection_fields"] if not field.get("secret")}
    account = IntegratedAccount()
    approve(account, routes_of(parse_definition(definition), opened))
    assert MIGRATION.routes(definition, opened, "") == account.approved_routes


def test_an_account_goes_on_as_before(environment: Environment) -> None:
    account = connected(environment, load(document(SITE)), verify=False)
    migrate()
    stored = IntegratedAccount.objects.get()
    assert (stored.status, stored.approved_routes) == ("active", account.approved_routes)
    assert usable_connection(stored)[1] == ""


def test_a_status_stays(environment: Environment) -> None:
    connected(environment, load(document(SITE)), verify=False)
    IntegratedAccount.objects.update(status="disabled")
    migrate()
    assert IntegratedAccount.objects.get().status == "disabled"


@pytest.mark.parametrize(
    "broken", [{}, {"base_url": 5}, {"authentication": {"kind": "magic"}}, {"connection_fields": [1]}]
)
def test_an_account_whose_definition_cannot_be_read_stops_and_says_so(
    environment: Environment, broken: dict[str, Any]
) -> None:
    connected(environment, load(document(SITE)), verify=False)
    definition = {**document(SITE), **broken} if broken else {}
    Integration.objects.update(definition=definition)
    migrate()
    stored = IntegratedAccount.objects.get()
    assert (stored.status, stored.approved_routes) == ("needs_reauth", [])
    assert "could not be found out" in stored.problem
