"""The documentation as tests read it."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
DOCS = ROOT / "docs"
ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]*)` \| ([^|]*) \|", re.MULTILINE)


def documented() -> dict[str, str]:
    """Return the defaults by variable, as the page states them."""
    return dict(ROW.findall((DOCS / "configuration.md").read_text()))
