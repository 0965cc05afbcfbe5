"""Take the pictures of docs/images anew: `python -m tests.browser.pictures`. Needs Chromium."""

import asyncio
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from mcp import Client
from mcp.types import Implementation
from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

from tests.browser.chromium import SWITCHES, chromium_path
from tests.browser.visitor import Visitor
from tests.stack import ROOT, Stack, running_stack

IMAGES = ROOT / "docs" / "images"
WINDOW, TALL = ViewportSize(width=1280, height=800), ViewportSize(width=1280, height=920)
# What each server allows, in how many days it ends, and what calls it.
SERVERS: dict[str, tuple[dict[str, Any], int, str]] = {
    "Triage agent": ({"methods": ["read"], "tags": ["support"]}, 38, "Claude"),
    "Weekly report": ({"methods": ["read"]}, 2, "ChatGPT"),
    "CRM sync": ({"methods": ["read", "write"], "tags": ["crm"]}, 90, "openai-agents"),
}
CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("list_all_fuse_desk_contacts", {"search": "alex@example.com"}),
    ("get_single_fuse_desk_case_by_id", {"id": "CAS-89102"}),
    ("list_all_fuse_desk_cases", {"status": "open"}),
)


async def use(url: str, name: str) -> None:
    """Call what a server has, as a client of a name."""
    async with Client(url, client_info=Implementation(name=name, version="")) as client:
        listed = {tool.name for tool in (await client.list_tools()).tools}
        for tool, arguments in CALLS:
            if tool in listed:
                await client.call_tool(tool, arguments)


def make_server(seeded: dict[str, Any], name: str, config: dict[str, Any], days: int) -> str:
    """Make a server over REST that ends in so many days; return its URL."""
    made = httpx.post(
        f"{seeded['dashboard_url']}/integrated-account/{seeded['integrated_account_id']}/mcp",
        json={
            "name": name,
            "config": config,
            "expires_at": (datetime.now(UTC) + timedelta(days=days, hours=1)).isoformat(),
        },
        headers={"Authorization": f"Bearer {seeded['api_token']}"},
        timeout=20,
    )
    return str(made.raise_for_status().json()["url"])


def prepare(stack: Stack) -> dict[str, Any]:
    """Make servers that are used, with a day behind them; return what `demo` told."""
    seeded = stack.demo()
    urls = {name: make_server(seeded, name, config, days) for name, (config, days, _) in SERVERS.items()}
    stack.manage("shell", "-v0", "-c", "from tests.browser.past import fill; fill()")
    for name, (*_, client) in SERVERS.items():
        asyncio.run(use(urls[name], client))
    return seeded


def take(visitor: Visitor) -> None:
    """Take each picture."""
    account = f"/accounts/{visitor.demo['integrated_account_id']}"
    page = visitor.page
    visitor.sign_in()
    page.goto(f"{account}/playground?tool=list_all_fuse_desk_contacts")
    page.fill("[name=argument-search]", "alex@example.com")
    page.click("button[name=run]")
    expect(page.locator("#outcome #result")).to_contain_text("Moreno")
    # The page leads to what came.
    page.wait_for_function("window.scrollY > 0")
    shoot(page, "playground")
    page.set_viewport_size(TALL)
    page.goto("/activity")
    expect(page.locator("main tbody[data-calls]")).to_contain_text("Claude")
    shoot(page, "activity")
    page.set_viewport_size(WINDOW)
    page.goto(f"{account}/mcp-servers")
    shoot(page, "servers")
    page.click("text=Create MCP Server")
    page.fill("#dialog #id_name", "Triage agent")
    expect(page.locator("#dialog .sum")).to_contain_text("tools")
    shoot(page, "create")


def shoot(page: Page, name: str) -> None:
    """Take one picture, from the top of the page."""
    page.evaluate("window.scrollTo(0, 0)")
    page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")


def main() -> None:
    """Start a demo of its own, and take the pictures."""
    with tempfile.TemporaryDirectory() as folder, running_stack(Path(folder)) as stack:
        demo = prepare(stack)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=[*SWITCHES])
            page = browser.new_page(base_url=demo["dashboard_url"], viewport=WINDOW, reduced_motion="reduce")
            take(Visitor(page, demo))
            browser.close()


if __name__ == "__main__":
    main()
