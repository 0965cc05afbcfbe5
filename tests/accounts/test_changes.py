"""Changes are told to those who subscribed, and to nobody who took it back."""

import threading
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.changes import MOST_ROWS, Change, ChangeKind, announce, carry, publish, subscribe
from accounts.models.changes import LoggedChange, Place, news_since
from tests.hearing import hearing

CHANGE = Change(ChangeKind.ACCOUNT, UUID(int=1))
OTHER = Change(ChangeKind.SERVER, UUID(int=2))


def test_who_took_a_subscription_back_hears_no_more() -> None:
    heard: list[Change] = []
    undo = subscribe(heard.append)
    publish(CHANGE)
    undo()
    publish(CHANGE)
    assert heard == [CHANGE]


def test_a_carrier_is_given_what_is_made_here_until_it_is_taken_back() -> None:
    carried: list[Change] = []
    undo = carry(carried.extend)
    publish(CHANGE)
    publish(CHANGE, local=True)
    undo()
    publish(CHANGE)
    assert carried == [CHANGE]


def test_who_takes_it_back_while_being_told_keeps_nobody_from_hearing() -> None:
    def once(_: Change) -> None:
        undo()

    undo = subscribe(once)
    with hearing() as heard:
        publish(CHANGE)
        publish(CHANGE)
    assert heard == [CHANGE, CHANGE]


def test_all_listeners_hear_all_changes_before_a_carrier_may_have_to_wait() -> None:
    heard_before: list[int] = []

    def carrier(_: Sequence[Change]) -> None:
        heard_before.append(len(heard))

    undo = carry(carrier)
    with hearing() as heard:
        publish(CHANGE, OTHER)
    undo()
    assert heard_before == [2]


@pytest.mark.django_db(transaction=True)
class TestTransactions:
    """What a transaction announces is logged in its last statements, and told first of all once it is committed."""

    def test_a_change_that_is_announced_twice_is_told_and_logged_once(self) -> None:
        with hearing() as heard, transaction.atomic():
            announce(CHANGE)
            announce(OTHER)
            announce(CHANGE)
        assert heard == [CHANGE, OTHER]
        assert LoggedChange.objects.count() == 2

    def test_what_a_savepoint_took_back_is_not_told(self) -> None:
        with hearing() as heard, transaction.atomic():
            with transaction.atomic():
                announce(CHANGE)
                transaction.set_rollback(True)
            announce(OTHER)
        assert heard == [OTHER]

    def test_what_is_announced_again_after_a_savepoint_took_it_back_is_told(self) -> None:
        with hearing() as heard, transaction.atomic():
            with transaction.atomic():
                announce(CHANGE)
                transaction.set_rollback(True)
            announce(CHANGE)
        assert heard == [CHANGE]

    def test_another_callback_that_fails_keeps_nobody_from_hearing(self) -> None:
        def fail() -> None:
            raise IntegrityError

        def change() -> None:
            with transaction.atomic():
                transaction.on_commit(fail)
                announce(CHANGE)

        with hearing() as heard, pytest.raises(IntegrityError):
            change()
        assert heard == [CHANGE]

    def test_many_rows_of_a_kind_are_told_as_any_of_it(self) -> None:
        announce(OTHER)
        known = news_since(Place()).place
        with hearing() as heard, transaction.atomic():
            for _ in range(MOST_ROWS + 1):
                announce(Change(ChangeKind.ACCOUNT, uuid4()))
            announce(OTHER)
        assert heard == [Change(ChangeKind.ACCOUNT, None), OTHER]
        assert news_since(known).changes == heard

    @pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
    def test_a_long_transaction_keeps_nobody_from_announcing(self) -> None:
        def announce_beside() -> None:
            try:
                announce(OTHER)
            finally:
                connection.close()

        with hearing() as heard, transaction.atomic():
            announce(CHANGE)
            beside = threading.Thread(target=announce_beside)
            beside.start()
            beside.join(4)  # less than a lock is waited for
            assert heard == [OTHER]
        assert heard == [OTHER, CHANGE]
