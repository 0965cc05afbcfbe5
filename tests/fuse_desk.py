"""What tests need to know of FuseDesk: the bundle, and the key that the simulator takes."""

from pathlib import Path
from typing import Any

import httpx
from django.conf import settings

BUNDLE = Path(settings.BASE_DIR) / "integrations" / "fuse_desk.yaml"
SIMULATOR_KEY = "fd-demo-key"


def requests(vendor: httpx.Client) -> list[dict[str, Any]]:
    """Return the last requests that the simulator got, the newest last."""
    told: list[dict[str, Any]] = vendor.get("/_control").json()["last_requests"]
    return told
