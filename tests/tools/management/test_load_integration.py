"""`manage.py load_integration`: a file that cannot be loaded is refused in words, and changes nothing."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Integration

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file"),
        (b"bundle: 1\nintegration: {name: \xff}", "is not text in UTF-8; nothing was changed"),
        (b"bundle: 1\nintegration: {}", "was not loaded; nothing was changed.\n"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_refused_in_words(tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / "vendor.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CommandError, match=words) as refused:
        call_command("load_integration", str(file))
    assert str(refused.value).startswith(str(file))
    assert not Integration.objects.exists()
