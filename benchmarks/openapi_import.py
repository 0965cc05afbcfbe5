"""Imports of API descriptions: operations, tools, refusals, time, and whether every tool fits every client.

Run as `python -m benchmarks.openapi_import FILE...`. Each file is imported and published by `manage.py
import_openapi` into a database of its own; then the tools are listed as MCP lists them, and held against the rules of
the strictest clients as they stand below, which are written down here a second time on purpose: not the product's
own quality gate is asked whether it was right.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from accounts.texts.counting import counted

ROOT = Path(__file__).resolve().parent.parent
TOOL_NAME = re.compile(r"[a-z0-9_]{1,64}")
PROPERTY_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
COMBINATORS = ("oneOf", "anyOf", "allOf", "not", "if", "then", "else")
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
LARGEST_TOOL = 20_000
SCHEMAS = ("items", "additionalProperties", "oneOf", "anyOf", "allOf", "not", "prefixItems", "contains")
LISTING = """
import sys, django, orjson
django.setup()
from accounts.models import Integration
from tools.catalogue.compilation import catalogue_of
from tools.catalogue.formats import as_mcp
integration = Integration.objects.get(name=sys.argv[1])
sys.stdout.buffer.write(orjson.dumps([as_mcp(tool) for tool in catalogue_of(integration)]))
"""


def problems_of(tool: dict[str, Any]) -> Iterator[str]:
    """Yield what a strict client would reject in a listed tool."""
    if not TOOL_NAME.fullmatch(tool["name"]):
        yield f"name {tool['name']}"
    if not tool.get("title") or not tool.get("description"):
        yield "no title or description"
    hints = tool.get("annotations", {})
    if not all(isinstance(hints.get(name), bool) for name in ("readOnlyHint", "destructiveHint", "openWorldHint")):
        yield "hints are not explicit"
    size = len(json.dumps(tool, ensure_ascii=False).encode())
    if size > LARGEST_TOOL:
        yield counted(size, "byte")
    for word in ("inputSchema", "outputSchema"):
        if word in tool:
            yield from (f"{word}{problem}" for problem in schema_problems(tool[word], top=True))


def schema_problems(schema: Any, place: str = "", *, top: bool = False) -> Iterator[str]:
    """Yield what a strict client would reject in a schema."""
    if not isinstance(schema, dict):
        return
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if top and (kind != "object" or any(word in schema for word in COMBINATORS)):
        yield f"{place}: the top is no plain object"
    if "$ref" in schema or "$defs" in schema or "definitions" in schema:
        yield f"{place}: a reference is left"
    if "array" in kinds and "items" not in schema:
        yield f"{place}: an array without items"
    if "object" in kinds and not isinstance(schema.get("properties"), dict):
        yield f"{place}: an object without properties"
    properties = schema.get("properties")
    for name, child in properties.items() if isinstance(properties, dict) else ():
        if not PROPERTY_NAME.fullmatch(name) and (top or "outputSchema" not in place):
            yield f"{place}.{name}: the name of a property"
        yield from schema_problems(child, f"{place}.{name}")
    for name in schema.get("required", []):
        if name not in (properties or {}):
            yield f"{place}: {name} is required, but no property"
    for word in SCHEMAS:
        for child in schema[word] if isinstance(schema.get(word), list) else [schema.get(word)]:
            yield from schema_problems(child, f"{place}({word})")


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
        command = ["manage.py", "import_openapi", str(path), "--name", name, "--json", "--publish"]
        report = json.loads(run(command, environment, otherwise=["--base-url", base_url]))
        tools = json.loads(run(["-c", LISTING, name], environment))
    problems = {tool["name"]: found for tool in tools if (found := list(problems_of(tool)))}
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
