"""A tool tried in the browser: found by search, called, written as JSON, asked before it writes."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

TOOLS = "/accounts/{integrated_account_id}/tools"
RESULT = "#outcome #result"


@pytest.mark.parametrize("visitor", ["light", "dark"], indirect=True)
def test_from_the_list_of_tools_to_a_result(visitor: Visitor, demo: dict[str, Any]) -> None:
    page = visitor.page
    visitor.sign_in()
    page.goto(TOOLS.format(**demo))
    page.fill("#tools-search", "list cases")
    expect(page.locator("#tools-found tbody tr:not(.group)")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=list(\+|%20)cases"))
    page.click("#tools-found a.mono")
    page.click("text=Try it")
    page.fill("[name=argument-limit]", "none")
    page.click("button[name=run]")
    expect(page.locator("#playground-form .errorlist")).to_contain_text("“none” is not a whole number.")
    visitor.complaints.clear()  # the console notes the 422 of a form that came back
    page.fill("[name=argument-limit]", "1")
    page.click("button[name=run]")
    expect(page.locator(RESULT)).to_contain_text('"result_count":1')
    expect(page.locator(".exchange").last).to_contain_text("x-fusedesk-api-key: •••")
    assert visitor.violations() == []
    page.click("button[name=switch]")
    expect(page.locator("[name=argument-document]")).to_have_value('{\n  "limit": 1\n}')


def test_a_write_asks_first(visitor: Visitor, demo: dict[str, Any]) -> None:
    page = visitor.page
    visitor.sign_in()
    page.goto(f"/accounts/{demo['integrated_account_id']}/playground?server={demo['mcp_server_id']}")
    page.select_option("#choice-tool", "fuse_desk_cases_add_note")
    page.fill("[name=argument-id]", "CAS-89102")
    page.fill("[name=argument-note]", "From the playground.")
    page.click("button[name=run]")
    expect(page.locator("#outcome [role=alert]")).to_contain_text("for real")
    assert page.locator(RESULT).count() == 0
    assert visitor.violations() == []
    page.click("button[name=confirmed]")
    expect(page.locator(RESULT)).to_contain_text("CAS-89102")
    page.click("text=The same call as a program")
    expect(page.locator("#call-curl")).to_contain_text('curl -sS "$PATCHBAY_MCP_URL"')
