"""The head and the body of an answer are one write; what a stream sends is written as it comes."""

import asyncio
from unittest.mock import Mock

import pytest

from config.clients.joined_writes import JoinedWrites


def transport() -> Mock:
    return Mock(spec=asyncio.Transport)


async def test_what_is_written_in_one_step_is_one_write() -> None:
    under = transport()
    joined = JoinedWrites(under, asyncio.get_running_loop())
    joined.write(b"head")
    joined.write(b"body")
    under.write.assert_not_called()
    await asyncio.sleep(0)
    under.write.assert_called_once_with(b"headbody")
    joined.write(b"next")
    await asyncio.sleep(0)
    under.write.assert_called_with(b"next")


async def test_closing_writes_what_waits_first() -> None:
    under = transport()
    joined = JoinedWrites(under, asyncio.get_running_loop())
    joined.write(b"last")
    joined.close()
    assert [call[0] for call in under.method_calls] == ["write", "close"]
    await asyncio.sleep(0)
    under.write.assert_called_once_with(b"last")


async def test_aborting_discards_what_waits() -> None:
    under = transport()
    joined = JoinedWrites(under, asyncio.get_running_loop())
    joined.write(b"lost")
    joined.abort()
    await asyncio.sleep(0)
    under.write.assert_not_called()
    under.abort.assert_called_once_with()


@pytest.mark.parametrize("name", ["is_closing", "get_write_buffer_size", "pause_reading", "resume_reading"])
async def test_everything_else_is_the_transport_s(name: str) -> None:
    under = transport()
    assert getattr(JoinedWrites(under, asyncio.get_running_loop()), name) == getattr(under, name)
