"""Reading the environment: what cannot be used is named, with what can."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import integer


@pytest.mark.parametrize("given", ["abc", "1.5", "0", "65536", "--5", "²", "9" * 5000], ids=lambda given: given[:8])
def test_what_is_no_whole_number_in_range_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", given)
    with pytest.raises(ImproperlyConfigured, match=r"PORT is .* but takes a whole number from 1 to 65535"):
        integer("PORT", 8000, least=1, most=65535)


@pytest.mark.parametrize(("given", "read"), [("", 8000), (" 1 ", 1), ("0080", 80), ("-0", 0)])
def test_a_whole_number_is_read(given: str, read: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", given)
    assert integer("PORT", 8000) == read
