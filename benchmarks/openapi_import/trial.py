"""Try one API description against the oracle of tests/oracle, and print what differs as JSON.

Run as `python -m benchmarks.openapi_import.trial FILE BASE_URL`, with the settings in the environment; the import does
so for each of its files. Requests are built in this process, so that thousands of operations take seconds.
"""

import json
import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.installation import set_up

set_up()

from tests.fidelity.trial import trial  # noqa: E402  the apps must be loaded first

BRACKETED = re.compile(r" \(.*?\)|`.*?`")
# Reasons name what they are about; these words begin the rest.
NAMES = re.compile(r"(the parameter|the cookie|the reference|its body is|is a method|defines) \S+")


def main() -> None:
    """Print the report on a file."""
    started = time.perf_counter()
    report = trial(Path(sys.argv[1]).read_text(encoding="utf-8-sig"), base_url=sys.argv[2])
    members = [member for _, member in report.members]
    free = [member for member in members if member.can_be_set]
    told: dict[str, Any] = {
        "seconds": time.perf_counter() - started,
        "calls": report.calls,
        "untried": report.untried,
        "reasons": Counter(NAMES.sub(r"\1 …", BRACKETED.sub("", reason)) for _, reason in report.refused),
        "differing": len(report.differing),
        "kinds": report.kinds,
        "differences": firsts(report.differences),
        "hidden": [f"{operation} {member.place}" for operation, member in report.hidden],
        "hidden_required": sum(member.is_required for _, member in report.hidden),
        "free": len(free),
        "untold": sum(not member.is_told for member in free),
        "hints": report.hints,
    }
    print(json.dumps(told))


def firsts(differences: list[Any]) -> list[tuple[str, str, str]]:
    """Return the first difference of each kind in each operation."""
    found: dict[tuple[str, str], str] = {}
    for each in differences:
        found.setdefault((each.kind, each.operation), f"{each.purpose}: {each.words}")
    return [(kind, operation, words) for (kind, operation), words in found.items()]


if __name__ == "__main__":
    main()
