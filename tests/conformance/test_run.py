"""How the runner judges: a list of expected failures is worth something only while it is true."""

from typing import Any

import pytest
import yaml

from tests.conformance.run import HERE, Verdict, expected_failures

REVISIONS = ("2025-11-25", "2026-07-28")


def verdict(expected: dict[str, str], **statuses: str) -> Verdict:
    """Judge a scenario whose checks came out as told."""
    made = Verdict("caching", required=True)
    for check, status in statuses.items():
        made.take({"id": check, "status": status, "errorMessage": "it did not"})
    made.judge(expected)
    return made


def test_failure_that_nobody_expected_fails_the_run() -> None:
    judged = verdict({}, hints="FAILURE", order="SUCCESS")
    assert judged.label == "FAIL"
    assert judged.problems == ["hints: it did not"]


def test_expected_failure_keeps_its_reason() -> None:
    judged = verdict({"caching": "No prompts."}, hints="FAILURE")
    assert judged.label == "expected"
    assert judged.reasons == ["No prompts."]


@pytest.mark.parametrize("entry", ["caching", "caching:hints"])
def test_expected_failure_that_passes_fails_the_run(entry: str) -> None:
    assert verdict({entry: "No prompts."}, hints="SUCCESS").label == "FAIL"


def test_expecting_one_check_to_fail_excuses_no_other() -> None:
    judged = verdict({"caching:hints": "No prompts."}, hints="FAILURE", order="FAILURE")
    assert judged.label == "FAIL"
    assert judged.problems == ["order: it did not"]


@pytest.mark.parametrize("status", ["SKIPPED", "WARNING", "INFO"])
def test_scenario_that_tried_nothing_does_not_count_as_passed(status: str) -> None:
    assert verdict({}, hints=status, **{"wire-schema-valid": "SUCCESS"}).label == "void"


@pytest.mark.parametrize("revision", REVISIONS)
def test_each_entry_stands_once_and_says_why(revision: str) -> None:
    groups: list[dict[str, Any]] = yaml.safe_load((HERE / "expected.yaml").read_text())[revision]
    entries = [entry for group in groups for entry in group["scenarios"]]
    assert len(entries) == len(set(entries)) == len(expected_failures(revision))
    assert all(group["because"].endswith(".") for group in groups)
