"""Answering a call as a stream, at the moments that are hard to hit from outside."""

from collections.abc import MutableMapping
from typing import Any

from mcpservers.jsonrpc import Request
from mcpservers.streaming.long_calls import LongCall

CALL = Request(1, "tools/call", {})
EVENTS = {b"accept": "text/event-stream"}


class Sent:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.types: list[str] = []

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        self.types.append(message["type"])


async def test_an_answer_that_comes_in_the_moment_of_opening_goes_out_as_a_whole_one() -> None:
    sent = Sent()
    async with LongCall(CALL, EVENTS, sent) as long_call:
        long_call._begin()
    assert not long_call.is_streaming
    assert sent.types == []
