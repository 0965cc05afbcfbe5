"""A help desk whose definition a test turns this way and that, and accounts of it."""

import json
from typing import Any

import yaml
from django.test import Client

from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import Environment, IntegratedAccount, Integration
from tests.admin_site import page
from tests.bundles import load_bundle

SECRETS = {"api_key": "the-first-api-key", "client_secret": "the-first-client-secret"}
FIELDS = {"tenant": "acme", "client_id": "patchbay", **SECRETS}
HEADER = {"kind": "api_key", "header": "X-Key", "value": "{api_key}"}
QUERY = {"kind": "api_key", "query": "key", "value": "{api_key}"}
BEARER = {"kind": "bearer", "token": "{api_key}"}
LIST = {"http": "GET", "path": "/tickets", "access": "read"}
BASIC = {"kind": "basic", "username": "{client_id}", "password": "{client_secret}"}


def client_at(address: str, **changed: Any) -> dict[str, Any]:
    """Return the authentication of a client that gets tokens at an address."""
    return {
        "kind": "oauth2_client_credentials",
        "token_url": f"{address}/token",
        "client_id": "{client_id}",
        "client_secret": "{client_secret}",
        **changed,
    }


def document(base_url: str, authentication: dict[str, Any] = HEADER, **changed: Any) -> dict[str, Any]:
    """Return a definition."""
    return {
        "name": "routed_desk",
        "label": "Routed Desk",
        "base_url": base_url,
        "connection_fields": [
            {"name": "tenant", "label": "Tenant"},
            {"name": "client_id", "label": "Client ID"},
            {"name": "api_key", "label": "API key", "secret": True},
            {"name": "client_secret", "label": "Client secret", "secret": True},
        ],
        "authentication": authentication,
        "connection_test": {"path": "/me", "scopes": "scopes"},
        "pagination": {"kind": "none"},
        "resources": {
            "tickets": {"label": "Tickets", "methods": {"list": {"http": "GET", "path": "/tickets", "access": "read"}}}
        },
        **changed,
    }


def bundle(definition: dict[str, Any]) -> str:
    """Return the bundle of a definition, with the record that makes its one tool."""
    record = {
        "resource": "tickets",
        "method": "list",
        "title": "List tickets",
        "description": "Lists the tickets of the desk, the newest first, as many as there are.",
    }
    return yaml.safe_dump({"bundle": 1, "integration": definition, "documentation": [record]}, sort_keys=False)


def load(definition: dict[str, Any]) -> Integration:
    """Bring a definition in as the command line does."""
    return load_bundle(bundle(definition)).integration


def connected(environment: Environment, integration: Integration, **changed: Any) -> IntegratedAccount:
    """Connect an account with every secret."""
    return connect_account(environment, integration, "tests", **{"name": "Desk", "fields": FIELDS, **changed})


def save(root: Client, integration: Integration, definition: dict[str, Any], **more: str) -> str:
    """Save a definition in the admin, and return the page that it leads to."""
    answer = root.post(page(integration), {"definition": json.dumps(definition), **more}, follow=True)
    return answer.content.decode()
