"""The embedded broker: a message is there whole or not at all, and a damaged one ends no worker."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu import Connection
from kombu.exceptions import ChannelError
from kombu.transport.virtual import Empty

from config.background_work import file_broker

QUEUE = "celery"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    queue = tmp_path / "queue"
    queue.mkdir()
    return queue


@pytest.fixture
def channel(folder: Path) -> Iterator[file_broker.Channel]:
    """A channel as Celery opens it."""
    file_broker.install()
    options = {
        "data_folder_in": str(folder),
        "data_folder_out": str(folder),
        "control_folder": str(folder.parent / "control"),
        "processed_folder": str(folder.parent),
    }
    (folder.parent / "control").mkdir()
    with Connection("filesystem://localhost//", transport_options=options) as connection:
        opened = connection.channel()
        assert isinstance(opened, file_broker.Channel)
        yield opened


def test_a_reader_that_never_pauses_gets_every_message_whole(channel: file_broker.Channel) -> None:
    sent = [{"number": number, "words": "x" * 100_000} for number in range(200)]
    got: list[object] = []

    def read() -> None:
        while len(got) < len(sent):
            try:
                got.append(channel._get(QUEUE))
            except Empty:
                continue

    reader = threading.Thread(target=read)
    reader.start()
    for message in sent:
        channel._put(QUEUE, message)
    reader.join(60)
    assert sorted(got, key=lambda message: message["number"]) == sent  # type: ignore[index]


def test_an_unfinished_message_is_no_message(channel: file_broker.Channel, folder: Path) -> None:
    (folder / f"1_x.{QUEUE}.msg{file_broker.UNFINISHED}").write_bytes(b'{"half')
    with pytest.raises(Empty):
        channel._get(QUEUE)


def test_a_damaged_message_is_told_and_the_next_one_is_read(
    channel: file_broker.Channel, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / f"0_x.{QUEUE}.msg").write_bytes(b"")
    channel._put(QUEUE, {"whole": True})
    with pytest.raises(Empty):
        channel._get(QUEUE)
    assert "a task was lost" in caplog.text
    assert channel._get(QUEUE) == {"whole": True}


def test_what_cannot_be_written_leaves_nothing_behind(channel: file_broker.Channel, folder: Path) -> None:
    queue = "q" * 250  # longer than a file's name may be
    with pytest.raises(ChannelError, match="a task cannot be sent"):
        channel._put(queue, {})
    assert os.listdir(folder) == []


def test_an_exchange_that_a_full_disk_left_empty_is_made_anew(channel: file_broker.Channel, folder: Path) -> None:
    (folder.parent / "control" / f"{QUEUE}.exchange").touch()
    channel._queue_bind(QUEUE, QUEUE, "", QUEUE)
    assert [binding.queue for binding in channel.get_table(QUEUE)] == [QUEUE]
