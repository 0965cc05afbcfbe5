"""A copy that is served under a path of a host: every link, cookie, redirect and endpoint keeps to that path.

Each request goes there as people send it, and as a proxy passes it on that removes the path.
"""

import itertools
import re
from collections.abc import Iterator
from html import unescape
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from mcp import Client, ClientSession
from mcp.client.sse import sse_client

from tests.official_client import OfficialClient
from tests.person import Person
from tests.stack import Stack, free_port, running_stack

pytestmark = pytest.mark.e2e

PATH = "/patchbay"
ADDRESSES = re.compile(r'\b(href|src|action|hx-[a-z]+|data-[a-z-]+|formaction)="(/[^"]*)"')
FOLLOWED = {"href", "src", "hx-get"}
# What identifies one thing, so that one page of each kind is looked at.
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)\d+(?=/|$)|(?<=[?&])[^=]+=[^&]*")
READ = "list_all_fuse_desk_reps"
CALL = {"jsonrpc": "2.0", "method": "tools/call", "params": {"name": READ, "arguments": {}}}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A copy of its own, since the path is a setting."""
    port = free_port()
    settings = {"PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}{PATH}/"}
    with running_stack(tmp_path_factory.mktemp("public-path"), **settings) as running:
        running.port = port
        yield running


@pytest.fixture(scope="module")
def demo(stack: Stack) -> dict[str, Any]:
    """The demo of that copy."""
    return stack.demo()


@pytest.fixture(params=[PATH, ""], ids=["as people send it", "as a stripping proxy passes it on"])
def root(request: pytest.FixtureRequest, stack: Stack) -> str:
    """Where requests go."""
    return f"http://127.0.0.1:{stack.port}{request.param}"


class Browser:
    """A browser behind proxies that take turns: it keeps cookies for the path that it sees, whatever they ask for."""

    def __init__(self, *roots: str) -> None:
        self.roots = itertools.cycle(roots)
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, address: str, **options: Any) -> httpx.Response:
        """Follow a link of a page; check that it and the cookies of its answer keep to the path."""
        assert address == PATH or address.startswith(f"{PATH}/"), address
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        url = next(self.roots) + address.removeprefix(PATH)
        response = httpx.request(method, url, headers=headers, timeout=20, **options)
        for written in response.headers.get_list("set-cookie"):
            for name, cookie in SimpleCookie(written).items():
                assert cookie["path"] == PATH, written
                self.cookies[name] = cookie.value
        return response


@pytest.fixture
def browser(stack: Stack, demo: dict[str, Any]) -> Browser:
    """The browser of the demo's person, signed in."""
    browser = Browser(f"http://127.0.0.1:{stack.port}{PATH}", f"http://127.0.0.1:{stack.port}")
    page = browser.ask("GET", f"{PATH}/sign-in").text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    form = {"csrfmiddlewaretoken": token[1], "username": demo["username"], "password": demo["password"]}
    entered = browser.ask("POST", f"{PATH}/sign-in", data=form)
    assert (entered.status_code, entered.headers["location"]) == (302, f"{PATH}/accounts")
    return browser


def test_every_page_links_and_redirects_within_the_path(browser: Browser) -> None:
    waiting, seen, pages = [f"{PATH}/", f"{PATH}/admin/", f"{PATH}/api/docs"], set(), 0
    while waiting:
        address = waiting.pop()
        if (shape := IDS.sub("*", urlsplit(address)._replace(fragment="").geturl())) in seen:
            continue
        seen.add(shape)
        response = browser.ask("GET", address)
        assert response.status_code < 400, (address, response.status_code)
        if "location" in response.headers:
            waiting.append(response.headers["location"])
        if "html" in response.headers.get("content-type", ""):
            pages += 1
            links = [(name, unescape(link)) for name, link in ADDRESSES.findall(response.text)]
            assert [link for _, link in links if not f"{link}/".startswith(f"{PATH}/")] == [], address
            waiting += [link for name, link in links if name in FOLLOWED]
    assert pages > 40
    assert any("/static/" in shape for shape in seen)


def test_without_a_session_it_leads_to_the_sign_in_and_back(root: str) -> None:
    refused = httpx.get(f"{root}/accounts?a=1")
    assert refused.headers["location"] == f"{PATH}/sign-in?next={PATH}/accounts%3Fa%3D1"
    assert "unsafe-eval" in httpx.get(f"{root}/admin/login/", follow_redirects=False).headers["content-security-policy"]


def test_a_new_call_is_shown_with_a_link_within_the_path(browser: Browser, root: str, demo: dict[str, Any]) -> None:
    page = browser.ask("GET", f"{PATH}/activity").text
    stream = re.search(r'"(/[^"]*/activity/stream[^"]*)"', page)
    assert stream
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}
    address = root + unescape(stream[1]).removeprefix(PATH)
    with httpx.stream("GET", address, headers=headers, timeout=20) as events:
        httpx.post(demo["mcp_url"], json={**CALL, "id": 1})
        line = next(line for line in events.iter_lines() if "href" in line)
    assert set(re.findall('href="(/[^/]*)', line)) == {PATH}


async def test_clients_connect_call_and_find_their_way_back(root: str, demo: dict[str, Any]) -> None:
    assert demo["mcp_url"].startswith(f"{demo['dashboard_url']}/mcp/")
    url = root + urlsplit(demo["mcp_url"]).path.removeprefix(PATH)
    for mode in ("legacy", "2026-07-28"):
        async with Client(url, mode=mode) as client:
            assert not (await client.call_tool(READ, {})).is_error
    # The stream tells the path to post to as people see it.
    async with sse_client(f"{demo['mcp_url']}/sse") as streams, ClientSession(*streams) as session:
        await session.initialize()
        assert not (await session.call_tool(READ, {})).is_error


def test_programs_are_told_addresses_within_the_path(root: str, stack: Stack, demo: dict[str, Any]) -> None:
    with httpx.Client(headers={"Authorization": f"Bearer {demo['api_token']}"}, timeout=20) as rest:
        account = f"/integrated-account/{demo['integrated_account_id']}"
        made = rest.post(f"{root}{account}/mcp", json={"name": "More"})
        assert made.headers["location"] == f"{PATH}{account}/mcp/{made.json()['id']}"
        assert made.json()["url"].startswith(f"{demo['dashboard_url']}/mcp/pbmcp_")
        assert rest.get(f"http://127.0.0.1:{stack.port}{made.headers['location']}").status_code == 200
        assert rest.get(f"{root}{account}/tools").status_code == 200
        assert rest.get(f"{root}/openapi.json").json()["servers"] == [{"url": demo["dashboard_url"]}]
        assert rest.get(f"{root}/integrated-account/x").headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("document", ["oauth-protected-resource", "oauth-authorization-server", "openid-configuration"])
def test_there_is_no_authorization_server_at_any_place_where_one_is_looked_for(
    stack: Stack, demo: dict[str, Any], document: str
) -> None:
    # RFC 8414, section 3.1, and RFC 9728, section 3.1, put the path behind the well-known one; others put it before.
    resource = urlsplit(demo["mcp_url"]).path
    for path in (f"/.well-known/{document}{resource}", f"{resource}/.well-known/{document}", f"/.well-known/{document}",
                 f"/.well-known/{document}{PATH}", f"{PATH}/.well-known/{document}"):  # fmt: skip
        response = httpx.get(f"http://127.0.0.1:{stack.port}{path}")
        assert (response.status_code, "json" in response.headers["content-type"]) == (404, True), path


async def test_people_sign_in_to_a_server_below_the_path(stack: Stack, demo: dict[str, Any]) -> None:
    sent = {"Authorization": f"Bearer {demo['api_token']}"}
    servers = f"{demo['dashboard_url']}/integrated-account/{demo['integrated_account_id']}/mcp"
    config = {"authentication": "sign_in"}
    address = httpx.post(servers, json={"name": "For people", "config": config}, headers=sent).json()["url"]
    assert address.startswith(f"{demo['dashboard_url']}/mcp/s/")
    issuer = f"{demo['dashboard_url']}/oauth"
    # Where the RFCs put them, and where a proxy that strips the path, or passes it alone on, has them.
    for path in (
        f"/.well-known/oauth-authorization-server{PATH}/oauth", "/.well-known/openid-configuration/oauth",
        f"{PATH}/oauth/.well-known/openid-configuration", "/oauth/.well-known/openid-configuration",
    ):  # fmt: skip
        assert httpx.get(f"http://127.0.0.1:{stack.port}{path}").json()["issuer"] == issuer, path
    for place in ("/.well-known/oauth-protected-resource", f"{PATH}/.well-known/oauth-protected-resource"):
        path = urlsplit(address).path if place.startswith("/.") else urlsplit(address).path.removeprefix(PATH)
        assert httpx.get(f"http://127.0.0.1:{stack.port}{place}{path}").json()["resource"] == address, place
    person = Person(f"http://127.0.0.1:{stack.port}", demo["username"], demo["password"])
    official = OfficialClient(address, person)
    async with person.browser, official.connected() as client:
        assert not (await client.call_tool(READ, {})).is_error


def test_probes_answer_with_the_path_and_without(root: str) -> None:
    assert [httpx.get(f"{root}/{probe}").status_code for probe in ("livez", "readyz")] == [200, 200]
