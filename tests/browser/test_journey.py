"""The whole journey of a support admin, with the official MCP client at its end."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from mcp import Client
from playwright.sync_api import expect

from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

TOOL = "list_all_fuse_desk_cases"


async def call(url: str) -> tuple[int, bool]:
    """Use a URL as a client does: connect, list, call; return how many tools there are and whether the call worked."""
    async with Client(url) as client:
        tools = (await client.list_tools()).tools
        result = await client.call_tool(TOOL, {"limit": 2})
        return len(tools), not result.is_error


def used(url: str) -> tuple[int, bool]:
    """Do that in a thread of its own: Playwright keeps an event loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, call(url)).result()


def test_from_signing_in_to_pulling_the_plug(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in()

    page.click("text=Connect account")
    page.click("text=FuseDesk")
    visitor.connect_fuse_desk("Journey", "fd-demo-key")
    expect(page.locator("h1")).to_have_text("Journey")

    page.click("nav.tabs >> text=MCP Servers")
    page.click("text=Create MCP Server")
    page.fill("dialog #id_name", "Triage agent")
    expect(page.locator("dialog .sum")).to_contain_text("16 tools")
    page.click("dialog .primary")
    url = page.input_value("#server-url")
    expect(page.locator("dialog [role=status]", has_text="Waiting for the first connection")).to_be_visible()

    assert used(url) == (16 + len(("search", "fetch")), True)
    expect(page.locator("dialog .notice-good")).to_contain_text("connected")
    page.click("dialog >> text=Done")

    page.click("nav.tabs >> text=Activity")
    expect(page.locator("main")).to_contain_text(TOOL)
    before = page.locator("main tbody tr").count()
    page.evaluate("window.notReloaded = true")
    assert used(url) == (16 + len(("search", "fetch")), True)
    expect(page.locator("main tbody tr")).to_have_count(before + 1)
    assert page.evaluate("window.notReloaded") is True

    page.click("nav.tabs >> text=MCP Servers")
    page.click("summary:has-text('More for Triage agent')")
    page.click("text=Delete…")
    page.click("dialog >> text=Delete MCP server")
    expect(page.locator(".notices")).to_contain_text("its URL is refused from now on")
    with pytest.raises(BaseException, match=r"404|not found|refused|Session terminated|TaskGroup"):
        used(url)
