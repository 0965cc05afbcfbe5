"""Imports of API descriptions: operations, tools, refusals, time, whether every tool fits every client and is faithful.

Run as `python -m benchmarks.openapi_import FILE...`. Each file is imported and published by `manage.py
import_openapi` into a database of its own; then the tools are listed as MCP lists them, and held against the table
of what clients take (tools/catalogue/schemas/clients.py), in the form in which a client gets them. Then every
operation is called and answered in this way and that, and held against an oracle of its own (tests/oracle), which reads
the description by itself: `Differ` counts the operations in which something else is sent or shown than is described.

`Hidden` are members of bodies that no argument can set, `Free` those that only free JSON can, as descriptions say.
`Hints` are GETs that count as writes, other methods that count as reads, and destructive tools without DELETE.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from tools.catalogue.schemas.clients import listing_problems

ROOT = Path(__file__).resolve().parent.parent.parent
COLUMNS = (
    "Document", "MB", "Operations", "Tools", "Refused", "Fit every client", "Calls", "Differ", "Hidden (required)",
    "Free", "Hints", "Import", "Trial", "Largest schema", "Largest tool",
)  # fmt: skip
LISTING = """
import sys, django, orjson
django.setup()
from accounts.models import Integration
from tools.catalogue.compilation import catalogue_of
from tools.catalogue.formats import as_mcp
integration = Integration.objects.get(name=sys.argv[1])
sys.stdout.buffer.write(orjson.dumps([as_mcp(tool) for tool in catalogue_of(integration)]))
"""


def run(command: list[str], environment: dict[str, str], *, otherwise: list[str] | None = None) -> bytes:
    """Run a management command, again with more options if it asks for an address; raise SystemExit on failure."""
    done = subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, check=False)
    if done.returncode and otherwise and b"--base-url" in done.stderr:
        return run([*command, *otherwise], environment)
    if done.returncode:
        raise SystemExit(done.stderr.decode()[-2000:])
    return done.stdout


def measure(path: Path, base_url: str) -> dict[str, Any]:
    """Import and publish one file; return its row of the table."""
    name = re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_")[:24]
    with tempfile.TemporaryDirectory() as place:
        environment = {**os.environ, "DATA_DIR": place, "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "config.settings"}
        run(["manage.py", "migrate", "--verbosity", "0"], environment)
        command = ["manage.py", "import_openapi", str(path), "--name", name, "--json", "--publish", "--all"]
        report = json.loads(run(command, environment, otherwise=["--base-url", base_url]))
        tools = json.loads(run(["-c", LISTING, name], environment))
        trial = json.loads(run(["-m", "benchmarks.openapi_import.trial", str(path), base_url], environment))
    problems = {tool["name"]: found for tool in tools if (found := list(listing_problems(tool)))}
    if len({tool["name"] for tool in tools}) != len(tools):
        problems["names"] = ["two tools have one name"]
    return {**report, "listed": len(tools), "problems": problems, "tool": largest(tools), "trial": trial}


def largest(tools: list[dict[str, Any]]) -> int:
    """Return the size of the largest listed tool, in bytes."""
    return max((len(json.dumps(tool, ensure_ascii=False).encode()) for tool in tools), default=0)


def line_of(path: Path, row: dict[str, Any]) -> str:
    """Return a file's line of the table."""
    trial = row["trial"]
    hints = trial["hints"]
    cells = (
        path.name,
        f"{path.stat().st_size / 1e6:.1f}",
        row["operations"],
        row["tools"],
        len(row["refused"]),
        f"{row['listed'] - len(row['problems'])} of {row['listed']}",
        f"{trial['calls']:,}",
        trial["differing"],
        f"{len(trial['hidden'])} ({trial['hidden_required']})",
        trial["free"],
        "/".join(str(hints.get(kind, 0)) for kind in ("GET that writes", "other that reads", "destructive")),
        f"{row['seconds']:.1f} s",
        f"{trial['seconds']:.1f} s",
        f"{row['largest_schema_bytes']:,} B",
        f"{row['tool']:,} B",
    )
    return f"| {' | '.join(map(str, cells))} |"


def print_details(row: dict[str, Any]) -> None:
    """Print the tools that do not fit, why operations were refused, and each difference with its kind."""
    trial = row["trial"]
    for tool, found in list(row["problems"].items())[:5]:
        print(f"    {tool}: {'; '.join(found[:3])}")
    for reason, count in trial["reasons"].items():
        print(f"    refused, {count}: {reason}")
    for kind, operation, words in trial["differences"]:
        print(f"    {kind}: {operation} ({words})")
    for place in trial["hidden"]:
        print(f"    hidden: {place}")
    for operation in trial["untried"]:
        print(f"    nothing could be drawn: {operation}")


def print_summary(rows: list[dict[str, Any]]) -> None:
    """Print the sums of all files."""
    trials = [row["trial"] for row in rows]
    operations, differing = sum(row["operations"] for row in rows), sum(each["differing"] for each in trials)
    lines = (
        f"{len(rows)} documents, {operations:,} operations, {sum(row['tools'] for row in rows):,} tools, "
        f"{sum(len(row['refused']) for row in rows)} refused; {sum(each['calls'] for each in trials):,} calls",
        f"{differing} operations differ ({100 * differing / max(operations, 1):.2f} %): {counted(trials, 'kinds')}",
        f"{sum(len(each['hidden']) for each in trials)} hidden members, "
        f"{sum(each['hidden_required'] for each in trials)} of them required; "
        f"{sum(each['free'] for each in trials):,} only as free JSON, "
        f"{sum(each['untold'] for each in trials):,} of them named nowhere",
        f"hints: {counted(trials, 'hints')}",
        f"imported in {sum(row['seconds'] for row in rows):.1f} s, "
        f"tried in {sum(each['seconds'] for each in trials):.1f} s",
    )
    print("", *lines, sep="\n")


def counted(trials: list[dict[str, Any]], word: str) -> str:
    """Return the counts of all trials by their names, the largest first."""
    sums: Counter[str] = sum((Counter(each[word]) for each in trials), Counter())
    return ", ".join(f"{count} {name}" for name, count in sums.most_common()) or "none"


def main() -> None:
    """Print the table, what is wrong with each file, and the sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--base-url", default="https://api.vendor.example", help="For files that name no server.")
    options = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |")
    print(f"|{' --- |' * len(COLUMNS)}")
    rows = []
    for path in options.files:
        rows.append(measure(path, options.base_url))
        print(line_of(path, rows[-1]), flush=True)
        print_details(rows[-1])
    print_summary(rows)
    unfit = any(row["problems"] or row["listed"] != row["tools"] for row in rows)
    raise SystemExit(unfit or any(row["trial"]["hidden_required"] for row in rows))


if __name__ == "__main__":
    main()
