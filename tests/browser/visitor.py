"""Somebody who uses the portal in a browser."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Request, Response

READ_AT = (1440, 390)


@dataclass
class Visitor:
    """A page with somebody before it. `complaints` are the console's, and assets that were refused."""

    page: Page
    demo: dict[str, Any]
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", self._miss)
        self.page.on("response", self._look)

    def sign_in(self, username: str = "", password: str = "") -> None:
        """Sign in, as the demo's person unless told."""
        self.give_password(username or self.demo["username"], password or self.demo["password"])
        self.page.wait_for_url("**/accounts")

    def give_password(self, username: str, password: str) -> None:
        """Fill in the sign-in page, and send it."""
        self.page.goto("/sign-in")
        self.page.fill("#id_username", username)
        self.page.fill("#id_password", password)
        self.page.click("text=Sign in >> nth=-1")

    def connect_fuse_desk(self, name: str, key: str) -> None:
        """Fill in the form for an account at the simulator, and send it."""
        self.page.fill("#id_name", name)
        self.page.fill("#id_field_app_name", "acme")
        self.page.fill("#id_field_api_key", key)
        self.page.click("text=Another address")
        self.page.fill("#id_base_url", f"{self.demo['simulator_url']}/api")
        self.page.click("text=Test and connect")

    def violations(self) -> list[str]:
        """Return what axe finds wrong with the page, a line each."""
        found = Axe().run(self.page).response["violations"]
        return [f"{each['id']}: {node['target']}" for each in found for node in each["nodes"]]

    def overflows(self) -> bool:
        """Tell whether the page is wider than the window."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))

    def problems(self, widths: Iterable[int] = READ_AT) -> list[str]:
        """Return what is wrong with what is shown: what overflows at these widths, what axe finds at READ_AT."""
        found = []
        for width in widths:
            self.page.set_viewport_size({"width": width, "height": 900})
            if self.overflows():
                found.append(f"{self.page.url} is wider than {width} px")
            if width in READ_AT:
                found += [f"{self.page.url} at {width}: {violation}" for violation in self.violations()]
        self.page.set_viewport_size({"width": 1440, "height": 900})
        return found

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _miss(self, request: Request) -> None:
        # Whoever leaves a page ends its streams; a request that the page gave up is no fault.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"{request.url}: {request.failure}")

    def _look(self, response: Response) -> None:
        if response.request.resource_type in {"stylesheet", "script", "image", "font"} and response.status >= 400:
            self.complaints.append(f"{response.url}: HTTP {response.status}")
