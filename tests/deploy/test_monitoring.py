"""Alerts and dashboard: valid, and about figures, notices and sections of the documentation that exist."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY

from accounts.notices import Notice
from config import asgi, health
from config.clients import connections
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
        equal = [matcher for matcher in each.matchers.matchers if matcher.op == promql_parser.MatchOp.Equal]
        labels = {matcher.name: matcher.value for matcher in equal}
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


@pytest.fixture
def promtool() -> str:
    """The path of Prometheus' own tool."""
    path = shutil.which("promtool")
    if path is None:
        assert os.environ.get("REQUIRE_PROMTOOL") != "1", "promtool is not installed (Debian's package prometheus)."
        pytest.skip("promtool is not installed (REQUIRE_PROMTOOL=1 makes this a failure.)")
    return path


def test_prometheus_own_tool_accepts_the_alerts(promtool: str) -> None:
    checked = subprocess.run([promtool, "check", "rules", ALERTS], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert f"SUCCESS: {len(RULES)} rules found" in checked.stdout


READY_ALERTS = {
    **dict.fromkeys(health.NEEDED, "PatchbayNotReady"),
    "writes": "PatchbayNoWrites",
    "disk": "PatchbayDiskLow",
    "clock": "PatchbayClock",
}
PARTS = {part for check in health.CHECKS for part in check.parts}
# Series, its values minute by minute, and the alert that they raise after a while.
TROUBLES = [
    *(
        (f'patchbay_ready{{part="{part}"}}', "0x120", READY_ALERTS.get(part, "PatchbayDegraded"))
        for part in sorted(PARTS)
    ),
    ("patchbay_database_away", "1x120", "PatchbayDatabaseAway"),
    ("patchbay_last_beat_seconds", "100+60x120", "PatchbayNoBeat"),
    ("patchbay_last_beat_seconds", " ".join(["Inf"] * 121), "PatchbayNoBeat"),
    ("patchbay_disk_free_bytes", "100000000000-500000000x120", "PatchbayDiskFills"),
    ('patchbay_writes_not_sent_total{reason="late"}', "0x110 1x10", "PatchbayWritesNotSent"),
    ("patchbay_unknown_writes", "0x10 1x110", "PatchbayUnknownWrites"),
]
IN_ORDER = [
    *((f'patchbay_ready{{part="{part}"}}', "1x120") for part in sorted(PARTS)),
    ("patchbay_database_away", "0x120"),
    ("patchbay_last_beat_seconds", "50x120"),
    ("patchbay_last_beat_seconds", " ".join(["NaN"] * 121)),
    ("patchbay_disk_free_bytes", "100000000000-5000x120"),
    ('patchbay_writes_not_sent_total{reason="client gone"}', "0+1x120"),
    ("patchbay_unknown_writes", "0x120"),
]


def raised(name: str, series: str) -> dict[str, Any]:
    """Return an alert as Prometheus raises it for a series; one about all processes has none of the series' labels."""
    (rule,) = [each for each in RULES if each["alert"] == name]
    labels = dict(re.findall(r'(\w+)="([^"]*)"', series)) if "max(" not in rule["expr"] else {}
    return {"exp_labels": {**rule["labels"], **labels}, "exp_annotations": rule["annotations"]}


def after_two_hours(series: str, values: str, alert: str | None) -> dict[str, Any]:
    names = sorted({each["alert"] for each in RULES if series.partition("{")[0] in each["expr"]})
    expected = [{"alertname": name, "exp_alerts": [raised(name, series)] if name == alert else []} for name in names]
    return {
        "interval": "1m",
        "input_series": [{"series": series, "values": values}],
        "alert_rule_test": [{"eval_time": "2h", **each} for each in expected],
    }


def test_each_trouble_raises_its_alert_and_nothing_in_order_does(promtool: str, tmp_path: Path) -> None:
    cases = [*TROUBLES, *((series, values, None) for series, values in IN_ORDER)]
    tests = [after_two_hours(*case) for case in cases]
    assert all(each["alert_rule_test"] for each in tests)
    (tmp_path / "tests.yaml").write_text(json.dumps({"rule_files": [str(ALERTS)], "tests": tests}))
    done = subprocess.run(
        [promtool, "test", "rules", tmp_path / "tests.yaml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
