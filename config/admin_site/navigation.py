"""The admin's sidebar, by frequency of use; each entry is shown only to people who may open it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy


def _may(*permissions: str) -> Callable[[HttpRequest], bool]:
    """Return a predicate for requests: whether the person has any of these permissions."""
    return lambda request: any(request.user.has_perm(permission) for permission in permissions)


def _entry(title: str, icon: str, model: str) -> dict[str, Any]:
    """Return a link to a model's list; `model` is `app.model`."""
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": _may(f"{app}.view_{name}", f"{app}.change_{name}"),
    }


SIDEBAR: dict[str, Any] = {
    "show_search": True,
    "show_all_applications": False,
    "navigation": [
        {
            "title": "What models are told",
            "items": [
                _entry("Documentation", "article", "tools.documentation"),
                _entry("Integrations", "cable", "accounts.integration"),
                _entry("Language models", "neurology", "accounts.languagemodel"),
            ],
        },
        {
            "title": "What is connected",
            "separator": True,
            "items": [
                _entry("Accounts", "link", "accounts.integratedaccount"),
                _entry("MCP servers", "dns", "mcpservers.mcpserver"),
                _entry("Clients", "devices", "mcpservers.registeredclient"),
                _entry("API tokens", "key", "accounts.apitoken"),
            ],
        },
        {
            "title": "What happened",
            "separator": True,
            "items": [
                _entry("Calls", "receipt_long", "tools.call"),
                _entry("Audit record", "history", "accounts.auditentry"),
            ],
        },
        {
            "title": "Who may do what",
            "separator": True,
            "items": [
                _entry("Environments", "workspaces", "accounts.environment"),
                _entry("People", "person", "accounts.user"),
                _entry("Invitations", "mail", "accounts.invitation"),
                _entry("Staff groups", "group", "auth.group"),
                _entry("Single sign-on", "badge", "accounts.identity"),
                _entry("Failed sign-ins", "lock", "accounts.failedsignins"),
            ],
        },
    ],
}
