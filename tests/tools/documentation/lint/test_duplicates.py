"""Tools that a model could take for one another are found, without holding every tool against every other."""

from typing import Any

import pytest

from accounts.definition import parse_definition
from tests.bundles import read_bundle
from tests.vendors.desk import DESK, desk
from tests.work import calls_made
from tools.documentation.lint import Neighbours, Profile, mention_findings, mentions_of
from tools.models import Documentation

WORDS = ("ticket", "queue", "owner", "label", "state", "closed", "reopened", "priority", "channel", "invoice", "refund")


def profile(key: str, words: str, arguments: str = "a b", **changed: Any) -> Profile:
    values = {"name": f"tool_{key}", "reads": True, "description": ""}
    return Profile(
        key=key, words=frozenset(words.split()), arguments=frozenset(arguments.split()), **{**values, **changed}
    )


def others(count: int = 20) -> list[Profile]:
    """Return profiles that have nothing in common with one another, nor with those of a test."""
    return [profile(f"other{n}", f"word{n} another{n} third{n}") for n in range(count)]


ONE = profile("one", "find ticket by state owner label queue")
TWO = profile("two", "find ticket by state owner label queue quickly")


def named(neighbours: Neighbours, wanted: Profile) -> list[str]:
    return [finding.words for finding in neighbours.findings(wanted)]


def test_near_duplicates_name_each_other() -> None:
    neighbours = Neighbours([ONE, TWO, *others()])
    assert "tool_two" in named(neighbours, ONE)[0]
    assert "tool_one" in named(neighbours, TWO)[0]


def test_a_record_that_is_being_written_is_held_against_those_that_are_there() -> None:
    assert "tool_two" in named(Neighbours([TWO, *others()]), ONE)[0]


@pytest.mark.parametrize(
    "other",
    [
        profile("two", "merge invoice refund window customer"),
        profile("two", "find ticket by state owner label queue", "c d"),
        profile("two", "find ticket by state owner label queue", reads=False),
        profile("two", "find ticket by state owner label queue", description="Unlike tool_one, only the open ones."),
    ],
)
def test_tools_that_differ_or_tell_one_another_apart_are_no_duplicates(other: Profile) -> None:
    assert named(Neighbours([ONE, other, *others()]), ONE) == []


def test_the_word_that_tells_tools_apart_weighs_more_than_what_all_say() -> None:
    same = "returns the one with this number and all that belongs to it"
    profiles = [profile(word, f"{same} {word} {word}s") for word in WORDS]
    neighbours = Neighbours(profiles)
    assert [words for each in profiles for words in named(neighbours, each)] == []


def test_more_than_one_duplicate_is_counted() -> None:
    copies = [profile(f"copy{n}", "find ticket by state owner label queue") for n in range(4)]
    assert "and 2 more" in named(Neighbours([*copies, *others()]), copies[0])[0]


@pytest.mark.parametrize("alike", [True, False])
def test_the_work_grows_with_the_number_of_records_and_not_with_its_square(alike: bool) -> None:
    """Measured in calls of functions; four times the records would make sixteen times as many if it were the square."""

    def calls(count: int) -> int:
        profiles = [
            profile(f"k{n}", " ".join(WORDS) + (f" u{n % 7}" if alike else f" u{n} v{n} w{n} x{n} y{n}"))
            for n in range(count)
        ]

        def work() -> None:
            neighbours = Neighbours(profiles)
            for each in profiles:
                list(neighbours.findings(each))

        return calls_made(work)

    assert calls(1_600) < 8 * calls(400)


def test_names_of_tools_that_do_not_exist_are_found() -> None:
    definition, records = desk()
    record = Documentation(**records["tickets.get"])
    record.description = "Unlike list_all_desk_tickets and desk_queues_count, not desk_id; see list_all_desk_persons."
    record.query_schema = {"properties": {"id": {"description": "From desk_tickets_gone."}}}
    mentioned = mentions_of(definition, record)
    assert mentioned == {"list_all_desk_tickets", "desk_queues_count", "list_all_desk_persons", "desk_tickets_gone"}
    found = [each.words for each in mention_findings(mentioned - {"list_all_desk_tickets", "desk_queues_count"})]
    assert [words.split(",")[0] for words in found] == ["names desk_tickets_gone", "names list_all_desk_persons"]


def test_the_names_of_tools_are_looked_for_without_reading_the_definition_for_each_record() -> None:
    document, _ = read_bundle(DESK)
    queues = document["resources"]["queues"]

    def calls(count: int) -> int:
        document["resources"] = {f"queues_{n}": queues for n in range(count)}
        definition = parse_definition({**document, "tool_tags": {}})
        records = [Documentation(resource=name, description="See desk.") for name in definition.resources]
        return calls_made(lambda: [mentions_of(definition, record) for record in records])

    assert calls(400) < 8 * calls(100)
