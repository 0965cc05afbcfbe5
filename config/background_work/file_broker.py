"""The embedded broker, a folder of files: kombu's, except that a message is there at once and whole.

kombu creates a message's file and then fills it. A worker that looked in between read an empty message, and ended.
"""

import logging
import os
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.transport.virtual import Empty
from kombu.utils.json import dumps

logger = logging.getLogger(__name__)

UNFINISHED = ".unfinished"


class Channel(filesystem.Channel):
    """A channel whose messages come into being by a rename."""

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:  # type: ignore[override]  # kombu has two names
        """Put a message into a queue; raise ChannelError if it cannot be written."""
        file = Path(self.data_folder_out) / f"{round(monotonic() * 1000)}_{uuid4()}.{queue}.msg"
        # Of another name, so that no reader takes it.
        unfinished = file.with_name(f"{file.name}{UNFINISHED}")
        try:
            unfinished.write_bytes(dumps(message).encode())
            os.replace(unfinished, file)
        except OSError as problem:
            with suppress(OSError):
                unfinished.unlink()
            raise ChannelError(f"a task cannot be sent: {problem.strerror}") from problem

    def _queue_bind(self, exchange: str, *binding: str) -> None:  # type: ignore[override]  # all are passed on
        """Note that an exchange has a queue; a file that a full disk left empty is made anew."""
        try:
            super()._queue_bind(exchange, *binding)
        except ValueError:
            (Path(self.control_folder) / f"{exchange}.exchange").unlink(missing_ok=True)
            super()._queue_bind(exchange, *binding)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """Return the next message; one that cannot be read, after a power cut say, is dropped and told."""
        try:
            return super()._get(queue)
        except ValueError:
            logger.exception("a task was lost: its file in the broker's folder is damaged")
            raise Empty from None


class Transport(filesystem.Transport):
    """kombu's transport with these channels."""

    Channel = Channel


def install() -> None:
    """Have `filesystem://` mean this transport."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
