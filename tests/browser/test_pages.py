"""Every page, at two widths and in both schemes: axe finds nothing, nothing overflows, the console is silent."""

import re
from typing import Any

import pytest

from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

ACCOUNT = "/accounts/{integrated_account_id}"
SERVER = ACCOUNT + "/mcp-servers/{mcp_server_id}"
PAGES = [
    "/accounts",
    "/accounts?status=disabled",
    "/search?q=a",
    "/accounts/connect",
    "/accounts/connect/fuse_desk",
    "/accounts/connect/zendesk",
    ACCOUNT,
    f"{ACCOUNT}/mcp-servers",
    f"{ACCOUNT}/mcp-servers/create",
    SERVER,
    f"{SERVER}/edit",
    f"{SERVER}/rotate",
    f"{SERVER}/delete",
    f"{ACCOUNT}/tools",
    f"{ACCOUNT}/tools/cases/list",
    f"{ACCOUNT}/playground",
    f"{ACCOUNT}/playground?tool=fuse_desk_cases_bulk_update",
    f"{ACCOUNT}/activity",
    f"{ACCOUNT}/settings",
    f"{ACCOUNT}/disconnect",
    "/activity",
    "/api-tokens",
    "/api-tokens/issue",
    "/people",
    "/people/usage",
    "/audit",
    "/profile",
    "/profile/second-factor",
    "/api/docs",
]
# A space before punctuation, or an article that does not fit the word behind it.
MISWRITTEN = re.compile(r"\S* [.,;:!?)](?=\s|$)|\b(?:[Aa] [aei][a-z]+|[Aa]n [b-dfgj-np-tv-z][a-z]+)\b")
READ = """() => {
  for (const each of document.querySelectorAll("pre, code, .mono, textarea, select")) each.textContent = "x";
  return document.body.innerText;
}"""
WIDTHS = (1920, 1440, 1280, 1024, 768, 390, 360)


@pytest.mark.parametrize("visitor", ["light", "dark"], indirect=True)
def test_pages_are_accessible_and_fit(visitor: Visitor, demo: dict[str, Any]) -> None:
    visitor.sign_in()
    problems = []
    for path in PAGES:
        response = visitor.page.goto(path.format(**demo))
        assert response is not None
        assert response.status == 200, path
        problems += visitor.problems(WIDTHS)
    assert problems == []


def test_what_pages_say_is_written_as_people_write(visitor: Visitor, demo: dict[str, Any]) -> None:
    visitor.sign_in()
    found = []
    for path in PAGES:
        visitor.page.goto(path.format(**demo))
        found += [f"{path}: {each}" for each in MISWRITTEN.findall(visitor.page.evaluate(READ))]
    assert found == []


@pytest.mark.parametrize(
    "path", ["/sign-in", "/api/docs", "/accounts/00000000-0000-0000-0000-000000000000", "/nothing"]
)
def test_pages_outside_the_frame_are_accessible_too(visitor: Visitor, path: str) -> None:
    visitor.page.goto(path)
    assert visitor.violations() == []
    visitor.complaints.clear()  # the console notes the 404 of the document itself
