"""Answers in JSON Lines: imported as lists, read under any of their names, and never waited for without end."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from accounts.models import Environment
from tests.mcp_client import McpClient
from tests.vendors.application import Answer, serving
from tests.vendors.imported import Import, described, served
from tests.vendors.scripted import ScriptedVendor
from tools.openapi.importing import prepare

NAMES = [
    "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
    "application/json-seq", "application/geo+json-seq", "application/stream+json",
    "application/x-ndjson; charset=utf-8",
]  # fmt: skip
ITEM = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
OK = {"200": {"description": "OK", "content": {"application/json": {"schema": ITEM}}}}
ROWS = [{"id": 1}, {"id": 2}, {"id": 3}]


def listing(media_type: str, described_as: dict[str, Any], **words: str) -> dict[str, Any]:
    answers = {"200": {"description": "OK", "content": {media_type: described_as}}}
    return {"/games": {"get": {"operationId": "listGames", "responses": answers, **words}}}


async def tool_of(client: McpClient) -> dict[str, Any]:
    (tool,) = (await client.request("tools/list")).json()["result"]["tools"]
    found: dict[str, Any] = tool
    return found


@pytest.mark.parametrize("media_type", NAMES)
@pytest.mark.parametrize(
    "written", [{"schema": ITEM}, {"schema": {"type": "array", "items": ITEM}}, {"itemSchema": ITEM}, {}]
)
async def test_they_are_lists(
    importing: Import, scripted: ScriptedVendor, media_type: str, written: dict[str, Any]
) -> None:
    client = await importing(described(listing(media_type, written)))
    tool = await tool_of(client)
    for count in (3, 1, 0):
        lines = b"".join(b"\x1e" + json.dumps(row).encode() + b"\r\n\n" for row in ROWS[:count])
        scripted.answer = lambda request, lines=lines: Answer(200, lines, {}, media_type)
        result = await client.call(tool["name"])
        shown = json.loads(result["content"][0]["text"])
        assert shown["result"] == ROWS[:count]
        assert count == 0 or "remarks" not in shown
        assert result.get("structuredContent", shown) == shown
    assert media_type.partition(";")[0] in scripted.last.header_value("accept")


async def test_lines_that_are_nearly_right_are_read_with_a_remark(importing: Import, scripted: ScriptedVendor) -> None:
    client = await importing(described(listing("application/x-ndjson", {"schema": ITEM})))
    scripted.answer = lambda request: Answer(200, b'{"id": 1}\n{"id": NaN}', {}, "application/x-ndjson")
    shown = await client.value((await tool_of(client))["name"])
    assert [item["id"] for item in shown["result"]] == [1, None]
    assert "not quite right" in shown["remarks"][0]


@pytest.mark.parametrize(
    ("media_type", "words", "reason"),
    [
        ("text/event-stream", "List games.", "it answers with a stream (text/event-stream), not with a result."),
        ("application/x-ndjson", "Stream incoming events in real time.", "it answers with a stream that does not end"),
        ("application/x-ndjson", "The connection stays open.", "it answers with a stream that does not end"),
        ("application/jsonl", "Never-ending list of moves.", "it answers with a stream that does not end"),
    ],
)
def test_streams_that_do_not_end_are_refused_with_the_reason(media_type: str, words: str, reason: str) -> None:
    paths = {**listing(media_type, {"schema": ITEM}, description=words), "/a": {"get": {"responses": OK}}}
    refused = prepare(described(paths), name="acme").proposal.refused
    assert [each.reason.startswith(reason) for each in refused] == [True]


class EndlessVendor(ScriptedVendor):
    """Answers every request with line after line, for as long as anybody reads."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request (ASGI)."""
        headers = [(b"content-type", b"application/x-ndjson")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        gone = asyncio.ensure_future(_until_gone(receive))
        while not gone.done():
            await send({"type": "http.response.body", "body": b'{"id": 1}\n' * 1000, "more_body": True})
        await gone


async def _until_gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@pytest.fixture
def endless() -> Iterator[EndlessVendor]:
    """A vendor whose answers do not end."""
    with serving(EndlessVendor()) as vendor:
        yield vendor


async def test_one_that_does_not_end_all_the_same_is_a_clear_failure(
    transactional_db: None, environment: Environment, endless: EndlessVendor, upstream: None
) -> None:
    text = described(listing("application/x-ndjson", {"schema": ITEM}))
    client = await sync_to_async(lambda: served(environment, endless.address, prepare(text, name="acme")))()
    tool = (await tool_of(client))["name"]
    for words in await asyncio.gather(*(client.failure(tool) for _ in range(3))):
        assert "too large to be read" in words
        assert "Ask for less" in words
