"""Imports of API descriptions: operations, tools, refusals, time, and whether every tool fits every client.

Run as `python -m benchmarks.openapi_import FILE...`. Each file is imported and published by `manage.py
import_openapi` into a database of its own; then the tools are listed as MCP lists them, and held against the table
of what clients take (tools/catalogue/clients.py), in the form in which a client gets them.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tools.catalogue.clients import listing_problems

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = (
    "Document",
    "MB",
    "Operations",
    "Tools",
    "Refused",
    "Fit every client",
    "Seconds",
    "Largest schema",
    "Largest tool",
)
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
    problems = {tool["name"]: found for tool in tools if (found := list(listing_problems(tool)))}
    if len({tool["name"] for tool in tools}) != len(tools):
        problems["names"] = ["two tools have one name"]
    return {**report, "listed": len(tools), "problems": problems, "tool": largest(tools)}


def largest(tools: list[dict[str, Any]]) -> int:
    """Return the size of the largest listed tool, in bytes."""
    return max((len(json.dumps(tool, ensure_ascii=False).encode()) for tool in tools), default=0)


def main() -> None:
    """Print the table, and the tools that do not fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--base-url", default="https://api.vendor.example", help="For files that name no server.")
    options = parser.parse_args()
    print(
        "| Document | MB | Operations | Tools | Refused | Fit every client | Seconds | Largest schema | Largest tool |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    failed = False
    for path in options.files:
        text = path.read_bytes()
        row = measure(path, options.base_url)
        fitting = row["listed"] - len(row["problems"])
        print(
            f"| {path.name} | {len(text) / 1e6:.1f} | {row['operations']} | {row['tools']} | {len(row['refused'])} | "
            f"{fitting} of {row['listed']} | {row['seconds']:.1f} | {row['largest_schema_bytes']:,} B | "
            f"{row['tool']:,} B |",
            flush=True,
        )
        for tool, found in list(row["problems"].items())[:5]:
            print(f"    {tool}: {'; '.join(found[:3])}")
        failed |= fitting != row["listed"] or row["listed"] != row["tools"]
    raise SystemExit(failed)


if __name__ == "__main__":
    main()
