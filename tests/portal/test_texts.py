"""What pages say, without a script: no space before punctuation, articles and plurals that fit."""

import html
import re
from datetime import timedelta

import pytest
from django.http.response import HttpResponseBase
from django.template import Context, Template
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken, IntegratedAccount, Role
from mcpservers.lifecycle import create_server, rotate_token
from mcpservers.models import MCPServer
from tests.pages import BLOCKS, as_read
from tests.people import People
from tests.portal_site import browser

UNREAD = re.compile(r"<(svg|select)\b.*?</\1>", re.DOTALL)
QUOTED = re.compile(r"<(pre|textarea|code|kbd)\b.*?</\1>", re.DOTALL)
# A block, a control or an unseen part begins a text of its own.
APART = re.compile(rf'</?(?:{BLOCKS}|button|label|input|br)\b[^>]*>|<[^>]*class="unseen"[^>]*>')
MISWRITTEN = re.compile(r"\S* [.,;:!?)](?=\s|$)|\b(?:[Aa] [aei][a-z]+|[Aa]n [b-dfgj-np-tv-z][a-z]+|1 \w+s)\b")
SERVER = "/accounts/{account}/mcp-servers/{server}"
PAGES = [
    "/accounts",
    "/accounts?q=nothing",
    "/accounts/connect",
    "/accounts/connect/fuse_desk",
    "/accounts/{account}",
    "/accounts/{account}/mcp-servers",
    "/accounts/{account}/mcp-servers/create",
    SERVER,
    f"{SERVER}/edit",
    f"{SERVER}/rotate",
    f"{SERVER}/delete",
    "/accounts/{account}/tools",
    "/accounts/{account}/tools/cases/list",
    "/accounts/{account}/playground?tool=list_all_fuse_desk_cases",
    "/accounts/{account}/activity",
    "/accounts/{account}/settings",
    "/accounts/{account}/disconnect",
    "/activity",
    "/activity?view=breakdown",
    "/api-tokens",
    "/api-tokens/issue",
    "/api-tokens/{token}/revoke",
    "/people",
    "/people/usage",
    "/audit",
    "/profile",
    "/search?q=nothing",
]


def sentences(response: HttpResponseBase) -> str:
    """Return the texts of a page, a line each."""
    page = as_read(response.content.decode())  # type: ignore[attr-defined]
    body = QUOTED.sub("x", UNREAD.sub("", f"<main{page.partition('<main')[2] or page}"))
    text = html.unescape(re.sub(r"<[^>]*>", "", APART.sub("\n", body)))
    return re.sub(r" *\n *", "\n", re.sub(r" {2,}", " ", text))


@pytest.fixture
def ana(people: People) -> Client:
    """The browser of an admin."""
    return browser(people.owner)


@pytest.fixture
def rotated(account: IntegratedAccount) -> MCPServer:
    """A server whose previous URL still works, which a client has used."""
    server, _ = create_server(
        account, "tests", name="Triage", methods=["read"], tags=[], expires_at=timezone.now() + timedelta(days=1)
    )
    rotate_token(server, "tests", grace=timedelta(hours=24))
    MCPServer.objects.filter(pk=server.pk).update(last_seen_at=timezone.now(), last_client="Claude")
    return server


@pytest.fixture
def token(people: People, account: IntegratedAccount) -> ApiToken:
    """A token of the admin's that ends and has been used."""
    issued = ApiToken.objects.issue(
        environment=account.environment,
        name="Nightly",
        role=Role.ADMIN,
        owner=people.owner,
        expires_at=timezone.now() + timedelta(days=2),
    )[0]
    ApiToken.objects.filter(pk=issued.pk).update(last_used_at=timezone.now())
    return issued


def test_no_page_has_a_stray_space_a_wrong_article_or_a_wrong_plural(
    ana: Client, rotated: MCPServer, token: ApiToken
) -> None:
    found = []
    for path in PAGES:
        response = ana.get(path.format(account=rotated.account_id, server=rotated.pk, token=token.pk))
        assert response.status_code == 200, path
        found += [f"{path}: {each}" for each in MISWRITTEN.findall(sentences(response))]
    assert found == []


def test_sentences_end_right_behind_a_time(ana: Client, rotated: MCPServer) -> None:
    exact = r"\d+ \w{3} \d{4}, \d\d:\d\d UTC"
    path = SERVER.format(account=rotated.account_id, server=rotated.pk)

    shown_once = sentences(ana.post(f"{path}/rotate", {"grace": "3600"}))
    assert re.search(rf"The old URL works until {exact}\.$", shown_once, re.MULTILINE)
    assert re.search(rf"^works until {exact}$", sentences(ana.get(path)), re.MULTILINE)
    assert re.search(
        rf"^Claude connected {exact}: \d+ tools are open to it\.$", sentences(ana.get(f"{path}/connection")), re.M
    )


@pytest.mark.parametrize(("count", "words"), [(0, "0 calls"), (1, "1 call"), (1204, "1,204 calls")])
def test_the_filter_counts_in_words(count: int, words: str) -> None:
    template = Template('{% load figures %}{{ count|counted:"call" }}')
    assert template.render(Context({"count": count})) == words
