"""What was judged by earlier rules is judged anew only where RULES_VERSION tells that the rules are others."""

import json
from typing import Any

from tests.tools.documentation.golden_findings import KEPT, findings
from tools.documentation.assessment import RULES_VERSION
from tools.documentation.lint import RULES

AGAIN = "write them anew, as golden_findings.py says"


def kept() -> dict[str, Any]:
    golden: dict[str, Any] = json.loads(KEPT.read_text())
    return golden


def test_findings_are_those_of_the_rules_version() -> None:
    golden, found = kept(), json.loads(json.dumps(findings()))

    assert golden["rules"] == RULES_VERSION, f"The kept findings are of version {golden['rules']}; {AGAIN}."
    for part in ("changes", "bundles"):
        assert found[part] == golden[part], f"The rules judge otherwise now: raise RULES_VERSION; then {AGAIN}."


def test_the_kept_findings_know_every_rule() -> None:
    golden = kept()
    judged = [*golden["changes"].values(), *(row for rows in golden["bundles"].values() for row in rows.values())]

    assert {finding.partition(":")[0] for each in judged for finding in each["findings"]} == RULES.keys()
