"""Documents come back from the database as they were written, whichever database it is."""

import json

import pytest

from accounts.models import Integration

WRITTEN = {"zebra": 1, "a": {"longer_name": [], "b": None, "aa": 1e3}, "list": [1.0, 1, "1"]}


@pytest.mark.django_db
def test_members_keep_their_order_and_numbers_their_form() -> None:
    Integration.objects.create(name="x", label="X", definition=WRITTEN)
    assert json.dumps(Integration.objects.get(name="x").definition) == json.dumps(WRITTEN)
