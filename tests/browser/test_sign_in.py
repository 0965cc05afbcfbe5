"""A person allows the official client in a real browser; the client's own OAuth implementation waits at its address."""

import asyncio
import queue
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from tests.browser.visitor import Visitor
from tests.official_client import Kept, OfficialClient
from tests.serving import served

pytestmark = pytest.mark.browser

READ, WRITE = "list_all_fuse_desk_cases", "create_a_fuse_desk_case"
BOTH = pytest.mark.parametrize("visitor", ["light", "dark"], indirect=True)


@dataclass
class Waiting:
    """Where a client waits for the person: `asked` are the addresses that it opens, `answers` what came back."""

    address: str = ""
    asked: "queue.Queue[str]" = field(default_factory=queue.Queue)
    answers: "queue.Queue[dict[str, str]]" = field(default_factory=queue.Queue)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/callback":
            self.answers.put(dict(parse_qsl(scope["query_string"].decode())))
        body = b"<!DOCTYPE html><title>Client</title><link rel=icon href='data:,'><h1>You may close this</h1>"
        headers = [(b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def go(self, address: str) -> dict[str, str]:
        """Stand in for a person: open the address elsewhere, and wait for the answer."""
        self.asked.put(address)
        return await asyncio.to_thread(self.answers.get, timeout=60)


@pytest.fixture
def waiting() -> Iterator[Waiting]:
    found = Waiting()
    with served(found) as address:
        found.address = address
        yield found


@pytest.fixture
def address(demo: dict[str, Any]) -> str:
    made = httpx.post(
        f"{demo['dashboard_url']}/integrated-account/{demo['integrated_account_id']}/mcp",
        json={"name": "For people", "config": {"authentication": "sign_in"}},
        headers={"Authorization": f"Bearer {demo['api_token']}"},
        timeout=20,
    )
    return str(made.json()["url"])


def running(official: OfficialClient, *calls: tuple[str, dict[str, Any]]) -> "Future[list[bool]]":
    """Run a client in a thread; return whether each of its calls failed."""
    done: Future[list[bool]] = Future()

    async def run() -> list[bool]:
        async with official.connected() as client:
            return [bool((await client.call_tool(name, given)).is_error) for name, given in calls]

    def work() -> None:
        try:
            done.set_result(asyncio.run(run()))
        except BaseException as failure:
            done.set_exception(failure)

    threading.Thread(target=work, daemon=True).start()
    return done


@BOTH
def test_a_person_signs_in_allows_the_client_and_later_more(
    visitor: Visitor, waiting: Waiting, address: str, demo: dict[str, Any]
) -> None:
    page = visitor.page
    official = OfficialClient(address, waiting, callback=f"{waiting.address}/callback")  # type: ignore[arg-type]
    done = running(official, (READ, {"limit": 1}), (WRITE, {"summary": "By hand", "details": "x"}))
    page.goto(waiting.asked.get(timeout=30))
    page.fill("#id_username", demo["username"])
    page.fill("#id_password", demo["password"])
    page.click("button.primary")
    page.wait_for_selector("text=nobody has verified it")
    assert visitor.problems() == []
    page.click("button[value=allow]")
    page.wait_for_selector("text=You may close this")
    page.goto(waiting.asked.get(timeout=30))
    page.wait_for_selector("text=Reach a customer")
    page.click("button[value=allow]")
    page.wait_for_selector("text=You may close this")
    assert done.result(30)[0] is False
    # The browser is signed in, and the client known: nobody is asked again.
    again = OfficialClient(address, waiting, Kept(client=official.kept.client), callback=official.callback)  # type: ignore[arg-type]
    done = running(again, (READ, {"limit": 1}))
    page.goto(waiting.asked.get(timeout=30))
    page.wait_for_selector("text=You may close this")
    assert done.result(30) == [False]
    page.goto("/profile/connections")
    page.wait_for_selector("text=Official client")
    assert visitor.problems() == []
    page.click("main .rows button")
    page.wait_for_selector("text=1 connection of")
