"""Who called how often, for an environment's admins."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import IntegratedAccount
from tests.calls import note_of, record
from tests.people import People
from tests.portal_site import browser, shown

DAY = 86_400


@pytest.fixture
def calls(account: IntegratedAccount) -> None:
    record(
        note_of(account, person="olga", access="write", client="Claude <1>"),
        note_of(account, person="olga", outcome="refused"),
        note_of(account, person="olga", ago=3 * DAY),
        note_of(account, person="tim & co", ago=2 * DAY),
        note_of(account, ago=40 * DAY),
        note_of(account),
    )


def rows(page: str) -> dict[str, list[str]]:
    """Return the figures of each person, by name."""
    found = {}
    for row in re.findall(r"<tr>(.*?)</tr>", page.partition("<tbody>")[2], re.DOTALL):
        name, *cells = [
            " ".join(re.sub(r"</?[a-z][^>]*>", "", cell).split()) for cell in re.split(r"</t[hd]>", row)[:-1]
        ]
        found[name] = cells[:5]
    return found


@pytest.mark.usefixtures("calls")
def test_it_counts_calls_reads_writes_and_failures_of_each_person(people: People) -> None:
    page = shown(browser(people.owner).get("/people/usage"))
    nobody = "Nobody known secret URLs, and API tokens without an owner"
    assert rows(page) == {
        "olga": ["Claude 1, Claude <1>", "3", "2", "1", "1 33 %"],
        nobody: ["Claude 1", "1", "1", "0", "0"],
        "tim & co": ["Claude 1", "1", "1", "0", "0"],
    }
    assert "/activity?period=30d&person=tim%20%26%20co" in page


@pytest.mark.usefixtures("calls")
def test_a_period_is_chosen_and_an_unknown_one_is_the_usual(people: People) -> None:
    ana = browser(people.owner)
    assert rows(shown(ana.get("/people/usage", {"period": "24h"})))["olga"][1:] == ["2", "1", "1", "1 50 %"]
    assert "tim & co" in rows(shown(ana.get("/people/usage", {"period": "for ever"})))


@pytest.mark.usefixtures("calls")
def test_admins_alone_see_it_and_the_links_to_it(people: People) -> None:
    for person, status in ((people.owner, 200), (people.operator, 403), (people.teammate, 403)):
        visitor = browser(person)
        assert visitor.get("/people/usage").status_code == status
        for page in ("/people", "/activity"):
            assert ("/people/usage" in shown(visitor.get(page))) == (status == 200)


@pytest.mark.usefixtures("calls")
def test_other_environments_see_nothing_of_it(people: People) -> None:
    page = shown(browser(people.outsider).get("/people/usage"))
    assert "olga" not in page
    assert "No calls in this time" in page


def test_more_people_take_no_more_queries(people: People, account: IntegratedAccount) -> None:
    ana = browser(people.owner)
    counts: list[Any] = []
    for number in range(3):
        record(*(note_of(account, person=f"person {number} {each}") for each in range(number + 1)))
        with CaptureQueriesContext(connection) as counted:
            assert ana.get("/people/usage").status_code == 200
        counts.append(len(counted))
    assert counts[1] == counts[2]
