"""What a person sees of a request and its answer: everything but the credentials."""

from contextlib import suppress
from typing import Any

import pytest
from channels.db import database_sync_to_async

from accounts.errors import UpstreamUnreachable
from accounts.models import Environment
from accounts.vendors.calling import ask
from accounts.vendors.captured import MOST_CHARACTERS, CapturedExchange
from accounts.vendors.connection import connect
from accounts.vendors.upstream import Upstream
from tests.accounts.vendors.keyed import KEY, KINDS, PAIR, QUOTED, account_of
from tests.vendors.scripted import ScriptedVendor

JSON = {"Content-Type": "application/json"}


async def seen(
    environment: Environment, address: str, kind: str = "header", *, content: bytes = b"", target: str = "/tickets?a=1"
) -> CapturedExchange:
    """Send a request; return what was seen of it."""
    account = await database_sync_to_async(account_of)(environment, address, kind)
    connection = connect(account, account.integration.parsed())
    told: list[CapturedExchange] = []
    async with Upstream() as upstream:
        with suppress(UpstreamUnreachable):
            await ask(connection, "POST", target, headers=JSON, content=content, upstream=upstream, seen=told.append)
    return told[-1]


def everything(exchange: CapturedExchange) -> str:
    """Return all that is shown of an exchange."""
    parts = [exchange.request, *([exchange.answer] if exchange.answer else [])]
    return "\n".join([exchange.url, *(f"{part.headers}\n{part.body}" for part in parts)])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", KINDS)
async def test_no_credential_is_shown_however_it_went_and_came_back(
    environment: Environment, scripted: ScriptedVendor, kind: str
) -> None:
    scripted.headers = {"content-type": "application/json", "Set-Cookie": "s=secret-cookie", "X-Echo": f"{KEY} {PAIR}"}
    scripted.body = f'{{"echo": "{KEY}", "pair": "{PAIR}", "url": "/x?api_key={QUOTED}"}}'.encode()
    exchange = await seen(environment, scripted.address, kind, content=b'{"a": [1, 2]}')
    shown = everything(exchange)
    for secret in (KEY, QUOTED, "secret-cookie", *([PAIR] if kind == "basic" else [])):
        assert secret not in shown
    assert exchange.url.startswith(f"{scripted.address}/tickets?a=1")
    assert ("api_key=•••" in exchange.url) is (kind == "query")
    assert "•••" in shown
    assert '"a": [\n    1,' in exchange.request.body
    assert exchange.status == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("media_type", "body", "shown"), [("text/plain", b"x" * 50_000, MOST_CHARACTERS), ("image/png", b"\x89PNG", 0)]
)
async def test_long_and_binary_bodies_are_not_shown_whole(
    environment: Environment, scripted: ScriptedVendor, *, media_type: str, body: bytes, shown: int
) -> None:
    scripted.headers, scripted.body = {"content-type": media_type}, body
    answer: Any = (await seen(environment, scripted.address)).answer
    assert (len(answer.body), answer.size, answer.is_cut) == (shown, len(body), shown == MOST_CHARACTERS)


@pytest.mark.django_db(transaction=True)
async def test_a_request_without_an_answer_is_shown_too(environment: Environment) -> None:
    exchange = await seen(environment, "http://127.0.0.1:9")
    assert (exchange.method, exchange.status, exchange.answer) == ("POST", None, None)
    assert KEY not in repr(exchange)
