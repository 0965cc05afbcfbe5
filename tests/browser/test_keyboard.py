"""The portal by keyboard alone: search over everything, rows of tables, single keys, focus that comes back."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser


def focused(page: Page) -> str:
    """Return the words of what has the focus."""
    return str(page.evaluate("document.activeElement.textContent || document.activeElement.name"))


@pytest.mark.parametrize("visitor", ["light", "dark"], indirect=True)
def test_the_search_over_everything(visitor: Visitor, demo: dict[str, Any]) -> None:
    page = visitor.page
    visitor.sign_in()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    expect(page.locator("#palette-found [role=option]").first).to_be_visible()
    page.keyboard.type("add_no")
    expect(page.locator("#palette-found [aria-selected=true]")).to_contain_text("fuse_desk_cases_add_note")
    assert visitor.violations() == []
    page.set_viewport_size({"width": 360, "height": 800})
    assert not visitor.overflows()
    assert visitor.violations() == []
    page.keyboard.press("Enter")
    page.wait_for_url("**/tools/cases/add_note")
    page.click("[data-palette]")
    page.keyboard.type("a")
    expect(page.locator("#palette-found [role=option]").nth(1)).to_be_visible()
    first = page.locator("#palette [role=combobox]").get_attribute("aria-activedescendant")
    page.keyboard.press("ArrowDown")
    assert page.locator("#palette [role=combobox]").get_attribute("aria-activedescendant") != first
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    assert page.evaluate("document.activeElement.matches('[data-palette]')")


def test_rows_are_walked(visitor: Visitor, demo: dict[str, Any]) -> None:
    page = visitor.page
    visitor.sign_in()
    page.goto(f"/accounts/{demo['integrated_account_id']}/tools")
    page.keyboard.press("j")
    assert focused(page) == "list_all_fuse_desk_cases"
    page.keyboard.press("ArrowDown")
    assert focused(page) == "count_fuse_desk_cases"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert focused(page) == "list_all_fuse_desk_cases"
    page.keyboard.press("End")
    assert focused(page) == "fuse_desk_session_permissions"
    page.keyboard.press("Enter")
    page.wait_for_url("**/tools/session/permissions")


def test_single_keys(visitor: Visitor, demo: dict[str, Any]) -> None:
    page = visitor.page
    visitor.sign_in()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    assert visitor.violations() == []
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()
    page.keyboard.press("/")
    assert focused(page) == "q"
    page.keyboard.type("c?j")
    expect(page.locator("#shortcuts")).to_be_hidden()
    assert page.input_value("#search") == "c?j"
    page.goto(f"/accounts/{demo['integrated_account_id']}/mcp-servers")
    page.keyboard.press("c")
    expect(page.locator("dialog #id_name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("dialog #id_name")).to_be_hidden()
    page.goto("/people")
    page.keyboard.press("/")
    expect(page.locator("#palette")).to_be_visible()
