"""Broker and channel layer, as a probe finds them."""

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from config.readiness.messages import check_broker, check_layer
from config.readiness.rounds import Check, Readiness


async def test_a_broker_folder_that_cannot_be_written_is_told(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "no-folder"
    file.write_text("")
    settings.REDIS_URL = ""
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_in": str(file / "queue")}
    assert await Readiness([Check(("broker",), check_broker)]).parts() == {"broker": "unreachable"}


@pytest.mark.parametrize("work", [check_broker, check_layer])
async def test_a_redis_that_is_down_is_told_of_broker_and_layer(settings: Settings, work: object) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": ["redis://127.0.0.1:1/0"]},
        }
    }
    readiness = Readiness([Check(("part",), work)], seconds=1)  # type: ignore[arg-type]  # both are checks
    assert (await readiness.parts())["part"] != "ok"
