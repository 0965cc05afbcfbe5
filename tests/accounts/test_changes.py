"""Changes are told to those who subscribed, and to nobody who took it back."""

from uuid import UUID

from accounts.changes import Change, ChangeKind, carry, publish, subscribe
from tests.hearing import hearing

CHANGE = Change(ChangeKind.ACCOUNT, UUID(int=1))


def test_who_took_a_subscription_back_hears_no_more() -> None:
    heard: list[Change] = []
    undo = subscribe(heard.append)
    publish(CHANGE)
    undo()
    publish(CHANGE)
    assert heard == [CHANGE]


def test_a_carrier_is_given_what_is_made_here_until_it_is_taken_back() -> None:
    carried: list[Change] = []
    undo = carry(carried.append)
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
