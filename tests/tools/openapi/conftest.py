"""What tests of imports share."""

from functools import partial

import pytest

from tests.vendors.imported import Import


@pytest.fixture
def imported(importing: Import) -> Import:
    """Import descriptions of a vendor whose base address has a path."""
    return partial(importing, path="/api")
