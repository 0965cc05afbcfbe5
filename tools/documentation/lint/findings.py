"""The lint's findings, what each rule costs, and the score that remains.

A record starts with 100 points. Each finding costs its rule's points, and all findings of one rule together at most
the rule's `most`, so that one habit does not hide everything else. docs/integrations.md explains every rule.
"""

from collections.abc import Iterable
from dataclasses import dataclass

BEST = 100


@dataclass(frozen=True, slots=True)
class Rule:
    """The points that one finding of a rule costs, and the most that all of them together cost."""

    points: int
    most: int


RULES = {
    # Words
    "description-thin": Rule(15, 15),
    "description-long": Rule(5, 5),
    "description-echo": Rule(15, 15),
    "description-when": Rule(10, 10),
    "description-result": Rule(10, 10),
    "description-marketing": Rule(10, 10),
    "description-markup": Rule(5, 5),
    "title": Rule(5, 5),
    "name": Rule(5, 10),
    # Arguments
    "argument-undescribed": Rule(6, 30),
    "argument-echo": Rule(4, 20),
    "argument-vague": Rule(4, 8),
    "argument-type": Rule(3, 9),
    "argument-values": Rule(5, 15),
    "argument-format": Rule(3, 9),
    "argument-example": Rule(3, 12),
    "argument-required": Rule(4, 8),
    "arguments-many": Rule(5, 5),
    "example-invalid": Rule(10, 20),
    # The tool as a whole
    "destructive-unsaid": Rule(15, 15),
    "destructive-undeclared": Rule(15, 15),
    "read-changes": Rule(15, 15),
    "read-pages-by-post": Rule(0, 0),
    "response-undocumented": Rule(5, 5),
    "paging": Rule(10, 20),
    "tokens": Rule(10, 20),
    "near-duplicate": Rule(15, 15),
    "unknown-tool": Rule(5, 10),
}


@dataclass(frozen=True, slots=True, order=True)
class LintFinding:
    """One thing to fix: where it is, what is wrong, what to do."""

    rule: str
    place: str
    words: str

    def __str__(self) -> str:
        return f"{self.place}: {self.words}"


def score_of(findings: Iterable[LintFinding]) -> int:
    """Return the remaining points, 0 to 100."""
    costs: dict[str, int] = {}
    for finding in findings:
        rule = RULES[finding.rule]
        costs[finding.rule] = min(costs.get(finding.rule, 0) + rule.points, rule.most)
    return max(0, BEST - sum(costs.values()))
