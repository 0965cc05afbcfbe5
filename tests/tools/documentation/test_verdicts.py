"""Verdicts are made once for a revision, hold for it, and follow whatever changes."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Integration
from tests.bundles import load_bundle
from tests.vendors.desk import DESK
from tools.documentation.verdicts import ensure_fresh, report_of
from tools.models import Documentation, Judged, State, Verdict

pytestmark = pytest.mark.django_db


@pytest.fixture
def small() -> Integration:
    """The small integration."""
    return load_bundle(DESK).integration


def row(resource: str = "tickets", method: str = "list") -> Documentation:
    return Documentation.objects.get(resource=resource, method=method)


def judged(resource: str = "tickets", method: str = "list") -> Verdict:
    ensure_fresh()
    return Verdict.objects.get(record__resource=resource, record__method=method)


def queries() -> int:
    with CaptureQueriesContext(connection) as captured:
        ensure_fresh()
    return len(captured)


def change(record: Documentation, **values: Any) -> None:
    for name, value in values.items():
        setattr(record, name, value)
    record.save()


def test_every_record_gets_one(small: Integration) -> None:
    assert judged().state == State.EXPOSED
    assert Verdict.objects.count() == Documentation.objects.count() == 9
    assert judged().tokens
    assert 0 < judged().score < 100


def test_nothing_is_judged_twice(small: Integration) -> None:
    assert queries() > 1
    assert queries() == 1


def test_judging_takes_as_many_queries_for_forty_records_as_for_nine(
    small: Integration, integration: Integration
) -> None:
    ensure_fresh()
    Judged.objects.filter(integration=small).delete()
    few = queries()
    Judged.objects.filter(integration=integration).delete()
    assert few == queries() <= 12


def test_a_change_is_judged_when_somebody_asks(small: Integration) -> None:
    before = judged().score
    change(row(), description="Gets it.")
    after = judged()
    assert (after.state, after.problems[0][:20]) == (State.DRAFT, "description: is too ")
    assert after.score < before


def test_withdrawn_and_published_records_are_told_apart(small: Integration) -> None:
    change(row(), published=False)
    assert judged().state == State.WITHDRAWN


def test_a_change_of_the_definition_counts_for_every_record(small: Integration) -> None:
    ensure_fresh()
    small.definition["resources"]["tickets"]["methods"]["delete"]["destructive"] = False
    small.save()
    assert "destructive-unsaid" not in {rule for rule, _, _ in judged("tickets", "delete").findings}
    del small.definition["resources"]["tickets"]["methods"]["delete"], small.definition["tool_tags"]
    small.save()
    small.touch()
    gone = judged("tickets", "delete")
    assert (gone.state, gone.score) == (State.DRAFT, 0)
    assert "has no tickets.delete" in gone.problems[0]


def test_a_definition_that_does_not_hold_is_the_reason(small: Integration) -> None:
    Integration.objects.update(definition={"name": "desk"})
    small.touch()
    assert judged().problems[0].startswith("definition: ")
    small.refresh_from_db()
    assert report_of(small).findings[0].startswith("definition: ")


def test_only_what_changed_is_judged_anew(small: Integration) -> None:
    ensure_fresh()
    Verdict.objects.filter(record=row("queues", "list")).update(own={**judged("queues", "list").own, "tokens": 12345})
    change(row(), title="Find tickets")
    assert judged("queues", "list").tokens == 12345


def test_another_release_judges_everything_anew(small: Integration) -> None:
    ensure_fresh()
    Judged.objects.update(rules="of before")
    assert queries() > 1
    assert queries() == 1


def test_the_second_record_of_a_name_is_a_draft_until_the_first_gives_it_up(small: Integration) -> None:
    change(row("queues", "count"), tool_name="list_all_desk_tickets")
    assert judged("queues", "count").problems == [
        "tool_name: list_all_desk_tickets is the name of tickets.list's tool already."
    ]
    assert judged().state == State.EXPOSED
    row().delete()
    assert judged("queues", "count").state == State.EXPOSED


def test_near_duplicates_are_found_among_the_records_and_go_with_them(small: Integration) -> None:
    words = "Tells how many tickets wait in every queue right now. Use it to see where help is needed most urgently."
    for method in ("count", "names"):
        change(row("queues", method), title="Waiting tickets", description=words)
    assert "near-duplicate" in {rule for rule, _, _ in judged("queues", "count").findings}
    change(row("queues", "names"), published=False)
    assert "near-duplicate" not in {rule for rule, _, _ in judged("queues", "count").findings}


def test_a_report_is_in_the_order_of_the_definition(small: Integration) -> None:
    change(row("queues", "count"), published=False)
    change(row("queues", "names"), description="Thin.")
    report = report_of(small)
    assert [record.key for record in report.records][:3] == ["tickets.list", "tickets.get", "tickets.create"]
    assert (len(report.exposed), [each.key for each in report.drafts]) == (7, ["queues.names"])
    assert report.tokens == sum(each.verdict.tokens or 0 for each in report.exposed)
    assert report.score is not None


def test_verdicts_go_with_their_records(small: Integration) -> None:
    ensure_fresh()
    small.delete()
    assert not Verdict.objects.exists()
    ensure_fresh()
