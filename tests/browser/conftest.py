"""Chromium, and one running copy of the product for it to look at."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import SWITCHES, chromium_path
from tests.browser.visitor import Visitor
from tests.stack import Stack, stack

MISSING = "Chromium is missing: install it (Debian: apt-get install chromium), or name one in CHROMIUM."


@pytest.fixture(scope="session", autouse=True)
def _loop_of_playwright() -> Iterator[None]:
    """Let fixtures of the whole suite use the database: Playwright keeps an event loop in the thread of the tests."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's own Chromium: what the package index offers brings no browser along."""
    found = chromium_path()
    if found is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(MISSING)
        # Who works on something else needs no browser; .ci/run sets REQUIRE_BROWSER=1.
        pytest.skip(f"{MISSING} (REQUIRE_BROWSER=1 makes this a failure.)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*SWITCHES])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo(stack: Stack) -> dict[str, Any]:
    """The demo's person, account and server."""
    return stack.demo()


@pytest.fixture
def visitor(chromium: Browser, demo: dict[str, Any], request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """Somebody at the sign-in page, in the scheme that the test names; fails for whatever the console complains of."""
    scheme: Literal["light", "dark"] = getattr(request, "param", "light")
    context = chromium.new_context(
        base_url=demo["dashboard_url"], color_scheme=scheme, viewport={"width": 1440, "height": 900}
    )
    page: Page = context.new_page()
    page.set_default_timeout(15_000)
    came = Visitor(page, demo)
    yield came
    shots = os.environ.get("SCREENSHOTS")
    if shots:
        page.screenshot(path=Path(shots) / f"{request.node.name}.png")
    context.close()
    assert came.complaints == []


__all__ = ["stack"]
