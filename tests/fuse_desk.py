"""What tests need to know of FuseDesk: the bundle, and the key that the simulator takes."""

from pathlib import Path

from django.conf import settings

BUNDLE = Path(settings.BASE_DIR) / "integrations" / "fuse_desk.yaml"
SIMULATOR_KEY = "fd-demo-key"
