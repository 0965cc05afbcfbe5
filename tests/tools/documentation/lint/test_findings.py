"""Points are taken for findings, each rule to a limit of its own, and the documentation explains every rule."""

import re
from pathlib import Path

from django.conf import settings

from tools.documentation.lint import RULES, LintFinding, score_of


def found(rule: str, count: int = 1) -> list[LintFinding]:
    return [LintFinding(rule, "place", "words")] * count


def test_a_record_without_findings_has_every_point() -> None:
    assert score_of([]) == 100


def test_each_finding_costs_the_points_of_its_rule() -> None:
    assert score_of(found("argument-undescribed")) == 94
    assert score_of([*found("argument-undescribed"), *found("description-when")]) == 84


def test_one_habit_costs_no_more_than_its_rules_limit() -> None:
    assert score_of(found("argument-undescribed", 40)) == 70


def test_no_record_has_less_than_nothing() -> None:
    assert score_of([finding for rule in RULES for finding in found(rule, 20)]) == 0


def test_the_page_of_integrations_explains_every_rule_with_its_points() -> None:
    page = (Path(settings.BASE_DIR) / "docs" / "integrations.md").read_text()
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d+) \| (\d+) \|", page, re.MULTILINE)
    assert {name: (int(points), int(most)) for name, points, most in rows} == {
        name: (rule.points, rule.most) for name, rule in RULES.items()
    }
