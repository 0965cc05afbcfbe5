"""Create and change MCP servers: check their settings, and record each change in the audit record."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import audit, tokens
from accounts.models import IntegratedAccount
from mcpservers.errors import PolicyRefused
from mcpservers.models import MCPServer
from mcpservers.sign_in.consents import end_connections
from tools.catalogue.compilation import Catalogue, catalogue_of
from tools.catalogue.tool import ToolSet
from tools.errors import FilterUnknown

MIN_LIFETIME = timedelta(seconds=60)
MAX_GRACE = timedelta(days=30)
FILTERS = ("methods", "tags", "tools")
SETTINGS = ("name", *FILTERS, "search_mode", "results", "output_schema", "authentication", "expires_at")


def tools_for(
    account: IntegratedAccount, methods: Iterable[str] = (), tags: Iterable[str] = (), tools: Iterable[str] = ()
) -> ToolSet:
    """Return the tools that a server with these filters exposes; raise PolicyRefused if there would be none."""
    methods, tags, tools = list(methods), list(tags), list(tools)
    catalogue = catalogue_of(account.integration)
    problems = {}
    # Each filter by itself, so that the problems of all are reported at once.
    for filters in ({"methods": methods}, {"tags": tags}, {"names": tools}):
        try:
            catalogue.check_filters(**filters)
        except FilterUnknown as unknown:
            problems[f"config.{unknown.filter}"] = str(unknown)
    if problems:
        raise PolicyRefused(problems)
    selected = catalogue.select(methods, tags, tools)
    incomplete = [_what_it_lacks(catalogue, name, selected) for name in tools if catalogue.get(name).composite]
    if any(incomplete):
        raise PolicyRefused({"config.tools": " ".join(filter(None, incomplete))})
    if not selected:
        if not catalogue:
            reason = f"{account.integration.label} has no documented tool yet, so a server would expose nothing."
        else:
            reason = (
                "No tool matches all the filters, so the server would expose nothing. "
                f"Methods: {', '.join(catalogue.method_filters)}. Tags: {', '.join(catalogue.tag_filters)}."
            )
        raise PolicyRefused({"config": reason})
    return selected


def check_expiry(expires_at: datetime | None) -> None:
    """Raise PolicyRefused for an end that is less than MIN_LIFETIME ahead."""
    if expires_at is not None and expires_at < timezone.now() + MIN_LIFETIME:
        raise PolicyRefused(
            {"expires_at": "Must be at least 60 seconds ahead. Give a later time, or null for a server without an end."}
        )


def _what_it_lacks(catalogue: Catalogue, name: str, selected: ToolSet) -> str:
    """Return which reads of a composite that was asked for the filters leave out; empty if it has them all."""
    reads = [read for key in catalogue.get(name).reads if (read := catalogue.of_method(key))]
    missing = [read.name for read in reads if read.name not in selected.tools]
    return (
        f"{name} needs {', '.join(missing)}, which the filters leave out: add them, or take it out." if missing else ""
    )


def chosen_authentication(server: MCPServer | None, with_token: bool | None, chosen: str | None) -> str:
    """Return the authentication that both its spellings ask for; raise PolicyRefused if they contradict each other.

    `with_token` is `require_api_token_auth`, which knows two of the three.
    """
    kinds = MCPServer.Authentication
    if chosen is None:
        if with_token is None or (server is not None and server.sign_in and not with_token):
            return server.authentication if server else kinds.URL
        return kinds.API_TOKEN if with_token else kinds.URL
    if with_token is not None and with_token != (chosen == kinds.API_TOKEN):
        reason = f"Contradicts `authentication`, which is {chosen}. Give one of the two."
        raise PolicyRefused({"config.require_api_token_auth": reason})
    return chosen


def check_settings(account: IntegratedAccount, settings: dict[str, Any], filters: dict[str, list[str]]) -> None:
    """Raise PolicyRefused with every problem of a server's settings; `filters` are those that would then apply."""
    problems: dict[str, str] = {}
    if "expires_at" in settings:
        problems |= _problems(check_expiry, settings["expires_at"])
    if filters.keys() & settings.keys():
        problems |= _problems(tools_for, account, *(filters[name] for name in FILTERS))
    if problems:
        raise PolicyRefused(problems)


def _problems(check: Callable[..., object], *given: object) -> dict[str, str]:
    try:
        check(*given)
    except PolicyRefused as refused:
        return refused.problems
    return {}


@transaction.atomic
def create_server(
    account: IntegratedAccount,
    actor: audit.Actor,
    *,
    name: str,
    methods: list[str],
    tags: list[str],
    tools: list[str] | None = None,
    search_mode: bool = False,
    results: str = MCPServer.ResultForm.BOTH,
    output_schema: bool = True,
    require_api_token_auth: bool | None = None,
    authentication: str | None = None,
    expires_at: datetime | None = None,
) -> tuple[MCPServer, str]:
    """Create a server and return it with its token, which cannot be read again later; raise PolicyRefused.

    A server that asks for sign-in has an empty one.
    """
    filters = {"methods": methods, "tags": tags, "tools": tools or []}
    check_settings(account, {**filters, "expires_at": expires_at}, filters)
    token = tokens.mint(tokens.MCP_PREFIX)
    server = MCPServer(
        account=account,
        name=name,
        **filters,
        search_mode=search_mode,
        results=results,
        output_schema=output_schema,
        expires_at=expires_at,
        created_by=audit.name_of(actor)[:160],
    )
    server.authentication = chosen_authentication(None, require_api_token_auth, authentication)
    server.take_token(token)
    server.save()
    audit.record(
        actor, "mcp_server.created", server.audit_subject, {key: _plain(getattr(server, key)) for key in SETTINGS}
    )
    return server, "" if server.sign_in else token.value


@transaction.atomic
def change_server(server: MCPServer, actor: audit.Actor, **settings: Any) -> None:
    """Change some of a server's settings, or raise PolicyRefused and change nothing.

    A server that begins to ask for sign-in loses its URL, and one that no longer does has none until its token is
    rotated; its connections end.
    """
    _lock(server)
    spellings = [settings.pop(name, None) for name in ("require_api_token_auth", "authentication")]
    if spellings != [None, None]:
        settings["authentication"] = chosen_authentication(server, *spellings)
    filters = {name: settings.get(name, getattr(server, name)) for name in FILTERS}
    check_settings(server.account, settings, filters)
    changed = {}
    for key, value in settings.items():
        if getattr(server, key) != value:
            changed[key] = {"from": _plain(getattr(server, key)), "to": _plain(value)}
            setattr(server, key, value)
    if "authentication" in changed and MCPServer.Authentication.SIGN_IN in changed["authentication"].values():
        # Known to nobody: also a process of the previous release then refuses the URL.
        server.take_token(tokens.mint(tokens.MCP_PREFIX))
        end_connections(
            server.connections.select_related("user", "client"), actor, "its server's authentication changed"
        )
    if changed:
        server.save()
        audit.record(actor, "mcp_server.changed", server.audit_subject, changed)


@transaction.atomic
def rotate_token(server: MCPServer, actor: audit.Actor, *, grace: timedelta = timedelta(0)) -> str:
    """Replace a server's token and return the new one, which cannot be read again later.

    The previous token works for the grace period; without one it stops at once, as does any earlier token. Raises
    PolicyRefused for a grace period above MAX_GRACE.
    """
    if not timedelta(0) <= grace <= MAX_GRACE:
        raise PolicyRefused({"grace_seconds": f"Takes 0 to {MAX_GRACE // timedelta(seconds=1)} seconds."})
    _lock(server)
    if server.sign_in:
        raise PolicyRefused({"server": "People sign in to this server: it has no token that could be replaced."})
    token = tokens.mint(tokens.MCP_PREFIX)
    server.take_token(token, keep_until=timezone.now() + grace if grace else None)
    server.save()
    audit.record(actor, "mcp_server.rotated", server.audit_subject, {"previous_until": _plain(server.previous_until)})
    return token.value


@transaction.atomic
def end_grace(server: MCPServer, actor: audit.Actor) -> None:
    """End the grace period of the previous token, which is refused from now on."""
    _lock(server)
    if server.previous_digest is not None:
        server.previous_digest = server.previous_until = None
        server.save()
        audit.record(actor, "mcp_server.grace_ended", server.audit_subject)


@transaction.atomic
def pause_server(server: MCPServer, actor: audit.Actor) -> None:
    """Refuse every client until the server is resumed."""
    _lock(server)
    if server.paused_at is None:
        server.paused_at = timezone.now()
        server.save()
        audit.record(actor, "mcp_server.paused", server.audit_subject)


@transaction.atomic
def resume_server(server: MCPServer, actor: audit.Actor) -> None:
    """Let a paused server answer clients again."""
    _lock(server)
    if server.paused_at is not None:
        server.paused_at = None
        server.save()
        audit.record(actor, "mcp_server.resumed", server.audit_subject)


def _lock(server: MCPServer) -> None:
    """Lock a server's row, and reload what others have changed; raise PolicyRefused if it was deleted.

    Otherwise saving a row read before a rotation would bring back the old token, and before a deletion, the server.
    """
    try:
        server.refresh_from_db(from_queryset=MCPServer.objects.select_for_update())
    except MCPServer.DoesNotExist:
        raise PolicyRefused({"server": f"The MCP server {server.name!r} was deleted meanwhile."}) from None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
