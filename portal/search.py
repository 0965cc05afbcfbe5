"""Search everything a visitor may see in an environment: pages, actions, accounts, servers, tools, people, tokens."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db.models import OuterRef, Q, Subquery
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import ApiToken, Environment, IntegratedAccount, Integration, Membership
from mcpservers.models import MCPServer
from portal.requests import PortalRequest, Visit, signed_in
from tools.catalogue.compilation import catalogue_of

MOST = 6  # hits per group
LONGEST = 80  # characters, as in the input's maxlength


@dataclass(frozen=True, slots=True)
class Hit:
    """One hit: its text, a detail beside it, and its URL.

    `parts` splits the text into before, match and after.
    """

    words: str
    address: str
    detail: str = ""
    is_name: bool = False
    parts: tuple[str, str, str] = ("", "", "")


@dataclass(frozen=True, slots=True)
class HitGroup:
    """The hits of one kind."""

    title: str
    found: list[Hit] = field(default_factory=list)


@require_safe
@signed_in
def search(request: PortalRequest) -> HttpResponse:
    """Show the matches, as a fragment for htmx requests."""
    sought = request.GET.get("q", "").strip()[:LONGEST]
    context = {"section": "search", "sought": sought, "groups": find(request, sought)}
    return render(request, "search/found.html" if request.htmx else "search/page.html", context)


def find(request: PortalRequest, sought: str) -> list[HitGroup]:
    """Return the matches in the current environment, with a fixed number of queries."""
    visit = request.visit
    groups = [
        HitGroup("Go to", _matching(_pages(request), sought)),
        HitGroup("Do", _matching(_actions(visit), sought)),
    ]
    if visit.environment is not None and sought:
        groups += _things(visit, visit.environment, sought)
    return [group for group in groups if group.found]


def _matching(offered: Iterable[Hit], sought: str) -> list[Hit]:
    """Return the hits whose text or detail contains the search text, at most MOST, with the match marked."""
    found = []
    for each in offered:
        place = each.words.lower().find(sought.lower())
        if place < 0 and sought.lower() not in each.detail.lower():
            continue
        # In a few languages lower() changes a text's length, so its offsets do not fit: mark nothing then.
        marked = place >= 0 and len(each.words.lower()) == len(each.words)
        end = place + len(sought) if marked else 0
        start = place if marked else 0
        parts = (each.words[:start], each.words[start:end], each.words[end:])
        found.append(Hit(each.words, each.address, each.detail, each.is_name, parts))
        if len(found) == MOST:
            break
    return found


def _pages(request: PortalRequest) -> Iterator[Hit]:
    for words, name in (
        ("Accounts", "accounts"),
        ("Activity", "activity"),
        ("API tokens", "api-tokens"),
        ("People", "people"),
        ("Audit", "audit"),
        ("Profile and security", "profile"),
        ("API documentation", "api-docs"),
    ):
        yield Hit(words, reverse(name))
    if request.user.is_staff:
        yield Hit("Admin", reverse("admin:index"))


def _actions(visit: Visit) -> Iterator[Hit]:
    if visit.may_administer:
        yield Hit("Connect an account", reverse("choose-integration"))
    if visit.membership is not None:
        yield Hit("Issue an API token", reverse("api-token-issue"))


def _things(visit: Visit, environment: Environment, sought: str) -> Iterator[HitGroup]:
    named = IntegratedAccount.objects.filter(environment=environment, name__icontains=sought)
    accounts = named.select_related("integration").only("name", "integration__label").order_by("name")[:MOST]
    yield HitGroup("Accounts", _matching(map(_account, accounts), sought))
    if visit.may_operate:
        yield HitGroup("Create", _matching(map(_creation, accounts), sought))
    within = MCPServer.objects.filter(account__environment=environment).select_related("account")
    servers = within.filter(Q(name__icontains=sought) | Q(last_four=sought)).order_by("name")
    known = servers.only("name", "last_four", "account__name")[:MOST]
    yield HitGroup("MCP servers", _matching(map(_server, known), sought))
    yield HitGroup("Tools", _matching(_tools(environment), sought))
    members = Membership.objects.filter(environment=environment, user__username__icontains=sought)
    people = members.select_related("user").order_by("user__username")[:MOST]
    found = (Hit(each.user.get_username(), reverse("people"), each.role) for each in people)
    yield HitGroup("People", _matching(found, sought))
    yield HitGroup("API tokens", _matching(_tokens(visit, sought), sought))


def _tokens(visit: Visit, sought: str) -> Iterator[Hit]:
    """Yield the API tokens that the visitor also sees on the tokens page."""
    if visit.membership is None:
        return
    seen = ApiToken.objects.seen_by(visit.membership)
    for token in seen.filter(revoked_at=None, name__icontains=sought).order_by("name")[:MOST]:
        yield Hit(token.name, reverse("api-tokens"), f"…{token.last_four}")


def _account(account: IntegratedAccount) -> Hit:
    return Hit(account.name, reverse("account", args=[account.pk]), account.integration.label)


def _creation(account: IntegratedAccount) -> Hit:
    return Hit(f"MCP server in {account.name}", reverse("mcp-server-create", args=[account.pk]))


def _server(server: MCPServer) -> Hit:
    address = reverse("mcp-server", args=[server.account_id, server.pk])
    return Hit(server.name, address, f"{server.account.name} · …{server.last_four}")


def _tools(environment: Environment) -> Iterator[Hit]:
    """Yield the tools of each integration, linked to its first account by name."""
    accounts = IntegratedAccount.objects.filter(environment=environment, integration=OuterRef("pk")).order_by("name")
    connected = Integration.objects.filter(integrated_accounts__environment=environment).distinct().defer("definition")
    for integration in connected.annotate(account_id=Subquery(accounts.values("pk")[:1])).order_by("label"):
        for tool in catalogue_of(integration):
            address = reverse("account-tool", args=[integration.account_id, tool.resource, tool.method_name])
            yield Hit(tool.name, address, tool.title, is_name=True)
