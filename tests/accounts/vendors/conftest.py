"""What tests of accounts share: two vendors that record every byte."""

from collections.abc import Iterator

import pytest

from tests.vendors.recording import RecordingVendor, recording_vendor


@pytest.fixture
def home() -> Iterator[RecordingVendor]:
    """Where the secrets were given for."""
    with recording_vendor() as vendor:
        yield vendor


@pytest.fixture
def away() -> Iterator[RecordingVendor]:
    """Where nobody gave them for."""
    with recording_vendor() as vendor:
        yield vendor
