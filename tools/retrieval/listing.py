"""`search` and `fetch` as `tools/list` carries them; ChatGPT knows them by these names, arguments and results."""

from typing import Any

from tools.retrieval.sources import FETCH, SEARCH, Sources

TEXT = {"type": "string"}
FOUND = {"id": TEXT, "title": TEXT, "url": TEXT}
# What else `search` tells is for the model alone: programs read the results.
RESULTS = {"results": {"type": "array", "items": {"type": "object", "properties": FOUND, "required": [*FOUND]}}}
RECORD = {**FOUND, "text": TEXT, "metadata": {"type": "object", "properties": {}}}


def listed(sources: Sources) -> list[dict[str, Any]]:
    """Return the two tools for these sources; none if there is nothing to search."""
    if not sources:
        return []
    found = (
        f"Finds {sources.vendor} records by words: id, title and url, for {FETCH}. Searches only {sources.covered}. "
        "What it does not find may still be there."
    )
    query = {**TEXT, "description": "Words, such as a name."}
    kind = next(iter(sources.by_kind))
    wanted = {**TEXT, "description": f"From {SEARCH}, such as {kind}:1."}
    read = f"Returns a {sources.vendor} record that {SEARCH} found: text, url, metadata."
    search, fetch = _schemas("query", query, RESULTS), _schemas("id", wanted, RECORD)
    return [
        {"name": SEARCH, "title": f"Search {sources.vendor}", "description": found, **search},
        {"name": FETCH, "title": f"Fetch from {sources.vendor}", "description": read, **fetch},
    ]


def _schemas(argument: str, taken: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """Return the schemas of a tool with one argument, and the hints of one that only reads."""
    return {
        "inputSchema": {"type": "object", "properties": {argument: taken}, "required": [argument]},
        "outputSchema": {"type": "object", "properties": result, "required": [*result]},
        "annotations": {
            "readOnlyHint": True,
            "destructiveHint": False,
            "idempotentHint": True,
            "openWorldHint": True,
        },
    }
