"""`manage.py lint_tools`: readable for people, one object for programs, an exit status for CI."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Integration
from tools.models import Documentation

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("lint_tools", *arguments, stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def thin(**changed: Any) -> None:
    Documentation.objects.filter(resource="cases", method="add_note").update(description="Thin.", **changed)
    Integration.objects.get().touch()


def test_the_bundle_that_comes_along_is_good_enough(integration: Integration) -> None:
    status, said = run("fuse_desk", "--minimum", "80")
    assert status == 0
    assert said.endswith("Every published record is a tool with 80 points or more.\n")
    assert said.startswith("fuse_desk: score ")


def test_a_record_below_the_minimum_fails_and_is_named(integration: Integration) -> None:
    status, said = run("--minimum", "100")
    assert status == 1
    assert "cases.get_feedback BELOW" in said
    assert "published records are drafts or have fewer than 100 points." in said


def test_a_draft_among_published_records_fails_without_a_minimum(integration: Integration) -> None:
    thin()
    status, said = run()
    assert status == 1
    assert "42 tools, 1 draft, about" in said
    assert "cases.add_note DRAFT" in said
    assert "gate  description: is too thin" in said
    assert said.endswith("1 published record is a draft.\n")


def test_a_withdrawn_draft_does_not_fail(integration: Integration) -> None:
    thin(published=False)
    assert run("--minimum", "80")[0] == 0


def test_programs_get_one_object(integration: Integration) -> None:
    thin()
    status, said = run("--json", "fuse_desk")
    told = json.loads(said)
    assert (status, told["passes"], told["minimum"]) == (1, False, 0)
    (shown,) = told["integrations"]
    assert (shown["integration"], shown["drafts"]) == ("fuse_desk", 1)
    assert shown["tokens"] > 1000
    record = next(each for each in shown["records"] if each["record"] == "cases.add_note")
    assert (record["state"], record["tool"]) == ("draft", "fuse_desk_cases_add_note")
    assert {finding["rule"] for finding in record["findings"]} >= {"description-thin"}
    assert record["problems"]


@pytest.mark.parametrize("arguments", [["nothing"], ["--minimum", "101"], ["--minimum", "-1"]])
def test_what_cannot_be_meant_is_refused(integration: Integration, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)


def test_an_installation_without_integrations_has_nothing_to_complain_of(db: None) -> None:
    assert run("--minimum", "100")[0] == 0
