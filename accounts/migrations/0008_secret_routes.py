"""Note for each account where its secrets go at this moment: those are the routes that they were given for.

It stands by itself, so that it does the same whatever becomes of accounts/vendors/secret_routes.py. An account whose definition
cannot be read gets no routes: it stops, says why, and goes on once an admin gives its secrets again.
"""

import re
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
PORTS = {"http": 80, "https": 443}
UNKNOWN = (
    "the address that the stored secrets were given for could not be found out, so nothing is sent. An admin of its "
    "environment has to give every secret again"
)


def approve_present_routes(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Approve what each account does now, or stop it where that cannot be told."""
    accounts: Any = apps.get_model("accounts", "IntegratedAccount")
    for account in accounts.objects.select_related("integration").defer("credentials").iterator():
        try:
            account.approved_routes = routes(account.integration.definition, account.connection, account.base_url)
        except (AttributeError, KeyError, TypeError, ValueError):
            if account.status == "active":
                account.status, account.stopped = "needs_reauth", UNKNOWN
        account.save(update_fields=["approved_routes", "status", "stopped"])


def routes(definition: dict[str, Any], connection: dict[str, str], base_url: str) -> list[list[str]]:
    """Return name, place and destination of everything that makes a request an account's own."""
    secret = {field["name"] for field in definition["connection_fields"] if field.get("secret")}
    fields = {**connection, **{name: f"{{{name}}}" for name in secret}}
    template, declared = definition["base_url"], definition["authentication"]
    usual = fill(template, fields)
    base = destination(base_url or usual, template, fields)
    found = set() if base_url else unfilled(template, connection, base)
    kind = declared["kind"]
    if kind in {"api_key", "api_keys"}:
        for key in declared["keys"] if kind == "api_keys" else [declared]:
            found |= named(key["value"], "header" if key.get("header") is not None else "query", base)
    elif kind == "bearer":
        found |= named(declared["token"], "header", base)
    elif kind == "basic":
        found |= named(f"{declared['username']} {declared['password']}", "header", base)
    elif kind in {"oauth2_authorization_code", "oauth2_client_credentials"}:
        found |= {("access token", "header", base)} | of_client(declared, connection, fields, usual, base_url)
    else:
        raise ValueError(kind)
    return [list(route) for route in sorted(found)]


def of_client(
    declared: dict[str, Any], connection: dict[str, str], fields: dict[str, str], usual: str, base_url: str
) -> set[tuple[str, str, str]]:
    """Return the routes of an OAuth client's own secrets, of its refresh token, and of a person's consent."""
    token_url = declared["token_url"]
    tokens = destination(moved(fill(token_url, fields), usual, base_url), token_url, fields)
    place = {"basic": "header", "post": "body"}.get(declared.get("client_authentication", "basic"))
    found = unfilled(token_url, connection, tokens) | named(declared["client_id"], place or "body", tokens)
    if place is not None:
        found |= named(declared.get("client_secret") or "", place, tokens)
    if declared["kind"] == "oauth2_authorization_code":
        written = declared["authorization_url"]
        page = destination(moved(fill(written, fields), usual, base_url), written, fields)
        found |= {("refresh token", "body", tokens), ("consent", "page", page)}
        found |= named(declared["client_id"], "page", page) | unfilled(written, connection, page)
    return found


def destination(address: str, template: str, fields: dict[str, str]) -> str:
    """Return an address's origin, with its path where connection fields decide about it."""
    scheme, host, port = origin(address)
    written = f"[{host}]" if ":" in host else host
    place = f"{scheme}://{written}" + ("" if port == PORTS.get(scheme) else f":{port}")
    authority, _, rest = template.partition("://")[2].partition("/")
    if PLACEHOLDER.search(rest) or "/" in fill(authority, fields):
        path = address.partition("://")[2].partition("/")[2].rstrip("/")
        return f"{place}/{path}" if path else place
    return place


def origin(address: str) -> tuple[str, str, int]:
    """Return scheme, host and port of an address."""
    parts = urlsplit(address)
    return parts.scheme, (parts.hostname or "").removesuffix("."), parts.port or PORTS.get(parts.scheme, 0)


def moved(address: str, usual: str, base_url: str) -> str:
    """Return an endpoint at the account's own address where it stands at the definition's usual one."""
    if not base_url or origin(address) != origin(usual):
        return address
    new, old = urlsplit(base_url), urlsplit(address)
    return urlunsplit((new.scheme, new.netloc, old.path, old.query, ""))


def named(template: str, place: str, destined: str) -> set[tuple[str, str, str]]:
    """Return a route for each connection field of a template."""
    return {(name, place, destined) for name in PLACEHOLDER.findall(template)}


def unfilled(template: str, connection: dict[str, str], destined: str) -> set[tuple[str, str, str]]:
    """Return a route for each secret that is part of an address."""
    return {route for route in named(template, "address", destined) if route[0] not in connection}


def fill(template: str, fields: dict[str, str]) -> str:
    """Replace each placeholder of a template."""
    return PLACEHOLDER.sub(lambda found: fields.get(found.group(1), ""), template)


class Migration(migrations.Migration):
    """Two columns of accounts, and what stands in them for those that are there."""

    dependencies = [("accounts", "0007_api_token_owners")]

    operations = [
        migrations.AddField(
            model_name="integratedaccount",
            name="approved_routes",
            field=models.JSONField(
                blank=True,
                default=list,
                editable=False,
                help_text="Where the secrets were given for: name, place, destination.",
            ),
        ),
        migrations.AddField(
            model_name="integratedaccount",
            name="stopped",
            field=models.CharField(
                blank=True,
                editable=False,
                help_text="Why its secrets would go elsewhere now, so that none is sent.",
                max_length=500,
            ),
        ),
        migrations.RunPython(approve_present_routes, migrations.RunPython.noop),
    ]
