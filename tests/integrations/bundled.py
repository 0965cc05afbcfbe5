"""The bundles that come with the product."""

from pathlib import Path

from django.conf import settings

from accounts.models import Integration
from tests.bundles import load_bundle

BUNDLES = Path(settings.BASE_DIR) / "integrations"


def load(name: str) -> Integration:
    """Load a bundle that comes with the product."""
    return load_bundle((BUNDLES / f"{name}.yaml").read_text()).integration
