"""Search mode with 1,000 tools: what is listed, how long it takes to find, and what the index takes to make and keep.

Run as `python -m benchmarks.tool_search [FILE]`; FILE is an OpenAPI document, else 1,000 operations are made. Searches
are `tools/call` of `find_tools` in this process, through the whole endpoint, each with other words.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from itertools import product
from pathlib import Path
from typing import Any

import httpx

from benchmarks.installation import own_folder, set_up

FOLDER = own_folder()
set_up(DATA_DIR=FOLDER, LOG_LEVEL="ERROR")

from accounts.models import Environment, IntegratedAccount, Integration  # noqa: E402  the apps must be loaded first
from config.asgi import application  # noqa: E402
from mcpservers.lifecycle import create_server  # noqa: E402
from mcpservers.resolution import resolved  # noqa: E402
from mcpservers.search.exposure import exposure_of  # noqa: E402
from tools.catalogue.compilation import catalogue_of  # noqa: E402
from tools.search.index import ToolIndex  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
NOUNS = [
    *("customer", "order", "invoice", "refund", "shipment", "product", "price", "webhook", "user", "report"),
    *("ticket", "contact", "company", "deal", "campaign", "folder", "document", "comment", "payment", "subscription"),
    *("coupon", "tax", "warehouse", "supplier", "employee", "role", "team", "project", "task", "note"),
]
PARTS = ["", "group", "address", "attachment", "history", "setting", "label"]
QUERIES = ["delete a %s", "list all %ss", "change the %s history", "who made the %s", "new %s label"]
ROUNDS = 5


def main() -> None:
    """Import, publish and serve the document; print the figures."""
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, check=True)
    document = Path(FOLDER) / "made.json"
    if len(sys.argv) > 1:
        document = Path(sys.argv[1])
    else:
        document.write_text(json.dumps(made_document()))
    command = ["manage.py", "import_openapi", str(document), "--name", "vendor", "--publish", "--all"]
    address = ["--base-url", "https://api.vendor.example"]
    subprocess.run([sys.executable, *command, *address, "-v0"], cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    measure()


def made_document() -> dict[str, Any]:
    """Return a description of five operations on each of 200 kinds of record."""
    paths: dict[str, Any] = {}
    for noun, part in [*product(NOUNS, PARTS)][:200]:
        name = f"{noun} {part}".strip()
        path = "/" + "_".join(name.split()) + "s"
        reading = {"responses": {"200": {"description": "OK"}}, "tags": [noun]}
        body = {"properties": {"name": {"type": "string"}, "details": {"type": "object"}}, "type": "object"}
        writing = {**reading, "requestBody": {"content": {"application/json": {"schema": body}}}}
        paths[path] = {
            "get": {**reading, "summary": f"List {name}s", "description": f"Returns the {name}s, newest first."},
            "post": {**writing, "summary": f"Create a {name}"},
        }
        identifier = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        paths[path + "/{id}"] = {
            "parameters": [identifier],
            "get": {**reading, "summary": f"Get a {name}"},
            "patch": {**writing, "summary": f"Update a {name}", "description": f"Changes some fields of a {name}."},
            "delete": {**reading, "summary": f"Delete a {name}"},
        }
    return {"openapi": "3.0.3", "info": {"title": "Vendor", "version": "1"}, "paths": paths}


def measure() -> None:
    """Print what is listed, the index's cost, and how long searches take."""
    integration = Integration.objects.get()
    environment = Environment.objects.create(name="Benchmark")
    account = IntegratedAccount.objects.create(environment=environment, integration=integration, name="Vendor")
    for is_on in (False, True):
        server, token = create_server(account, "benchmark", name="All", methods=[], tags=[], search_mode=is_on)
        tokens = exposure_of(account, search_mode=is_on).tokens
        words = "search mode" if is_on else "every tool "
        print(f"{words}: tools/list has {len(resolved(server).offer.listing):,} bytes, about {tokens:,} tokens")
    catalogue = catalogue_of(integration)
    started, before = time.perf_counter(), resident()
    kept = [ToolIndex(catalogue) for _ in range(ROUNDS)]
    each = (time.perf_counter() - started) * 1000 / ROUNDS
    print(
        f"index of {len(catalogue):,} tools: {each:.0f} ms; {resident() - before:.1f} MB more for {len(kept)} of them"
    )
    took = asyncio.run(searches(token))
    print(
        f"{len(took)} searches: median {statistics.median(took):.2f} ms, "
        f"p99 {statistics.quantiles(took, n=100)[-1]:.2f} ms, worst {max(took):.2f} ms"
    )


def resident() -> float:
    """Return the resident memory of this process in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def searches(token: str) -> list[float]:
    """Return how long each search takes, in milliseconds, once the server is known."""
    transport = httpx.ASGITransport(app=application)
    took = []
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for query in ["begin", *(words % noun for words, noun in product(QUERIES, NOUNS))]:
            params = {"name": "find_tools", "arguments": {"query": query}}
            body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
            started = time.perf_counter()
            answer = await client.post(f"/mcp/{token}", json=body, headers={"MCP-Protocol-Version": "2025-11-25"})
            took.append((time.perf_counter() - started) * 1000)
            if "result" not in answer.json() or answer.json()["result"]["isError"]:
                raise SystemExit(answer.text)
    return took[1:]


if __name__ == "__main__":
    main()
