"""The admin's index page: counts of what there is, and of what needs attention."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.models import IntegratedAccount
from mcpservers.models import MCPServer
from tools.documentation.verdicts import ensure_fresh
from tools.models import Call, State, Verdict

SOON = timedelta(days=7)
LATELY = timedelta(hours=24)


@dataclass(frozen=True)
class Fact:
    """A count with a link to its list, and the part that needs attention (`waiting` is empty if none does).

    `noun` is in the singular; `rest` follows it.
    """

    count: int
    noun: str
    rest: str
    link: str
    waiting: str = ""
    waiting_link: str = ""


def attention(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the facts that the person may see to the page's context."""
    facts = (
        ("tools.view_documentation", _tools),
        ("accounts.view_integratedaccount", _accounts),
        ("mcpservers.view_mcpserver", _servers),
        ("tools.view_call", _calls),
    )
    return {**context, "attention": [fact() for permission, fact in facts if request.user.has_perm(permission)]}


def _tools() -> Fact:
    link = reverse("admin:tools_documentation_changelist")
    ensure_fresh()
    states = Counter(Verdict.objects.values_list("state", flat=True))
    tools, drafts = states[State.EXPOSED], states[State.DRAFT]
    return Fact(tools, "tool", "that models can be given", link, _waiting(drafts, "draft"), f"{link}?gate=draft")


def _accounts() -> Fact:
    link = reverse("admin:accounts_integratedaccount_changelist")
    status = IntegratedAccount.Status
    active = IntegratedAccount.objects.filter(status=status.ACTIVE).count()
    broken = IntegratedAccount.objects.filter(status=status.NEEDS_REAUTH).count()
    link_broken = f"{link}?status__exact={status.NEEDS_REAUTH}"
    return Fact(active, "account", "in use", link, _waiting(broken, "to be connected again", ""), link_broken)


def _servers() -> Fact:
    link = reverse("admin:mcpservers_mcpserver_changelist")
    live = MCPServer.objects.live()
    ending = live.filter(expires_at__lte=timezone.now() + SOON).count()
    link_live = f"{link}?status=live"
    return Fact(
        live.count(), "MCP server", "live", link_live, _waiting(ending, "within a week of the end", ""), link_live
    )


def _calls() -> Fact:
    link = reverse("admin:tools_call_changelist")
    lately = Call.objects.filter(started_at__gte=timezone.now() - LATELY)
    failed = lately.exclude(outcome__in=[Call.Outcome.OK, Call.Outcome.PENDING, Call.Outcome.CANCELLED]).count()
    return Fact(lately.count(), "call", "in 24 hours", link, _waiting(failed, "without a result", ""), link)


def _waiting(count: int, words: str, plural: str = "s") -> str:
    if count == 0:
        return ""
    return f"{count:,} {words}{plural if count != 1 else ''}"
