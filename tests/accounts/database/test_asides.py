"""What is noted in passing is left out where a lock is in the way, and fails no request."""

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.database.asides import note_aside
from accounts.models import ApiToken, Environment, Role
from tests.database_faults import locked
from tests.rest import Rest

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_note_is_left_out_while_somebody_holds_its_lock(environment: Environment) -> None:
    def rename() -> int:
        return Environment.objects.filter(pk=environment.pk).update(name="Renamed")

    with locked("accounts_environment"):
        assert not note_aside(rename)
    environment.refresh_from_db()
    assert environment.name == "Production"
    assert note_aside(rename)
    environment.refresh_from_db()
    assert environment.name == "Renamed"


def test_a_fault_is_not_taken_for_a_lock() -> None:
    def fail() -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE nowhere SET x = 1")

    with pytest.raises(DatabaseError):
        note_aside(fail)


def test_a_note_within_a_transaction_is_refused_before_it_changes_what_that_waits_for(environment: Environment) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        note_aside(lambda: Environment.objects.filter(pk=environment.pk).update(name="Renamed"))
    environment.refresh_from_db()
    assert environment.name == "Production"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's lock of a table keeps readers out too")
def test_a_token_is_recognised_while_its_use_cannot_be_noted(environment: Environment) -> None:
    row, value = ApiToken.objects.issue(environment=environment, name="t", role=Role.VIEWER, owner=None)
    with locked("accounts_apitoken"):
        assert Rest(value).get("/integrated-account").status_code == 200
    row.refresh_from_db()
    assert row.last_used_at is None
    assert Rest(value).get("/integrated-account").status_code == 200
    row.refresh_from_db()
    assert row.last_used_at is not None
