"""Patterns of connection fields: they match whole values, and take no more steps than they may."""

import time

import pytest

from accounts.definition.patterns import PatternUnusable, matches
from accounts.errors import ConnectionIncomplete
from accounts.integrated_accounts.lifecycle import connect_account
from accounts.models import Environment, Integration
from tests.fuse_desk import SIMULATOR_KEY


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("[a-z]+", "acme", True),
        ("[a-z]+", "acme1", False),
        ("[a-z]+", "acme\n", False),
        ("a|b", "b", True),
        ("a|b", "ab", False),
        (r"api(\.eu|\.au)?\.intercom\.io", "api.eu.intercom.io", True),
        ("[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", "evil.com/", False),
    ],
)
def test_a_pattern_is_held_against_the_whole_value(pattern: str, value: str, fits: bool) -> None:
    assert matches(pattern, value) is fits


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", r"(?=a)(a+)+b", r"(a|a|a)*\1b", "(a?){50}a{50}b"])
def test_no_pattern_takes_more_steps_than_it_may(pattern: str) -> None:
    started = time.thread_time()
    assert not matches(pattern, "a" * 4000)
    # In Python's own engine each of them takes longer than anybody could wait.
    assert time.thread_time() - started < 2


def test_a_word_that_the_engine_does_not_know_is_told() -> None:
    with pytest.raises(PatternUnusable):
        matches(r"[a-z]+\Z", "acme")


@pytest.mark.django_db
def test_a_value_that_cannot_be_checked_is_refused_in_words(environment: Environment, integration: Integration) -> None:
    integration.definition["connection_fields"][0]["pattern"] = r"[a-z]+\Z"
    integration.save()
    given = {"app_name": "acme", "api_key": SIMULATOR_KEY}
    with pytest.raises(ConnectionIncomplete, match="pattern") as refused:
        connect_account(environment, integration, "tests", name="Acme", fields=given, verify=False)
    assert "cannot be checked" in refused.value.problems["app_name"]
