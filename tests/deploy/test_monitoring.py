"""Alerts and dashboard: valid, and about figures, notices and sections of the documentation that exist."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY

from accounts.notices import Notice
from config import asgi, connections
from config.monitoring import metrics
from tests.deploy.manifests import DEPLOY
from tests.documentation import DOCS

ALERTS = DEPLOY / "prometheus" / "alerts.yaml"
DASHBOARD = json.loads((DEPLOY / "grafana" / "patchbay.json").read_text())
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]
]
# The modules that have the figures of a web process.
WEB = (asgi, connections, metrics)
# Made by the collector, not by the process.
COLLECTORS = {"up"}
COLLECTORS_LABELS = {"job", "instance"}


def dashboard_expressions() -> list[str]:
    variables = {"$__rate_interval": "5m", "$instance": ".*"}
    written = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return [re.sub(r"\$\w+", lambda found: variables[found[0]], each) for each in written]


def selectors(expression: str) -> Iterator[promql_parser.VectorSelector]:
    found: list[promql_parser.VectorSelector] = []

    def visit(node: object) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)

    promql_parser.walk(promql_parser.parse(expression), visit)
    return iter(found)


def figures() -> dict[str, set[str]]:
    """Return the labels of every figure of the process, by its name; none are known of one without series."""
    assert WEB
    known: dict[str, set[str]] = {}
    for family in REGISTRY.collect():
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "info": ["_info"]}
        for suffix in suffixes.get(family.type, [""]):
            known[f"{family.name}{suffix}"] = set()
        for sample in family.samples:
            known.setdefault(sample.name, set()).update(sample.labels)
    return known


@pytest.mark.parametrize("expression", [*(rule["expr"] for rule in RULES), *dashboard_expressions()])
def test_every_expression_is_promql_about_figures_that_exist(expression: str) -> None:
    known = figures()
    used = list(selectors(expression))
    assert used
    for each in used:
        assert each.name in known.keys() | COLLECTORS
        labels = {matcher.name for matcher in each.matchers.matchers} - COLLECTORS_LABELS
        assert labels <= known.get(each.name, set()) or not known.get(each.name)
        notices = {matcher.value for matcher in each.matchers.matchers if matcher.name == "notice"}
        assert notices <= set(Notice)


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if "increase(" in rule["expr"]], ids=lambda rule: rule["alert"]
)
def test_what_an_alert_sees_increase_is_there_from_the_start(rule: dict[str, Any]) -> None:
    for each in selectors(rule["expr"]):
        labels = {matcher.name: matcher.value for matcher in each.matchers.matchers}
        samples = [sample for family in REGISTRY.collect() for sample in family.samples if sample.name == each.name]
        assert any(labels.items() <= sample.labels.items() for sample in samples)


def test_every_notice_of_a_trouble_that_needs_a_person_has_an_alert() -> None:
    told = re.findall(r'notice="(\w+)"', ALERTS.read_text())
    needing = {Notice.VENDOR_SLOW, Notice.VENDOR_DOWN, Notice.LINE_FULL, Notice.CREDENTIALS_REFUSED}
    assert set(told) == {*needing, Notice.UNKNOWN_TOKENS, Notice.TOKEN_ELSEWHERE}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alert_says_what_happened_and_leads_to_a_section_that_helps(rule: dict[str, Any]) -> None:
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["labels"]["severity"] in {"critical", "warning"}
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert page == "docs/operations.md"
    headings = re.findall(r"^#+ (.+)$", (DOCS / "operations.md").read_text(), re.MULTILINE)
    assert anchor in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_names_of_alerts_are_unique() -> None:
    assert len({rule["alert"] for rule in RULES}) == len(RULES) > 10


def test_the_dashboard_is_one_that_can_be_imported() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24
    variables = {each["name"] for each in DASHBOARD["templating"]["list"]}
    assert set(re.findall(r"\$\{?(\w+)", json.dumps(DASHBOARD))) - {"__rate_interval", "__all"} == variables


def documented(heading: str, pattern: str) -> set[str]:
    """Return what the tables below a heading of the operator's page name in their first cells."""
    _, _, below = (DOCS / "operations.md").read_text().partition(f"{heading}\n")
    cells = re.findall(r"^\| ([^|]+) \|", re.split(r"^#+ ", below, flags=re.MULTILINE)[0], re.MULTILINE)
    return {name for cell in cells for name in re.findall(pattern, cell)}


def test_every_figure_is_documented_and_no_other() -> None:
    assert WEB
    suffixes = {"counter": "_total", "info": "_info"}
    exist = {
        f"{family.name}{suffixes.get(family.type, '')}"
        for family in REGISTRY.collect()
        if family.name.startswith("patchbay_")
    }
    assert documented("## Watching it", r"`(patchbay_\w+)`") == exist


def test_every_notice_is_documented_and_no_other() -> None:
    assert documented("#### Notices", r"^`(\w+)`") == set(Notice)


def test_prometheus_own_tool_accepts_the_alerts() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        assert os.environ.get("REQUIRE_PROMTOOL") != "1", "promtool is not installed (Debian's package prometheus)."
        pytest.skip("promtool is not installed (REQUIRE_PROMTOOL=1 makes this a failure.)")
    checked = subprocess.run([promtool, "check", "rules", ALERTS], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert f"SUCCESS: {len(RULES)} rules found" in checked.stdout
