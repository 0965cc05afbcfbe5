"""Templates, style sheets and scripts keep to the length of a line: formatters leave what they cannot break."""

from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
LONGEST = 120
SUFFIXES = {".html", ".txt", ".css", ".js"}


@pytest.mark.parametrize("folder", ["templates", "static"])
def test_no_line_is_too_long(folder: str) -> None:
    files = [path for path in sorted((ROOT / folder).rglob("*")) if path.suffix in SUFFIXES]
    assert len(files) > 10
    assert [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if len(line) > LONGEST
    ] == []
