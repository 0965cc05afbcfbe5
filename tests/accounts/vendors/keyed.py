"""Accounts whose credentials stay as they are, one for each kind of authentication."""

import base64

from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import Environment, IntegratedAccount, Integration
from tests.bundles import load_bundle
from tests.vendors.desk import DESK

KEY = "k3y/with+odd&signs="
QUOTED = "k3y%2Fwith%2Bodd%26signs%3D"
PAIR = base64.b64encode(f"{KEY}:x".encode()).decode()
LIST = "list_all_desk_tickets"
KINDS = {
    "query": {"kind": "api_key", "query": "api_key", "value": "{key}"},
    "header": {"kind": "api_key", "header": "X-Key", "value": "Key {key}"},
    "bearer": {"kind": "bearer", "token": "{key}"},
    "keys": {
        "kind": "api_keys",
        "keys": [{"header": "X-Key", "value": "Key {key}"}, {"query": "app", "value": "{key}"}],
    },
    "basic": {"kind": "basic", "username": "{key}", "password": "x"},
}


def account_of(environment: Environment, address: str, kind: str) -> IntegratedAccount:
    """Connect an account whose definition declares this kind."""
    integration = Integration.objects.get(pk=load_bundle(DESK).integration.pk)
    integration.definition["authentication"] = KINDS[kind]
    integration.save()
    return connect_account(
        environment, integration, "tests", name="Desk", fields={"key": KEY}, base_url=address, verify=False
    )
