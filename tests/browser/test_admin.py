"""The admin: axe finds nothing on any of its pages, nothing overflows; a description imported, reviewed, edited."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor
from tests.stack import Stack
from tests.tools.openapi.documents import DESK_30

pytestmark = pytest.mark.browser

IMPORT = "/admin/accounts/integration/import-openapi/"


def addresses(visitor: Visitor, within: str) -> list[str]:
    """Return where the links of the page under an address lead, once each, in their order."""
    found = visitor.page.eval_on_selector_all("a[href]", "links => links.map(link => new URL(link.href).pathname)")
    return [path for path in dict.fromkeys(found) if path.startswith(within)]


def pages_of(visitor: Visitor, rows: str) -> list[str]:
    """Return a list's address, and those of adding, of its first row, and of what that row's page leads to."""
    visitor.page.goto(rows)
    inside = [path for path in addresses(visitor, rows) if path != rows]
    first = next((path for path in inside if path.endswith("/change/")), None)
    found = [rows, *(path for path in inside if path.removeprefix(rows).count("/") == 1)]
    if first:
        visitor.page.goto(first)
        row = first.removesuffix("change/")
        found += [path for path in addresses(visitor, row) if "export" not in path]
        found.append(first)
    return found


@pytest.mark.parametrize("visitor", ["light", "dark"], indirect=True)
def test_every_page_is_accessible_and_fits(visitor: Visitor) -> None:
    visitor.sign_in()
    visitor.page.goto("/admin/")
    lists = [path for path in addresses(visitor, "/admin/") if path.count("/") == 4]
    assert len(lists) >= 10
    pages = ["/admin/", "/admin/password_change/", *(path for rows in lists for path in pages_of(visitor, rows))]
    assert len(pages) >= 40
    problems = []
    for path in pages:
        response = visitor.page.goto(path)
        assert response is not None
        assert response.status == 200, path
        problems += visitor.problems()
    assert problems == []


@pytest.mark.parametrize("visitor", ["light", "dark"], indirect=True)
def test_from_a_description_to_a_published_tool(visitor: Visitor, request: pytest.FixtureRequest) -> None:
    page = visitor.page
    name = f"acme_{request.node.callspec.params['visitor']}"
    visitor.sign_in()
    page.goto(IMPORT)
    page.set_input_files("#id_file", {"name": "desk.yaml", "mimeType": "text/yaml", "buffer": DESK_30.encode()})
    page.fill("#id_name", name)
    page.click("text=Show what it would bring")
    expect(page.locator("#content-main")).to_contain_text("would pass the quality gate as they are")
    assert visitor.problems() == []

    page.click("text=Import as drafts")
    expect(page.locator("h1.pb-title")).to_have_text("Review Acme Desk")
    assert visitor.problems() == []

    page.select_option("[name=gate]", "passes")
    page.click(".pb-review-filters button")
    page.check("[name=matching]")
    page.click(".pb-review-bar >> text=Accept")
    page.click("text=Publish accepted")
    expect(page.locator("#page")).to_contain_text("13 published, 0 dropped.")


@pytest.mark.parametrize("visitor", ["light", "dark"], indirect=True)
def test_a_record_is_edited_and_its_versions_compared(visitor: Visitor, demo: dict[str, Any]) -> None:
    page = visitor.page
    visitor.sign_in()
    page.goto("/admin/tools/documentation/?q=list")
    page.click("#result_list tbody th a >> nth=0")
    description = page.locator("[name=description]")
    description.fill(description.input_value() + " Sorted by the vendor.")
    expect(page.locator(".pb-beside-panel")).to_contain_text("Sorted by the vendor.")
    assert visitor.problems() == []
    page.click("[name=_continue]")
    expect(page.locator("#page")).to_contain_text("was changed successfully")
    page.click("main a:has-text('History')")
    assert visitor.problems() == []
    page.click("main a[href*='/history/'] >> nth=0")
    expect(page.locator("#changed-title")).to_have_text("What changed in this version")
    assert visitor.problems() == []


@pytest.mark.parametrize("visitor", ["light", "dark"], indirect=True)
def test_an_evaluation_by_the_search_is_watched_to_its_end(visitor: Visitor, stack: Stack) -> None:
    page = visitor.page
    visitor.sign_in()
    page.goto("/admin/accounts/integration/")
    page.click("text=FuseDesk >> nth=0")
    page.click("text=Evaluate >> nth=0")
    page.click("text=Start >> nth=-1")
    expect(page.locator(".pb-panel-head .pb-state")).to_have_text("Waits for the worker")
    # Here is no worker: what it would do.
    stack.manage("shell", "--command", "from tools.tasks import run_evaluations; run_evaluations()")
    expect(page.locator(".pb-panel-head .pb-state")).to_have_text("Done")
    expect(page.get_by_text("show me the open cases of the billing department")).to_be_visible()
    assert visitor.problems() == []
