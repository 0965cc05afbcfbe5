"""Clients from registries: what a run does where they cannot be installed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.npm import NpmMissing
from tests.pypi import PackagesMissing


@contextmanager
def required() -> Iterator[None]:
    """Skip where the block cannot install what it needs, or fail with REQUIRE_CLIENTS=1."""
    try:
        yield
    except (NpmMissing, PackagesMissing) as missing:
        if os.environ.get("REQUIRE_CLIENTS") == "1":
            pytest.fail(str(missing))
        # `make test-clients` requires them; a single file can be run without.
        pytest.skip(f"{missing} (REQUIRE_CLIENTS=1 makes this a failure.)")
